"""The hub: which live clients follow which topics, and the way of a batch of facts to all of them.

Clients that follow the same names in the same encoding are one crowd: a batch is encoded once for it and
each client costs one write, however many facts are in the batch. No task and no queue per client; one for
whom nothing waits costs a call of its socket and no look at anything else.
"""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Protocol

from taskwatch.model.topic import is_pattern
from taskwatch.services.fact import Fact

RECENT = 1_000

Memo = dict[Hashable, bytes]
Push = Callable[[bytes], int]
"""Hands bytes to a socket and tells how many it took, as `socket.send` does."""


class Encoding(Protocol):
    """How facts become bytes for one kind of client; the same object for all clients of the kind."""

    def topic(self, name: str) -> str:
        """The topic or pattern that a name stands for."""
        ...

    def encode(self, facts: Sequence[Fact], names: frozenset[str], memo: Memo) -> bytes:
        """A batch in order, for clients that follow these names. What crowds share is kept in `memo`."""
        ...


class Client(Protocol):
    """Where bytes go. `name` is its socket id: it is spared the facts that its own requests made true.

    `crowd` is kept by the hub. A client for whom bytes begin to wait tells it, by `fell_behind`.
    """

    name: str | None
    encoding: Encoding
    crowd: "Crowd | None"
    push: Push

    @property
    def is_behind(self) -> bool:
        """Whether bytes wait for it: then `push` would overtake them."""
        ...

    def send(self, data: bytes) -> None:
        """Take bytes without waiting; a client that does not keep up cuts itself off."""
        ...

    def keep(self, data: bytes) -> None:
        """Take bytes that its socket would not."""
        ...


class Hub:
    """Which client follows what. `seq` is the last fact that went out, `epoch` the log it belongs to."""

    def __init__(self) -> None:
        self.epoch = ""
        self.seq = 0
        self._recent: deque[Fact] = deque(maxlen=RECENT)
        self._index = _Index()
        self._crowds: dict[tuple[Encoding, frozenset[str]], Crowd] = {}

    def begin(self, epoch: str, seq: int) -> None:
        """Go on from here in the log."""
        self.epoch, self.seq = epoch, seq
        self._recent.clear()

    @property
    def cursor(self) -> str:
        """The cursor behind everything that went out."""
        return f"{self.epoch}-{self.seq}"

    def follow(self, client: Client, names: frozenset[str]) -> None:
        """Let a client follow exactly these names from now on; none is to leave."""
        if not names:
            self.leave(client)
            return
        before = client.crowd
        crowd = self._crowds.get((client.encoding, names)) or self._gather(client.encoding, names)
        if crowd is not before:
            crowd.enter(client)
            self._part(client, before)

    def leave(self, client: Client) -> None:
        """Follow nothing any more."""
        before, client.crowd = client.crowd, None
        self._part(client, before)

    def followed(self, client: Client) -> frozenset[str]:
        """The names a client follows."""
        return client.crowd.names if client.crowd else frozenset()

    def publish(self, facts: Sequence[Fact]) -> None:
        """Send the next facts of the log, in order, to everybody who follows them."""
        self._recent.extend(facts)
        self.seq = facts[-1].seq
        gathered: dict[Crowd, list[Fact]] = {}
        for fact in facts:
            for crowd in self._index.find(fact.topics):
                gathered.setdefault(crowd, []).append(fact)
        memo: Memo = {}
        for crowd, its in gathered.items():
            crowd.deliver(its, memo)

    def since(self, seq: int) -> list[Fact] | None:
        """What went out after a place in the log, or None when that is not all in memory any more."""
        if not self._recent or self._recent[0].seq > seq + 1:
            return [] if seq >= self.seq else None
        return [fact for fact in self._recent if fact.seq > seq]

    def _gather(self, encoding: Encoding, names: frozenset[str]) -> "Crowd":
        crowd = self._crowds[encoding, names] = Crowd(encoding, names)
        self._index.add(crowd)
        return crowd

    def _part(self, client: Client, crowd: "Crowd | None") -> None:
        if crowd is not None and crowd.is_empty_without(client):
            del self._crowds[crowd.encoding, crowd.names]
            self._index.remove(crowd)


class Crowd:
    """Clients that follow the same names in the same encoding: those that are ready, and those behind."""

    __slots__ = ("_behind", "_ready", "encoding", "names")

    def __init__(self, encoding: Encoding, names: frozenset[str]) -> None:
        self.encoding = encoding
        self.names = names
        self._ready: dict[Client, Push] = {}
        self._behind: dict[Client, None] = {}

    @property
    def topics(self) -> set[str]:
        """The topics and patterns that its names stand for."""
        return {self.encoding.topic(name) for name in self.names}

    def enter(self, client: Client) -> None:
        """Take in a client."""
        client.crowd = self
        if client.is_behind:
            self._behind[client] = None
        else:
            self._ready[client] = client.push

    def is_empty_without(self, client: Client) -> bool:
        """Let a client go; whether it was the last."""
        self._ready.pop(client, None)
        self._behind.pop(client, None)
        return not self._ready and not self._behind

    def fell_behind(self, client: Client) -> None:
        """Bytes wait for a client."""
        if self._ready.pop(client, None):
            self._behind[client] = None

    def deliver(self, facts: Sequence[Fact], memo: Memo) -> None:
        """Give a batch to every client, except facts to those who caused them."""
        data = self.encoding.encode(facts, self.names, memo)
        if any(fact.origin for fact in facts):
            self._send_apart(data, facts, memo)
        else:
            behind = tuple(self._behind)
            self._push_ready(data)
            self._send_behind(behind, data)

    def _push_ready(self, data: bytes) -> None:
        size, rest = len(data), []
        for client, push in self._ready.items():
            try:
                sent = push(data)
            except BlockingIOError:
                sent = 0
            except OSError:  # it is gone: its transport is about to notice
                continue
            if sent != size:
                rest.append((client, data[sent:]))
        for client, left in rest:
            client.keep(left)

    def _send_behind(self, clients: tuple[Client, ...], data: bytes) -> None:
        for client in clients:
            client.send(data)
            if not client.is_behind and client in self._behind:
                del self._behind[client]
                self._ready[client] = client.push

    def _send_apart(self, data: bytes, facts: Sequence[Fact], memo: Memo) -> None:
        causers = {fact.origin for fact in facts if fact.origin}
        for client in (*self._behind, *self._ready):
            if client.name not in causers:
                client.send(data)
            elif rest := [fact for fact in facts if fact.origin != client.name]:
                client.send(self.encoding.encode(rest, self.names, memo))


class _Index:
    """Crowds by topic, and by the beginning of a pattern; finding does not grow with their number."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[Crowd, None]] = {}
        self._beginnings: dict[str, dict[Crowd, None]] = {}
        self._lengths: tuple[int, ...] = ()

    def find(self, topics: Iterable[str]) -> Iterator[Crowd]:
        """Each crowd that follows any of these topics, once."""
        found: dict[Crowd, None] = {}
        for topic in topics:
            found.update(self._exact.get(topic, {}))
            for length in self._lengths:
                found.update(self._beginnings.get(topic[:length], {}))
        return iter(found)

    def add(self, crowd: Crowd) -> None:
        for topic in crowd.topics:
            shelf, key = self._place(topic)
            shelf.setdefault(key, {})[crowd] = None
        self._measure()

    def remove(self, crowd: Crowd) -> None:
        for topic in crowd.topics:
            shelf, key = self._place(topic)
            del shelf[key][crowd]
            if not shelf[key]:
                del shelf[key]
        self._measure()

    def _place(self, topic: str) -> tuple[dict[str, dict[Crowd, None]], str]:
        return (self._beginnings, topic[:-1]) if is_pattern(topic) else (self._exact, topic)

    def _measure(self) -> None:
        self._lengths = tuple({len(beginning) for beginning in self._beginnings})

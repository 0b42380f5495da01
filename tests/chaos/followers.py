"""Clients that come back whenever they are dropped, and judge in the end what they have heard."""

import asyncio

from chaos.wires import HOST, PUSHER, SocketWire, StreamWire, connect
from taskwatch.model.topic import matches

END = "end"


class Follower:
    """A client that comes back whenever it was dropped; `heard` are its seqs, from one reset to the next."""

    topics = frozenset()

    def __init__(self, storm):
        self.storm, self.rng = storm, storm.rng
        self.drops = storm.drops
        self.wire = self.turn = None
        self.is_done = self.is_away = False
        self.life = 0

    def begin(self, cursor):
        self.cursor = cursor
        self.heard = [(_seq(cursor), [])]
        self.resets = []

    async def live(self):
        """Connect and be dropped, until all has been heard."""
        while True:
            await self.open()
            while not (self.is_over() or self.wire.ended.done()):
                self.turn = asyncio.get_running_loop().create_future()
                await asyncio.wait([self.turn, self.wire.ended], return_when=asyncio.FIRST_COMPLETED)
            if self.is_over():
                self.wire.drop()
                return
            self.wire.ended.result()
            self.drops = max(0, self.drops - 1)  # one more, when the log broke off
            if self.rng.random() < 0.3:
                self.is_away = True
                self.storm.moved.set()
                await self.storm.next_prune()
                self.is_away = False

    async def open(self):
        """A connection that will not live long, while there are drops left."""
        self.is_there = False
        left = self.storm.count - sum(len(seqs) for _, seqs in self.heard)
        self.life = self.rng.randint(0, max(0, left) // (self.drops + 1)) if self.drops else None
        port = self.storm.cutter.port if self.drops and self.rng.random() < 0.3 else self.storm.port
        self.asked = (_seq(self.cursor), self.storm.pruned)
        self.wire = self.new_wire()
        await connect(self.wire, HOST, port)
        self.after_open()

    def is_over(self):
        return self.is_done and not self.drops and self.is_there

    def is_behind(self, seq):
        return not (self.is_done or self.is_away) and _seq(self.cursor) < seq

    def hear(self, seq, cursor, topics):
        """An event; after a few of them comes the end of the connection."""
        self.heard[-1][1].append(seq)
        self.cursor = cursor
        self.is_done = self.is_done or END in topics
        self.storm.moved.set()
        self.age()

    def age(self):
        if self.life is not None:
            self.life -= 1
            if self.life < 0 or (self.is_done and self.drops):
                self.die()
        self.there()

    def there(self):
        if self.turn and not self.turn.done():
            self.turn.set_result(None)

    def die(self):
        """Dropped from this end, or by the daemon, or asked to come back."""
        outlet = self.storm.outlet(self.wire.name)
        way = self.rng.choice(["drop", "cut", "farewell"]) if outlet else "drop"
        self.life = None
        if way == "drop":
            self.wire.drop()
        else:
            getattr(outlet, way)()

    def reset(self, cursor):
        """The answer to a cursor that is too old."""
        self.resets.append((*self.asked, self.storm.pruning))
        self.heard.append((_seq(cursor), []))
        self.cursor = cursor
        self.storm.moved.set()

    def answered(self):
        """It was let in."""
        self.must_be_told()
        self.is_there = True
        if self.is_done and self.drops:
            self.die()
        self.there()

    def must_be_told(self):
        """There was a reset before anything else, if there had to be one."""
        seq, pruned = self.asked
        assert seq >= pruned or self.heard[-1][0] > seq, "no reset, though events were forgotten"

    def check(self, log):
        """Whether it has heard exactly what it should; `log` are seqs and topics."""
        expected = [seq for seq, topics in log if _wants(self.topics, topics)]
        for number, (begin, seqs) in enumerate(self.heard):
            following = [seq for seq in expected if seq > begin]
            is_last = number == len(self.heard) - 1
            assert seqs == (following if is_last else following[: len(seqs)])
        assert all(seq < begun for seq, _, begun in self.resets), "a reset without need"


class StreamFollower(Follower):
    """By `/events`, with Last-Event-ID."""

    topics = frozenset({"news*", END, "task.*"})

    def new_wire(self):
        query = "&".join(f"topic={topic}" for topic in sorted(self.topics))
        return StreamWire(self.take, query, self.cursor)

    def after_open(self):
        self.is_there = True
        if self.is_done and self.drops and not self.wire.ended.done():
            self.die()

    def take(self, message):
        if message["event"] == "reset":
            self.reset(message["id"])
        elif message["event"] != "bye":
            self.must_be_told()
            self.hear(message["data"]["seq"], message["id"], message["data"]["topics"])


class SocketFollower(Follower):
    """By `/ws`, with `after`."""

    topics = frozenset({"news", "weather", END})

    def new_wire(self):
        return SocketWire(self.take)

    def after_open(self):
        if not self.wire.ended.done():
            self.wire.say(type="subscribe", topics=sorted(self.topics), after=self.cursor)

    def take(self, message):
        match message.get("type"):
            case "event":
                self.hear(message["seq"], message["id"], message["topics"])
            case "reset":
                self.reset(message["cursor"])
            case "subscribed":
                self.answered()
            case "error":
                raise AssertionError(message)


class PusherFollower(Follower):
    """By the Pusher protocol, which has no cursor: each connection has a record of its own, by channel."""

    channels = ("news", "cache-news", "cache-weather", f"cache-{END}")

    def begin(self, cursor):
        super().begin(cursor)
        self.records = []

    def new_wire(self):
        self.records.append({})
        return SocketWire(self.take, PUSHER)

    def after_open(self):
        """It waits to be greeted."""

    def is_behind(self, _seq):
        return False

    def take(self, message):
        record, channel = self.records[-1], message.get("channel")
        match message.get("event"):
            case "pusher:connection_established":
                for each in self.channels:
                    self.wire.subscribe(each)
                self.asked = self.storm.daemon.house.hub.seq, 0
            case "pusher_internal:subscription_succeeded":
                record[channel] = [self.asked[0]]
                if channel == self.channels[-1]:
                    self.is_there = True
            case "pusher:cache_miss":
                record[channel].append(0)
            case _ if "id" in message:
                record[channel].append(_seq(message["id"]))
                self.is_done = self.is_done or channel == self.channels[-1]
        self.age()

    def check(self, log):
        for record in self.records:
            for channel, (asked, *seqs) in record.items():
                topic = channel.removeprefix("cache-")
                self._check_channel(channel, [seq for seq, topics in log if topic in topics], asked, seqs)

    def _check_channel(self, channel, expected, asked, seqs):
        if seqs[:1] == [0]:
            assert not any(seq <= asked for seq in expected), "a miss, though there was an event"
            seqs = seqs[1:]
        elif seqs and channel.startswith("cache-"):
            assert not any(seqs[0] < seq <= asked for seq in expected), "not the last event"
        if seqs:
            begin = expected.index(seqs[0])
            assert seqs == expected[begin : begin + len(seqs)]


def _wants(wanted, topics):
    return any(matches(pattern, topic) for pattern in wanted for topic in topics)


def _seq(cursor):
    return int(cursor.rpartition("-")[2])

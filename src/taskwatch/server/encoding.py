"""How a fact looks on the wire of SSE and of `/ws`; made once per batch, shared by all clients."""

import json
from collections.abc import Callable, Sequence
from typing import Final

from taskwatch.model.times import rfc3339
from taskwatch.server.frames import text_frame
from taskwatch.services.fact import Fact
from taskwatch.services.hub import Encoding, Memo


class _PerFact:
    """Bytes that depend on the fact alone."""

    def __init__(self, frame: Callable[[Fact], bytes], wrap: Callable[[bytes], bytes] = bytes) -> None:
        self._frame = frame
        self._wrap = wrap

    def topic(self, name: str) -> str:
        """A name is a topic or a pattern already."""
        return name

    def encode(self, facts: Sequence[Fact], names: frozenset[str], memo: Memo) -> bytes:
        """The batch, whoever follows it."""
        del names
        key = (self, tuple(fact.seq for fact in facts))
        if (data := memo.get(key)) is None:
            data = memo[key] = self._wrap(b"".join(self._frame(fact) for fact in facts))
        return data


def show(fact: Fact) -> str:
    """`{seq, id, kind, at, topics, data}` as JSON text; the payload goes in as it is kept."""
    return (
        f'{{"seq":{fact.seq},"id":"{fact.id}","kind":"{fact.kind}","at":"{rfc3339(fact.at)}",'
        f'"topics":{json.dumps(fact.topics)},"data":{fact.payload}}}'
    )


def sse_event(fact: Fact) -> bytes:
    """A fact as an event of the stream."""
    return f"id: {fact.id}\nevent: {fact.kind}\ndata: {show(fact)}\n\n".encode()


def chunk(data: bytes) -> bytes:
    """Bytes as one chunk of a chunked body (RFC 9112, section 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _socket_event(fact: Fact) -> bytes:
    return text_frame(f'{{"type":"event",{show(fact)[1:]}')


SSE: Final[Encoding] = _PerFact(sse_event, chunk)
SSE_PLAIN: Final[Encoding] = _PerFact(sse_event)
WEBSOCKET: Final[Encoding] = _PerFact(_socket_event)

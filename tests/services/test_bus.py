"""The line between a worker and its starter: whole messages, in order, whatever the pieces they come in."""

import asyncio
import json
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.services import bus
from taskwatch.services.bus import GONE, STOP, LineBus, Lines, LoneBus, line

MESSAGES = st.lists(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3), max_size=10)


@given(messages=MESSAGES, size=st.integers(1, 50))
def test_lines_are_put_together_from_any_pieces(messages, size):
    stream = b"".join(line(b"%d" % number, message) for number, message in enumerate(messages))
    lines = Lines()
    pieces = [stream[start : start + size] for start in range(0, len(stream), size)]
    got = [each for piece in pieces for each in lines.feed(piece)]
    assert [(int(mark), json.loads(body)) for mark, body in got] == list(enumerate(messages))


def test_a_line_without_end_is_refused(monkeypatch):
    monkeypatch.setattr(bus, "LIMIT", 100)
    lines = Lines()
    lines.feed(b"x" * 100)
    with pytest.raises(ValueError, match="longer"):
        lines.feed(b"x")


def test_alone_nothing_is_said_or_heard():
    alone, heard = LoneBus(), []
    alone.listen(lambda sender, message: heard.append((sender, message)))
    alone.send({"a": 1})
    assert heard == []


def test_a_handler_that_fails_keeps_nothing_from_the_others(caplog):
    async def main():
        ours, theirs = socket.socketpair()
        orders, heard = asyncio.Queue(), []
        worker = await LineBus.connect(theirs, orders.put_nowait)
        worker.listen(lambda sender, message: heard.append(message["no such"]))
        worker.listen(lambda sender, message: heard.append((sender, message)))
        ours.sendall(line(b"3", {"a": 1}) + line(b"3", GONE) + line(bus.STARTER, {"do": "dance"}))
        async with asyncio.timeout(30):
            assert await orders.get() == {"do": "dance"}
            assert heard == [(3, {"a": 1}), (3, GONE)]
            ours.close()
            assert await orders.get() == STOP
            await worker.closed.wait()
        worker.send({"nobody": "hears this"})

    asyncio.run(main())
    assert len(caplog.records) == 2


def test_what_was_said_before_closing_goes_out():
    async def main():
        ours, theirs = socket.socketpair()
        worker = await LineBus.connect(theirs, lambda order: None)
        worker.send({"text": "ü\n"})
        worker.report({"ready": True})
        worker.close()
        await worker.closed.wait()
        with ours:
            assert ours.recv(999) == '* {"text":"ü\\n"}\n! {"ready":true}\n'.encode()

    asyncio.run(main())

"""Malformed frames and messages: closed with the right code or answered, and nothing else comes of it."""

import asyncio
import logging
import socket
from contextlib import suppress

import pytest

from chaos.frames import MESSAGES, frame, spoiled_frames, spoiled_message
from chaos.memory import MIB, resident
from live import serving, talking, visiting

PATHS = tuple(MESSAGES)
AT_ONCE = 50
TALK = 40  # messages in one connection
CLOSED = {1000, 1002, 1007, 1009}  # 1000 answers a close that is in order
LAST = {
    "/ws": '{"type":"unsubscribe","topics":["the-end"]}',
    "/app/taskwatch?protocol=7": '{"event":"pusher:subscribe","data":{"channel":"the-end"}}',
}
LAST_ANSWER = {"/ws": b'["the-end"]}', "/app/taskwatch?protocol=7": b'"channel":"the-end","data":"{}"}'}
HANDSHAKE = (
    b"GET WHERE HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
LARGEST_ANSWER = 60_000


@pytest.fixture
def path(tmp_path):
    return tmp_path / "t.db"


def test_a_thousand_broken_frames_do_no_harm(path, caplog):
    asyncio.run(break_frames(path, range(1_000)))
    assert loud(caplog) == []


def test_a_thousand_odd_messages_do_no_harm(path, caplog):
    asyncio.run(write_oddly(path, range(1_000)))
    assert loud(caplog) == []


@pytest.mark.long
@pytest.mark.timeout(900)
def test_twenty_thousand_broken_frames_and_odd_messages_do_no_harm(path, caplog):
    asyncio.run(break_frames(path, range(1_000, 11_000)))
    asyncio.run(write_oddly(path, range(1_000, 11_000)))
    assert loud(caplog) == []


async def break_frames(path, numbers):
    """One connection for each number; it has to end by a close frame, whatever came before."""
    async with serving(path) as daemon:
        memory = Memory(len(numbers))
        for start in range(numbers.start, numbers.stop, AT_ONCE):
            batch = range(start, min(start + AT_ONCE, numbers.stop))
            async with asyncio.timeout(20):
                codes = await asyncio.gather(*(broken(daemon, number) for number in batch))
            assert {n: code for n, code in zip(batch, codes, strict=True) if code not in CLOSED} == {}
            memory.look(start - numbers.start)
        await check_serving(daemon)
        assert daemon.status()["clients"] == {}
        memory.check()


async def broken(daemon, number):
    """The code that the connection was closed with."""
    with await upgraded(daemon, PATHS[number % len(PATHS)]) as line:
        sending = asyncio.create_task(send(line, spoiled_frames(number)))
        got = await receive_all(line)
        sending.cancel()
    return next((int.from_bytes(payload[:2]) for opcode, payload in frames_in(got) if opcode == 8), None)


async def write_oddly(path, numbers):
    """Many messages in one connection; it stays, and every `/ws` message is answered."""
    async with serving(path) as daemon:
        memory = Memory(len(numbers))
        for start in range(numbers.start, numbers.stop, TALK):
            batch = range(start, min(start + TALK, numbers.stop))
            for where in PATHS:
                async with asyncio.timeout(30):
                    await odd_talk(daemon, where, [spoiled_message(where, number) for number in batch])
            memory.look(start - numbers.start)
        await check_serving(daemon)
        memory.check()


async def odd_talk(daemon, where, messages):
    with await upgraded(daemon, where) as line:
        said = [frame(text.encode(), mask=bytes(4)) for text in [*messages, LAST[where]]]
        await asyncio.get_running_loop().sock_sendall(line, b"".join(said))
        got = b""
        while LAST_ANSWER[where] not in got:
            more = await asyncio.get_running_loop().sock_recv(line, 65_536)
            assert more, messages
            got += more
    told = [each for each in frames_in(got) if each[0] != 9]  # it may ask whether we are there
    assert {opcode for opcode, _ in told} == {1}
    assert max(len(payload) for _, payload in told) < LARGEST_ANSWER
    assert where != "/ws" or len(told) >= len(messages) + 2  # welcome, and an answer to each


async def upgraded(daemon, where):
    """An open WebSocket, as a plain socket: a stream forgets what came before a reset."""
    host, _, port = daemon.address.removeprefix("http://").rpartition(":")
    loop, line = asyncio.get_running_loop(), socket.socket()
    line.setblocking(False)
    await loop.sock_connect(line, (host, int(port)))
    await loop.sock_sendall(line, HANDSHAKE.replace(b"WHERE", where.encode()))
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += await loop.sock_recv(line, 1)
    assert head.startswith(b"HTTP/1.1 101")
    return line


async def send(line, data):
    with suppress(ConnectionError):
        await asyncio.get_running_loop().sock_sendall(line, data)


async def receive_all(line):
    got = b""
    with suppress(ConnectionError):
        while more := await asyncio.get_running_loop().sock_recv(line, 65_536):
            got += more
    return got


def frames_in(data):
    """Opcode and payload of each of the server's frames."""
    while data:
        length, start = data[1], 2
        if length >= 126:
            start = 4 if length == 126 else 10
            length = int.from_bytes(data[2:start])
        yield data[0] & 15, data[start : start + length]
        data = data[start + length :]


async def check_serving(daemon):
    async with visiting(daemon) as session, talking(session) as talk:
        assert (await talk.hear())["type"] == "welcome"
        assert (await talk.ask(type="ping")) == {"type": "pong"}


def loud(caplog):
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


class Memory:
    """How much more is held after all than after the first fifth."""

    def __init__(self, count):
        self.first = count // 5
        self.before = 0

    def look(self, done):
        if done <= self.first:
            self.before = resident()

    def check(self):
        assert resident() - self.before <= 10 * MIB

"""Many clients in one light process: raw sockets under one epoll, which count what they hear and verify it.

Every message carries its number in a mark. A client that hears any other number than the next one has lost,
doubled or reordered something, and ends the benchmark.
"""

import re
import select
import socket
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

MARK = re.compile(rb"~(\d{8})!")
MARK_LENGTH = 10
TOGETHER = 100  # more at once could overflow the backlog of a listening socket
PATIENCE = 20.0
PAUSE = 0.002  # seconds between two looks: a server shall not be charged for waking its clients' process
READ = 262_144
MOST = 1000  # sockets per look


class Dialect(NamedTuple):
    """How to become a subscriber: what to send, and what the answer contains when the server is ready.

    `subscribe` makes the second message from the first answer, for protocols that have one.
    """

    request: bytes
    ready: bytes
    subscribe: Callable[[bytes], bytes] | None = None
    subscribed: bytes = b""


class Member:
    """A client: its socket, the number it heard last, and the end of what it read, where a mark may begin."""

    __slots__ = ("heard", "line", "rest")

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.heard = 0
        self.rest = b""

    def read(self) -> int:
        """Take what has arrived; the number heard last."""
        arrived = self.line.recv(READ)
        if not arrived:
            raise SystemExit(f"a client was cut off after message {self.heard}")
        if b"\x89" in arrived or b"pusher:ping" in arrived:
            self._answer_ping(arrived)
        data = self.rest + arrived
        for number in MARK.findall(data):
            if int(number) != self.heard + 1:
                raise SystemExit(f"message {int(number)} came after message {self.heard}")
            self.heard += 1
        self.rest = data[1 - MARK_LENGTH :]
        return self.heard

    def _answer_ping(self, arrived: bytes) -> None:
        if b"pusher:ping" in arrived:
            self.line.sendall(frame('{"event":"pusher:pong","data":{}}'))
        for size in re.findall(rb"\x89([\x00-\x7d])", arrived):
            payload = arrived.partition(b"\x89" + size)[2][: size[0]]
            self.line.sendall(frame(payload, opcode=0x8A))


class Audience:
    """The subscribers of one server. `heard` is the number of the last message that all have."""

    def __init__(self, port: int, dialect: Dialect, size: int) -> None:
        self._poll = select.epoll()
        self._members: dict[int, Member] = {}
        self.heard = 0
        for joined in range(0, size, TOGETHER):
            for line in join(port, dialect, min(TOGETHER, size - joined)):
                self._members[line.fileno()] = Member(line)
                self._poll.register(line, select.EPOLLIN)

    def __len__(self) -> int:
        return len(self._members)

    def hear(self, count: int) -> None:
        """Wait until everybody has heard so many more messages."""
        for _ in self.arrivals(count, pause=PAUSE):
            pass

    def arrivals(self, count: int, pause: float = 0.0) -> Iterator[float]:
        """The same; the instant at which each client has them all, in monotonic seconds."""
        last, deadline = self.heard + count, time.monotonic() + PATIENCE
        waiting = len(self._members)
        while waiting:
            time.sleep(pause)
            if time.monotonic() > deadline:
                raise SystemExit(f"{waiting} of {len(self)} clients still wait for message {last}")
            for number, _ in self._poll.poll(0 if pause else 1, MOST):
                member = self._members[number]
                if member.heard < last == member.read():
                    waiting -= 1
                    yield time.monotonic()
        self.heard = last

    def leave(self) -> None:
        """Hang up."""
        for member in self._members.values():
            member.line.close()
        self._poll.close()


def frame(payload: str | bytes, *, opcode: int = 0x81) -> bytes:
    """A WebSocket frame of a client, below 64 KiB: masked, as it must be, with zeros."""
    data = payload.encode() if isinstance(payload, str) else payload
    short = len(data) < 126
    size = bytes([0x80 | len(data)]) if short else b"\xfe" + len(data).to_bytes(2, "big")
    return bytes([opcode]) + size + bytes(4) + data


def upgrade(path: str) -> bytes:
    """A request to become a WebSocket, without compression."""
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()


def event_source(path: str) -> bytes:
    """What a browser's EventSource asks for."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode()


def join(port: int, dialect: Dialect, count: int) -> list[socket.socket]:
    """The sockets of so many new subscribers, which do not block."""
    lines = [socket.create_connection(("127.0.0.1", port), PATIENCE) for _ in range(count)]
    for line in lines:
        line.sendall(dialect.request)
    answers = [expect(line, dialect.ready) for line in lines]
    if dialect.subscribe:
        for line, answer in zip(lines, answers, strict=True):
            line.sendall(dialect.subscribe(answer))
        for line in lines:
            expect(line, dialect.subscribed)
    for line in lines:
        line.setblocking(False)
    return lines


def expect(line: socket.socket, wanted: bytes) -> bytes:
    """Read until something wanted has come, and perhaps more; all of it."""
    answer = b""
    while wanted not in answer:
        more = line.recv(READ)
        if not more:
            raise SystemExit(f"instead of {wanted!r} came {answer!r}")
        answer += more
    return answer

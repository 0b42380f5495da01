"""The servers of the live benchmarks, each with its subscribers and a way to publish to them.

All get the same messages: 200 bytes of payload in taskwatch's own envelope.
"""

import hashlib
import hmac
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audience import Audience, Dialect, event_source, frame, upgrade
from rig import Process, free_port

from taskwatch import clock
from taskwatch.actions import journal
from taskwatch.model.event import STATUS_CHANGED, Event
from taskwatch.store import open_store

TOPIC = "workflow.bc.114"
PAYLOAD_BYTES = 200
SECRET = "secret of the benchmark"
BASELINES = Path(__file__).parent / "baselines"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "taskwatch-bench"
NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
SETTLING = 0.3  # seconds for a server to enter in its books whom it has answered already

Publish = Callable[[range], None]


class Contender:
    """A server, its audience and the next message's number."""

    def __init__(self, server: Process, publish: Publish, dialect: Dialect, size: int) -> None:
        self.server = server
        self.publish = publish
        self.empty_bytes = server.resident_bytes()
        begun = time.monotonic()
        self.audience = Audience(server.port, dialect, size)
        self.joined_in = time.monotonic() - begun
        time.sleep(SETTLING)

    def tell(self, backlog: int) -> None:
        """Publish so many messages at once, and wait until everybody has them."""
        self.send(backlog)
        self.audience.hear(backlog)

    def send(self, backlog: int) -> None:
        """Publish so many messages at once."""
        first = self.audience.heard + 1
        self.publish(range(first, first + backlog))

    def rate(self, backlog: int, seconds: float) -> float:
        """Messages delivered per CPU-second of the server."""
        used, deadline, delivered = self.server.cpu_seconds(), time.monotonic() + seconds, 0
        while time.monotonic() < deadline:
            self.tell(backlog)
            delivered += backlog * len(self.audience)
        return delivered / (self.server.cpu_seconds() - used)

    def bytes_each(self) -> float:
        """The server's memory per client."""
        return (self.server.resident_bytes() - self.empty_bytes) / len(self.audience)

    def stop(self) -> None:
        """Send everybody home."""
        self.audience.leave()
        self.server.stop()


def payload(number: int) -> dict[str, str]:
    """A payload of 200 bytes as JSON, with its number in a mark."""
    bare = {"mark": f"~{number:08}!", "text": ""}
    return {**bare, "text": "x" * (PAYLOAD_BYTES - len(json.dumps(bare, separators=(",", ":"))))}


def taskwatch(place: Path, transport: str, size: int, **environ: str) -> Contender:
    """The daemon with a new database; `transport` is ws, sse or pusher."""
    server, path = daemon(place / f"{transport}-{free_port()}.db", **environ)
    store = open_store(str(path))

    def publish(numbers: range) -> None:
        now = clock.now()
        with store.write() as tx:
            for number in numbers:
                journal.record(tx, Event(STATUS_CHANGED, now, payload(number), (TOPIC,)))

    return Contender(server, publish, DIALECTS[transport], size)


def daemon(path: Path, **environ: str) -> tuple[Process, Path]:
    """The daemon on a database, which is made when absent."""
    open_store(str(path)).close()
    port, secret = free_port(), path.with_suffix(".secret")
    secret.write_text(SECRET)
    secret.chmod(0o600)
    settings = {"TASKWATCH_PUSHER__SECRET_FILE": str(secret), **environ}
    command = (sys.executable, "-m", "taskwatch", "--db", path, "daemon", "--port", str(port))
    return Process(*command, port=port, **settings), path


def aiohttp(kind: str, transport: str, size: int) -> Contender:
    """aiohttp with one `awaited` send per client or with `direct` writes."""
    port, feed = free_port(), free_port()
    server = Process(sys.executable, BASELINES / "aiohttp_server.py", kind, str(port), str(feed), port=port)
    return Contender(server, by_lines(feed), AIOHTTP[transport], size)


def node(size: int) -> Contender:
    """Node's ws, from npm."""
    modules = CACHE / "node_modules"
    if not (modules / "ws").exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "install", "--silent", "--prefix", CACHE, "ws"], check=True)
    port, feed = free_port(), free_port()
    command = ("node", BASELINES / "ws_server.cjs", str(port), str(feed))
    server = Process(*command, port=port, NODE_PATH=str(modules))
    return Contender(server, by_lines(feed), AIOHTTP["ws"], size)


def nchan(place: Path, transport: str, size: int) -> Contender:
    """nginx with nchan, from Debian."""
    if not NCHAN.exists():
        subprocess.run(["apt-get", "install", "--yes", "nginx-core", "libnginx-mod-nchan"], check=True)
    port = free_port()
    config = place / f"nchan-{port}.conf"
    text = (BASELINES / "nchan.conf").read_text()
    for name, value in {"MODULE": NCHAN, "PLACE": place, "PORT": port}.items():
        text = text.replace(name, str(value))
    config.write_text(text)
    server = Process(shutil.which("nginx") or "/usr/sbin/nginx", "-c", config, "-e", "stderr", port=port)
    return Contender(server, by_posts(port), NCHAN_DIALECTS[transport], size)


def by_lines(port: int) -> Publish:
    """Publish by a line each."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return lambda numbers: line.sendall(b"".join(enveloped(number) + b"\n" for number in numbers))


def by_posts(port: int) -> Publish:
    """Publish by a request each, all of them at once."""
    line = socket.create_connection(("127.0.0.1", port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def publish(numbers: range) -> None:
        line.sendall(b"".join(map(post, numbers)))
        answers = b""
        while answers.count(b"HTTP/1.1 20") < len(numbers):
            answers += line.recv(65_536)

    return publish


def post(number: int) -> bytes:
    """A request that publishes a message."""
    body = enveloped(number)
    head = f"POST /pub HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def enveloped(number: int) -> bytes:
    """A message as taskwatch's /ws sends it."""
    message: dict[str, Any] = {
        "type": "event",
        "seq": number,
        "id": f"0123456789abcdef-{number}",
        "kind": STATUS_CHANGED,
        "at": "2026-03-02T09:00:00Z",
        "topics": [TOPIC],
        "data": payload(number),
    }
    return json.dumps(message, separators=(",", ":")).encode()


def pusher_subscription(answer: bytes) -> bytes:
    """The message that subscribes to the private channel of the topic."""
    found = re.search(rb'socket_id\\?":\s*\\?"([0-9.]+)', answer)
    if not found:
        raise SystemExit(f"there is no socket id in {answer!r}")
    channel = f"private-{TOPIC}"
    signature = hmac.new(SECRET.encode(), f"{found[1].decode()}:{channel}".encode(), hashlib.sha256)
    data = {"channel": channel, "auth": f"taskwatch:{signature.hexdigest()}"}
    return frame(json.dumps({"event": "pusher:subscribe", "data": data}))


SUBSCRIPTION = frame(json.dumps({"type": "subscribe", "topics": [TOPIC]}))
DIALECTS = {
    "ws": Dialect(upgrade("/ws"), b'"welcome"', lambda _: SUBSCRIPTION, b'"subscribed"'),
    "sse": Dialect(event_source(f"/events?topic={TOPIC}"), b": ok"),
    "pusher": Dialect(
        upgrade("/app/taskwatch?protocol=7"),
        b"connection_established",
        pusher_subscription,
        b"subscription_succeeded",
    ),
}
AIOHTTP = {"ws": Dialect(upgrade("/ws"), b"\r\n\r\n"), "sse": Dialect(event_source("/sse"), b": ok")}
NCHAN_DIALECTS = {
    "ws": Dialect(upgrade("/sub"), b"\r\n\r\n"),
    "sse": Dialect(event_source("/sub"), b"\r\n\r\n"),
}

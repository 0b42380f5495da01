"""How long after a commit of another process a client knows, above a bare round trip of a unix datagram.

Measured from the return of COMMIT; then with the nudge lost, where the poll must find it. And what a daemon
costs that has nothing to do.

Run: python tests/bench/bench_latency.py
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from audience import Dialect, event_source, expect, frame, join, upgrade
from contenders import daemon
from rig import SERVER_CORE, Process, below, percentile, prepare_client

from bench import filled, folder

COMMITS = 300
LOST_COMMITS = 40
REST = 0.01  # seconds between two commits
ABOVE = 10.0  # ms
POLL = 250.0  # ms
IDLE = 10.0  # seconds
SHARE = 1.0  # per cent of a core
TOPICS = frame('{"type":"subscribe","topics":["task.*"]}')
CLIENTS = {
    "/ws": Dialect(upgrade("/ws"), b'"welcome"', lambda _: TOPICS, b'"subscribed"'),
    "SSE": Dialect(event_source("/events?topic=task.*"), b": ok"),
}


class Committer:
    """Another process that completes one task after the other."""

    def __init__(self, path: Path) -> None:
        command = (sys.executable, Path(__file__).parent / "committer.py", path)
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self._done = 0

    def latency(self, first: socket.socket, *others: socket.socket) -> float:
        """Complete a task: how many ms after the commit the first client knows; the others know then, too."""
        self._done += 1
        self._process.stdin.write(f"{self._done}\n")
        self._process.stdin.flush()
        mark = b'"T%d"' % self._done
        expect(first, mark)
        known = time.monotonic_ns()
        for other in others:
            expect(other, mark)
        return (known - int(self._process.stdout.readline())) / 1e6

    def stop(self) -> None:
        """Let it end."""
        self._process.communicate()


class Echo:
    """Another process on the server's core that sends datagrams back."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._child = os.fork()
        if self._child == 0:
            os.sched_setaffinity(0, {SERVER_CORE})
            while theirs.send(theirs.recv(16)) > 1:
                pass
            os._exit(0)
        theirs.close()

    def latency(self) -> float:
        """A round trip in ms."""
        begun = time.perf_counter()
        self._line.send(b"ping")
        self._line.recv(16)
        return (time.perf_counter() - begun) * 1000

    def stop(self) -> None:
        """Let it end."""
        self._line.send(b"x")
        os.waitpid(self._child, 0)
        self._line.close()


def main() -> int:
    """Print the figures and their limits; 1 if any is above."""
    prepare_client()
    with folder() as place, ExitStack() as stack:
        filled(place / "tasks.db", 1000).close()
        server, path = daemon(place / "tasks.db")
        stack.callback(server.stop)
        committer = Committer(path)
        stack.callback(committer.stop)
        clients = {name: stack.enter_context(join(server.port, each, 1)[0]) for name, each in CLIENTS.items()}
        for line in clients.values():
            line.setblocking(True)
        echo = Echo()
        stack.callback(echo.stop)
        missed = [*nudged(committer, echo, clients), idle(server)]
        shutil.rmtree(f"{path}.live")
        missed.append(unheard(committer, clients))
    return int(any(missed))


def nudged(committer: Committer, echo: Echo, clients: dict[str, socket.socket]) -> list[bool]:
    """As it is meant to be: commits in turn with datagrams."""
    bare: list[float] = []
    measured: dict[str, list[float]] = {name: [] for name in clients}
    for _ in range(COMMITS):
        for name, line in clients.items():
            time.sleep(REST)
            bare.append(echo.latency())
            time.sleep(REST)
            others = (other for other in clients.values() if other is not line)
            measured[name].append(committer.latency(line, *others))
    return [judge(name, values, bare) for name, values in measured.items()]


def judge(name: str, values: list[float], bare: list[float]) -> bool:
    """Print the median; whether the p99 is too far above that of a datagram."""
    sys.stdout.write(
        f"commit to {name}: median {percentile(values, 0.5):.2f} ms, a datagram {percentile(bare, 0.5):.2f}\n"
    )
    p99, least = percentile(values, 0.99), percentile(bare, 0.99)
    return below(f"commit to {name}, p99 above a datagram's {least:.2f} ms", p99 - least, ABOVE, "ms")


def unheard(committer: Committer, clients: dict[str, socket.socket]) -> bool:
    """With the nudge lost."""
    longest = 0.0
    for _ in range(LOST_COMMITS):
        time.sleep(REST)
        longest = max(longest, committer.latency(*clients.values()))
    return below("commit to client with the nudge lost, at most", longest, POLL + ABOVE, "ms")


def idle(server: Process) -> bool:
    """With clients that hear nothing."""
    used = server.cpu_seconds()
    time.sleep(IDLE)
    return below("idle daemon", (server.cpu_seconds() - used) / IDLE * 100, SHARE, "% of a core")


if __name__ == "__main__":
    sys.exit(main())

"""How long after a commit on one node a client of another knows, against the least that PostgreSQL could do.

That least is a bare round trip of LISTEN and NOTIFY between two processes, and one SELECT. Ours is measured
from the return of COMMIT. Everything but the client is on the servers' core.

Run: python tests/bench/bench_postgres_latency.py
"""

import os
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import psycopg
from audience import Dialect, event_source, expect, join
from rig import SERVER_CORE, percentile, prepare_client

from bench import folder
from server import database, node, serving
from taskwatch import clock
from taskwatch.actions import tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.store import open_store

LIMIT = 3.0
COMMITS = 500
WARMING = 20
REST = 0.01  # seconds between two commits
STREAM = Dialect(event_source("/events?topic=task.*"), b": ok")
NEWEST = "SELECT seq, kind, at, topics, payload, origin FROM taskwatch.events ORDER BY seq DESC LIMIT 1"


class Committer:
    """Another process that completes one task after the other, as a node does or a command."""

    def __init__(self, url: str) -> None:
        command = ("taskset", "--cpu-list", str(SERVER_CORE), sys.executable)
        script = Path(__file__).parent / "committer.py"
        self._process = subprocess.Popen(
            [*command, script, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._done = 0

    def latency(self, client: socket.socket) -> float:
        """Complete a task: how many ms after the commit the client knows."""
        self._done += 1
        self._process.stdin.write(f"{self._done}\n")
        self._process.stdin.flush()
        expect(client, b'"T%d"' % self._done)
        known = time.monotonic_ns()
        return (known - int(self._process.stdout.readline())) / 1e6

    def stop(self) -> None:
        """Let it end."""
        self._process.communicate()


class Echo:
    """Another process on the server's core that answers a NOTIFY by another."""

    def __init__(self, url: str) -> None:
        self._child = os.fork()
        if self._child == 0:
            os.sched_setaffinity(0, {SERVER_CORE})
            answer(url)
            os._exit(0)
        self._line = psycopg.connect(url, autocommit=True)
        self._line.execute("LISTEN pong")
        while not self._heard(0.1):
            self._line.execute("NOTIFY ping")

    def latency(self) -> float:
        """A round trip and a SELECT in ms."""
        begun = time.perf_counter()
        self._line.execute("NOTIFY ping")
        if not self._heard(10):
            raise SystemExit("no answer came")
        self._line.execute(NEWEST).fetchone()
        return (time.perf_counter() - begun) * 1000

    def stop(self) -> None:
        """Let it end."""
        self._line.execute("NOTIFY ping, 'end'")
        os.waitpid(self._child, 0)
        self._line.close()

    def _heard(self, seconds: float) -> bool:
        return bool(list(self._line.notifies(timeout=seconds, stop_after=1)))


def answer(url: str) -> None:
    """Every ping by a pong, until the end."""
    with psycopg.connect(url, autocommit=True) as hearing, psycopg.connect(url, autocommit=True) as saying:
        hearing.execute("LISTEN ping")
        for ping in hearing.notifies():
            if ping.payload == "end":
                return
            saying.execute("NOTIFY pong")


def main() -> int:
    """Print the figures; 1 if the ratio is above the limit."""
    prepare_client()
    with serving() as cluster, ExitStack() as stack:
        url = database(cluster, "latency")
        fill(url)
        place = stack.enter_context(folder())
        there = node(url, place / "home")
        stack.callback(there.stop)
        committer, echo = Committer(url), Echo(url)
        stack.callback(committer.stop)
        stack.callback(echo.stop)
        client = stack.enter_context(join(there.port, STREAM, 1)[0])
        client.setblocking(True)
        ours, bare = measure(committer, echo, client)
    return int(judge(ours, bare))


def fill(url: str) -> None:
    """Tasks in progress."""
    store = open_store(url)
    codes = [f"T{number}" for number in range(1, COMMITS + WARMING + 1)]
    tasks.add(store, [tasks.NewTask(code) for code in codes], Change(clock.now()))
    transitions.transition(store, "start", codes, Change(clock.now()))
    store.close()


def measure(committer: Committer, echo: Echo, client: socket.socket) -> tuple[list[float], list[float]]:
    """Both in turn."""
    ours, bare = [], []
    for _ in range(COMMITS + WARMING):
        time.sleep(REST)
        bare.append(echo.latency())
        time.sleep(REST)
        ours.append(committer.latency(client))
    return ours[WARMING:], bare[WARMING:]


def judge(ours: list[float], bare: list[float]) -> bool:
    """Print median and p99 of both; whether the p99 is too far above."""
    for name, values in (("commit to client", ours), ("bare", bare)):
        median, p99 = percentile(values, 0.5), percentile(values, 0.99)
        sys.stdout.write(f"{name}: median {median:.2f} ms, p99 {p99:.2f} ms\n")
    ratio = percentile(ours, 0.99) / percentile(bare, 0.99)
    missed = ratio > LIMIT
    sys.stdout.write(f"p99: {ratio:.2f}x (at most {LIMIT}x) {'MISSED' if missed else 'ok'}\n")
    return missed


if __name__ == "__main__":
    sys.exit(main())

"""The rig of the live benchmarks: servers on one core, what they cost, and the verdict on two rates.

A server runs in a session of its own, so that its worker processes are counted with it.
"""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

SERVER_CORE = 0
CLIENT_CORE = min(1, (os.cpu_count() or 1) - 1)
PATIENCE = 20.0
FILES = 60_000


class Process:
    """A server that was started on a core of its own or the servers', and is ready when its port answers."""

    def __init__(self, *command: str | Path, port: int, core: int = SERVER_CORE, **environ: str) -> None:
        pinned = ["taskset", "--cpu-list", str(core), *map(str, command)]
        self.port = port
        self._process = subprocess.Popen(
            pinned, start_new_session=True, stdout=subprocess.DEVNULL, env={**os.environ, **environ}
        )
        until(self._answers, f"{command[0]} does not listen on port {port}")
        self._pids = list(_session(self._process.pid))

    def cpu_seconds(self) -> float:
        """What all its threads and processes have used, user and system time, to the microsecond."""
        return sum(time.clock_gettime(_cpu_clock(pid)) for pid in self._pids)

    def resident_bytes(self) -> int:
        """The memory of all its processes."""
        pages = (int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in self._pids)
        return sum(pages) * resource.getpagesize()

    def stop(self) -> None:
        """End it, by force when it takes its time."""
        self._process.terminate()
        try:
            self._process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        if self._process.poll() is not None:
            raise SystemExit(f"{self._process.args} ended with {self._process.returncode}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def until(is_so: Callable[[], bool], complaint: str) -> None:
    """Wait for something to become true."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > deadline:
            raise SystemExit(complaint)
        time.sleep(0.02)


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def prepare_client() -> None:
    """The client's side: on its own core, and with as many files open as the system lets it."""
    os.sched_setaffinity(0, {CLIENT_CORE})
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with suppress(ValueError, PermissionError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, max(hard, FILES)))


def below(what: str, measured: float, limit: float, unit: str) -> bool:
    """Print a figure and its limit; whether it is above."""
    words = "MISSED" if measured > limit else "ok"
    sys.stdout.write(f"{what}: {measured:.2f} {unit} (at most {limit:g} {unit}) {words}\n")
    return measured > limit


def percentile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of them does not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def _cpu_clock(pid: int) -> int:
    # What clock_getcpuclockid() answers: the scheduler's clock of a whole process, precise to the ns.
    return (~pid << 3) | 2


def _session(leader: int) -> Iterator[int]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            if int(fields[3]) == leader:
                yield int(entry.name)

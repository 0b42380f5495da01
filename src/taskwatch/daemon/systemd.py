"""What systemd is told, and the sockets it hands over. Without systemd all of this does nothing."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress

from taskwatch import clock

FIRST_FD = 3


class Notifier:
    """Tells the service manager how the daemon does; every call is one datagram, and never fails."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")
        self.watchdog_seconds = _watchdog_seconds(environ)

    def ready(self, status: str) -> None:
        """It serves."""
        self._send("READY=1", _status(status))

    def reloading(self) -> None:
        """It reads its configuration anew; `ready` follows."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={int(clock.monotonic() * 1_000_000)}")

    def stopping(self, status: str) -> None:
        """It is about to end."""
        self._send("STOPPING=1", _status(status))

    def status(self, status: str) -> None:
        """A line for `systemctl status`."""
        self._send(_status(status))

    def alive(self) -> None:
        """The watchdog need not bite. To be said at least every `watchdog_seconds`."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        name = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto("\n".join(lines).encode(), name)


def listen_fds(environ: Mapping[str, str]) -> list[socket.socket]:
    """The listening sockets of a socket unit, non-blocking; none if there are none for this process."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(os.getpid()) or not count.isdecimal():
        return []
    return [_adopt(fd) for fd in range(FIRST_FD, FIRST_FD + int(count))]


def without_systemd(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment for child processes, which are not the ones that systemd talks to."""
    mine = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")
    return {name: value for name, value in environ.items() if name not in mine}


def _adopt(fd: int) -> socket.socket:
    os.set_inheritable(fd, False)
    listener = socket.socket(fileno=fd)
    listener.setblocking(False)
    return listener


def _status(text: str) -> str:
    return f"STATUS={' '.join(text.split())}"


def _watchdog_seconds(environ: Mapping[str, str]) -> float | None:
    """Half of what systemd waits for, as it advises; None if it does not watch this process."""
    period = environ.get("WATCHDOG_USEC", "")
    if environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()) or not period.isdecimal():
        return None
    return int(period) / 2_000_000 or None

"""What serves, in one process or in several: the same to signals, systemd and the control socket."""

import os
import socket
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from taskwatch.config import Sources

if TYPE_CHECKING:
    from taskwatch.daemon.daemon import Daemon

State = dict[str, Any]


class Service(Protocol):
    """Something that serves. A state is what `Daemon.status` tells, with `pid` and `last_tick`."""

    @property
    def address(self) -> str:
        """The base URL."""
        ...

    async def start(self) -> None:
        """Serve from now on; raises TaskwatchError if that cannot be."""
        ...

    async def reload(self) -> None:
        """Read the configuration again and go on with it; InvalidConfig leaves the old one in force."""
        ...

    async def states(self) -> list[State]:
        """How each worker process does, number 0 first."""
        ...

    async def stop(self) -> None:
        """Say goodbye to everybody and end."""
        ...

    def kill(self) -> None:
        """End every other process at once."""
        ...


class Solo:
    """The daemon in this very process."""

    def __init__(
        self, sources: Sources, environ: Mapping[str, str], sockets: Sequence[socket.socket] = ()
    ) -> None:
        self._sources = sources
        self._environ = environ
        self._sockets = sockets
        self._daemon: Daemon | None = None

    @property
    def address(self) -> str:
        """The base URL."""
        return self._started().address

    async def start(self) -> None:
        """Serve from now on."""
        from taskwatch.daemon.daemon import Daemon

        config = self._sources.load(self._environ)
        daemon = Daemon(config, self._environ, sockets=self._sockets or None)
        await daemon.start()
        self._daemon = daemon

    async def reload(self) -> None:
        """Read the configuration again and go on with it."""
        await self._started().reload(self._sources.load(self._environ))

    async def states(self) -> list[State]:
        """How it does."""
        return [state_of(self._started())]

    async def stop(self) -> None:
        """Say goodbye to everybody and end."""
        await self._started().stop()

    def kill(self) -> None:
        """There are no other processes."""

    def _started(self) -> "Daemon":
        if self._daemon is None:
            raise RuntimeError("the daemon was not started")
        return self._daemon


def state_of(daemon: "Daemon") -> State:
    """How the daemon in this process does."""
    return {**daemon.status(), "pid": os.getpid(), "last_tick": daemon.last_tick}

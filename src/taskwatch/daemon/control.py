"""Where `taskwatch daemon status`, `stop` and `reload` reach a daemon: a socket beside the database.

A question is one line of JSON, `{"do": "status"}`, and so is its answer, `{"answer": …}` or `{"error": …}`;
the connection then stays open for as long as the daemon. `asking` is the other side.
"""

import asyncio
import json
import logging
import os
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress

from taskwatch.daemon.asking import CONTROL, Answer
from taskwatch.daemon.failure import wrap
from taskwatch.errors import InvalidInput, TaskwatchError
from taskwatch.store.live import LiveFolder

LONGEST_LINE = 64 * 1024
_PEER = struct.Struct("3i")  # pid, uid, gid

Answerer = Callable[[str], Awaitable[Answer]]

log = logging.getLogger(__name__)


class Door:
    """The daemon's side: lets its own user and root ask."""

    def __init__(self, folder: LiveFolder, answer: Answerer) -> None:
        self._folder = folder
        self._answer = answer
        self._name = folder.new_name(CONTROL)
        self._server: asyncio.Server | None = None
        self._guests: set[asyncio.StreamWriter] = set()

    @classmethod
    async def open(cls, url: str, answer: Answerer) -> "Door | None":
        """Answer questions from now on; None where the machine or the folder allows no socket."""
        try:
            folder = LiveFolder.make(url)
        except OSError:
            return None
        door = cls(folder, answer)
        try:
            await door.begin()
        except OSError:
            folder.close()
            return None
        return door

    async def begin(self) -> None:
        """Let askers in; OSError if there can be no socket."""
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        hidden = f".{self._name}"  # until it listens: one that refuses is taken for dead and removed
        try:
            self._folder.bind(listener, hidden)
            listener.listen()
            self._server = await asyncio.start_unix_server(self._receive, sock=listener, limit=LONGEST_LINE)
            self._folder.rename(hidden, self._name)
        except OSError:
            self._folder.remove(hidden)
            listener.close()
            raise

    async def close(self) -> None:
        """Be found no more, and hang up on everybody who waits for that."""
        if self._server:
            self._server.close()
        self._folder.remove(self._name)
        self._folder.close()
        for guest in tuple(self._guests):
            guest.close()
            with suppress(OSError):
                await guest.wait_closed()

    async def _receive(self, reader: asyncio.StreamReader, guest: asyncio.StreamWriter) -> None:
        self._guests.add(guest)
        try:
            if _may_ask(guest.get_extra_info("socket")):
                await self._talk(reader, guest)
        except (OSError, ValueError) as error:
            log.warning("a question on the control socket failed: %s", error)
        finally:
            self._guests.discard(guest)
            guest.close()

    async def _talk(self, reader: asyncio.StreamReader, guest: asyncio.StreamWriter) -> None:
        while question := await reader.readline():
            guest.write(json.dumps(await self._reply(question)).encode() + b"\n")
            await guest.drain()

    async def _reply(self, question: bytes) -> Answer:
        try:
            return {"answer": await self._answer(_wish(question))}
        except TaskwatchError as error:
            return {"error": wrap(error)}


def _wish(question: bytes) -> str:
    asked = json.loads(question)
    if not isinstance(asked, dict) or not isinstance(asked.get("do"), str):
        raise InvalidInput("a question names what to do")
    return str(asked["do"])


def _may_ask(caller: socket.socket) -> bool:
    """Whether it is the same user or root; the folder's mode says so already, where sockets heed it."""
    _, uid, _ = _PEER.unpack(caller.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size))
    return uid in (os.geteuid(), 0)

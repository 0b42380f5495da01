"""Daemons as processes of their own that are stopped, killed and measured under their clients."""

import json
import socket
from pathlib import Path

from front.daemon import Daemon
from taskwatch.actions import messages
from taskwatch.actions.messages import Message
from taskwatch.services.database import Database

PAGE_BYTES = 4096


class Process(Daemon):
    """A daemon on a socket that outlives it. `send_buffer` bounds what the kernel takes for a client."""

    def __init__(self, folder, settings=None, *, send_buffer=None):
        super().__init__(folder, settings or {})
        self.path = folder / "taskwatch.db"
        if send_buffer:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        """End it in the middle of whatever it does."""
        self._process.kill()
        self._process.wait()

    def workers(self):
        """The process ids of its workers, by number."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return {number: int(pid) for pid in children if (number := _number(pid)) is not None}

    def resident_bytes(self):
        """The memory it has at present."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * PAGE_BYTES


class Author:
    """Writes messages to the log of a database, as another process would; `last` is the seq of the newest."""

    def __init__(self, path):
        self._database = Database(str(path))
        self.last = 0

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self._database.close()

    async def say(self, count=1, size=200, topic="news", name="tick"):
        """Write so many messages of so many bytes; the seq of each."""
        wanted = [Message(name, (topic, f"private-{topic}"), (topic,), f'"{"x" * size}"')] * count
        seqs = await self._database.write(messages.publish, wanted, 0)
        self.last = seqs[-1]
        return seqs

    async def write(self, action, *args):
        """The answer of any action."""
        return await self._database.write(action, *args)


def _number(pid):
    """The number of a worker, by its process id; None if it has just ended or only begins."""
    try:
        return json.loads(Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[-2])["number"]
    except (OSError, IndexError, ValueError):
        return None

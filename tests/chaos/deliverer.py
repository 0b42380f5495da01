"""A process that delivers: `deliverer.py MODE DATABASE ROOM LATER`; its stdout is the receiver.

Each message is received as a line with its id. LATER (ms) is how far its clock is ahead.
true: as it should be. lie: it says that a message was taken over before it is, which a harness must catch.
"""

import asyncio
import os
import sys

from taskwatch import clock
from taskwatch.plugin import Channel, ok
from taskwatch.services.database import Database
from taskwatch.services.deliver import Deliver

LIE_SECONDS = 0.05


class Pipe(Channel):
    name = "pipe"
    needs_address = False


class Sender:
    channel = Pipe
    seconds = 600.0

    def __init__(self, room, *, lie):
        self.room = room
        self.lie = lie

    async def send(self, message):
        if self.lie:
            asyncio.get_running_loop().call_later(LIE_SECONDS, receive, message.id)
        else:
            receive(message.id)
        return ok()


def receive(line):
    os.write(1, f"{line}\n".encode())


async def main(mode, path, room, later):
    database = Database(path)
    sender = Sender(int(room), lie=mode == "lie")
    await Deliver(database, {"pipe": sender}, lambda: clock.now() + int(later)).drain()
    await database.close()


asyncio.run(main(*sys.argv[1:]))

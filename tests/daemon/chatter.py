"""A worker that serves nobody: it says what it is told to say, and tells what it heard."""

import asyncio
import json
import socket
import sys

from taskwatch.services.bus import LineBus


async def main():
    task = json.loads(sys.argv[1])
    heard, jobs = [], []
    ended = asyncio.Event()

    async def say(question, count, size):
        for number in range(count):
            bus.send({"number": number, "text": "ü" * size})
            while bus._transport.get_write_buffer_size() > 1_000_000:  # noqa: ASYNC110  asyncio tells no other way
                await asyncio.sleep(0.001)
        bus.report({"re": question})

    def obey(order):
        verb, *numbers = order["do"].split()
        if verb == "stop":
            ended.set()
        elif verb == "say":
            jobs.append(asyncio.create_task(say(order["id"], *map(int, numbers))))
        elif verb == "heard":
            bus.report({"re": order["id"], "heard": heard})

    bus = await LineBus.connect(socket.socket(fileno=task["line"]), obey)
    bus.listen(lambda sender, message: heard.append([sender, message.get("number"), message.get("gone")]))
    bus.report({"ready": f"worker {task['number']}"})
    await ended.wait()
    bus.close()
    await bus.closed.wait()


asyncio.run(main())

"""What stands between a browser and a daemon: a cable that can be cut, and a proxy with a path of its own."""

import asyncio
import contextlib
import socket
import threading
from urllib.parse import urlsplit

from aiohttp import ClientSession, ClientTimeout, web

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "upgrade", "host", "content-length"}


@contextlib.contextmanager
def backstage():
    """A loop in a thread of its own; gives a function that has a coroutine run there and waits for it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(20)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Cable:
    """Passes bytes to a port on and back. `carried` counts those that came back."""

    def __init__(self, run, port):
        self._run, self._target = run, port
        self._jobs = set()
        self._is_cut = False
        self.carried = 0
        self._server = run(self._listen())
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self):
        """Whatever is on its way is lost; who comes now is turned away."""
        self._run(self._cut())

    def mend(self):
        self._is_cut = False

    def close(self):
        self._server.close()
        self.cut()

    async def _listen(self):
        return await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def _cut(self):
        self._is_cut = True
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)

    async def _accept(self, reader, writer):
        if self._is_cut:
            writer.transport.abort()
            return
        job = asyncio.ensure_future(self._join(reader, writer))
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _join(self, reader, writer):
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer, back=True))
        finally:
            writer.transport.abort()
            far_writer.transport.abort()

    async def _pass(self, reader, writer, *, back=False):
        with contextlib.suppress(OSError):
            while data := await reader.read(65_536):
                self.carried += len(data) if back else 0
                writer.write(data)
                await writer.drain()
            writer.write_eof()


class Proxy:
    """Serves a daemon under a path, as one does that has other things on its host. `strays` are requests for
    anything outside of that path."""

    def __init__(self, run, path):
        self._run = run
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}{path}"
        self.strays = []
        self._target = ""
        self._runner = self._session = None

    def serve(self, target):
        """Begin, in front of a daemon."""
        self._target = target
        self._run(self._start())

    def close(self):
        self._run(self._stop())
        self._socket.close()

    async def _start(self):
        self._session = ClientSession(timeout=ClientTimeout(total=None), auto_decompress=False)
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def _stop(self):
        await self._runner.cleanup()
        await self._session.close()

    async def _answer(self, request):
        path = urlsplit(self.url).path
        if not request.path.startswith(f"{path}/"):
            self.strays.append(request.path)
            raise web.HTTPNotFound
        headers = {name: value for name, value in request.headers.items() if name.lower() not in HOP_BY_HOP}
        async with self._session.request(
            request.method, self._target + request.raw_path.removeprefix(path), data=await request.read(),
            headers={**headers, "Host": request.host}, allow_redirects=False,
        ) as answer:  # fmt: skip
            kept = [(name, value) for name, value in answer.headers.items() if name.lower() not in HOP_BY_HOP]
            response = web.StreamResponse(status=answer.status)
            response.headers.extend(kept)
            await response.prepare(request)
            with contextlib.suppress(OSError):
                async for data in answer.content.iter_any():
                    await response.write(data)
            return response

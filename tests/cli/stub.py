"""Servers in a thread, for clients to be tried on: the daemon, and a stub that cuts streams."""

import asyncio
import json
import threading
from concurrent.futures import Future
from contextlib import contextmanager

from aiohttp import web

from live import serving
from taskwatch.actions import events, standing
from taskwatch.clock import now
from taskwatch.errors import Conflict, TaskwatchError
from taskwatch.store import open_store

POLL_SECONDS = 0.02


@contextmanager
def daemon(path, **settings):
    """The daemon itself, in a thread; gives its address."""
    started = Future()

    async def main():
        end = asyncio.Event()
        async with serving(path, **settings) as serves:
            started.set_result((serves.address, asyncio.get_running_loop(), end))
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(main()))
    thread.start()
    address, loop, end = started.result(20)
    try:
        yield address
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(20)


class Stub:
    """Runs in a thread of its own, on a free port or the given one.

    `cut_after` ends every stream after so many bytes; `answer(request)`, if set, replaces every answer.
    """

    def __init__(self, path, port=0):
        self.path, self.port = str(path), port
        self.cut_after = None
        self.answer = None
        self.requests = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        self._thread.start()
        assert self._ready.wait(20)
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
            self._thread.join(20)

    async def _serve(self):
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        self._store = open_store(self.path)
        app = web.Application()
        app.add_routes([web.get("/{path:.*}", self._answer)])
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", self.port).start()
        self.port = runner.addresses[0][1]
        self._ready.set()
        await self._end.wait()
        await runner.cleanup()
        self._store.close()

    async def _answer(self, request):
        self.requests.append(request)
        if self.answer:
            return self.answer(request)
        try:
            if request.path == "/events":
                return await self._stream(request)
            return web.json_response(self._resource(request))
        except TaskwatchError as error:
            return problem(error)
        except ConnectionResetError:  # the stub was stopped, or its client is gone
            return web.Response()

    def _resource(self, request):
        if request.path == "/api/v1/events":
            found = self._page(self._wanted(request), request.query)
            return {"items": found.events, "next": found.cursor}
        if request.path == "/api/v1/sla/statistics":
            return standing.stats(self._store, now(), now())
        assert request.path == "/api/v1/sla/at-risk"
        assert request.query["include_exceeded"] == "true"
        return standing.at_risk(self._store, now(), now(), include_exceeded=True)

    def _wanted(self, request):
        query = request.query
        return events.Filter(tuple(query.getall("kind", [])), tuple(query.getall("topic", [])))

    def _page(self, wanted, query):
        limit = int(query["limit"])
        if "after" in query:
            return events.following(self._store, wanted, query["after"], limit)
        return events.newest(self._store, wanted, limit)

    async def _stream(self, request):
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"retry: 1\n: ok\n\n")
        left = self.cut_after
        async for chunk in self._chunks(self._wanted(request), request.headers["Last-Event-ID"]):
            await response.write(chunk if left is None else chunk[:left])
            if left is not None and (left := left - len(chunk)) <= 0:
                request.transport.abort()
                break
        return response

    async def _chunks(self, wanted, cursor):
        while not self._end.is_set():
            try:
                page = events.following(self._store, wanted, cursor, 10)
            except Conflict as reset:
                end = reset.details["cursor"]
                told = json.dumps({"cursor": end, "message": reset.message})
                yield f"id: {end}\nevent: reset\ndata: {told}\n\n".encode()
                return
            cursor = page.cursor
            for event in page.events:
                del event["sentence"]
                yield f"id: {event['id']}\nevent: {event['kind']}\ndata: {json.dumps(event)}\n\n".encode()
            if not page.events:
                yield b": \n\n"
                await asyncio.sleep(POLL_SECONDS)


def problem(error):
    """An error as the server tells it."""
    told = error.as_json()["error"]
    body = {
        "type": f"urn:taskwatch:problem:{told['code']}", "title": "Trouble", "status": error.http_status,
        "detail": error.message, "hint": error.hint, "code": told["code"], "retryable": error.retryable,
        "details": error.details,
    }  # fmt: skip
    return web.json_response(body, status=error.http_status, content_type="application/problem+json")

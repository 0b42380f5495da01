"""What tests throw at whatever shows or carries text: two hundred names, and receivers that misbehave."""

import asyncio
import itertools
import socket
import struct
from contextlib import asynccontextmanager, suppress

SEPARATORS = ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00"]
INJECTIONS = [
    "Bcc: canary@evil.example",
    "Subject: replaced",
    "\r\n.\r\nMAIL FROM:<canary@evil.example>",
    "Content-Type: text/html\r\n\r\n<script>alert(1)</script>",
    "--boundary--",
]
ODDITIES = [
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "<b>bold", "&lt;already&gt;",
    "javascript:alert(1)",
    "{{ 7 * 7 }}", "{% include '/etc/passwd' %}", "{{ ''.__class__.__mro__ }}", "${jndi:ldap://x}",
    "%s%n%x", "{0}",
    "'; DROP TABLE tasks; --", "../../etc/passwd", "$(reboot)", "`reboot`", "| reboot", "\\", '"', "'", ",",
    ";", ":",
    "a, b <canary@evil.example>", "<canary@evil.example>", "canary@evil.example", '"quoted" <x@y.z>',
    "(comment)",
    "=?utf-8?q?Bcc=3A_canary=40evil.example?=", "=?utf-8?b?PHNjcmlwdD4=?=", "=?x", "?=", "=0D=0ABcc: x",
    "%0d%0aBcc: x",
    "\x1b[31mred\x1b[0m", "\x1b]0;title\x07", "\x1b]8;;http://evil.example\x1b\\link", "\x9b31m",
    "\x07\x08\x7f",
    "\u202egnp.exe", "\u2066isolate\u2069", "\u200fright", "\u061c", "\ufeffmark", "zero\u200bwidth",
    "\u200d",
    "Zürich", "東京タワー", "שלום", "مرحبا", "👩‍👩‍👧‍👦", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "e\u0301" * 30, "ﷺ" * 20, "Z̷̢a̶l̵g̸o̶",
    "\ud800lone", "lone\udfff", "\ufffe", "\U0010ffff", "a" * 200, "ä" * 200, "\U0001d518" * 100,
    "wide " * 40, ".",
    "..", "-", "--",
    "\t tab \t", " leading", "trailing ", "null", "None", "true", "0", "-1", "1e400", "NaN", "[]", "{}",
    "#", "@", "From ",
]  # fmt: skip


def names():
    """Two hundred hostile names, each different, none empty when tidied."""
    mixed = [f"Task{gap}{text}" for gap, text in itertools.product(SEPARATORS, INJECTIONS)]
    doubled = [
        f"{gap}{text}{gap}end" for gap, text in zip(itertools.cycle(SEPARATORS), ODDITIES, strict=False)
    ]
    found = list(dict.fromkeys([*mixed, *ODDITIES, *doubled]))
    return found[:200]


class Receiver:
    """An HTTP server: the path of a request says how to misbehave; `requests` are (line, headers, body)."""

    def __init__(self):
        self.requests = []
        self.connections = 0
        self.written = 0
        self.url = ""

    async def serve(self, reader, writer):
        self.connections += 1
        try:
            await self._answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        line, *fields = head.split("\r\n")[:-2]
        headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        self.requests.append((line, headers, body))
        word, _, rest = line.split()[1].removeprefix("/").partition("?")
        if word.isdecimal():
            extra = "".join(
                f"{field.replace('=', ': ').replace('+', ' ')}\r\n" for field in rest.split("&") if field
            )
            bare = word in ("204", "304") or line.startswith("HEAD")
            end = "\r\n" if bare else "Content-Length: 2\r\n\r\nok"
            await self._write(writer, f"HTTP/1.1 {word} Whatever\r\n{extra}{end}")
        else:
            await getattr(self, word)(writer)

    async def _write(self, writer, text):
        data = text.encode("latin-1") if isinstance(text, str) else text
        writer.write(data)
        self.written += len(data)
        await writer.drain()

    async def silent(self, _writer):
        await asyncio.sleep(60)

    async def drip_head(self, writer):
        for letter in itertools.chain("HTTP/1.1 200 OK\r\n", itertools.repeat("X")):
            await self._write(writer, letter)
            await asyncio.sleep(0.02)

    async def drip_body(self, writer):
        await self._write(writer, "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            await self._write(writer, "x")
            await asyncio.sleep(0.02)

    async def flood(self, writer, status="200 OK"):
        await self._write(writer, f"HTTP/1.1 {status}\r\nContent-Length: {10 * 2**30}\r\n\r\n")
        while True:
            await self._write(writer, b"x" * 65_536)

    async def flood_refusal(self, writer):
        await self.flood(writer, "400 Bad Request")

    async def flood_head(self, writer):
        await self._write(writer, "HTTP/1.1 200 OK\r\n")
        for number in itertools.count():
            await self._write(writer, f"X-{number}: {'y' * 1000}\r\n")

    async def flood_line(self, writer):
        await self._write(writer, "HTTP/1.1 200 ")
        while True:
            await self._write(writer, b"y" * 65_536)

    async def flood_continue(self, writer):
        while True:
            await self._write(writer, "HTTP/1.1 100 Continue\r\n\r\n" * 100)

    async def garbage(self, writer):
        await self._write(writer, bytes(range(256)) * 40)

    async def odd_status(self, writer):
        await self._write(writer, "HTTP/1.1 abc\r\n\r\n")

    async def no_http(self, writer):
        await self._write(writer, "220 mail.example.org ESMTP\r\n")

    async def bomb(self, writer):
        head = "HTTP/1.1 400 Bad\r\nContent-Encoding: gzip\r\nContent-Length: 10\r\n\r\n"
        await self._write(writer, head.encode() + b"\x1f\x8b\x08\x00broken")

    async def hang_up(self, _writer):
        pass

    async def reset(self, writer):
        plug = writer.get_extra_info("socket")
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()


@asynccontextmanager
async def receiving(host="127.0.0.1", ssl=None):
    """A receiver on a free port."""
    receiver, busy = Receiver(), set()

    async def serve(reader, writer):
        busy.add(asyncio.current_task())
        with suppress(asyncio.CancelledError):
            await receiver.serve(reader, writer)

    server = await asyncio.start_server(serve, host, 0, ssl=ssl)
    receiver.port = server.sockets[0].getsockname()[1]
    receiver.url = f"{'https' if ssl else 'http'}://{'localhost' if ssl else host}:{receiver.port}"
    try:
        yield receiver
    finally:
        server.close()
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy, return_exceptions=True)

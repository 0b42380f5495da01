"""A mail server for tests: what it takes is kept, and the local part of a recipient says what goes wrong."""

import asyncio
import warnings
from contextlib import asynccontextmanager, suppress

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aiosmtpd.smtp import SMTP, AuthResult


class Office:
    """Keeps envelopes; refuses what it is told to refuse: recipients `450`, `550`; `data451`, `data554`."""

    def __init__(self):
        self.envelopes = []
        self.logins = []
        self.refused_sender = None
        self.port = 0

    async def handle_MAIL(self, _server, _session, envelope, address, options):  # noqa: N802  the name that aiosmtpd calls
        if self.refused_sender:
            return self.refused_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, options):  # noqa: N802  the name that aiosmtpd calls
        local = address.partition("@")[0]
        if local == "policy":
            return "550 5.7.1 said the office"
        if local.isdecimal():
            return f"{local} {local[0]}.1.1 said the office"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server, session, envelope):  # noqa: N802  the name that aiosmtpd calls
        local = envelope.rcpt_tos[0].partition("@")[0]
        if local == "hang":
            await asyncio.sleep(60)
        if local == "drop":
            session.loop.call_soon(_server.transport.abort)
            await asyncio.sleep(1)
        if local.startswith("data"):
            return f"{local.removeprefix('data')} {local[4]}.7.1 said the office"
        self.envelopes.append(envelope)
        return "250 2.0.0 queued as 4bXyZ"

    def authenticate(self, _server, _session, _envelope, mechanism, data):
        if mechanism not in ("LOGIN", "PLAIN"):
            return AuthResult(success=False, handled=False)
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=self.logins[-1] == ("dana", "canary-password"), handled=False)


@asynccontextmanager
async def open_office(ssl=None, starttls=None, login=False):
    """A mail server on a free port: TLS from the start, STARTTLS required, or neither."""
    office = Office()
    loop = asyncio.get_running_loop()
    options = {
        "hostname": "mail.example.org",
        "loop": loop,
        "tls_context": starttls,
        "require_starttls": bool(starttls),
    }
    if login:
        options |= {
            "authenticator": office.authenticate,
            "auth_required": bool(starttls),
            "auth_require_tls": bool(starttls),
        }
    counters = []

    def answer():
        counters.append(SMTP(office, **options))
        return counters[-1]

    server = await loop.create_server(answer, "127.0.0.1", 0, ssl=ssl)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        for counter in counters:
            if counter.transport:
                counter.transport.abort()
        await _end_others()


@asynccontextmanager
async def rude_office(*lines, then="close"):
    """A server that says a line for each that it hears, the first unasked, then closes or falls silent."""

    async def serve(reader, writer):
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            for line in lines:
                writer.write(line if isinstance(line, bytes) else f"{line}\r\n".encode())
                await writer.drain()
                await reader.readline()
            if then == "silent":
                await asyncio.sleep(60)
        writer.close()

    async def quietly(reader, writer):
        try:
            await serve(reader, writer)
        except asyncio.CancelledError:
            writer.transport.abort()

    server = await asyncio.start_server(quietly, "127.0.0.1", 0)
    office = Office()
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        await _end_others()


async def _end_others():
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.sleep(0)

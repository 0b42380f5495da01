"""Mail to real servers: what they refuse, where they fall silent, and who gets what."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from post_office import open_office, rude_office
from taskwatch.channels.mail import Mail
from taskwatch.plugin import Services

LOGIN = {"user": "dana", "password": "canary-password"}


@asynccontextmanager
async def opened(office, **settings):
    settings = {
        "host": "localhost",
        "port": office.port,
        "tls": "none",
        "sender": "watch@example.org",
        **settings,
    }
    channel = Mail(settings, Services("http://localhost:8000"))
    yield channel
    await channel.close()


def mail(message, office=open_office, *, settings=(), **options):
    """The outcome of one mail, and the office."""

    async def main():
        async with office(**options) as there, opened(there, **dict(settings)) as channel:
            return await channel.send(message), there

    return asyncio.run(main())


def rude(message, *lines, then="close", **settings):
    async def main():
        async with rude_office(*lines, then=then) as there, opened(there, **settings) as channel:
            return await channel.send(message)

    return asyncio.run(main())


def test_a_mail_goes_to_exactly_the_one_address(message):
    outcome, office = mail(message(address="dana@example.org"))
    assert outcome.kind == "ok"
    assert outcome.provider_id == "2.0.0 queued as 4bXyZ"
    (envelope,) = office.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("watch@example.org", ["dana@example.org"])


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("450@example.org", "retry"), ("421@example.org", "retry"), ("452@example.org", "retry"),
        ("550@example.org", "gone"), ("551@example.org", "gone"), ("553@example.org", "gone"),
        ("policy@example.org", "permanent"),
        ("data451@example.org", "retry"), ("data452@example.org", "retry"),
        ("data552@example.org", "permanent"), ("data554@example.org", "permanent"),
        ("530@example.org", "misconfigured"), ("drop@example.org", "unknown"),
    ],
)  # fmt: skip
def test_every_refusal_has_its_class(message, address, kind):
    outcome, office = mail(message(address=address))
    assert outcome.kind == kind, outcome
    assert not office.envelopes
    if kind != "unknown":
        assert "said the office" in outcome.detail


def test_a_server_that_refuses_our_sender_pauses_the_channel(message):
    async def main(reply):
        async with open_office() as office, opened(office) as channel:
            office.refused_sender = reply
            return await channel.send(message(address="dana@example.org"))

    assert asyncio.run(main("550 5.7.1 not you")).kind == "misconfigured"
    assert asyncio.run(main("451 4.7.1 later")).kind == "retry"


def test_silence_after_the_letter_may_mean_that_it_arrived(message):
    outcome, _ = mail(message(address="hang@example.org", seconds=1.6))
    assert outcome.kind == "unknown"


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["220 hello"],
        ["220 hello", "250 mail.example.org"],
        ["220 hello", "250 mail.example.org", "250 sender"],
    ],
)
@pytest.mark.parametrize("then", ["silent", "close"])
def test_silence_before_the_letter_means_that_it_did_not(message, lines, then):
    assert rude(message(address="dana@example.org", seconds=1.5), *lines, then=then).kind == "retry"


@pytest.mark.parametrize("then", ["silent", "close"])
def test_silence_when_the_letter_is_asked_for_counts_as_unknown(message, then):
    lines = ["220 hello", "250 mail.example.org", "250 sender", "250 recipient", "354 go on"]
    assert rude(message(address="dana@example.org", seconds=1.5), *lines, then=then).kind == "unknown"


@pytest.mark.parametrize(
    "greeting",
    ["554 no service", "421 busy", "HTTP/1.1 200 OK", b"\x00\xff\xfe" * 500 + b"\r\n", "220", "999 what", ""],
)
def test_a_greeting_that_is_none_is_tried_again(message, greeting):
    assert rude(message(address="dana@example.org", seconds=1.5), greeting).kind == "retry"


def test_a_server_that_is_not_there_is_tried_again(message):
    async def main():
        async with open_office() as office:
            pass
        async with opened(office) as channel:
            return await channel.send(message(address="dana@example.org"))

    assert asyncio.run(main()).kind == "retry"


def test_endless_lines_end_with_the_time(message, lag):
    async def flood(_reader, writer):
        try:
            while True:
                writer.write(b"220-" + b"x" * 500 + b"\r\n")
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            writer.close()

    async def main():
        server = await asyncio.start_server(flood, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        settings = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "watch@example.org"}
        async with lag() as watch:
            outcome = await Mail(settings, Services("")).send(
                message(address="dana@example.org", seconds=1.5)
            )
        server.close()
        return outcome, watch.longest

    assert asyncio.run(main())[0].kind == "retry"


def test_starttls_with_a_login(message, certificate):
    settings = {"tls": "starttls", "ca_file": certificate.file, **LOGIN}
    outcome, office = mail(
        message(address="dana@example.org"), settings=settings, starttls=certificate.context, login=True
    )
    assert outcome.kind == "ok", outcome
    assert office.logins == [("dana", "canary-password")]
    assert len(office.envelopes) == 1


def test_tls_from_the_start(message, certificate):
    settings = {"tls": "tls", "ca_file": certificate.file}
    outcome, office = mail(message(address="dana@example.org"), settings=settings, ssl=certificate.context)
    assert outcome.kind == "ok", outcome
    assert len(office.envelopes) == 1


def test_a_wrong_password_pauses_the_channel_and_is_not_told(message, certificate):
    settings = {"tls": "starttls", "ca_file": certificate.file, "user": "dana", "password": "canary-wrong"}
    outcome, office = mail(
        message(address="dana@example.org"), settings=settings, starttls=certificate.context, login=True
    )
    assert outcome.kind == "misconfigured"
    assert "canary" not in outcome.detail
    assert not office.envelopes


def test_a_login_that_is_missing_pauses_the_channel(message, certificate):
    settings = {"tls": "starttls", "ca_file": certificate.file}
    outcome, _ = mail(
        message(address="dana@example.org"), settings=settings, starttls=certificate.context, login=True
    )
    assert outcome.kind == "misconfigured"


@pytest.mark.parametrize("settings", [{"tls": "starttls"}, {"tls": "starttls", **LOGIN}])
def test_a_server_without_encryption_gets_neither_letter_nor_password(message, settings):
    outcome, office = mail(message(address="dana@example.org"), settings=settings, login=True)
    assert outcome.kind == "misconfigured"
    assert not office.envelopes
    assert not office.logins


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_pauses_the_channel(message, certificate, tls):
    options = {"ssl" if tls == "tls" else "starttls": certificate.context}
    outcome, office = mail(message(address="dana@example.org"), settings={"tls": tls, **LOGIN}, **options)
    assert outcome.kind == "misconfigured", outcome
    assert not office.logins


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tls": "yes"}, "tls must be"),
        ({"tls": "none", **LOGIN}, "encrypted"),
        ({"sender": "nobody"}, "not one e-mail address"),
        ({"sender": "a@b.example\r\nBcc: x@y.example"}, "not one e-mail address"),
        ({"tls": "tls", "ca_file": "/nowhere.pem"}, "ca_file"),
        ({"unsubscribe": "javascript:x"}, "mailto:"),
        ({"unsubscribe": "https://x.example/\r\nBcc: y@z.example"}, "mailto:"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_once(settings, words):
    with pytest.raises(ValueError, match=words):
        Mail({"sender": "watch@example.org", **settings}, Services(""))


def test_an_address_that_is_none_reaches_no_server(message):
    for address in (
        "a\r\nRCPT TO:<x@y.example>\r\n@example.org",
        "a@b@c",
        "a@b.example, c@d.example",
        "",
        "<a@b.example>",
    ):
        outcome, office = mail(message(address=address))
        assert outcome.kind == "permanent"
        assert not office.envelopes


def test_a_probe_logs_in_and_sends_nothing(certificate):
    async def main(password):
        settings = {"tls": "starttls", "ca_file": certificate.file, "user": "dana", "password": password}
        async with (
            open_office(starttls=certificate.context, login=True) as office,
            opened(office, **settings) as channel,
        ):
            return await channel.probe(), office.envelopes

    assert asyncio.run(main("canary-password"))[0].detail == "connected and logged in"
    outcome, envelopes = asyncio.run(main("wrong"))
    assert (outcome.kind, envelopes) == ("misconfigured", [])


def test_fifty_mails_at_once_each_reach_their_own_recipient(message):
    async def main():
        async with open_office() as office, opened(office) as channel:
            addresses = [f"user{number}@example.org" for number in range(50)]
            outcomes = await asyncio.gather(*(channel.send(message(address=each)) for each in addresses))
            assert {outcome.kind for outcome in outcomes} == {"ok"}
            assert sorted(each for envelope in office.envelopes for each in envelope.rcpt_tos) == sorted(
                addresses
            )

    asyncio.run(main())

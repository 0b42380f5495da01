"""E-mails as their readers parse them: nothing a user typed becomes a header, a recipient or markup."""

import asyncio
import email
import email.policy
import re
from email.headerregistry import Address
from html import escape
from html.parser import HTMLParser

import pytest

from hostile import names
from post_office import open_office
from taskwatch.actions.rendering import render
from taskwatch.channels.letter import heading, parse_address, write_letter
from taskwatch.channels.mail import Mail
from taskwatch.plugin import Recipient, Services, one_line

SENDER = Address("taskwatch", addr_spec="watch@example.org")
HEADERS = [
    "From", "To", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted",
    "X-Auto-Response-Suppress", "List-Unsubscribe", "MIME-Version", "Content-Type",
]  # fmt: skip
AT = 1_766_570_400_000


def written(message, unsubscribe="mailto:watch@example.org", at=AT):
    return write_letter(message, message.address, SENDER, unsubscribe, at)


def parsed(data):
    return email.message_from_bytes(data, policy=email.policy.default)


def test_a_letter_has_what_mail_programs_thread_and_sort_by(message):
    letter = parsed(written(message(address="dana@example.org", html="<p>late</p>")))
    assert letter["From"] == "taskwatch <watch@example.org>"
    assert letter["To"] == "dana <dana@example.org>"
    assert letter["Subject"] == "⚠️ SLA Alert: Task Overdue - ADV Review"
    assert letter["Message-ID"] == "<8a6f2c54-6d35-5d6f-8d5d-0d4c1c1d7e11@example.org>"
    assert letter["References"] == letter["In-Reply-To"] == "<task-125@example.org>"
    assert letter["Date"].datetime.timestamp() * 1000 == AT
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["List-Unsubscribe"] == "<mailto:watch@example.org>"
    assert letter["List-Unsubscribe-Post"] is None
    assert letter.get_body(("plain",)).get_content().replace("\r\n", "\n") == message().text
    assert letter.get_body(("html",)).get_content().strip() == "<p>late</p>"


def test_the_id_stays_the_same_at_every_try(message):
    first, second = (parsed(written(message(address="d@e.example", attempt=n), at=AT + n)) for n in (1, 2))
    assert first["Message-ID"] == second["Message-ID"]


def test_a_way_out_of_ones_own_works_with_one_click(message):
    url = "https://tasks.example.org/unsubscribe?token=abc"
    letter = parsed(written(message(address="d@e.example", data={"unsubscribe_url": url})))
    assert letter["List-Unsubscribe"] == f"<{url}>"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for bad in ("javascript:x", "https://x>\r\nBcc: y@z.example", 7, "https://x y"):
        letter = parsed(written(message(address="d@e.example", data={"unsubscribe_url": bad})))
        assert letter["List-Unsubscribe"] == "<mailto:watch@example.org>"
        assert letter["Bcc"] is None


@pytest.mark.parametrize("number", range(0, 200, 4))
def test_whoever_wrote_the_text_no_control_gets_through(message, number):
    name = names()[number]
    data = written(message(address="d@e.example", text=f"{name}\n{name}", html=f"<p>{escape(name)}</p>"))
    for part in parsed(data).walk():
        if not part.is_multipart():
            assert not re.search(
                "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]", part.get_content()
            )


def test_long_ids_and_links_stay_in_one_piece(message):
    url = "https://tasks.example.org/unsubscribe?token=" + "aB3-_" * 60
    domain = ".".join(["abcdefghij" * 5] * 3) + ".example"
    sender = Address("taskwatch", addr_spec=f"watch@{domain}")
    sent = message(address="d@e.example", thread="x" * 300, data={"unsubscribe_url": url})
    data = write_letter(sent, sent.address, sender, "mailto:x@y.example", AT)
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in data
    assert f"\r\nMessage-ID: <{sent.id}@{domain}>\r\n".encode() in data
    assert f"\r\nReferences: <{'x' * 48}@{domain}>\r\n".encode() in data


class _Page(HTMLParser):
    """The tags of a page, and its texts."""

    def __init__(self):
        super().__init__()
        self.tags, self.texts, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src") or name.startswith("on")]

    def handle_data(self, data):
        self.texts.append(data)


def read(html):
    page = _Page()
    page.feed(html)
    page.close()
    return page


def test_two_hundred_hostile_names_go_through_a_real_server_and_come_back_as_plain_text(message):
    async def main():
        async with open_office() as office:
            settings = {
                "host": "127.0.0.1",
                "port": office.port,
                "tls": "none",
                "sender": "watch@example.org",
            }
            channel = Mail(settings, Services("http://localhost:8000"))
            for number, name in enumerate(names()):
                outcome = await channel.send(_about(message, name, f"user{number}@example.org"))
                assert outcome.kind == "ok", (name, outcome)
            return office.envelopes

    envelopes = asyncio.run(main())
    assert len(envelopes) == 200
    plain = read(_about(message, "plain", "x@example.org").html)
    for number, (name, envelope) in enumerate(zip(names(), envelopes, strict=True)):
        assert envelope.rcpt_tos == [f"user{number}@example.org"]
        _judge(envelope.content, name, f"user{number}@example.org", plain)


def _about(message, name, address):
    data = {
        "task_id": 125, "task_code": "ADV_REVIEW_BC115", "task_name": name, "workflow_type": "bc",
        "taskable_type": "Order", "taskable_id": 115, "timeout_minutes": 30, "exceeded_by_minutes": 45,
        "alert_level": "high", "message": f"Task '{name}' exceeded SLA by 45 minutes",
        "action_url": "http://localhost:8000/admin/tasks/125",
    }  # fmt: skip
    recipient = Recipient(5, name)
    words = render("task.sla.exceeded", data, recipient, "http://localhost:8000")
    assert words.degraded is None
    return message(
        title=words.title,
        text=words.text,
        html=words.html,
        data=data,
        recipient=recipient,
        address=address,
        thread=name,
    )


def _judge(content, name, address, plain):
    assert max(content) < 128
    assert not re.search(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", content)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    letter = parsed(content)
    assert sorted(letter.keys()) == sorted(HEADERS)
    assert [each.addr_spec for each in letter["To"].addresses] == [address]
    assert [each.addr_spec for each in letter["From"].addresses] == ["watch@example.org"]
    # Where a long line is folded, Python writes one space more.
    assert one_line(str(letter["Subject"])) == heading(f"⚠️ SLA Alert: Task Overdue - {name}", 200)
    # Python's parser keeps the gaps between encoded words, which readers leave out.
    shown = letter["To"].addresses[0].display_name
    assert shown.replace(" ", "") == heading(name, 100).replace(" ", "")
    text = letter.get_body(("plain",)).get_content()
    assert one_line(name) in text
    assert text.splitlines()[0] == one_line(f"Task '{name}' exceeded SLA by 45 minutes")
    page = read(letter.get_body(("html",)).get_content())
    assert page.tags == plain.tags
    assert page.links == plain.links
    assert one_line(name) in one_line("".join(page.texts))


GOOD = [
    "dana@example.org", "d@e.example", "dana+tasks@sub.example.org", "o'hara@example.org",
    "a.b.c@x-y.example",
    "root@localhost", "UPPER@Example.ORG", "!#$%&'*+/=?^_`{|}~-@example.org", f"{'a' * 64}@example.org",
]  # fmt: skip
BAD = [
    "", "dana", "@example.org", "dana@", "a@b@c.example", "a b@c.example", "a@b.example ", " a@b.example",
    "a@b.example\n",
    "a\r\nRCPT TO:<x@y.example>@z.example", "a@b.example\r\nBcc: x@y.example", "<a@b.example>",
    "Dana <a@b.example>",
    "a@b.example,c@d.example", "a@b.example;c@d.example", '"a b"@c.example', '"a"@b.example',
    "a@[127.0.0.1]", "a@b..example",
    ".a@b.example", "a.@b.example", "a..b@c.example", "a@-b.example", "a@b-.example", "a@b.example.",
    "a@b_c.example",
    "ä@example.org", "a@bä.example", "a@b\u2028.example", "a\x00@b.example", "a(c)@b.example",
    "a@b.example(c)",
    "a\\@b.example", f"{'a' * 65}@example.org", f"a@{'b' * 64}.example", f"a@{'b.' * 130}example",
    "a:b@c.example",
    "a@b.example>", "postmaster", "%40@", "a\t@b.example", "a@b.example\x0b", "a\u202e@b.example",
]  # fmt: skip


@pytest.mark.parametrize("address", GOOD)
def test_addresses_that_are_ones_are_kept(address):
    local, _, domain = address.rpartition("@")
    assert parse_address(address) == f"{local}@{domain.lower()}"


@pytest.mark.parametrize("address", BAD)
def test_addresses_that_are_none_or_more_than_one_are_refused(address):
    with pytest.raises(ValueError, match="not one e-mail address") as refusal:
        parse_address(address)
    assert one_line(str(refusal.value)) == str(refusal.value)

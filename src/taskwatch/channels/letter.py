"""A message as an e-mail: headers that nothing can be slipped into, plain text, and HTML beside it."""

import re
from datetime import UTC, datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy

from taskwatch.plugin import Message, one_line
from taskwatch.plugin.wording import clean

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?",
    re.ASCII,
)
_LONGEST_ADDRESS, _LONGEST_LOCAL = 254, 64
_LONGEST_NAME = 100
_LONGEST_TITLE = 200
_LONGEST_TOKEN = 48
_PLACE = re.compile(r"(?:https?://|mailto:)[!-;=?-~]{1,500}")


def parse_place(text: str) -> str:
    """A `mailto:` or web address to unsubscribe at; ValueError for anything else."""
    if not _PLACE.fullmatch(text):
        raise ValueError(f"{one_line(text, 100)!r} is not an address that begins with mailto: or https://")
    return text


def parse_address(text: str) -> str:
    """One address such as `dana@example.org`, its domain in lower case; ValueError for anything else."""
    local, _, domain = text.rpartition("@")
    fits = len(text) <= _LONGEST_ADDRESS and len(local) <= _LONGEST_LOCAL
    if not fits or not _ADDRESS.fullmatch(text):
        raise ValueError(f"{one_line(text, 100)!r} is not one e-mail address such as dana@example.org")
    return f"{local}@{domain.lower()}"


def write_letter(message: Message, address: str, sender: Address, unsubscribe: str, at: int) -> bytes:
    """The bytes to hand to a server at `at` (ms UTC): the same id at every try, one thread for each task."""
    letter = EmailMessage(policy=_POLICY)
    letter["From"] = sender
    letter["To"] = Address(heading(message.recipient.name, _LONGEST_NAME), addr_spec=address)
    letter["Subject"] = heading(message.title, _LONGEST_TITLE)
    letter["Date"] = datetime.fromtimestamp(at // 1000, UTC)
    letter["Message-ID"] = _id(message.id, sender.domain)
    letter["In-Reply-To"] = letter["References"] = _id(message.thread, sender.domain)
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    _tell_way_out(letter, message, unsubscribe)
    letter.set_content(clean(message.text))
    if message.html is not None:
        letter.add_alternative(clean(message.html), subtype="html")
    return bytes(letter)


def heading(text: str, longest: int) -> str:
    """A text fit for a header: one line, and nothing in it that readers would decode."""
    return one_line(text, longest).replace("=?", "= ?")


def _tell_way_out(letter: EmailMessage, message: Message, unsubscribe: str) -> None:
    """A link of the person's own in `unsubscribe_url` works with one click (RFC 8058)."""
    own = message.data.get("unsubscribe_url")
    if isinstance(own, str) and own.startswith("http") and _PLACE.fullmatch(own):
        letter["List-Unsubscribe"] = f"<{own}>"
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    else:
        letter["List-Unsubscribe"] = f"<{unsubscribe}>"


def _id(token: str, domain: str) -> str:
    return f"<{re.sub('[^A-Za-z0-9-]', '.', token)[:_LONGEST_TOKEN].strip('.') or 'taskwatch'}@{domain}>"


class _Whole(UnstructuredHeader, BaseHeader):
    """A header of one word, which Python would break into encoded words where it is long."""

    def fold(self, *, policy: Policy) -> str:
        """The one line that it is."""
        return f"{self.name}: {self}{policy.linesep}"


def _policy() -> Policy:
    headers = HeaderRegistry()
    for name in ("Message-ID", "In-Reply-To", "References", "List-Unsubscribe"):
        headers.map_to_type(name.lower(), _Whole)
    return SMTP.clone(cte_type="7bit", header_factory=headers)  # seven bits: any server can carry it


_POLICY = _policy()

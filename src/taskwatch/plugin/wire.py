"""What goes between us and a plugin's process: a JSON object a line, both ways.

→ {"plugin", "folder", "channel", "settings", "services", "threads"}   first, once
← {"ready": true} or {"broken": "why"}
→ {"id": 1, "do": "send", "seconds": 10.0, "message": {…}}             also probe; check with an address
← {"id": 1, "outcome": {…}}                                            or address, or refusal
"""

import json
from typing import Any

from taskwatch.plugin.message import Message, Recipient
from taskwatch.plugin.outcome import Outcome

LONGEST_LINE = 64 * 1024


def pack(fields: dict[str, Any]) -> bytes:
    """A line."""
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def unpack(line: bytes) -> dict[str, Any]:
    """What a line holds; ValueError if that is no JSON object."""
    fields = json.loads(line)
    if not isinstance(fields, dict):
        raise ValueError("a line must hold an object")  # noqa: TRY004  the same fault as bad JSON
    return fields


def pack_message(message: Message) -> dict[str, Any]:
    """A message as JSON."""
    return {**message._asdict(), "recipient": message.recipient._asdict()}


def unpack_message(fields: dict[str, Any]) -> Message:
    """The message in it."""
    return Message(**{**fields, "recipient": Recipient(**fields["recipient"])})


def unpack_outcome(fields: object) -> object:
    """The outcome in it, unjudged; what is none stays as it is."""
    if isinstance(fields, dict) and set(fields) == set(Outcome._fields):
        return Outcome(**fields)
    return fields

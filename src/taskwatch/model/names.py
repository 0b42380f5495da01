"""What things may be called. Codes and ids become topic names, so they keep to Pusher's alphabet."""

import re

from taskwatch.errors import InvalidInput

TYPE_CODE = re.compile(r"[a-z][a-z0-9_]{0,31}")
TASK_CODE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_=@,;.-]{0,127}")
TEMPLATE_CODE = re.compile(r"[A-Z][A-Z0-9_]{0,63}")
WORD = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}")
SUBJECT_ID = re.compile(r"[A-Za-z0-9_=@,;.-]{1,64}")
EMAIL = re.compile(r"[^\s@<>(),;:\\\"\[\]]{1,64}@[A-Za-z0-9.-]{1,190}")
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

MAX_NAME = 200
MAX_INTEGER = 2**53 - 1


def type_code(text: object) -> str:
    """A workflow type's code: `bc`."""
    return _matching(TYPE_CODE, text, "a workflow type code", "lower-case letters, digits and _")


def template_code(text: object) -> str:
    """A task template's code: `ADV_REVIEW`."""
    return _matching(TEMPLATE_CODE, text, "a template code", "capital letters, digits and _")


def task_code(text: object) -> str:
    """A task's code: `ADV_REVIEW_BC114`. All digits is refused, since a number names a task by id."""
    code = _matching(TASK_CODE, text, "a task code", "letters, digits and _ = @ , ; . -")
    if code.isdecimal():
        raise InvalidInput(f"a task code cannot be a number, got {code}", hint="numbers name tasks by id")
    return code


def role_name(text: object) -> str:
    """A role's name: `dispatcher`."""
    return _matching(WORD, text, "a role name", "letters, digits, _ and -")


def word(text: object) -> str:
    """A plain word, such as a task's type or a subject's: `conversion`, `Order`."""
    return _matching(WORD, text, "a type", "letters, digits, _ and -")


def subject_id(value: object) -> str:
    """The id of a workflow's subject, kept as text: `114`."""
    text = str(integer(value, "a subject id", 0)) if isinstance(value, int) else value
    return _matching(SUBJECT_ID, text, "a subject id", "letters, digits and _ = @ , ; . -")


def wire_id(subject: str | None) -> int | str | None:
    """A subject id as payloads carry it: an integer when it reads like one, else the text."""
    if subject is None or not subject.isascii() or not subject.isdecimal() or subject != str(int(subject)):
        return subject
    return int(subject) if int(subject) <= MAX_INTEGER else subject


def display_name(text: object, what: str = "a name") -> str:
    """A name for people: 1 to 200 characters, any script, no control characters."""
    if not isinstance(text, str) or not text.strip():
        raise InvalidInput(f"{what} must be a text that is not empty")
    if len(text) > MAX_NAME:
        raise InvalidInput(f"{what} can have {MAX_NAME} characters at most, got {len(text)}")
    if CONTROL.search(text):
        raise InvalidInput(f"{what} cannot hold control characters", hint="remove line breaks and escapes")
    return text.strip()


def email(text: object) -> str:
    """An e-mail address, checked for shape only."""
    return _matching(EMAIL, text, "an e-mail address", "something like dana@example.com")


def reason(text: str | None) -> str | None:
    """Why somebody did something: at most 1,000 characters, line breaks allowed, other controls not."""
    if text is None:
        return None
    if len(text) > 1000:
        raise InvalidInput(f"a reason can have 1000 characters at most, got {len(text)}")
    if CONTROL.search(text.replace("\n", " ").replace("\t", " ")):
        raise InvalidInput("a reason cannot hold control characters")
    return text.strip() or None


def integer(value: object, what: str, least: int = 1) -> int:
    """A whole number that JSON and the database can hold."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MAX_INTEGER:
        raise InvalidInput(f"{what} must be a whole number from {least} to {MAX_INTEGER}, got {shown(value)}")
    return value


def shown(value: object) -> str:
    """A value as an error may quote it: escaped and short."""
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return "a number that is too large"
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def suggestion(unknown: str, known: list[str]) -> str | None:
    """`did you mean …?` when something known is near, else None."""
    from difflib import get_close_matches

    near = get_close_matches(unknown, known, n=1)
    return f"did you mean {near[0]}?" if near else None


def _matching(pattern: re.Pattern[str], value: object, what: str, alphabet: str) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise InvalidInput(f"{what} cannot be {shown(value)}", hint=f"use {alphabet}")
    return value

"""Who a task belongs to: users and roles, written `user:5` and `role:dispatcher`."""

from typing import Any, NamedTuple

from taskwatch.errors import InvalidInput
from taskwatch.model import names


class Assignment(NamedTuple):
    """One user or one role. Exactly one of `user_id` and `role_name` is set."""

    type: str
    user_id: int | None
    role_name: str | None

    def __str__(self) -> str:
        return f"{self.type}:{self.user_id if self.type == 'user' else self.role_name}"


def user(user_id: int) -> Assignment:
    """The assignment to one user."""
    return Assignment("user", user_id, None)


def role(name: str) -> Assignment:
    """The assignment to everybody in a role."""
    return Assignment("role", None, name)


def parse(text: object) -> Assignment:
    """Read `user:5` or `role:dispatcher`.

    Raises:
        InvalidInput: anything else.
    """
    kind, _, who = text.partition(":") if isinstance(text, str) else ("", "", "")
    if kind == "role":
        return role(names.role_name(who))
    if kind == "user" and who.isascii() and who.isdecimal() and len(who) < 17:
        return user(names.integer(int(who), "a user id"))
    raise InvalidInput(f"an assignment cannot be {names.shown(text)}", hint="write user:5 or role:dispatcher")


def from_json(value: Any) -> Assignment:
    """Read a payload's `{"type": "role", "user_id": null, "role_name": "dispatcher"}`, or the short form."""
    if not isinstance(value, dict):
        return parse(value)
    short = value.get("role_name") if value.get("type") == "role" else value.get("user_id")
    return parse(f"{value.get('type')}:{short}")

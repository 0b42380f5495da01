"""People as lines of JSON, one user on each."""

import json
from collections.abc import Iterable
from typing import Any

from taskwatch.actions.people import FIELDS, Wish, checked
from taskwatch.errors import InvalidFile, InvalidInput
from taskwatch.model import names

# What `user list --json` and `user show --json` print beyond a user's own fields: allowed, without effect.
_SHOWN_ONLY = ("created_at", "open_tasks")
_KEYS = ("id", *FIELDS, "roles")
_EXAMPLE = '{"id": 5, "name": "dana", "email": "dana@example.com", "roles": ["dispatcher"]}'


def read_users(lines: Iterable[bytes], path: str) -> list[Wish]:
    """Users from NDJSON lines; empty lines are passed over. `path` names the source in errors.

    Raises:
        InvalidFile: a line is no user, or has one that stands on an earlier line; names the line.
    """
    found: list[Wish] = []
    lines_of: dict[int | None, int] = {}
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                user = from_json(_parsed(line))
                _note_line(lines_of, user.id, number)
            except InvalidInput as error:
                message = f"{path}:{number}: {error.message}"
                raise InvalidFile(message, hint=error.hint, path=path, line=number) from None
            found.append(user)
    return found


def from_json(value: object) -> Wish:
    """A user from an object with the keys that a shown user has; an absent key says nothing about its field.

    Raises:
        InvalidInput: an unknown key, a missing id or a wrong value.
    """
    if not isinstance(value, dict):
        raise InvalidInput("a user must be an object", hint=_EXAMPLE)
    for key in value:
        if key not in _KEYS and key not in _SHOWN_ONLY:
            raise InvalidInput(
                f"a user has no field {names.shown(key)}", hint=names.suggestion(key, list(_KEYS)) or _EXAMPLE
            )
    for key in ("id", "name"):
        if key not in value:
            raise InvalidInput(f"a user needs {'an id' if key == 'id' else 'a name'}", hint=_EXAMPLE)
    fields = {key: value[key] for key in FIELDS if key in value}
    checked(fields)
    return Wish(names.integer(value["id"], "a user id"), fields, _roles(value))


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InvalidInput("this is not UTF-8 text", hint="save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(f"this is not JSON: {error.msg} at column {error.colno}", hint=_EXAMPLE) from None
    except (RecursionError, ValueError):  # nested too deeply, or a number of thousands of digits
        raise InvalidInput("this JSON is beyond all measure", hint=_EXAMPLE) from None


def _note_line(lines_of: dict[int | None, int], user_id: int | None, number: int) -> None:
    first = lines_of.setdefault(user_id, number)
    if first != number:
        raise InvalidInput(f"user {user_id} stands on line {first} already", hint="keep one of them")


def _roles(value: dict[str, Any]) -> frozenset[str] | None:
    if "roles" not in value:
        return None
    if not isinstance(value["roles"], list):
        raise InvalidInput(f"roles must be a list, got {names.shown(value['roles'])}")
    return frozenset(map(names.role_name, value["roles"]))

"""Reading a request: its body and its query against a typed shape, a piece of its path."""

import json
from typing import Annotated, Any, TypeVar, get_args, get_origin

import msgspec
from aiohttp import web

from taskwatch.errors import InvalidInput, NotFound, UnsupportedMedia
from taskwatch.model import names
from taskwatch.model.access import Identity
from taskwatch.server.gate import IDENTITY
from taskwatch.server.problem import BadRequest
from taskwatch.server.route import Param

MAX_BODY_BYTES = 1024 * 1024
JSON = "application/json"
# What the gate has read already.
TICKET = "ticket"

Id = Annotated[int, msgspec.Meta(ge=1, le=names.MAX_INTEGER)]
Limit = Annotated[int, msgspec.Meta(ge=1, le=500, description="How many at most")]
S = TypeVar("S", bound=msgspec.Struct)


class Shape(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What a body or a query may hold: each field has a type and a default, unknown names are refused."""


def identity(request: web.Request) -> Identity:
    """Who asks."""
    found: Identity = request[IDENTITY]
    return found


def segment(request: web.Request, name: str) -> str:
    """A named piece of the path.

    Raises:
        NotFound: it holds what no name can, so there is nothing there.
    """
    text = request.match_info[name]
    if names.CONTROL.search(text):
        raise NotFound(f"there is nothing called {names.shown(text)}")
    return text


def number(request: web.Request, name: str) -> int:
    """A piece of the path that is a number.

    Raises:
        NotFound: it is none, so there is nothing there.
    """
    text = segment(request, name)
    if not (text.isascii() and text.isdecimal() and len(text) < 16):
        raise NotFound(f"there is nothing called {names.shown(text)}", hint="an id is a number")
    return int(text)


async def read_bytes(request: web.Request) -> bytes:
    """The body.

    Raises:
        HTTPRequestEntityTooLarge: it is larger than 1 MiB.
        BadRequest: it breaks off, or is not packed as its headers say.
    """
    try:
        content = await request.read()
    except (web.RequestPayloadError, ValueError) as error:
        raise BadRequest("the body breaks off or is not encoded as its headers say") from error
    if len(content) > MAX_BODY_BYTES:
        raise web.HTTPRequestEntityTooLarge(MAX_BODY_BYTES, len(content))
    return content


async def read_json(request: web.Request) -> Any:
    """The body as JSON; an empty one is an empty object.

    Raises:
        BadRequest: it is not JSON, names a key twice, or is beyond all measure.
        UnsupportedMedia: it says it is something else.
    """
    content = await read_bytes(request)
    if not content:
        return {}
    # A page elsewhere can make a browser send text or a form without asking, but never JSON.
    if request.content_type != JSON:
        raise UnsupportedMedia(hint="send JSON as Content-Type: application/json")
    return _parsed(content)


async def read_body(request: web.Request, shape: type[S]) -> S:
    """The body as a shape.

    Raises:
        InvalidInput: it does not fit; the details hold the path to what is wrong.
    """
    return fit(await read_json(request), shape, "the body")


def read_query(request: web.Request, shape: type[S]) -> S:
    """The query as a shape; numbers and booleans are read from their texts, only lists repeat.

    Raises:
        InvalidInput: it does not fit.
    """
    given: dict[str, Any] = {}
    for name in dict.fromkeys(request.query):
        if name == TICKET:
            continue
        values = request.query.getall(name)
        if any(names.CONTROL.search(value) for value in values):
            raise InvalidInput(f"{names.shown(name)} holds control characters", hint="remove them")
        given[name] = values if _is_list(shape, name) else _once(name, values)
    return fit(given, shape, "the query", strict=False)


def fit(value: Any, shape: type[S], what: str, *, strict: bool = True) -> S:
    """A value as a shape.

    Raises:
        InvalidInput: it does not fit.
    """
    try:
        return msgspec.convert(value, shape, strict=strict)
    except msgspec.ValidationError as error:
        raise _misfit(str(error), shape, what) from None


def query_params(shape: type[msgspec.Struct]) -> list[Param]:
    """The parameters that a query of this shape has."""
    (ref,), components = msgspec.json.schema_components([shape])
    described = components[ref["$ref"].rpartition("/")[2]]
    return [
        Param(name, "query", schema.pop("description", ""), _spoken(schema), name in described["required"])
        for name, schema in described["properties"].items()
    ]


def _spoken(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema without null, which a query cannot say: what is left out says it."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    kept = {key: value for key, value in schema.items() if key != "default" or value not in (None, [])}
    return {**kinds[0], **{key: kept[key] for key in kept if key != "anyOf"}} if len(kinds) == 1 else kept


def _parsed(content: bytes) -> Any:
    try:
        value = json.loads(content.decode(), object_pairs_hook=_unique, parse_constant=_refuse)
        # An escape can write half of a character, which no database takes.
        if b"\\u" in content:
            json.dumps(value, ensure_ascii=False).encode()
    except InvalidInput:
        raise
    except UnicodeError:
        raise BadRequest("the body is not UTF-8 text", hint="send JSON in UTF-8") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadRequest(f"the body is not JSON: {error.msg} at {place}", hint="send one object") from None
    except (RecursionError, ValueError):
        raise BadRequest("the body is nested too deeply or holds too long a number") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadRequest(f"the key {names.shown(twice)} stands twice in one object", hint="keep one")
    return found


def _refuse(word: str) -> None:
    raise BadRequest(f"{word} is not JSON", hint="use null")


def _once(name: str, values: list[str]) -> str:
    if len(values) > 1:
        raise InvalidInput(f"{names.shown(name)} can be given once only", hint="leave out the others")
    return values[0]


def _is_list(shape: type[msgspec.Struct], name: str) -> bool:
    kind = next((field.type for field in msgspec.structs.fields(shape) if field.name == name), None)
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    return get_origin(kind) is list


def _misfit(message: str, shape: type[msgspec.Struct], what: str) -> InvalidInput:
    """`Expected `int`, got `str` - at `$.by`` as a sentence."""
    said, _, place = message.partition(" - at ")
    path = place.strip("`") or "$"
    known = [field.name for field in msgspec.structs.fields(shape)]
    hint = f"it may hold {', '.join(known)}" if known else "it must be empty"
    if "unknown field" in said:
        hint = names.suggestion(said.split("`")[1], known) or hint
    sentence = said[:1].lower() + said[1:]
    return InvalidInput(f"{what} does not fit at {names.shown(path)}: {sentence}", hint=hint, path=path)

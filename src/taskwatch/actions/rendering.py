"""The words of a notification, made once when it is planned: from files of the house or from one's own.

A folder of one's own may hold any of the files in `channels/templates`, by the same name. The parts of a
message are NAME.title, NAME.txt and NAME.html, where NAME is the first that exists of KIND.REASON, REASON,
KIND and `notice`: `task.sla.exceeded.repeat.txt`. What is changed there counts at once.
"""

import functools
import os
from collections.abc import Callable, Mapping
from datetime import UTC
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from taskwatch.model.times import local, parse_instant, parse_zone, spell
from taskwatch.plugin import Recipient, one_line

if TYPE_CHECKING:
    from jinja2 import Environment, Template
    from jinja2.runtime import Context

LONGEST_TITLE = 200
LARGEST = 100_000

Filters = Mapping[str, Callable[..., Any]]

_HOUSE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "channels", "templates")
_LONGEST_RANGE = 1_000
_BATCH = 200  # pieces of a template between two looks at its length


class Rendered(NamedTuple):
    """A message in words; `degraded` is None, or says which template had to be done without."""

    title: str
    text: str
    html: str | None
    degraded: str | None = None


def render(  # noqa: PLR0917  in the order in which they are known
    kind: str,
    data: Mapping[str, Any],
    recipient: Recipient,
    public_url: str,
    folder: str | None = None,
    filters: Filters | None = None,
    *,
    reason: str = "first",
    brief: bool = False,
) -> Rendered:
    """The words for one person; a broken template is replaced by plain text, and never raises.

    `data` has the keys of the inbox entry, which templates use by name. Its texts lose line breaks and
    controls before they are put in: what a user typed stays within its line. What is `brief` has a title, and
    the sentence of its data for a text.
    """
    context = _context(kind, data, recipient, public_url, reason)
    if folder is None:
        return _render_house(context, degraded=None, brief=brief)
    try:
        environment = _environment(folder, tuple(sorted((filters or {}).items())))
        return _fill(_select(environment, kind, reason), context, brief=brief)
    except Exception as error:  # noqa: BLE001  templates and filters of others may raise anything
        return _render_house(context, degraded=_explain(error), brief=brief)._replace(html=None)


def _render_house(context: dict[str, Any], degraded: str | None, *, brief: bool) -> Rendered:
    try:
        rendered = _fill(_house_parts(context["kind"], context["reason"]), context, brief=brief)
    except Exception as error:  # noqa: BLE001  data of others may lack or hold anything
        message = str(context.get("message") or context["kind"])
        url = context.get("action_url") or context["public_url"]
        return Rendered(
            one_line(message, LONGEST_TITLE), f"{message}\n\n{url}\n", None, degraded or _explain(error)
        )
    return rendered._replace(degraded=degraded)


def _context(
    kind: str, data: Mapping[str, Any], recipient: Recipient, public_url: str, reason: str
) -> dict[str, Any]:
    return {
        **{key: _tame(value) for key, value in data.items()},
        "kind": kind,
        "reason": reason,
        "recipient": recipient._replace(name=one_line(recipient.name)),
        "public_url": public_url,
    }


def _tame(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, Mapping):
        return {key: _tame(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_tame(item) for item in value]
    return value


def _fill(parts: "tuple[Template, ...]", context: dict[str, Any], *, brief: bool) -> Rendered:
    if brief:
        return Rendered(one_line(_write(parts[0], context), LONGEST_TITLE), context["message"], None)
    title, text, html = (_write(template, context) for template in parts)
    return Rendered(one_line(title, LONGEST_TITLE), text.strip() + "\n", html)


def _write(template: "Template", context: dict[str, Any]) -> str:
    pieces, text = template.generate(context), ""
    while batch := tuple(islice(pieces, _BATCH)):
        text += "".join(batch)
        if len(text) > LARGEST:
            raise ValueError(f"{template.name} makes more than {LARGEST} characters")
    return text


@functools.lru_cache(maxsize=200)
def _house_parts(kind: str, reason: str) -> "tuple[Template, ...]":
    return _select(_environment(None, ()), kind, reason)


def _select(environment: "Environment", kind: str, reason: str) -> "tuple[Template, ...]":
    """The templates of title, text and HTML."""
    names = (f"{kind}.{reason}", reason, kind, "notice")
    return tuple(
        environment.select_template([f"{name}.{part}" for name in names]) for part in ("title", "txt", "html")
    )


@functools.lru_cache(maxsize=8)
def _environment(folder: str | None, filters: tuple[tuple[str, Callable[..., Any]], ...]) -> "Environment":
    from jinja2 import FileSystemLoader
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        loader=FileSystemLoader([folder, _HOUSE] if folder else _HOUSE),
        autoescape=lambda name: bool(name) and str(name).endswith(".html"),
        undefined=_absent(),
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=folder is not None,
    )
    environment.globals["range"] = _short_range
    environment.filters |= {"minutes": _minutes, "moment": _moment(), "link": _link, **dict(filters)}
    return environment


@functools.cache
def _absent() -> Any:
    from jinja2 import StrictUndefined

    # What is not there may be asked for, but not written.
    return type("Absent", (StrictUndefined,), {"__slots__": (), "__bool__": lambda _: False})


def _minutes(count: float) -> str:
    """`{{ timeout_minutes | minutes }}`: 90 is `1h 30m`."""
    return spell(int(count * 60))


@functools.cache
def _moment() -> Callable[..., str]:
    from jinja2 import pass_context

    @pass_context
    def moment(context: "Context", at: int | str) -> str:
        """`{{ started_at | moment }}`: milliseconds or RFC 3339, on the recipient's own clock."""
        name = context["recipient"].timezone
        milliseconds = parse_instant(at, now=0, zone=UTC) if isinstance(at, str) else at
        return local(milliseconds, parse_zone(name) if name else UTC)

    return moment


def _link(url: str) -> str:
    """`<a href="{{ action_url | link }}">`: only what leads to a web page."""
    return url if url.startswith(("https://", "http://")) else ""


def _short_range(*bounds: int) -> range:
    steps = range(*bounds)
    if len(steps) > _LONGEST_RANGE:
        raise ValueError(f"a template counts to {_LONGEST_RANGE} at most")
    return steps


def _explain(error: Exception) -> str:
    """`task.sla.exceeded.html, line 3: 'nam' is undefined`."""
    from traceback import extract_tb

    frames = [
        frame
        for frame in extract_tb(error.__traceback__)
        if frame.name in {"root", "top-level template code"}
    ]
    name = getattr(error, "name", None) or (os.path.basename(frames[-1].filename) if frames else None)
    line = getattr(error, "lineno", None) or (frames[-1].lineno if frames else None)
    place = f"{name}, line {line}: " if name and line else ""
    return one_line(f"{place}{error or type(error).__name__}", 300)

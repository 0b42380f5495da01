"""Errors as RFC 9457 `application/problem+json`: the sentence, the hint and the details the CLI gives too."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, TypedDict
from urllib.parse import quote

from aiohttp import http_exceptions, web

from taskwatch.errors import InvalidInput, TaskwatchError, Unauthorized
from taskwatch.model import names
from taskwatch.server import place
from taskwatch.server.html import wants_html
from taskwatch.server.route import Handler

CONTENT_TYPE: Final = "application/problem+json"
RETRY_AFTER_SECONDS = 1

_LOG = logging.getLogger("taskwatch.server")
_TYPE = "urn:taskwatch:problem:"
# What the framework says in a word, as a sentence with a next step.
_SENTENCES = {
    400: ("the request cannot be read", "check its first line, its headers and its body"),
    404: ("there is nothing at this address", "see /docs for what there is"),
    405: ("this address does not take this method", None),
    411: ("the length of the body is missing", "send a Content-Length"),
    413: ("the body is larger than 1 MiB", "send less at once"),
    415: ("a body of this type is not understood", "send application/json"),
    417: ("this expectation cannot be met", "leave out Expect"),
}


class ProblemShape(TypedDict):
    """What went wrong. `code` is for programs, `detail` for people, `hint` is the next step.

    Some problems have more keys, such as `status`es of tasks under `details`.
    """

    type: str
    title: str
    status: int
    detail: str
    hint: str | None
    code: str
    retryable: bool
    details: dict[str, Any]


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The outermost middleware: every failure becomes a problem, unless its answer has begun already."""
    try:
        return await handler(request)
    except (TaskwatchError, web.HTTPException, http_exceptions.HttpProcessingError) as error:
        if isinstance(error, web.HTTPRedirection) or request.writer.output_size:
            raise
        if isinstance(error, Unauthorized) and wants_html(request):
            raise web.HTTPSeeOther(f"{place.base(request)}/login?next={_goal(request)}") from None
        return _told(request, error)
    except ConnectionError:
        raise
    except Exception:
        if request.writer.output_size:
            raise
        # The path alone: a query may hold a ticket.
        _LOG.exception("unexpected failure of %s %s", request.method, ascii(request.path))
        return problem(TaskwatchError("something unexpected happened", hint="look at the log of the daemon"))


def problem(error: TaskwatchError) -> web.Response:
    """The response that an error calls for."""
    told = error.as_json()["error"]
    title = (type(error).__doc__ or TaskwatchError.__doc__ or "").partition("\n")[0].rstrip(".")
    headers = {}
    if error.http_status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="taskwatch"'
    if error.retryable:
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    shape: ProblemShape = {
        "type": _TYPE + told["code"],
        "title": title,
        "status": error.http_status,
        "detail": error.message,
        "hint": error.hint,
        "code": told["code"],
        "retryable": error.retryable,
        "details": error.details,
    }
    return _response(shape, headers)


def _goal(request: web.Request) -> str:
    """Where the browser wanted to go, for a query; a ticket is good for once."""
    return quote(str(request.rel_url.without_query_params("ticket")))


def _told(
    request: web.Request, error: TaskwatchError | web.HTTPException | http_exceptions.HttpProcessingError
) -> web.Response:
    if isinstance(error, TaskwatchError):
        return problem(error)
    if isinstance(error, web.HTTPException):
        return _http_problem(error.status, error.headers, request)
    return _http_problem(error.code, {}, request)


# Python 3.13 took over the names of RFC 9110.
_PHRASES: Final = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}


def _http_problem(status: int, headers: Mapping[str, str], request: web.Request) -> web.Response:
    phrase = _PHRASES.get(status) or HTTPStatus(status).phrase
    detail, hint = _SENTENCES.get(status, (phrase.lower(), None))
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        hint = f"it takes {', '.join(sorted(headers.get('Allow', '').split(',')))}"
    if status == HTTPStatus.NOT_FOUND:
        detail = f"there is nothing at {names.shown(request.path)}"
    code = phrase.lower().replace(" ", "_").replace("-", "_")
    shape: ProblemShape = {
        "type": _TYPE + code,
        "title": phrase,
        "status": status,
        "detail": detail,
        "hint": hint,
        "code": code,
        "retryable": False,
        "details": {},
    }
    kept = {name: headers[name] for name in ("Allow", "WWW-Authenticate", "Retry-After") if name in headers}
    return _response(shape, kept)


def _response(shape: ProblemShape, headers: Mapping[str, str]) -> web.Response:
    # Plain ASCII: an error may quote text that is not Unicode.
    return web.Response(
        body=json.dumps(shape, default=str).encode(),
        status=shape["status"],
        content_type=CONTENT_TYPE,
        headers={"Cache-Control": "no-store", **headers},
    )


class BadRequest(InvalidInput):
    """The request cannot be read."""

    http_status = 400

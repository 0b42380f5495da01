"""The OpenAPI 3.1 document, made from the route table and the types of what goes in and out."""

import re
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import msgspec
from aiohttp import web

from taskwatch import __version__
from taskwatch.server.policy import Policy
from taskwatch.server.problem import CONTENT_TYPE, ProblemShape
from taskwatch.server.route import Param, Route

JSON = "application/json"
TEMPLATE = "#/components/schemas/{name}"
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of `taskwatch token create`"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "taskwatch_session"},
}
_PIECES = {
    "task": "An id or a code",
    "workflow": "An id, bc.114 or bc.Order.114",
    "type": "The code of a workflow type",
    "taskable_type": "What kind of thing the workflow is about, such as Order",
    "id": "The id of what the workflow is about",
    "noun": "What a workflow type calls one of its tasks, such as adv",
    "action": "What it calls the deed, such as approve",
    "user": "An id",
    "role": "A name",
    "mute": "An id",
    "token": "An id or a name",
}
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")
_PROBLEMS = {
    400: "The request cannot be read",
    401: "Who asks is not known",
    403: "Who asks may not do this",
    404: "There is no such thing",
    409: "The present state does not allow it, or somebody was first",
    412: "It is no longer the version that was read",
    413: "The body is larger than 1 MiB",
    415: "The body is of another type",
    422: "What was sent does not fit",
}


class Document:
    """The document of a route table, made at its first use and then kept."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [route for route in routes if not route.hidden]

    @cached_property
    def tree(self) -> dict[str, Any]:
        """The document."""
        return describe(self._routes)

    @cached_property
    def content(self) -> bytes:
        """The document as JSON."""
        return msgspec.json.encode(self.tree)


DOCUMENT = web.AppKey("openapi", Document)


async def serve(request: web.Request) -> web.Response:
    """The document."""
    return web.Response(body=request.app[DOCUMENT].content, content_type=JSON)


def describe(routes: Sequence[Route]) -> dict[str, Any]:
    """The OpenAPI document of routes."""
    types = _types(routes)
    refs, components = msgspec.json.schema_components(types, ref_template=TEMPLATE)
    names = {_plain(name): schema for name, schema in components.items()}
    schema_of = {repr(kind): ref for kind, ref in zip(types, refs, strict=True)}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, schema_of)
    document = {
        "openapi": "3.1.0",
        "info": {
            "title": "taskwatch",
            "version": __version__,
            "description": "Watches workflow tasks: what is ready, who holds it, how late it will be.",
            "license": {"name": "MIT", "identifier": "MIT"},
        },
        "tags": [{"name": tag} for tag in dict.fromkeys(route.tag for route in routes)],
        "paths": paths,
        "components": {"schemas": names, "securitySchemes": SCHEMES},
    }
    tidied: dict[str, Any] = _with_plain_refs(document)
    return tidied


def _operation(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "description": f"For {route.policy.value}.",
        "tags": [route.tag],
        "parameters": [_parameter(param) for param in _params(route)],
        "responses": _responses(route, schema_of),
        "security": [] if route.policy is Policy.ANYONE else [{scheme: []} for scheme in SCHEMES],
    }
    if route.body is not None:
        content = {JSON: {"schema": schema_of[repr(route.body)]}}
        operation["requestBody"] = {"required": _is_required(route.body), "content": content}
    return operation


def _params(route: Route) -> list[Param]:
    """The parameters, those in the path first."""
    known = {param.name for param in route.params if param.place == "path"}
    wanted = [name for name in re.findall(r"{(\w+)", route.path) if name not in known]
    own = [Param(name, "path", _PIECES.get(name, ""), {"type": "string"}, required=True) for name in wanted]
    return [*own, *route.params]


def _parameter(param: Param) -> dict[str, Any]:
    shown = {"name": param.name, "in": param.place, "required": param.required, "schema": param.schema}
    return {**shown, "description": param.about} if param.about else shown


def _responses(route: Route, schema_of: dict[str, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done"}
    if route.answer is not None:
        good["content"] = {JSON: {"schema": schema_of[repr(route.answer)]}}
    statuses = (
        {200, route.status} if route.status == 201 else {route.status}
    )  # nothing is created by a dry run
    problems = {"content": {CONTENT_TYPE: {"schema": schema_of[repr(ProblemShape)]}}}
    return {
        **{str(status): good for status in sorted(statuses)},
        **{str(status): {"description": _PROBLEMS[status], **problems} for status in _failures(route)},
        "default": {"description": "Any other failure", **problems},
    }


def _failures(route: Route) -> list[int]:
    failures = {400}
    if route.policy is not Policy.ANYONE:
        failures |= {401, 403}
    if "{" in route.path:
        failures.add(404)
    if route.params or route.body:
        failures.add(422)
    if route.method in _CHANGING:
        failures |= {404, 409, 412, 413, 415, 422}
    return sorted(failures)


def _types(routes: Sequence[Route]) -> list[Any]:
    """Every type that goes in or out, once."""
    kinds = [kind for route in routes for kind in (route.body, route.answer) if kind is not None]
    return list({repr(kind): kind for kind in (*kinds, ProblemShape)}.values())


def _is_required(body: Any) -> bool:
    return isinstance(body, type) and any(
        field.required for field in msgspec.structs.fields(body) if issubclass(body, msgspec.Struct)
    )


def _operation_id(route: Route) -> str:
    return f"{route.method.lower()}{re.sub(r'[^A-Za-z0-9]+', '_', route.path)}".strip("_")


def _plain(name: str) -> str:
    """A component's name as the specification allows it: `Page[TaskShape]` becomes `Page_TaskShape`."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_").replace("taskwatch.actions.", "")


def _with_plain_refs(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: TEMPLATE.format(name=_plain(item.rpartition("/")[2]))
            if key == "$ref"
            else _with_plain_refs(item)
            for key, item in value.items()
        }
    return [_with_plain_refs(item) for item in value] if isinstance(value, list) else value


ROUTES = [Route("GET", "/openapi.json", serve, Policy.ANYONE, "This document", "Docs")]

"""`/docs`: the OpenAPI document as a page to read."""

import json
from html import escape
from typing import Any

from aiohttp import web

from taskwatch.server.html import html
from taskwatch.server.openapi import DOCUMENT
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route

Tree = dict[str, Any]


async def serve(request: web.Request) -> web.Response:
    """The page."""
    tree = request.app[DOCUMENT].tree
    return html(f"taskwatch {tree['info']['version']}", page(tree))


def page(tree: Tree) -> str:
    """The markup of a document: its tags, the operations of each, then the shapes."""
    tags = [tag["name"] for tag in tree["tags"]]
    shapes = "".join(_shape(name, schema) for name, schema in sorted(tree["components"]["schemas"].items()))
    return (
        f"<p>{escape(tree['info']['description'])} The same for programs: "
        '<a href="/openapi.json">openapi.json</a>; the live streams: '
        '<a href="/asyncapi.json">asyncapi.json</a>.</p>'
        f"<p>{' · '.join(map(_link, [*tags, 'Shapes']))}</p>"
        f"{''.join(_section(tag, tree) for tag in tags)}{_heading('Shapes')}{shapes}"
    )


def _section(tag: str, tree: Tree) -> str:
    operations = (
        _operation(method, path, operation)
        for path, methods in tree["paths"].items()
        for method, operation in methods.items()
        if tag in operation["tags"]
    )
    return _heading(tag) + "".join(operations)


def _operation(method: str, path: str, operation: Tree) -> str:
    name = escape(operation["operationId"])
    parts = [
        f'<h3 id="{name}"><span class="method">{method.upper()}</span>{escape(path)}</h3>',
        f"<p>{escape(operation['summary'])}. <em>{escape(operation['description'])}</em></p>",
        _parameters(operation["parameters"]),
        _body(operation.get("requestBody")),
        _responses(operation["responses"]),
    ]
    return "\n".join(parts)


def _parameters(parameters: list[Tree]) -> str:
    rows = (
        f"<tr><td><code>{escape(each['name'])}</code></td><td>{escape(each['in'])}</td>"
        f"<td>{_kind(each['schema'])}</td><td>{escape(each.get('description', ''))}</td></tr>"
        for each in parameters
    )
    return f"<table>{''.join(rows)}</table>" if parameters else ""


def _body(body: Tree | None) -> str:
    if body is None:
        return ""
    (media,) = body["content"].values()
    return f"<p>Body: {_kind(media['schema'])}{'' if body['required'] else ', may be left out'}</p>"


def _responses(responses: Tree) -> str:
    good = [status for status in responses if status.startswith("2")]
    content = responses[good[0]].get("content", {})
    kinds = ", ".join(_kind(media["schema"]) for media in content.values())
    failures = ", ".join(status for status in responses if status not in good and status != "default")
    return f"<p>Answer: {', '.join(good)} {kinds}<br>Problems: {failures}</p>"


def _kind(schema: Tree) -> str:
    """A schema in a few words, with a link to the shape it names."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}"><code>{name}</code></a>'
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    if "anyOf" in schema:
        return " or ".join(_kind(each) for each in schema["anyOf"])
    return escape(str(schema.get("type", "anything")))


def _shape(name: str, schema: Tree) -> str:
    about = escape(schema.get("description", "").partition("\n")[0])
    text = escape(json.dumps(schema, indent=2, ensure_ascii=False))
    head = f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{about}</p>'
    return f"{head}<details><summary>Schema</summary><pre>{text}</pre></details>"


def _heading(name: str) -> str:
    return f'<h2 id="{escape(name)}">{escape(name)}</h2>'


def _link(name: str) -> str:
    return f'<a href="#{escape(name)}">{escape(name)}</a>'


ROUTES = [Route("GET", "/docs", serve, Policy.ANYONE, "This document as a page to read", "Docs")]

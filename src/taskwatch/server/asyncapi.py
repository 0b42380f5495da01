"""`/asyncapi.json`: the live streams as an AsyncAPI 3.0 document."""

import functools
import json
from typing import Any

from aiohttp import web

from taskwatch import __version__
from taskwatch.model import event
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route
from taskwatch.server.websocket import MAX_MESSAGE_BYTES

TEXT = {"type": "string"}
CURSOR = {"type": "string", "description": "`epoch-seq`: go on behind it", "examples": ["4f1c09ab-120"]}
TOPICS = {"type": "array", "items": {"type": "string"}, "examples": [["workflow.bc.114", "workflow.bc.*"]]}
EVENT_FIELDS = {
    "seq": {"type": "integer"},
    "id": CURSOR,
    "kind": {"type": "string", "enum": list(event.KINDS)},
    "at": {"type": "string", "format": "date-time"},
    "topics": TOPICS,
    "data": {"type": "object"},
}


async def serve(_request: web.Request) -> web.Response:
    """The document."""
    return web.Response(text=_text(), content_type="application/json")


@functools.cache
def document() -> dict[str, Any]:
    """The AsyncAPI document."""
    messages = {name: _message(name, *parts) for name, parts in _MESSAGES.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "taskwatch live",
            "version": __version__,
            "description": "Every change as it happens, over a WebSocket (`/ws`) or as server-sent events "
            "(`/events`). Who comes back with the cursor of an event gets what was missed, or a reset.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "socket": _channel("/ws", f"JSON texts of at most {MAX_MESSAGE_BYTES} bytes", messages),
            "stream": _channel(
                "/events", "`text/event-stream`; ask with ?topic=, go on with ?after=", _stream(messages)
            ),
        },
        "operations": _operations(),
        "components": {"messages": {**messages, **_stream(messages)}},
    }


@functools.cache
def _text() -> str:
    return json.dumps(document())


_MESSAGES: dict[str, tuple[str, dict[str, Any], tuple[str, ...]]] = {
    "subscribe": (
        "Follow topics, from now or from a cursor on; what was missed comes before `subscribed`",
        {"topics": TOPICS, "after": CURSOR},
        ("topics",),
    ),
    "unsubscribe": ("Follow topics no more", {"topics": TOPICS}, ("topics",)),
    "ping": ("Ask for a sign of life", {}, ()),
    "welcome": ("The first message of a connection", {"cursor": CURSOR}, ("cursor",)),
    "subscribed": (
        "From here on, events of these topics come as they happen",
        {"topics": TOPICS, "cursor": CURSOR},
        ("topics", "cursor"),
    ),
    "unsubscribed": ("No more events of these topics", {"topics": TOPICS}, ("topics",)),
    "event": ("Something happened", EVENT_FIELDS, tuple(EVENT_FIELDS)),
    "reset": (
        "What followed the cursor is not all there: read the present state anew",
        {"cursor": CURSOR, "message": TEXT},
        ("cursor", "message"),
    ),
    "pong": ("The answer to a ping", {}, ()),
    "error": (
        "A message could not be obeyed; the connection stays",
        {"code": TEXT, "message": TEXT, "hint": {"type": ["string", "null"]}},
        ("code", "message", "hint"),
    ),
}
_FROM_CLIENT = ("subscribe", "unsubscribe", "ping")


def _message(name: str, summary: str, fields: dict[str, Any], required: tuple[str, ...]) -> dict[str, Any]:
    return {
        "name": name,
        "summary": summary,
        "payload": {
            "type": "object",
            "properties": {"type": {"const": name}, **fields},
            "required": ["type", *required],
        },
    }


def _stream(messages: dict[str, Any]) -> dict[str, Any]:
    """On the stream, the event's name tells what the data is, and there is no `type`."""
    shown = {}
    for name, sse in (("event", "its kind"), ("reset", "`reset`")):
        payload = messages[name]["payload"]
        fields = {key: value for key, value in payload["properties"].items() if key != "type"}
        shown[f"stream_{name}"] = {
            "name": f"stream_{name}",
            "summary": f"{messages[name]['summary']}; the name of the event is {sse}",
            "payload": {"type": "object", "properties": fields, "required": list(fields)},
        }
    bye = {
        "name": "bye",
        "summary": "The server ends; come back after `retry`",
        "payload": {"type": "object"},
    }
    return {**shown, "stream_bye": bye}


def _channel(address: str, about: str, messages: dict[str, Any]) -> dict[str, Any]:
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {"address": address, "description": about, "messages": refs}


def _operations() -> dict[str, Any]:
    return {
        "ask": _operation("receive", "socket", _FROM_CLIENT),
        "tell": _operation("send", "socket", [name for name in _MESSAGES if name not in _FROM_CLIENT]),
        "stream": _operation("send", "stream", ("stream_event", "stream_reset", "stream_bye")),
    }


def _operation(action: str, channel: str, names: "tuple[str, ...] | list[str]") -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }


ROUTES = [
    Route("GET", "/asyncapi.json", serve, Policy.ANYONE, "The live streams as an AsyncAPI document", "Docs")
]

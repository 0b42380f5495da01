"""The AsyncAPI document: whole in itself, and true of what really comes over the wire."""

import asyncio
import json

import jsonschema

from live import serving, streaming, talking, visiting
from taskwatch.server.asyncapi import document


def at(pointer):
    """What a local reference points to."""
    found = document()
    for part in pointer.removeprefix("#/").split("/"):
        found = found[part]
    return found


def references(value):
    if isinstance(value, dict):
        if "$ref" in value:
            yield value["$ref"]
        for each in value.values():
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def check(message, name):
    jsonschema.validate(message, at(f"#/components/messages/{name}")["payload"])


def test_every_reference_leads_somewhere_and_every_message_is_used():
    pointers = set(references(document()))
    assert all(at(pointer) for pointer in pointers)
    for name in document()["components"]["messages"]:
        assert f"#/components/messages/{name}" in pointers
    operations = json.dumps(document()["operations"])
    for channel, each in document()["channels"].items():
        for name in each["messages"]:
            assert f"#/channels/{channel}/messages/{name}" in operations


def test_every_schema_is_one():
    for message in document()["components"]["messages"].values():
        jsonschema.Draft202012Validator.check_schema(message["payload"])


def test_what_comes_over_the_wire_is_as_described(path, orders):
    async def main():
        async with serving(path) as daemon, visiting(daemon) as session, talking(session) as talk:
            async with session.get("/asyncapi.json") as response:
                assert await response.json() == document()
            check(await talk.hear(), "welcome")
            for message, answer in (
                ({"type": "ping"}, "pong"),
                ({"type": "subscribe", "topics": ["workflow.bc.*"]}, "subscribed"),
                ({"type": "unsubscribe", "topics": ["other"]}, "unsubscribed"),
                ({"type": "subscribe", "topics": []}, "error"),
            ):
                if answer != "error":
                    check(message, message["type"])
                check(await talk.ask(**message), answer)
            check(await talk.ask(type="subscribe", topics=["task.1"], after="feedbeef-1"), "reset")
            check(await talk.hear(), "subscribed")
            orders.start()
            check(await talk.hear(), "event")
            async with streaming(session, "workflow.*", after=daemon.house.hub.cursor) as stream:
                orders.start("115")
                check((await stream.next())["data"], "stream_event")
            async with streaming(session, "workflow.*", cursor="feedbeef-1") as stream:
                check((await stream.next())["data"], "stream_reset")

    asyncio.run(main())

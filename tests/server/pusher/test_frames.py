import json

import pytest

from taskwatch.server.pusher import frames


def decoded(text):
    frame = json.loads(text)
    return frame | ({"data": json.loads(frame["data"])} if isinstance(frame.get("data"), str) else {})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (frames.ping(), {"event": "pusher:ping", "data": {}}),
        (frames.pong(), {"event": "pusher:pong", "data": {}}),
        (frames.error("no", 4301), {"event": "pusher:error", "data": {"code": 4301, "message": "no"}}),
        (frames.error("no"), {"event": "pusher:error", "data": {"code": None, "message": "no"}}),
        (frames.cache_miss("cache-a"), {"event": "pusher:cache_miss", "channel": "cache-a"}),
        (
            frames.subscription_count("a", 4),
            {
                "event": "pusher_internal:subscription_count",
                "channel": "a",
                "data": '{"subscription_count":4}',
            },
        ),
        (
            frames.member_added("presence-a", "7", {"name": "dana"}),
            {
                "event": "pusher_internal:member_added",
                "channel": "presence-a",
                "data": '{"user_id":"7","user_info":{"name":"dana"}}',
            },
        ),
        (
            frames.member_removed("presence-a", "7"),
            {"event": "pusher_internal:member_removed", "channel": "presence-a", "data": '{"user_id":"7"}'},
        ),
        (
            frames.subscription_succeeded("a"),
            {"event": "pusher_internal:subscription_succeeded", "channel": "a", "data": "{}"},
        ),
        (
            frames.watchlist_events("online", ["7"]),
            {
                "event": "pusher_internal:watchlist_events",
                "data": '{"events":[{"name":"online","user_ids":["7"]}]}',
            },
        ),
        (
            frames.event("a", "task.became.ready", '{"task_id":1}', "e-5"),
            {"event": "task.became.ready", "channel": "a", "data": '{"task_id":1}', "id": "e-5"},
        ),
        (frames.event("a", "x", "plain"), {"event": "x", "channel": "a", "data": "plain"}),
    ],
)
def test_a_frame_is_as_clients_expect_it(text, wanted):
    assert json.loads(text) == wanted


@pytest.mark.parametrize("members", [{}, {"7": {"name": "dana"}, "8": {}}])
def test_the_members_of_a_presence_channel_are_an_object_even_when_there_are_none(members):
    frame = decoded(frames.subscription_succeeded("presence-a", members))
    assert frame["data"] == {"presence": {"ids": list(members), "hash": members, "count": len(members)}}
    assert isinstance(frame["data"]["presence"]["hash"], dict)


def test_an_event_keeps_its_text_byte_for_byte():
    data = '{"name": "caf\u00e9 \\u0000 \\"x\\" \u2028"}'
    assert json.loads(frames.event("a", "x", data))["data"] == data

import json

import pusher.errors
import pytest

from server.pusher.loopback import APP, sdk_of
from taskwatch.server.pusher.roster import Member
from taskwatch.server.pusher.signing import sign_request
from taskwatch.server.settings import Settings
from taskwatch.store import EVERYTHING

MINUTE_MS = 60_000


def send(server, method, path, body=None, *, sign_as=None, **query):
    """A signed request, for what the SDK would not send."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    params = sign_request(
        APP, method, sign_as or path, query=query.items(), body=content, now=server.clock.now
    )
    return server.request(method, path, params=params, data=content)


def event(**changes):
    return {"name": "order.paid", "data": "{}", "channels": ["orders"], **changes}


def origins(store):
    with store.read() as tx:
        return [row[-1] for row in tx.all(tuple, "events.facts", after=0, until=EVERYTHING, limit=100)]


def roster(server):
    found = server.house.switchboard.roster
    found.join("1.1", "presence-room", Member("7", {"name": "dana"}))
    found.join("1.2", "presence-room", Member("7", {"name": "dana"}))
    found.join("1.3", "presence-room", Member("8", None))
    found.join("1.1", "private-orders")
    return found


def test_what_is_published_stands_in_the_log_under_the_topics_of_its_channels(server, sdk):
    assert sdk.trigger(["orders", "private-task.5"], "order.paid", {"order": 114}) == {}
    (written,) = server.events()
    assert written["topics"] == ["orders", "task.5"]
    assert written["data"] == {
        "name": "order.paid",
        "channels": ["orders", "private-task.5"],
        "data": '{"order": 114}',
        "socket_id": None,
    }


def test_the_socket_that_caused_a_message_is_its_origin(server, sdk):
    sdk.trigger("orders", "order.paid", {}, "123.456")
    sdk.trigger("orders", "order.paid", {})
    assert origins(server.store)[-2:] == ["123.456", None]


def test_a_message_can_go_to_a_user(server, sdk):
    sdk.send_to_user("7", "hello", "text")
    assert server.events()[0]["data"]["channels"] == ["#server-to-user-7"]


def test_an_encrypted_message_is_kept_as_it_came(server, sdk):
    sdk.trigger("private-encrypted-plans", "made", "the plan")
    (written,) = server.events()
    assert json.loads(written["data"]["data"]).keys() == {"nonce", "ciphertext"}


def test_a_batch_is_written_in_its_order(server, sdk):
    batch = [{"channel": f"orders.{n}", "name": "paid", "data": {"n": n}} for n in range(10)]
    assert sdk.trigger_batch(batch) == {}
    assert [each["topics"] for each in server.events()] == [[f"orders.{n}"] for n in range(10)]


def test_of_a_batch_with_a_fault_nothing_is_written(server, sdk):
    batch = [
        {"channel": "orders", "name": "paid", "data": ""},
        {"channel": "orders", "name": "pusher:paid", "data": ""},
    ]
    with pytest.raises(pusher.errors.PusherBadRequest, match="an event cannot be called 'pusher:paid'"):
        sdk.trigger_batch(batch)
    assert server.events() == []


def test_an_empty_batch_is_no_fault(server, sdk):
    assert sdk.trigger_batch([]) == {}


def test_channels_in_use_are_listed(server, sdk):
    roster(server)
    assert sdk.channels_info() == {"channels": {"presence-room": {}, "private-orders": {}}}
    assert sdk.channels_info("private-") == {"channels": {"private-orders": {}}}
    assert sdk.channels_info("presence-", ["user_count"]) == {
        "channels": {"presence-room": {"user_count": 2}}
    }


def test_a_list_of_nothing_is_an_object(server):
    response = send(server, "GET", "/apps/17/channels")
    assert response.text == '{"channels":{}}'


def test_a_channel_tells_what_was_asked_of_it(server, sdk):
    roster(server)
    assert sdk.channel_info("private-orders") == {"occupied": True}
    assert sdk.channel_info("nowhere", ["subscription_count"]) == {"occupied": False, "subscription_count": 0}
    assert sdk.channel_info("presence-room", ["user_count", "subscription_count", "cache"]) == {
        "occupied": True,
        "user_count": 2,
        "subscription_count": 3,
        "cache": None,
    }


def test_the_users_of_a_presence_channel_are_listed(server, sdk):
    roster(server)
    assert sdk.users_info("presence-room") == {"users": [{"id": "7"}, {"id": "8"}]}


def test_other_channels_have_no_users(server, sdk):
    with pytest.raises(pusher.errors.PusherBadRequest, match="has no users"):
        sdk.users_info("private-orders")


@pytest.mark.parametrize("info", ["user_count", "members"])
def test_what_a_channel_does_not_have_cannot_be_asked(server, sdk, info):
    with pytest.raises(pusher.errors.PusherBadRequest, match=info):
        sdk.channel_info("private-orders", [info])
    with pytest.raises(pusher.errors.PusherBadRequest, match=info):
        sdk.channels_info("private-", [info])


def test_a_publisher_can_ask_who_was_there(server):
    roster(server)
    info = "subscription_count,user_count"
    body = event(channels=["presence-room", "private-orders", "nowhere"], info=info)
    assert send(server, "POST", "/apps/17/events", body).json() == {
        "channels": {
            "presence-room": {"subscription_count": 3, "user_count": 2},
            "private-orders": {"subscription_count": 1},
            "nowhere": {"subscription_count": 0},
        }
    }
    batch = [
        {"name": "a", "data": "", "channel": "presence-room", "info": "user_count"},
        {"name": "b", "data": "", "channel": "presence-room"},
    ]
    answer = send(server, "POST", "/apps/17/batch_events", {"batch": batch}).json()
    assert answer == {"batch": [{"user_count": 2}, {}]}


def test_the_connections_of_a_user_can_be_ended_with_and_without_the_app_in_the_path(server, sdk):
    assert sdk.terminate_user_connections("7") == {}
    assert send(server, "POST", "/apps/17/users/7/terminate_connections", {}).text == "{}"


def test_nobody_has_a_user_id_with_blanks(server):
    assert send(server, "POST", "/users/a b/terminate_connections", {}).status_code == 400


def test_a_foreign_secret_is_refused(server, sdk):
    foreign = sdk_of(server.port, secret="another")
    with pytest.raises(pusher.errors.PusherBadAuth, match="signature"):
        foreign.trigger("orders", "order.paid", {})
    foreign._pusher_client.http.session.close()
    assert server.events() == []


def test_a_foreign_app_is_not_found(server, sdk):
    foreign = sdk_of(server.port, app_id="18")
    with pytest.raises(pusher.errors.PusherBadStatus, match=r"404.*no such app"):
        foreign.channels_info()
    foreign._pusher_client.http.session.close()


@pytest.mark.parametrize(("minutes", "status"), [(-11, 401), (-9, 200), (9, 200), (11, 401)])
def test_a_request_is_good_for_ten_minutes(server, minutes, status):
    now = server.clock.now + minutes * MINUTE_MS
    params = sign_request(APP, "GET", "/apps/17/channels", query=(), body=b"", now=now)
    assert server.request("GET", "/apps/17/channels", params=params).status_code == status


def test_a_body_other_than_the_signed_one_is_refused(server):
    params = sign_request(APP, "POST", "/apps/17/events", query=(), body=b"{}", now=server.clock.now)
    body = json.dumps(event()).encode()
    assert server.request("POST", "/apps/17/events", params=params, data=body).status_code == 401
    assert server.request("POST", "/apps/17/events", data=body).status_code == 401
    assert server.events() == []


def test_behind_a_prefix_the_path_may_be_signed_as_the_sdk_wrote_it(server):
    server.house.settings = Settings(APP, public_url="https://example.com/live")
    for signed in ("/live/apps/17/channels", "/apps/17/channels"):
        assert send(server, "GET", "/apps/17/channels", sign_as=signed).status_code == 200
    assert send(server, "GET", "/apps/17/channels", sign_as="/dead/apps/17/channels").status_code == 401


def test_an_event_holds_ten_kilobytes_and_no_more(server, sdk):
    sdk.trigger("orders", "order.paid", "é" * 5120)
    with pytest.raises(pusher.errors.PusherBadStatus, match=r"413.*10240 bytes at most, got 10241"):
        sdk.trigger("orders", "order.paid", "é" * 5120 + "x")
    assert len(server.events()) == 1


@pytest.mark.parametrize(
    "body",
    [
        event(channels=[]),
        event(channels=[f"orders.{n}" for n in range(101)]),
        event(channels=["orders", "private-encrypted-plans"]),
        event(channels=["not a channel"]),
        event(channels=["#somewhere"]),
        event(channels=["a" * 201]),
        event(channels="orders"),
        event(channels=None),
        event(name=""),
        event(name="a" * 201),
        event(name="pusher_internal:member_added"),
        event(name="line\nbreak"),
        event(data={"order": 114}),
        event(data=None),
        event(socket_id="123"),
        event(socket_id="123.456 "),
        event(info="members"),
        {"name": "order.paid", "channels": ["orders"]},
        [],
        b"",
        b"\xff",
        b"[" * 100_000,
        b'{"name":"order.paid","channel":"orders","data":"\\ud800"}',
    ],
)
def test_what_cannot_be_published_is_refused_with_a_sentence_and_changes_nothing(server, body):
    response = send(server, "POST", "/apps/17/events", body)
    assert response.status_code == 400
    assert response.json()["error"]
    assert response.json()["code"] == 400
    assert server.events() == []


def test_the_largest_event_that_can_be_published_is(server):
    channels = [f"{n:03}".ljust(200, "a") for n in range(100)]
    body = event(channels=channels, name="n" * 200, data="\x00" * 10_240, socket_id="")
    assert send(server, "POST", "/apps/17/events", body).text == "{}"
    (written,) = server.events()
    assert written["topics"] == channels
    assert written["data"]["data"] == "\x00" * 10_240


@pytest.mark.parametrize("batch", [[event(channel="orders")] * 11, {}, None, ["orders"]])
def test_what_is_no_batch_of_ten_is_refused(server, batch):
    assert send(server, "POST", "/apps/17/batch_events", {"batch": batch}).status_code == 400
    assert server.events() == []


def test_a_channel_that_cannot_be_is_refused(server):
    assert send(server, "GET", "/apps/17/channels/a b").status_code == 400

import asyncio
import base64
import json

import nacl.secret
import pytest
from pusher.crypto import encrypt
from pusher.signature import sign

from server.pusher.loopback import APP
from taskwatch.actions import people, roles
from taskwatch.server.pusher.cards import LIFE_MS
from taskwatch.server.pusher.effects import Join, SignIn
from taskwatch.server.pusher.protocol import connect, receive
from taskwatch.server.pusher.sealing import master_key
from taskwatch.server.pusher.state import Rules
from taskwatch.services.database import Database

SOCKET = "123.456"


def ask(server, channel, identity="owner", path="/broadcasting/auth", **more):
    fields = {"socket_id": SOCKET, "channel_name": channel}
    return server.post(path, identity, data=fields, **more)


def signature(text):
    return f"{APP.key}:{sign(APP.secret.decode(), text)}"


def connection():
    made, _ = connect(Rules(APP), APP.key, {"protocol": "7"}, socket_id=SOCKET, may_listen=lambda _: False)
    return made


def joined(channel, granted):
    frame = {"event": "pusher:subscribe", "data": {"channel": channel, **granted}}
    return receive(connection(), json.dumps(frame), 0)


def test_a_private_channel_is_signed_together_with_the_credential_it_was_granted_to(server):
    granted = ask(server, "private-user.7.tasks", "dana").json()
    assert granted["channel_data"] == '{"user_id":"7","credential":12}'
    assert granted["auth"] == signature(f"{SOCKET}:private-user.7.tasks:{granted['channel_data']}")
    assert granted.keys() == {"auth", "channel_data"}


def test_the_protocol_seats_who_brings_what_was_granted(server):
    granted = ask(server, "private-user.7.tasks", "dana").json()
    (effect,) = joined("private-user.7.tasks", granted)
    assert isinstance(effect, Join)
    assert (effect.seat.user_id, effect.seat.credential) == ("7", 12)


def test_in_single_user_mode_a_private_channel_is_signed_as_the_sdk_signs_it(server, sdk):
    assert ask(server, "private-admin.sla.alerts").json() == sdk.authenticate(
        "private-admin.sla.alerts", SOCKET
    )


def test_a_token_without_a_user_is_named_by_its_id(server):
    granted = ask(server, "private-workflow.bc.114", "display").json()
    assert json.loads(granted["channel_data"]) == {"user_id": "token-13", "credential": 13}


@pytest.mark.parametrize(
    ("identity", "user_id", "info"),
    [
        ("dana", "7", {"id": 7, "name": "dana", "roles": ["dispatcher", "packer"]}),
        ("display", "token-13", {"id": "token-13", "name": "token-13", "roles": ["viewer"]}),
        ("owner", "owner", {"id": "owner", "name": "owner", "roles": []}),
    ],
)
def test_a_presence_channel_tells_who_joins_it(server, identity, user_id, info):
    granted = ask(server, "presence-workflow.bc.114", identity).json()
    (effect,) = joined("presence-workflow.bc.114", granted)
    assert (effect.seat.user_id, effect.seat.user_info) == (user_id, info)
    assert granted["auth"] == signature(f"{SOCKET}:presence-workflow.bc.114:{granted['channel_data']}")


def test_a_user_with_the_longest_name_and_many_roles_can_be_present(server):
    change = server.clock.change()
    people.edit(server.store, 7, {"name": '"😀' * 100}, change)
    for number in range(40):
        roles.grant(server.store, f"{number:064}", [7], change)
    granted = ask(server, "presence-workflow.bc.114", "dana").json()
    (effect,) = joined("presence-workflow.bc.114", granted)
    assert effect.seat.user_info["name"] == '"😀' * 100


def test_a_card_is_kept_for_five_seconds(server):
    def name():
        data = ask(server, "presence-workflow.bc.114", "dana").json()["channel_data"]
        return json.loads(data)["user_info"]["name"]

    assert name() == "dana"
    people.edit(server.store, 7, {"name": "dana d."}, server.clock.change())
    server.clock.now += LIFE_MS - 1
    assert name() == "dana"
    server.clock.now += 1
    assert name() == "dana d."


def test_a_private_channel_is_granted_without_a_question_to_the_database(server, tmp_path):
    elsewhere = Database(str(tmp_path / "missing" / "none.db"))
    there, server.house.database = server.house.database, elsewhere
    try:
        assert ask(server, "private-user.7.tasks", "dana").status_code == 200
        assert ask(server, "presence-workflow.bc.114", "dana").status_code != 200
    finally:
        server.house.database = there
        asyncio.run(elsewhere.close())


def test_an_encrypted_channel_comes_with_the_key_that_the_sdk_encrypts_with(server, sdk):
    channel = "private-encrypted-admin.plans"
    granted = ask(server, channel).json()
    expected = sdk.authenticate(channel, SOCKET)
    assert granted == {**expected, "shared_secret": expected["shared_secret"].decode()}
    sealed = encrypt(channel, "the plan", master_key(APP.secret))
    opened = nacl.secret.SecretBox(base64.b64decode(granted["shared_secret"])).decrypt(
        base64.b64decode(sealed["ciphertext"]), base64.b64decode(sealed["nonce"])
    )
    assert opened == b"the plan"


@pytest.mark.parametrize(
    ("identity", "channel"),
    [
        ("dana", "private-user.8.tasks"),
        ("dana", "private-role.packer.tasks"),
        ("dana", "private-admin.sla.alerts"),
        ("dana", "presence-cache-user.8.tasks"),
        ("dana", "private-encrypted-admin.plans"),
        ("dana", "private-server-to-user-8"),
        ("display", "private-workflow.adv.114"),
        ("display", "private-workflow.b"),
        ("display", "private-task.1"),
        ("dana", "#server-to-user-7"),
        ("owner", "#server-to-user-7"),
    ],
)
def test_a_topic_that_may_not_be_followed_is_refused_in_json_without_a_signature(server, identity, channel):
    response = ask(server, channel, identity)
    assert response.status_code == 403
    assert response.json()["detail"]
    assert APP.key not in response.text


def test_the_path_of_plain_pusher_js_is_served_as_well(server):
    assert ask(server, "private-task.1", path="/pusher/auth").json() == ask(server, "private-task.1").json()


def test_a_json_body_is_read_as_a_form_is(server):
    fields = {"socket_id": SOCKET, "channel_name": "private-task.1", "more": {"ignored": True}}
    assert server.post("/broadcasting/auth", json=fields).json() == ask(server, "private-task.1").json()


def test_a_signature_is_never_kept_on_the_way(server):
    assert ask(server, "private-task.1").headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"socket_id": "123.456"},
        {"socket_id": "123.456", "channel_name": ""},
        {"socket_id": "123.456", "channel_name": "private-"},
        {"socket_id": "123.456", "channel_name": "private-a b"},
        {"socket_id": "123.456", "channel_name": "private-" + "a" * 200},
        {"socket_id": "123.456", "channel_name": "workflow.bc.114"},
        {"socket_id": "123.456:private-x", "channel_name": "private-task.1"},
        {"socket_id": "123", "channel_name": "private-task.1"},
        {"socket_id": "१२३.४५६", "channel_name": "private-task.1"},
        {"socket_id": "123.456\n", "channel_name": "private-task.1"},
        {"socket_id": ["123.456"], "channel_name": ["private-task.1"]},
    ],
)
def test_fields_that_cannot_be_are_refused(server, fields):
    response = server.post("/broadcasting/auth", json=fields)
    assert response.status_code == 422
    assert response.json()["detail"]


@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "nonsense"])
@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"[" * 100_000, b"[]", b"null", b"a=1&" * 200, b'{"socket_id":1e999}']
)
@pytest.mark.parametrize("path", ["/broadcasting/auth", "/broadcasting/user-auth"])
def test_a_body_that_cannot_be_read_is_refused(server, path, kind, body):
    response = server.post(path, "dana", data=body, headers={"Content-Type": kind})
    assert response.status_code == 422


@pytest.mark.parametrize("path", ["/broadcasting/user-auth", "/pusher/user-auth"])
def test_a_user_signs_in(server, path):
    granted = server.post(path, "dana", data={"socket_id": SOCKET}).json()
    assert granted["auth"] == signature(f"{SOCKET}::user::{granted['user_data']}")
    frame = {"event": "pusher:signin", "data": granted}
    (effect, *_) = [e for e in receive(connection(), json.dumps(frame), 0) if isinstance(e, SignIn)]
    assert (effect.seat.user_id, effect.seat.credential) == ("7", 12)
    assert json.loads(granted["user_data"])["user_info"] == {
        "id": 7,
        "name": "dana",
        "roles": ["dispatcher", "packer"],
    }


@pytest.mark.parametrize("identity", ["owner", "display"])
def test_who_is_no_user_cannot_sign_in(server, identity):
    response = server.post("/broadcasting/user-auth", identity, data={"socket_id": SOCKET})
    assert response.status_code == 403
    assert "user" in response.json()["detail"]

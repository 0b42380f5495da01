import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskwatch.server.pusher import names, protocol, signing
from taskwatch.server.pusher.effects import Acknowledge, Close, Join, Leave, Seat, Send, SignIn, Whisper
from taskwatch.server.pusher.protocol import connect, receive
from taskwatch.server.pusher.state import Connection, Rules
from taskwatch.server.settings import PusherApp

APP = PusherApp("1", "taskwatch", b"secret")
SOCKET = "123.456"
NOW = 1_000_000
NOBODY = Seat()
DANA = '{"user_id":"7","user_info":{"name":"dana"},"credential":12}'
DANA_SEAT = Seat("7", {"name": "dana"}, 12)


def connection(*, client_events=True, may_listen=lambda _: True):
    rules = Rules(APP, client_events=client_events)
    state, _ = connect(rules, APP.key, {"protocol": "7"}, socket_id=SOCKET, may_listen=may_listen)
    return state


def say(state, event, data=None, now=NOW, **more):
    return receive(state, json.dumps({"event": event, "data": data, **more}), now)


def subscription(channel, channel_data=None, *, socket_id=SOCKET, signed=None, app=APP):
    """What a client sends after its auth endpoint signed `signed`, else the very same channel."""
    text = {} if channel_data is None else {"channel_data": channel_data}
    auth = signing.sign_channel(app, socket_id, *(signed or (channel, channel_data)))
    return {"auth": auth, "channel": channel, **text}


def subscribe(state, channel, channel_data=None):
    return say(state, "pusher:subscribe", subscription(channel, channel_data))


def sign_in(state, user_data='{"id":"7"}', *, socket_id=SOCKET):
    auth = signing.sign_user(APP, socket_id, user_data)
    return say(state, "pusher:signin", {"auth": auth, "user_data": user_data})


def sent(effects):
    """The frames that are sent, with their data decoded, and nothing else."""
    frames = [json.loads(effect.text) for effect in effects if isinstance(effect, Send)]
    assert len(frames) == len(effects)
    for frame in frames:
        if isinstance(frame.get("data"), str):
            frame["data"] = json.loads(frame["data"])
    return frames


def code(effects):
    """The code of the one error that is sent."""
    (frame,) = sent(effects)
    assert frame["event"] == "pusher:error"
    assert frame["data"]["message"]
    return frame["data"]["code"]


def denial(effects):
    """The status of the one refused subscription."""
    (frame,) = sent(effects)
    assert frame["event"] == "pusher:subscription_error"
    assert frame["data"]["type"] == "AuthError"
    assert frame["data"]["error"]
    return frame["data"]["status"]


# --- connecting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["5", "6", "7"])
def test_the_first_frame_greets_with_the_id_of_the_socket(version):
    query = {"protocol": version, "client": "js"}
    state, effects = connect(Rules(APP), "taskwatch", query, socket_id=SOCKET, may_listen=bool)
    assert effects == [
        Send(
            '{"event":"pusher:connection_established",'
            '"data":"{\\"socket_id\\":\\"123.456\\",\\"activity_timeout\\":30}"}'
        )
    ]
    assert (state.socket_id, state.version, state.channels, state.user) == (SOCKET, int(version), {}, None)


@pytest.mark.parametrize(
    ("key", "query", "wanted"),
    [
        ("other", {"protocol": "7"}, 4001),
        ("", {"protocol": "7"}, 4001),
        ("\ud800", {}, 4001),
        ("taskwatch", {}, 4008),
        ("taskwatch", {"protocol": ""}, 4008),
        ("taskwatch", {"protocol": "seven"}, 4006),
        ("taskwatch", {"protocol": "7.0"}, 4006),
        ("taskwatch", {"protocol": "-7"}, 4006),
        ("taskwatch", {"protocol": "\u0667"}, 4006),
        ("taskwatch", {"protocol": "4"}, 4007),
        ("taskwatch", {"protocol": "8"}, 4007),
        ("taskwatch", {"protocol": "9" * 5000}, 4007),
    ],
)
def test_whoever_cannot_be_served_hears_why_before_the_close(key, query, wanted):
    state, (error, close) = connect(Rules(APP), key, query, socket_id=SOCKET, may_listen=bool)
    assert state is None
    assert code([error]) == wanted
    assert close == Close(wanted, protocol.CLOSE_REASONS[wanted])


def test_every_reason_of_a_close_fits_into_its_frame():
    assert all(len(protocol.close(number).reason.encode()) <= 123 for number in protocol.CLOSE_REASONS)
    assert {4001, 4005, 4006, 4007, 4008, 4009, 4100, 4200, 4201} <= set(protocol.CLOSE_REASONS)


# --- subscribing: the matrix ------------------------------------------------------------------------------

JOINS = {
    "a public channel": ({"auth": "", "channel": "a"}, NOBODY),
    "a public channel without auth": ({"channel": "a"}, NOBODY),
    "a cache channel": ({"auth": "", "channel": "cache-a"}, NOBODY),
    "a public channel with a needless signature": ({"auth": "x:y", "channel": "a"}, NOBODY),
    "a private channel": (subscription("private-a"), NOBODY),
    "a private cache channel": (subscription("private-cache-a"), NOBODY),
    "an encrypted channel": (subscription("private-encrypted-a"), NOBODY),
    "an encrypted cache channel": (subscription("private-encrypted-cache-a"), NOBODY),
    "a private channel that tells its credential": (
        subscription("private-a", '{"user_id":"7","credential":12}'),
        Seat("7", {}, 12),
    ),
    "a private channel with data of another shape": (subscription("private-a", "[1]"), Seat(None, {}, None)),
    "a private channel with data that is no JSON": (subscription("private-a", "{"), Seat(None, {}, None)),
    "a presence channel": (subscription("presence-a", DANA), DANA_SEAT),
    "a presence cache channel": (subscription("presence-cache-a", DANA), DANA_SEAT),
    "a presence channel and a numeric id": (subscription("presence-a", '{"user_id":7}'), Seat("7", {}, None)),
    "a credential that is no number": (
        subscription("presence-a", '{"user_id":"7","credential":true}'),
        Seat("7", {}, None),
    ),
    "channel_data with other spaces": (
        subscription("presence-a", '{ "user_id" : "7" }'),
        Seat("7", {}, None),
    ),
    "channel_data beyond ASCII": (
        subscription("presence-a", '{"user_id":"7","user_info":{"name":"é"}}'),
        Seat("7", {"name": "é"}, None),
    ),
    "a name of 200 characters": ({"channel": "a" * 200}, NOBODY),
}


@pytest.mark.parametrize("case", JOINS)
def test_a_channel_is_joined(case):
    data, seat = JOINS[case]
    state = connection()
    assert say(state, "pusher:subscribe", data) == [Join(names.parse(data["channel"]), seat)]
    assert state.channels == {data["channel"]: seat}


DENIALS = {
    "no signature": ({"channel": "private-a"}, 401),
    "an empty signature": ({"auth": "", "channel": "private-a"}, 401),
    "a signature that is no text": ({"auth": 1, "channel": "private-a"}, 401),
    "a wrong signature": ({"auth": "taskwatch:" + "0" * 64, "channel": "private-a"}, 401),
    "a signature in capitals": (
        {"auth": "taskwatch:" + subscription("private-a")["auth"][10:].upper(), "channel": "private-a"},
        401,
    ),
    "a signature of another socket": (subscription("private-a", socket_id="123.457"), 401),
    "a signature of another channel": (subscription("private-a", signed=("private-b",)), 401),
    "a private signature for presence": (subscription("presence-a", DANA, signed=("private-a", DANA)), 401),
    "a plain signature for an encrypted channel": (
        subscription("private-encrypted-a", signed=("private-a",)),
        401,
    ),
    "a plain signature for a cache channel": (subscription("private-cache-a", signed=("private-a",)), 401),
    "a signature by another secret": (subscription("private-a", app=APP._replace(secret=b"x")), 401),
    "a signature under another key": (subscription("private-a", app=APP._replace(key="x")), 401),
    "a signature without its key": (
        {"auth": subscription("private-a")["auth"].removeprefix("taskwatch"), "channel": "private-a"},
        401,
    ),
    "a sign-in's signature": (
        {"auth": signing.sign_user(APP, SOCKET, "private-a"), "channel": "private-a"},
        401,
    ),
    "a signature whose text was shifted": (
        # 123.456:private-a:b would be the same text to sign as that of channel private-a with data b
        {"auth": signing.sign_channel(APP, SOCKET, "private-a", "b"), "channel": "private-a:b"},
        400,
    ),
    "other channel_data than was signed": (
        subscription("presence-a", DANA, signed=("presence-a", "{}")),
        401,
    ),
    "channel_data where none was signed": (subscription("presence-a", DANA, signed=("presence-a",)), 401),
    "channel_data that is no text": (subscription("presence-a") | {"channel_data": {"user_id": "7"}}, 401),
    "a presence channel without a user": (subscription("presence-a"), 400),
    "a presence channel with nobody in its data": (subscription("presence-a", "{}"), 400),
    "a presence channel with data that is no JSON": (subscription("presence-a", "x"), 400),
    "a presence channel with data that is no object": (subscription("presence-a", "[]"), 400),
    "a user_id that is true": (subscription("presence-a", '{"user_id":true}'), 400),
    "a user_id that is null": (subscription("presence-a", '{"user_id":null}'), 400),
    "a user_id that is empty": (subscription("presence-a", '{"user_id":""}'), 400),
    "a user_id that is too long": (subscription("presence-a", '{"user_id":"%s"}' % ("a" * 129)), 400),
    "channel_data that is too long": (
        subscription("presence-a", '{"user_id":"7","user_info":"%s"}' % ("a" * 2048)),
        413,
    ),
    "channel_data that is too deep": (
        subscription("presence-a", '{"user_id":"7","user_info":' + "[" * 900 + "]" * 900 + "}"),
        400,
    ),
    "a name with a space": ({"channel": "a b"}, 400),
    "a name beyond ASCII": ({"channel": "é"}, 400),
    "a name of 201 characters": ({"channel": "a" * 201}, 400),
    "an empty name": ({"channel": ""}, 400),
    "a prefix without a topic": (subscription("private-"), 400),
    "another's own channel": ({"auth": "", "channel": "#server-to-user-7"}, 403),
    "another's own channel, signed": (subscription("#server-to-user-7"), 403),
    "a name with #": ({"channel": "#a"}, 400),
}


@pytest.mark.parametrize("case", DENIALS)
def test_a_channel_is_denied_and_the_connection_stays(case):
    data, status = DENIALS[case]
    state = connection()
    effects = say(state, "pusher:subscribe", data)
    assert denial(effects) == status
    assert sent(effects)[0]["channel"] == data["channel"]
    assert state.channels == {}
    assert subscribe(state, "private-a") == [Join(names.parse("private-a"), NOBODY)]


def test_a_public_channel_is_joined_only_where_its_topic_may_be_heard():
    state = connection(may_listen=lambda topic: topic == "news")
    assert denial(say(state, "pusher:subscribe", {"channel": "workflow.bc.114"})) == 403
    assert denial(say(state, "pusher:subscribe", {"channel": "cache-workflow.bc.114"})) == 403
    assert say(state, "pusher:subscribe", {"channel": "cache-news"}) == [
        Join(names.parse("cache-news"), NOBODY)
    ]


def test_joining_again_is_acknowledged_again_and_changes_nothing():
    state = connection()
    subscribe(state, "presence-a", DANA)
    again = subscribe(state, "presence-a", '{"user_id":"8"}')
    assert again == [Acknowledge(names.parse("presence-a"))]
    assert state.channels == {"presence-a": DANA_SEAT}


def test_a_channel_that_is_left_can_be_joined_again():
    state = connection()
    subscribe(state, "private-a")
    assert say(state, "pusher:unsubscribe", {"channel": "private-a"}) == [Leave(names.parse("private-a"))]
    assert state.channels == {}
    assert subscribe(state, "private-a") == [Join(names.parse("private-a"), NOBODY)]


@pytest.mark.parametrize("channel", ["private-b", "a b", "", "#server-to-user-7"])
def test_leaving_a_channel_that_was_not_joined_does_nothing(channel):
    assert say(connection(), "pusher:unsubscribe", {"channel": channel}) == []


def test_the_number_of_channels_has_a_limit():
    state = connection()
    for number in range(protocol.MAX_CHANNELS):
        say(state, "pusher:subscribe", {"channel": f"a{number}"})
    assert denial(say(state, "pusher:subscribe", {"channel": "b"})) == 429
    assert say(state, "pusher:subscribe", {"channel": "a0"}) == [Acknowledge(names.parse("a0"))]
    say(state, "pusher:unsubscribe", {"channel": "a0"})
    assert say(state, "pusher:subscribe", {"channel": "b"}) == [Join(names.parse("b"), NOBODY)]


def test_data_may_come_as_text():
    state = connection()
    assert say(state, "pusher:subscribe", '{"channel":"a"}') == [Join(names.parse("a"), NOBODY)]
    assert say(state, "pusher:unsubscribe", '{"channel":"a"}') == [Leave(names.parse("a"))]


# --- signing in -------------------------------------------------------------------------------------------


def test_a_user_signs_in_and_then_has_a_channel_of_its_own():
    state = connection()
    signed_in, success = sign_in(
        state, '{"id":"7","user_info":{"name":"dana"},"credential":12,"watchlist":["8"]}'
    )
    assert signed_in == SignIn(DANA_SEAT, ("8",))
    assert sent([success]) == [
        {
            "event": "pusher:signin_success",
            "data": {"user_data": '{"id":"7","user_info":{"name":"dana"},"credential":12,"watchlist":["8"]}'},
        }
    ]
    own = names.parse("#server-to-user-7")
    assert say(state, "pusher:subscribe", {"auth": "", "channel": own.name}) == [Join(own, DANA_SEAT)]
    assert denial(say(state, "pusher:subscribe", {"auth": "", "channel": "#server-to-user-8"})) == 403


def test_whoever_is_signed_in_joins_presence_channels_as_that_user():
    state = connection()
    sign_in(state, '{"id":"7","user_info":{"name":"dana"},"credential":12}')
    assert subscribe(state, "presence-a") == [Join(names.parse("presence-a"), DANA_SEAT)]


def test_empty_channel_data_stands_for_nobody_even_after_a_sign_in():
    state = connection()
    sign_in(state)
    assert denial(subscribe(state, "presence-a", "")) == 400


def test_signing_in_twice_is_fine_but_not_as_another_user():
    state = connection()
    assert len(sign_in(state)) == len(sign_in(state)) == 2
    assert code(sign_in(state, '{"id":"8"}')) is None
    assert state.user.user_id == "7"


@pytest.mark.parametrize(
    "user_data", ["", "x", "[]", "{}", '{"id":""}', '{"id":7}', '{"id":null}', '{"id":"a b"}', "[" * 5000]
)
def test_a_sign_in_without_a_user_is_refused(user_data):
    state = connection()
    assert code(sign_in(state, user_data)) is None
    assert state.user is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"auth": "x"},
        {"user_data": "{}"},
        {"auth": 1, "user_data": '{"id":"7"}'},
        {"auth": "taskwatch:" + "0" * 64, "user_data": '{"id":"7"}'},
        {"auth": signing.sign_user(APP, SOCKET, '{"id":"8"}'), "user_data": '{"id":"7"}'},
        {"auth": signing.sign_user(APP, "123.457", '{"id":"7"}'), "user_data": '{"id":"7"}'},
        {"auth": signing.sign_channel(APP, SOCKET, '{"id":"7"}'), "user_data": '{"id":"7"}'},
    ],
)
def test_a_sign_in_without_its_own_signature_is_refused(data):
    state = connection()
    assert code(say(state, "pusher:signin", data)) is None
    assert state.user is None


def test_a_watchlist_of_more_than_100_users_is_cut_and_told_of():
    signed_in, success, error = sign_in(connection(), json.dumps({"id": "7", "watchlist": ["a"] * 101}))
    assert signed_in.watchlist == ("a",) * 100
    assert sent([success])[0]["event"] == "pusher:signin_success"
    assert code([error]) == 4302


@pytest.mark.parametrize("watchlist", [None, "8", {"8": 1}, [8, None]])
def test_a_watchlist_of_another_shape_is_an_empty_one(watchlist):
    assert sign_in(connection(), json.dumps({"id": "7", "watchlist": watchlist}))[0].watchlist == ()


# --- client events ----------------------------------------------------------------------------------------


def whisper(state, channel, *, event="client-typing", data=None, now=NOW):
    return say(state, event, data, now, channel=channel)


def test_a_whisper_goes_to_the_others_as_it_was_said():
    state = connection()
    subscribe(state, "private-a")
    (effect,) = whisper(state, "private-a", data={"me": 1, "deep": [[]]})
    assert effect == Whisper("private-a", effect.text)
    assert json.loads(effect.text) == {
        "event": "client-typing",
        "channel": "private-a",
        "data": {"me": 1, "deep": [[]]},
    }


def test_a_whisper_in_a_presence_channel_says_who_it_is_from():
    state = connection()
    subscribe(state, "presence-a", DANA)
    (effect,) = whisper(state, "presence-a", data="hush")
    assert json.loads(effect.text) == {
        "event": "client-typing",
        "channel": "presence-a",
        "data": "hush",
        "user_id": "7",
    }


def test_a_whisper_cannot_say_that_it_is_from_another():
    state = connection()
    subscribe(state, "presence-a", DANA)
    subscribe(state, "private-a", DANA)
    (effect,) = say(state, "client-x", {}, channel="presence-a", user_id="8")
    assert json.loads(effect.text)["user_id"] == "7"
    (effect,) = say(state, "client-x", {}, channel="private-a", user_id="8")
    assert "user_id" not in json.loads(effect.text)


WHISPERS_REFUSED = {
    "no channel": {},
    "a public channel": {"channel": "a"},
    "a cache channel": {"channel": "cache-a"},
    "an encrypted channel": {"channel": "private-encrypted-a"},
    "a channel that was not joined": {"channel": "private-b"},
    "the user's own channel": {"channel": "#server-to-user-7"},
    "a name that is none": {"channel": "a b"},
    "an event without a name": {"event": "client-", "channel": "private-a"},
    "an event with too long a name": {"event": "client-" + "a" * 194, "channel": "private-a"},
    "an event with a control character": {"event": "client-\n", "channel": "private-a"},
    "too much to say": {"channel": "private-a", "data": "a" * 10_240},
}


@pytest.mark.parametrize("case", WHISPERS_REFUSED)
def test_a_whisper_is_refused(case):
    state = connection()
    sign_in(state)
    for channel in ("a", "cache-a", "private-a", "private-encrypted-a", "#server-to-user-7"):
        assert isinstance(subscribe(state, channel)[0], Join)
    frame = {"event": "client-typing", "data": {}, **WHISPERS_REFUSED[case]}
    assert code(receive(state, json.dumps(frame), NOW)) == 4301
    assert isinstance(whisper(state, "private-a")[0], Whisper)


def test_whispers_are_refused_when_client_events_are_off():
    state = connection(client_events=False)
    subscribe(state, "private-a")
    assert code(whisper(state, "private-a")) == 4301
    assert connect(Rules(APP), APP.key, {"protocol": "7"}, socket_id=SOCKET, may_listen=bool)[
        0
    ].rules == Rules(APP, client_events=False)


def test_ten_whispers_go_out_in_a_second_and_the_eleventh_does_not():
    state = connection()
    subscribe(state, "private-a")
    for number in range(10):
        assert isinstance(whisper(state, "private-a", now=NOW + 50 * number)[0], Whisper)
    assert code(whisper(state, "private-a", now=NOW + 999)) == 4301
    assert isinstance(whisper(state, "private-a", now=NOW + 1_000)[0], Whisper)
    assert code(whisper(state, "private-a", now=NOW + 1_049)) == 4301
    assert isinstance(whisper(state, "private-a", now=NOW + 1_050)[0], Whisper)


def test_a_clock_that_is_set_back_silences_nobody():
    state = connection()
    subscribe(state, "private-a")
    for _ in range(10):
        whisper(state, "private-a")
    assert isinstance(whisper(state, "private-a", now=NOW - 3_600_000)[0], Whisper)


@given(st.lists(st.integers(0, 400), max_size=60))
def test_never_more_than_ten_whispers_in_any_second(gaps):
    state, now, passed = connection(), NOW, []
    subscribe(state, "private-a")
    for gap in gaps:
        now += gap
        if isinstance(whisper(state, "private-a", now=now)[0], Whisper):
            passed.append(now)
        else:
            assert sum(now - 1_000 < each for each in passed) == 10
    assert all(later - first >= 1_000 for first, later in zip(passed, passed[10:], strict=False))


# --- pings and junk ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [None, {}, "{}", 1, "x"])
def test_a_ping_is_answered_whatever_it_carries(data):
    assert say(connection(), "pusher:ping", data) == [Send('{"event":"pusher:pong","data":{}}')]


@pytest.mark.parametrize("data", [None, {}])
def test_a_pong_needs_no_answer(data):
    assert say(connection(), "pusher:pong", data) == []


JUNK = [
    *(
        "",
        " ",
        "x",
        "null",
        "1",
        "[]",
        '"pusher:ping"',
        "{}",
        '{"event":null}',
        '{"event":1}',
        '{"event":[]}',
    ),
    *('{"event":"pusher:ping"', '{"event":"pusher:ping"}x', '{"event":"pusher:ping","channel":1}', "\ud800"),
    *('{"event":"\\ud800"}', '{"event":"pusher:ping","data":NaN}', '{"event":"a","data":1e999}', "\x00"),
    *('{"event":""}', '{"event":"x"}', '{"event":"pusher:x"}', '{"event":"pusher_internal:member_added"}'),
    *('{"event":"Pusher:ping"}', '{"event":"pusher:error"}', '{"event":"pusher:ping\\u0000"}'),
    *('{"event":"pusher:subscribe"}', '{"event":"pusher:subscribe","data":[]}', '{"event":"pusher:signin"}'),
    *('{"event":"pusher:subscribe","data":"x"}', '{"event":"pusher:subscribe","data":{"channel":["a"]}}'),
    *('{"event":"pusher:unsubscribe","data":1}', '{"event":"pusher:unsubscribe","data":{}}'),
    *("[" * 30_000, '{"a":' * 5_000, '{"event":"pusher:ping","data":' + "[" * 40 + "]" * 40 + "}"),
    '{"event":"pusher:ping","data":' + "[" * 15_000 + "]" * 15_000 + "}",
    '{"event":"pusher:ping","data":"' + "a" * protocol.MAX_FRAME + '"}',
    '{"event":"client-x","channel":"private-a","data":' + "9" * 20_000 + "}",
]


@pytest.mark.parametrize("text", JUNK)
def test_junk_is_answered_by_an_error_and_changes_nothing(text):
    state = connection()
    subscribe(state, "private-a")
    assert code(receive(state, text, NOW)) in {None, 4301}
    assert state.channels == {"private-a": NOBODY}
    assert state.user is None


def test_keys_that_nobody_knows_are_let_be():
    assert receive(connection(), '{"event":"pusher:ping","id":1,"x":{}}', NOW) == [
        Send('{"event":"pusher:pong","data":{}}')
    ]


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
channel_names = st.sampled_from(
    ["a", "cache-a", "private-a", "presence-a", "private-encrypted-a", "#server-to-user-7", "a b", ""]
)
signed_data = st.builds(
    subscription,
    channel_names,
    st.sampled_from([None, DANA, "{}", "x"]),
    socket_id=st.sampled_from([SOCKET, "1.1"]),
)
user_data = st.sampled_from(['{"id":"7"}', '{"id":"8"}', "{}"]).map(
    lambda text: {"auth": signing.sign_user(APP, SOCKET, text), "user_data": text}
)
frames = st.fixed_dictionaries(
    {
        "event": st.sampled_from(["subscribe", "unsubscribe", "ping", "pong", "signin", "error"]).map(
            "pusher:{}".format
        )
        | st.sampled_from(["client-a", "client-", "x"])
        | values
    },
    optional={
        "channel": channel_names | values,
        "data": signed_data | signed_data.map(json.dumps) | user_data | values,
    },
)


@settings(max_examples=300)
@given(st.lists(st.one_of(frames.map(json.dumps), values.map(json.dumps), st.text(max_size=60)), max_size=12))
def test_no_frames_whatever_raise_or_break_what_holds(texts):
    state, joined = connection(may_listen=lambda topic: topic == "a"), set()
    for number, text in enumerate(texts):
        for effect in receive(state, text, NOW + number):
            follow(effect, joined, state)
    assert joined == set(state.channels)


def follow(effect, joined: set[str], state: Connection):
    match effect:
        case Send(text) | Whisper(_, text):
            assert names.is_event_name(json.loads(text)["event"].removeprefix("pusher:"))
            assert not isinstance(effect, Whisper) or effect.channel in joined
        case Join(channel, seat):
            assert channel.name not in joined
            assert channel.access != "presence" or seat.user_id == "7" or seat == state.user
            assert channel.access != "user" or names.user_of(channel.name) == state.user.user_id
            joined.add(channel.name)
        case Leave(channel):
            joined.remove(channel.name)
        case Acknowledge(channel):
            assert channel.name in joined
        case SignIn(seat, _):
            assert seat == state.user
        case Close():
            raise AssertionError("no frame ends a connection")

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.server.pusher import signing
from taskwatch.server.pusher.signing import BadSignature, verify_request
from taskwatch.server.settings import PusherApp

APP = PusherApp("3", "278d425bdf160c739803", b"7ad3773142a6692b25b8")
SOCKET = "1234.1234"
NOW = 1_353_088_179_000
PATH = "/apps/3/events"
BODY = b'{"name":"foo","channels":["project-3"],"data":"{\\"some\\":\\"data\\"}"}'


def signed(body=BODY, *, method="POST", path=PATH, now=NOW, app=APP, **query):
    return signing.sign_request(app, method, path, query=query.items(), body=body, now=now)


def check(query, body=BODY, *, method="POST", paths=(PATH,), now=NOW, app=APP):
    pairs = query.items() if isinstance(query, dict) else query
    verify_request(app, method, paths, query=pairs, body=body, now=now)


def resigned(query, *, method="POST", path=PATH):
    text = signing.request_text(method, path, query)
    return query | {"auth_signature": signing._hmac(APP, text)}


@pytest.mark.parametrize(
    ("channel", "channel_data", "digest"),
    [
        ("private-foobar", None, "58df8b0c36d6982b82c3ecf6b4662e34fe8c25bba48f5369f135bf843651c3a4"),
        (
            "presence-foobar",
            '{"user_id":10,"user_info":{"name":"Mr. Channels"}}',
            "31935e7d86dba64c2a90aed31fdc61869f9b22ba9d8863bba239c03ca481bc80",
        ),
    ],
)
def test_a_channel_is_signed_as_the_protocol_says(channel, channel_data, digest):
    auth = signing.sign_channel(APP, SOCKET, channel, channel_data)
    assert auth == f"278d425bdf160c739803:{digest}"
    assert signing.is_signed_channel(APP, auth, SOCKET, channel, channel_data)


def test_a_user_is_signed_as_the_protocol_says():
    auth = signing.sign_user(APP, SOCKET, '{"id":"12345"}')
    assert auth == f"{APP.key}:4708d583dada6a56435fb8bc611c77c359a31eebde13337c16ab43aa6de336ba"
    assert signing.is_signed_user(APP, auth, SOCKET, '{"id":"12345"}')


def test_a_request_is_signed_as_the_protocol_says():
    query = signed()
    assert query["body_md5"] == "ec365a775a4cd0599faeb73354201b6f"
    assert query["auth_signature"] == "da454824c97ba181a32ccc17a72625ba02771f50b50e1e7430e47a1f3f457e6c"
    check(query)


@pytest.mark.parametrize(
    ("socket_id", "channel", "channel_data"),
    [
        ("1234.1235", "presence-a", "{}"),
        (SOCKET, "presence-b", "{}"),
        (SOCKET, "presence-a", "{} "),
        (SOCKET, "presence-a", None),
        (SOCKET, "presence-a", ""),
    ],
)
def test_a_signature_fits_one_socket_one_channel_and_one_text_only(socket_id, channel, channel_data):
    auth = signing.sign_channel(APP, SOCKET, "presence-a", "{}")
    assert not signing.is_signed_channel(APP, auth, socket_id, channel, channel_data)


def test_the_key_before_the_signature_counts():
    _, digest = signing.sign_channel(APP, SOCKET, "private-a").split(":")
    for auth in (f"other:{digest}", digest, f":{digest}", "", f"{APP.key}:", "é:\ud800"):
        assert not signing.is_signed_channel(APP, auth, SOCKET, "private-a")


def test_a_sign_in_does_not_open_a_channel_nor_the_other_way_round():
    assert not signing.is_signed_channel(APP, signing.sign_user(APP, SOCKET, "x"), SOCKET, "x")
    assert not signing.is_signed_user(APP, signing.sign_channel(APP, SOCKET, "x"), SOCKET, "x")


@given(st.text(), st.text(), st.text())
def test_any_text_can_be_judged(auth, channel, data):
    assert not signing.is_signed_channel(APP, auth, SOCKET, channel, data)
    assert not signing.is_signed_user(APP, auth, SOCKET, data)


@pytest.mark.parametrize("off", [-600_000, 0, 600_000])
def test_a_request_may_be_ten_minutes_off(off):
    check(signed(), now=NOW + off)


@pytest.mark.parametrize("off", [-601_000, 601_000, 86_400_000])
def test_a_request_more_than_ten_minutes_off_is_refused(off):
    with pytest.raises(BadSignature, match="more than 600 s off"):
        check(signed(), now=NOW + off)


@pytest.mark.parametrize("timestamp", ["", "x", "1e9", "-1", "١٢", "9" * 5000])
def test_a_time_that_is_none_is_refused(timestamp):
    with pytest.raises(BadSignature, match="600 s off"):
        check(resigned(signed() | {"auth_timestamp": timestamp}))


@pytest.mark.parametrize(
    "change",
    [
        {"auth_signature": "0" * 64},
        {"auth_signature": ""},
        {"auth_signature": "é"},
        {"info": "user_count"},
        {"auth_timestamp": str(NOW // 1000 + 1)},
        {"body_md5": hashlib.md5(b"").hexdigest()},
    ],
)
def test_a_changed_query_does_not_fit_its_signature(change):
    with pytest.raises(BadSignature, match="does not fit"):
        check(signed() | change)


def test_another_method_path_or_secret_does_not_fit():
    with pytest.raises(BadSignature, match="does not fit"):
        check(signed(), method="GET")
    with pytest.raises(BadSignature, match="does not fit"):
        check(signed(), paths=("/apps/3/batch_events",))
    with pytest.raises(BadSignature, match="does not fit"):
        check(signed(app=APP._replace(secret=b"other")))


def test_another_key_is_refused():
    with pytest.raises(BadSignature, match="no application"):
        check(signed(app=APP._replace(key="other")))
    with pytest.raises(BadSignature, match="no application"):
        check({})


def test_another_version_of_the_signature_is_refused():
    with pytest.raises(BadSignature, match=r"not 1\.0"):
        check(resigned(signed() | {"auth_version": "2.0"}))


def test_another_body_is_refused():
    with pytest.raises(BadSignature, match="body"):
        check(signed(), body=BODY + b" ")
    with pytest.raises(BadSignature, match="body"):
        check(signed(), body=b"")


def test_a_body_whose_digest_was_not_signed_is_refused():
    with pytest.raises(BadSignature, match="body"):
        check(signed(b""), body=BODY)


def test_a_get_may_sign_the_digest_of_nothing_or_leave_it_out():
    plain = signed(b"", method="GET")
    assert "body_md5" not in plain
    check(plain, b"", method="GET")
    check(resigned(plain | {"body_md5": hashlib.md5(b"").hexdigest()}, method="GET"), b"", method="GET")


def test_keys_are_signed_in_lower_case_and_values_as_they_are():
    query = signed(b"", method="GET", Filter_By_Prefix="presence-é &=")
    assert "filter_by_prefix=presence-é &=" in signing.request_text("get", PATH, query)
    check(query, b"", method="GET")


def test_a_parameter_said_twice_is_refused():
    with pytest.raises(BadSignature, match="twice"):
        check([*signed().items(), ("AUTH_KEY", APP.key)])


def test_behind_a_proxy_the_path_that_the_client_wrote_may_be_the_signed_one():
    check(signed(path="/live/apps/3/events"), paths=(PATH, "/live/apps/3/events"))


def test_a_refusal_is_answered_with_401():
    assert BadSignature().http_status == 401


@given(st.dictionaries(st.text(), st.text()), st.binary())
def test_any_query_is_refused_in_a_sentence(query, body):
    with pytest.raises(BadSignature):
        check(query, body)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.server.pusher import names

ALPHABET = "abcXYZ019_-=@,.;"
topics = st.one_of(
    st.text(ALPHABET, min_size=1, max_size=200),
    st.builds(
        "-".join, st.lists(st.sampled_from(["private", "presence", "encrypted", "cache", "x"]), min_size=1)
    ),
)


@pytest.mark.parametrize(
    ("name", "access", "encrypted", "cached", "topic"),
    [
        ("workflow.bc.114", "public", False, False, "workflow.bc.114"),
        ("private-workflow.bc.114", "private", False, False, "workflow.bc.114"),
        ("presence-room", "presence", False, False, "room"),
        ("cache-x", "public", False, True, "x"),
        ("private-cache-x", "private", False, True, "x"),
        ("presence-cache-x", "presence", False, True, "x"),
        ("private-encrypted-x", "private", True, False, "x"),
        ("private-encrypted-cache-x", "private", True, True, "x"),
        ("presence-encrypted-x", "presence", False, False, "encrypted-x"),
        ("cache-private-x", "public", False, True, "private-x"),
        ("privately-x", "public", False, False, "privately-x"),
        ("#server-to-user-7", "user", False, False, "server-to-user-7"),
    ],
)
def test_prefixes_say_what_a_channel_is(name, access, encrypted, cached, topic):
    assert names.parse(name) == (name, access, encrypted, cached, topic)


@pytest.mark.parametrize(
    "name",
    [
        *("", "a b", "a/b", "a:b", "ä", "a\n", "a*", "\ud800", "a" * 201),
        *("private-", "cache-", "private-encrypted-cache-"),
        *("#a", "#server-to-user-", "#server-to-user-a b", "#server-to-user-" + "a" * 129),
    ],
)
def test_no_channel_can_be_called_so(name):
    assert not names.is_channel(name)
    assert names.topic_of(name) is None


def test_a_name_of_200_characters_is_a_channel():
    assert names.is_channel("a" * 200)


def test_a_topic_is_carried_by_six_channels():
    assert names.channels_of("task.7") == (
        "task.7",
        "private-task.7",
        "presence-task.7",
        "cache-task.7",
        "private-cache-task.7",
        "presence-cache-task.7",
    )


@given(topics)
def test_every_channel_of_a_topic_leads_back_to_it(topic):
    assert all(names.topic_of(channel) == topic for channel in names.channels_of(topic))


@given(st.text(max_size=40) | topics)
def test_whatever_has_a_topic_is_a_channel_of_it_unless_encrypted_or_personal(name):
    channel = names.parse(name)
    if channel and channel.access != "user" and not channel.encrypted:
        assert name in names.channels_of(channel.topic)


def test_a_user_has_a_channel_of_its_own():
    assert names.server_to_user("7") == "#server-to-user-7"
    assert names.user_of("#server-to-user-7") == "7"
    assert names.user_of("server-to-user-7") is None
    assert names.user_of("private-#server-to-user-7") is None


@pytest.mark.parametrize(
    "name", ["task.status.changed", "App\\Events\\TaskUpdated", "client-x", "é", "a" * 200]
)
def test_an_event_may_be_called_so(name):
    assert names.is_event_name(name)


@pytest.mark.parametrize(
    "name", ["", "a" * 201, "pusher:ping", "pusher_internal:member_added", "a\nb", "\x00"]
)
def test_no_event_may_be_called_so(name):
    assert not names.is_event_name(name)


@pytest.mark.parametrize("user_id", ["7", "dana@example.org", "a" * 128])
def test_a_user_may_be_called_so(user_id):
    assert names.is_user_id(user_id)


@pytest.mark.parametrize("user_id", ["", "a" * 129, "a b", "a/b", "7\n"])
def test_no_user_may_be_called_so(user_id):
    assert not names.is_user_id(user_id)


def test_the_id_of_a_socket_is_two_numbers():
    assert names.is_socket_id(names.socket_id(123, 456))


@pytest.mark.parametrize(
    "text", ["", "1", "1.", ".1", "1.2.3", "1.2\n", "a.b", "-1.2", "\u0661.\u0662", "1:2", "1" * 21 + ".1"]
)
def test_nothing_else_is_the_id_of_a_socket(text):
    assert not names.is_socket_id(text)

"""Every kind of event can be told in words."""

import pytest

from taskwatch.model import sentence as module
from taskwatch.model.event import KINDS
from taskwatch.model.sentence import sentence


def test_every_kind_has_a_sentence():
    assert set(module._SENTENCES) == set(KINDS)


@pytest.mark.parametrize(
    ("kind", "payload", "words"),
    [
        (
            "task.acknowledged",
            {"task_code": "A", "until": "2025-12-24T12:00:00Z", "reason": "on it"},
            "A is taken care of until 2025-12-24T12:00:00Z (on it)",
        ),
        ("task.snoozed", {"task_code": "A", "until": "noon"}, "A is snoozed until noon"),
        ("task.unacknowledged", {"task_code": "A", "reason": None}, "A alerts again"),
        (
            "mute.added",
            {"mute_id": 3, "scope": "type", "target": "bc", "until": "noon"},
            "mute 3 of type bc was added until noon",
        ),
        ("mute.ended", {"mute_id": 3, "scope": "type", "target": "bc"}, "mute 3 of type bc was ended"),
        (
            "notification.created",
            {"user_id": 5, "notifications": [1], "unread_count": 4},
            "user 5: 1 notification new, 4 unread",
        ),
        (
            "notification.read",
            {"user_id": 5, "notifications": [1, 2], "unread_count": 2},
            "user 5: 2 notifications read, 2 unread",
        ),
    ],
)
def test_what_people_were_told_and_did_about_it_reads_as_a_sentence(kind, payload, words):
    assert sentence(kind, payload) == words

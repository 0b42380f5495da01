"""The queue on a real database: leases, fencing, what follows a try, crashes, the breaker."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from outbox import column, put, states, user
from taskwatch.actions import deliveries, resting
from taskwatch.actions.deliveries import CRASHES, claim, expire, record, release
from taskwatch.model.backoff import Patience
from taskwatch.plugin import gone, misconfigured, ok, permanent, rate_limited, retry
from taskwatch.store import open_store

LEASE = 30_000


def take(store, clock, room=10, worker="w", channel="mail"):
    return claim(store, worker, {channel: room}, clock.now, LEASE)


def take_one(store, clock, **options):
    (claimed,) = take(store, clock, **options)
    return claimed


def test_a_claim_leases_the_oldest_as_far_as_there_is_room(store, clock):
    put(store, clock, 2, due_in=-1000)
    put(store, clock, 3, due_in=-2000)
    assert [each.id for each in take(store, clock, room=4)] == [3, 4, 5, 1]
    assert states(store) == {"leased": 4, "pending": 1}


def test_a_message_is_whole_and_keeps_its_id_over_all_tries(store, clock):
    put(store, clock)
    first = take_one(store, clock)
    record(store, first, retry("busy"), clock.now)
    clock.advance(minutes=1)
    second = take_one(store, clock)
    assert (first.message.attempt, second.message.attempt) == (1, 2)
    assert second.message.id == first.message.id == "d-1"
    assert second.message.recipient == (1, "user1", None)
    assert (second.message.title, second.message.data) == ("title 1", {"number": 1})


def test_nothing_is_claimed_before_it_is_due_nor_for_another_channel(store, clock):
    put(store, clock, due_in=1000)
    put(store, clock, channel="webhook")
    assert take(store, clock) == []
    assert not deliveries.is_due(store, ["mail"], clock.now)
    assert deliveries.next_due(store, ["mail"]) == clock.now + 1000
    clock.advance(seconds=1)
    assert deliveries.is_due(store, ["mail"], clock.now)
    assert len(take(store, clock)) == 1


def test_two_workers_never_hold_the_same_delivery(store, clock):
    put(store, clock, 200)

    def work(name):
        own = open_store(store.url)
        try:
            return [each.id for _ in range(25) for each in take(own, clock, room=2, worker=name)]
        finally:
            own.close()

    with ThreadPoolExecutor(4) as pool:
        taken = Counter(id_ for ids in pool.map(work, "abcd") for id_ in ids)
    assert set(taken.values()) == {1}
    assert len(taken) == 200


@pytest.mark.parametrize(
    ("outcome", "state", "reason"),
    [
        (ok("p-1"), "sent", None),
        (retry("busy"), "pending", None),
        (rate_limited("slowly", 5), "pending", None),
        (permanent("no such user"), "dead", "refused"),
        (gone("moved"), "dead", "address_gone"),
        (misconfigured("wrong password"), "pending", None),
    ],
)
def test_how_a_try_ended_is_recorded_with_the_attempt(store, clock, outcome, state, reason):
    (id_,) = put(store, clock)
    claimed = take_one(store, clock)
    assert record(store, claimed, outcome, clock.advance(seconds=2)) == state
    assert (column(store, "state", id_), column(store, "reason", id_)) == (state, reason)
    rows = store.connection.execute("SELECT attempt, begun_at, ended_at, outcome FROM attempts").fetchall()
    assert rows == [(1, clock.now - 2000, clock.now, outcome.kind)]


def test_the_last_try_that_fails_is_the_end(store, clock):
    (id_,) = put(store, clock)
    for last in (False, False, True):
        claimed = take_one(store, clock)
        state = record(store, claimed, retry("busy"), clock.now, patience=Patience(3, 10, 60))
        assert state == ("dead" if last else "pending")
        clock.advance(minutes=2)
    assert (column(store, "reason", id_), column(store, "detail", id_)) == ("tries_exhausted", "busy")


def test_being_rate_limited_is_no_try(store, clock):
    (id_,) = put(store, clock)
    for _ in range(4):
        record(store, take_one(store, clock), rate_limited("slowly", 60), clock.now)
        clock.advance(minutes=2)
    assert (column(store, "attempt", id_), states(store)) == (0, {"pending": 1})


def test_who_lost_the_lease_changes_nothing(store, clock):
    (id_,) = put(store, clock)
    slow = take_one(store, clock, worker="slow")
    clock.advance(minutes=1)
    quick = take_one(store, clock, worker="quick")
    assert record(store, slow, permanent("late news"), clock.now) == "lost"
    assert (column(store, "state", id_), column(store, "worker", id_)) == ("leased", "quick")
    assert record(store, quick, ok(), clock.now) == "sent"
    assert record(store, quick, retry("twice"), clock.now) == "lost"


def test_a_message_that_kills_its_workers_dies_at_last(store, clock):
    (id_,) = put(store, clock)
    for crash in range(CRASHES):
        assert take_one(store, clock).attempt == crash + 1
        clock.advance(minutes=1)
    assert take(store, clock) == []
    assert (column(store, "state", id_), column(store, "reason", id_)) == ("dead", "crashed_worker")
    outcomes = {row[0] for row in store.connection.execute("SELECT outcome FROM attempts")}
    assert outcomes == {"crashed"}


def test_what_a_dead_worker_left_is_spread_in_time(store, clock):
    put(store, clock, 4)
    take(store, clock)
    clock.advance(minutes=1)
    assert len(take(store, clock)) == 1
    clock.advance(seconds=3)
    assert len(take(store, clock)) == 3


def test_a_recorded_end_forgives_earlier_crashes(store, clock):
    (id_,) = put(store, clock)
    take(store, clock)
    clock.advance(minutes=1)
    record(store, take_one(store, clock), retry("busy"), clock.now)
    assert column(store, "crashes", id_) == 0


def test_what_was_not_sent_is_given_back_as_if_never_claimed(store, clock):
    (id_,) = put(store, clock)
    take(store, clock, worker="w")
    assert release(store, "other", clock.now) == 0
    assert release(store, "w", clock.now) == 1
    assert (column(store, "attempt", id_), take_one(store, clock).attempt) == (0, 1)


def test_what_comes_too_late_expires_whether_it_is_claimed_or_waits(store, clock):
    put(store, clock, expires_in=1000)
    put(store, clock, channel="resting", expires_in=1000)
    clock.advance(seconds=1)
    assert take(store, clock) == []
    assert states(store) == {"expired": 1, "pending": 1}
    assert expire(store, clock.now) == 1
    assert states(store) == {"expired": 2}


def test_what_is_withdrawn_makes_way_for_what_is_behind_it(store, clock):
    put(store, clock, 5, expires_in=1000)
    put(store, clock, 5)
    clock.advance(seconds=1)
    assert [each.id for each in take(store, clock, room=2)] == [6, 7]


def test_nothing_more_is_sent_to_an_address_that_is_gone(store, clock):
    put(store, clock, 2)
    record(store, take_one(store, clock, room=1), gone("410"), clock.now)
    assert take(store, clock) == []
    assert states(store) == {"dead": 1, "cancelled": 1}
    assert store.connection.execute("SELECT state, detail FROM contacts").fetchall() == [("gone", "410")]


def test_a_channel_that_keeps_failing_rests_while_the_others_go_on(store, clock):
    put(store, clock, 20)
    put(store, clock, 1, channel="webhook")
    for claimed in take(store, clock, room=5):
        record(store, claimed, retry("no route"), clock.now)
    assert take(store, clock) == []
    assert len(take(store, clock, channel="webhook")) == 1
    mail, webhook = resting.status(store, ["mail"], clock.now)
    assert (mail["state"], mail["reason"], mail["pending"]) == ("resting", "no route", 20)
    assert (webhook["channel"], webhook["configured"], webhook["leased"]) == ("webhook", False, 1)


def test_after_its_rest_one_delivery_tries_and_success_opens_the_way(store, clock):
    put(store, clock, 20)
    for claimed in take(store, clock, room=5):
        record(store, claimed, retry("no route"), clock.now)
    clock.advance(minutes=1)
    probe = take_one(store, clock)
    assert take(store, clock, worker="other") == []
    record(store, probe, ok(), clock.now)
    assert len(take(store, clock, room=20)) == 19
    told = [row[0] for row in store.connection.execute("SELECT kind FROM events ORDER BY seq")]
    assert told == ["channel.paused", "channel.resumed"]


def test_a_dead_critical_message_is_told_to_every_admin_once_and_by_the_inbox_alone(store, clock):
    user(store, clock, 8, admin=True)
    user(store, clock, 9, admin=True)
    put(store, clock, level="critical")
    put(store, clock, level="low")
    for claimed in take(store, clock):
        record(store, claimed, permanent("refused"), clock.now)
    told = "SELECT user_id FROM notifications WHERE kind = 'delivery.dead'"
    assert [row[0] for row in store.connection.execute(told)] == [8, 9]
    assert states(store) == {"dead": 2}
    events = "SELECT payload FROM events WHERE kind = 'notification.created'"
    assert [json.loads(row[0])["user_id"] for row in store.connection.execute(events)] == [8, 9]


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
@pytest.mark.parametrize("question", ["is_due", "due", "next_due", "abandoned", "expire", "in_flight"])
def test_the_hot_questions_find_their_rows_by_an_index(store, question):
    from taskwatch.store.queries import question as sql_of

    sql = sql_of(f"deliveries.{question}")
    values = {"channels": "[]", "channel": "mail", "now": 0, "room": 1}
    plan = " ".join(row[3] for row in store.connection.execute(f"EXPLAIN QUERY PLAN {sql}", values))
    assert "SCAN deliveries" not in plan
    assert "deliveries" in plan

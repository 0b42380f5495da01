"""Dead letters: looked at, tried again under the same id, discarded, replayed; the log is told of it."""

import json

import pytest

from outbox import column, put, states
from taskwatch.actions import dead
from taskwatch.actions.dead import Span
from taskwatch.actions.deliveries import claim, record
from taskwatch.errors import Conflict, InvalidInput, NotFound
from taskwatch.plugin import ok, permanent

HOUR = 3_600_000


@pytest.fixture
def letters(store, clock):
    """Make so many dead letters; their ids."""

    def letters(count=1, **fields):
        ids = put(store, clock, count, **fields)
        for claimed in claim(store, "w", {fields.get("channel", "mail"): count}, clock.now, 1000):
            record(store, claimed, permanent("550 no such user"), clock.now)
        return ids

    return letters


def told(store):
    rows = store.connection.execute(
        "SELECT kind, payload FROM events WHERE kind LIKE 'delivery.%' ORDER BY seq"
    )
    return [(kind, json.loads(payload)) for kind, payload in rows]


def test_the_dead_are_listed_the_newest_first_and_by_channel(store, letters):
    letters(2)
    letters(1, channel="webhook")
    assert [each["id"] for each in dead.dead(store)] == [3, 2, 1]
    assert [each["id"] for each in dead.dead(store, "mail", limit=1)] == [2]
    assert dead.dead(store)[0]["reason"] == "refused"


def test_a_letter_shows_its_text_and_every_try(store, letters):
    (id_,) = letters()
    shown = dead.show(store, id_)
    assert (shown["text"], shown["state"], shown["uid"]) == ("text 1", "dead", "d-1")
    assert [(each["attempt"], each["outcome"], each["detail"]) for each in shown["log"]] == [
        (1, "permanent", "550 no such user")
    ]


def test_a_retry_begins_anew_under_the_same_id_and_keeps_the_log(store, clock, letters):
    (id_,) = letters()
    clock.advance(minutes=60 * 24 * 3)
    assert dead.retry(store, [id_], clock.change(by=1))["deliveries"] == [id_]
    (again,) = claim(store, "w", {"mail": 1}, clock.now, 1000)
    assert (again.message.id, again.attempt) == ("d-1", 1)
    record(store, again, ok(), clock.now)
    assert [each["outcome"] for each in dead.show(store, id_)["log"]] == ["permanent", "ok"]
    ((kind, payload),) = told(store)
    assert (kind, payload["deliveries"], payload["changed_by"]) == ("delivery.retried", [id_], 1)


def test_all_dead_are_retried_or_discarded_together(store, clock, letters):
    ids = letters(3)
    assert dead.retry(store, None, clock.change())["deliveries"] == ids
    assert states(store) == {"pending": 3}


def test_what_is_discarded_is_cancelled_for_good(store, clock, letters):
    first, second = letters(2)
    dead.discard(store, [first], clock.change(reason="told by phone"))
    assert (column(store, "state", first), column(store, "reason", first)) == ("cancelled", "discarded")
    with pytest.raises(Conflict, match="cancelled: there is nothing to retry"):
        dead.retry(store, [second, first], clock.change())
    assert column(store, "state", second) == "dead"
    assert told(store)[0][1]["reason"] == "told by phone"


@pytest.mark.parametrize("verb", [dead.retry, dead.discard])
def test_what_is_not_there_or_not_dead_is_refused_by_name(store, clock, verb):
    (waiting,) = put(store, clock)
    with pytest.raises(NotFound, match="no delivery 99"):
        verb(store, [99], clock.change())
    with pytest.raises(Conflict, match="pending"):
        verb(store, [waiting], clock.change())


def test_a_replay_takes_what_ended_in_its_span_on_its_channel_and_spreads_it(store, clock, letters):
    letters(1)
    clock.advance(minutes=60)
    since = clock.now
    ids = letters(3)
    letters(1, channel="webhook")
    expired = put(store, clock, expires_in=1000)
    clock.advance(seconds=1)
    claim(store, "w", {"mail": 9}, clock.now, 1000)
    span = Span(since, clock.now + 1, "mail", per_minute=2)
    clock.advance(minutes=1)
    later = letters(1)
    done = dead.replay(store, span, clock.change())
    due = [column(store, "due_at", id_) - clock.now for id_ in ids + expired]
    assert (done["count"], due) == (4, [0, 30_000, 60_000, 90_000])
    assert [column(store, "state", id_) for id_ in [1, *later]] == ["dead", "dead"]


def test_a_dry_run_counts_and_changes_nothing(store, clock, letters):
    letters(3)
    change = clock.change()._replace(dry_run=True)
    assert dead.replay(store, Span(0, clock.now + 1), change)["count"] == 3
    assert dead.retry(store, None, change)["deliveries"] == [1, 2, 3]
    assert (states(store), told(store)) == ({"dead": 3}, [])


def test_a_span_that_ends_before_it_begins_is_refused(store, clock):
    with pytest.raises(InvalidInput):
        dead.replay(store, Span(clock.now, clock.now), clock.change())

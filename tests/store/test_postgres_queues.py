"""Many who deliver, plan and read the log on PostgreSQL at once: each thing once, and nothing is missed."""

import random
from contextlib import ExitStack, closing

import pytest

import postgres
from crowd import MINUTE, SECOND, asked, race, start_runs
from outbox import put, user
from taskwatch.actions import alerts, deliveries, holders, planning, resting, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.deliveries import Ended
from taskwatch.actions.planner import Planner
from taskwatch.actions.tasks import NewTask
from taskwatch.actions.words import Words
from taskwatch.errors import TaskwatchError, Unavailable
from taskwatch.model import assignment
from taskwatch.plugin import ok, retry
from taskwatch.store import open_store
from taskwatch.testing import START

PLANNER = Planner(channels={"database": False, "mail": True})


@pytest.fixture
def url():
    made = postgres.new_database()
    yield made
    postgres.drop_database(made)


@pytest.fixture
def store(url):
    with closing(open_store(url)) as opened:
        postgres.accept_sqlite(opened.connection)
        yield opened


@pytest.fixture
def another(url):
    """Opens further stores on the same database; they wait for nobody longer than told."""
    with ExitStack() as stack:
        yield lambda patience=10.0: stack.enter_context(closing(open_store(url, patience=patience)))


def test_a_worker_takes_what_no_other_is_about_to_take_and_waits_for_nobody(store, another, clock):
    put(store, clock, 10)
    with store.write(concurrent=True) as tx:
        taken = {row[0] for row in tx.all(tuple, "deliveries.due", channel="mail", now=clock.now, room=4)}
        claimed = deliveries.claim(another(0.3), "w", {"mail": 10}, clock.now, 60_000)
    assert {each.id for each in claimed} | taken == set(range(1, 11))
    assert len(claimed) == 6


def test_eight_workers_claim_each_delivery_once(store, another, clock):
    put(store, clock, 160)
    claimed = race(
        another, 8, lambda own, number: deliveries.claim(own, f"w{number}", {"mail": 30}, clock.now, 60_000)
    )
    ids = [each.id for some in claimed for each in some]
    assert len(ids) == len(set(ids)) == 160


def test_failures_that_many_record_at_once_are_all_counted_whatever_their_order(store, another, clock):
    for channel in ("mail", "hook"):
        put(store, clock, 40, channel=channel)
    halves = [
        deliveries.claim(store, f"w{number}", {"mail": 5, "hook": 5}, clock.now, 60_000)
        for number in range(8)
    ]

    def fail(own, number):
        ended = [Ended(each, retry("busy"), clock.now) for each in halves[number]]
        return deliveries.record_all(own, ended if number % 2 else ended[::-1])

    assert {state for states in race(another, 8, fail) for state in states} == {"pending"}
    failures = {each["channel"]: each["failures"] for each in resting.status(store, (), clock.now)}
    assert failures == {"mail": 40, "hook": 40}


def test_of_eight_one_alone_tries_whether_a_channel_works_again(store, another, clock):
    put(store, clock, 20)
    first = deliveries.claim(store, "w", {"mail": 5}, clock.now, 60_000)
    deliveries.record_all(store, [Ended(each, retry("busy"), clock.now) for each in first])
    later = clock.advance(minutes=20)
    claimed = race(
        another, 8, lambda own, number: deliveries.claim(own, f"w{number}", {"mail": 4}, later, 60_000)
    )
    assert sum(map(len, claimed)) == 1


def test_one_plans_at_a_time(store, another, clock):
    user(store, clock, 5)
    planning.begin(store)
    tasks.add(store, [NewTask("A", assignments=(assignment.user(5),))], Change(START))
    other = another(0.2)
    other.horizon()
    with store.write(concurrent=True) as tx:
        tx.all(tuple, "planning.hold")
        with pytest.raises(Unavailable, match="another process holds"):
            planning.plan(other, START, PLANNER)


def test_four_who_plan_tell_each_thing_once(store, another, clock):
    user(store, clock, 5)
    planning.begin(store)
    wanted = [NewTask(f"T{number}", assignments=(assignment.user(5),)) for number in range(60)]
    tasks.add(store, wanted, Change(START))

    def plan(own, _number):
        while planning.plan(own, START, PLANNER, 7).more:
            pass

    race(another, 4, plan)
    assert asked(store, "SELECT count(*), count(DISTINCT task_id) FROM notifications") == [(60, 60)]


def test_a_planner_that_looked_earlier_does_not_bring_the_place_back(store, another, clock, monkeypatch):
    user(store, clock, 5)
    planning.begin(store)
    tasks.add(store, [NewTask("A", assignments=(assignment.user(5),))], Change(START))
    late, until = another(), store.horizon()
    make = Words.make

    def be_overtaken(words):
        monkeypatch.setattr(Words, "make", make)
        tasks.add(store, [NewTask("B", assignments=(assignment.user(5),))], Change(START))
        planning.plan(store, START, PLANNER)
        make(words)

    monkeypatch.setattr(late, "horizon", lambda: until)
    monkeypatch.setattr(Words, "make", be_overtaken)
    planning.plan(late, START, PLANNER)
    [(place,)] = asked(store, "SELECT value FROM meta WHERE name = 'planned'")
    assert int(place.rpartition("-")[2]) > until
    assert asked(store, "SELECT count(*) FROM notifications") == [(2,)]


def test_the_log_is_complete_up_to_where_nobody_writes_any_more(store, another):
    first, second, reader = another(), another(), another()
    tasks.add(store, [NewTask("A"), NewTask("B")], Change(START))
    known = reader.horizon()
    with first.write(concurrent=True) as early:
        early.run("planning.set_cursor", value="nobody-1")
        early.run("events.record", kind="k", at=1, task_id=None, workflow_id=None, status=None, topics=" ",
                  payload="{}", origin=None)  # fmt: skip
        with second.write(concurrent=True) as late:
            late.run("events.record", kind="k", at=2, task_id=None, workflow_id=None, status=None, topics=" ",
                     payload="{}", origin=None)  # fmt: skip
        assert reader.horizon() == known
    assert reader.horizon() == known + 2


def test_the_log_is_complete_while_somebody_writes_alone(store, another):
    tasks.add(store, [NewTask("A")], Change(START))
    reader, [(last,)] = another(0.3), asked(store, "SELECT max(seq) FROM events")
    with store.write() as tx:
        transitions.transition_within(tx, "start", ["A"], Change(START))
        assert reader.horizon() == last


def test_whatever_is_done_at_once_nobody_waits_in_a_circle_and_the_record_agrees(store, another, clock):
    user(store, clock, 5)
    start_runs(store, 6)
    tasks.add(store, [NewTask(f"T{number}", timeout_minutes=1) for number in range(6)], Change(START))
    planning.begin(store)
    put(store, clock, 30)
    put(store, clock, 30, channel="hook")
    refused = race(another, 8, lambda own, number: do_anything(own, random.Random(number), 60))
    assert [error for errors in refused for error in errors] == []
    assert asked(store, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
    with store.read() as tx:
        assert tx.all(tuple, "events.disagreeing") == []
        assert tx.all(tuple, "upkeep.misbanked") == []


def do_anything(own, chance, times):
    """So many deeds of every kind; the faults that are not refusals."""
    codes = [f"{code}_JOIN{run}" for run in range(6) for code in ("LEFT", "RIGHT", "LAST")]
    codes += [f"T{number}" for number in range(6)]
    worker, faults, held = f"w{chance.random()}", [], []
    for step in range(times):
        now = START + step * 20 * SECOND
        change = Change(now, by=5, key=str(chance.randrange(10_000)) if chance.random() < 0.3 else None)
        refs = chance.sample(codes, chance.randrange(1, 4))
        verb = chance.choice(["start", "complete", "hold", "resume", "reopen", "skip", "fail", "retry"])
        deeds = [lambda: transitions.transition(own, verb, refs, change)] * 6  # noqa: B023 - used at once
        deeds += [
            lambda: alerts.monitor(own, now + 30 * MINUTE, batch=3),  # noqa: B023
            lambda: planning.plan(own, now, PLANNER, 10),  # noqa: B023
            lambda: held.extend(deliveries.claim(own, worker, {"mail": 2, "hook": 2}, now, 30 * SECOND)),  # noqa: B023
            lambda: settle(own, chance, held, now),  # noqa: B023
            lambda: holders.assign(own, refs, [assignment.user(5)], change),  # noqa: B023
            own.horizon,
        ]
        try:
            chance.choice(deeds)()
        except Unavailable as error:
            faults.append(repr(error.__cause__ or error))
        except TaskwatchError:
            continue
    return faults


def settle(own, chance, held, now):
    ended = [Ended(each, chance.choice([ok(), retry("busy")]), now) for each in held]
    chance.shuffle(ended)
    held.clear()
    deliveries.record_all(own, ended)

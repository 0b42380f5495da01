"""What the team decides, done on a real database by the actions that people use."""

from datetime import UTC

import pytest

from taskwatch.actions import listing, report, standing, workflows
from taskwatch.actions.change import Change
from taskwatch.cli.demo import play
from taskwatch.cli.demo.cards import Deed
from taskwatch.cli.demo.staff import YOU
from taskwatch.cli.demo.team import Team
from taskwatch.model.task import STATUSES
from taskwatch.testing import START, new_store

MINUTE = 60_000
SEED = 7


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    """The database when the curtain rises, the team, and what was refused on the way."""
    store = new_store(tmp_path_factory.mktemp("stage"))
    team, refused = Team(SEED, play.arrivals(SEED, START)), []
    enact = play.enact

    def watched(store, deed):
        done = enact(store, deed)
        if not done:
            refused.append(deed)
        return done

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(play, "enact", watched)
        with play.in_one_go(store) as past:
            play.set_stage(past, START)
            play.rehearse(past, team, START)
        yield store, team, refused
    store.close()


def test_when_the_curtain_rises_every_level_of_lateness_and_every_status_is_there(stage):
    store, _, _ = stage
    levels = {row["alert_level"] for row in standing.violations(store, START, START)}
    assert levels >= {"medium", "high", "critical"}
    found = {task["status"] for task in listing.list_tasks(store, listing.Filters(), START)}
    assert found >= {"pending", "in_progress", "completed", "skipped"}
    assert standing.stats(store, START, START)["on_time"] >= 5


def test_two_weeks_lie_behind(stage):
    days = report.report(stage[0], "day", UTC, since=START - 15 * 24 * 60 * MINUTE, until=START)["groups"]
    assert len(days) >= 14
    types = report.report(stage[0], "workflow", UTC, since=None, until=START)["groups"]
    assert {line["group"] for line in types} == {"bc", "rma", "care"}
    assert all(line["p95_seconds"] for line in types)


def test_in_some_minutes_everything_shows_up_and_nothing_is_refused(stage):
    store, team, refused = stage
    statuses, levels, at_risk = set(), set(), 0
    for minute in range(1, 13):
        now = START + minute * MINUTE
        assert len(play.advance(store, team, now)) >= 15
        statuses |= {task["status"] for task in listing.list_tasks(store, listing.Filters(), now)}
        levels |= {row["alert_level"] for row in standing.violations(store, now, now)}
        at_risk += standing.stats(store, now, now)["at_risk"]
    assert statuses == set(STATUSES)
    assert levels == {"low", "medium", "high", "critical"}
    assert at_risk > 0
    assert refused == []


def test_people_do_it_and_not_the_machine(stage):
    rows = listing.list_tasks(stage[0], listing.Filters(statuses=("in_progress",)), START)
    assert all(row["claimed_by"] not in {None, YOU} for row in rows)
    assert len({row["claimed_by"] for row in rows}) >= 5


def test_who_was_second_is_no_trouble(stage):
    store, _, _ = stage
    code = listing.list_tasks(store, listing.Filters(statuses=("completed",), limit=1), START)[0]["code"]
    for verb in ("start", "complete", "claim", "ack", "retry"):
        assert not play.enact(store, Deed(START, verb, code, 3))
    assert not play.enact(store, Deed(START, "give up", "bc.1", 3))


def test_a_visitor_may_take_part(tmp_path):
    store = new_store(tmp_path)
    try:
        play.set_stage(store, START)
        team = Team(SEED, play.arrivals(SEED, START))
        workflows.start(store, "care", "Complaint", "9", Change(START))
        code = "TRIAGE_CARE9"
        assert play.enact(store, Deed(START, "claim", code, 13))
        assert play.enact(store, Deed(START + 1, "release", code, 13))
        assert play.enact(store, Deed(START + 2, "start", code, YOU))
        (seen,) = play.look(store, START + 10_000)
        assert (seen.holder, seen.since, seen.spent, seen.workflow) == (YOU, START + 2, 0, "care.9")
        assert [deed for deed in team.due([seen], START + 60 * MINUTE) if deed.target == code] == []
    finally:
        store.close()

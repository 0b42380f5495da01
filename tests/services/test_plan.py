"""The planning loop: it plans what it hears of, and what it does not hear of a moment later."""

import asyncio
import logging

import pytest

from taskwatch.actions import people, planning, tasks
from taskwatch.actions.people import NewUser
from taskwatch.actions.planner import Planner
from taskwatch.actions.tasks import NewTask
from taskwatch.model import assignment
from taskwatch.model.event import BECAME_READY
from taskwatch.model.routing import Rule
from taskwatch.services import plan as module
from taskwatch.services.database import Database
from taskwatch.services.fact import Fact
from taskwatch.services.plan import Plan

PLANNER = Planner(
    rules=(Rule("ready", ("assigned",), ("database", "mail"), (BECAME_READY,)),),
    channels={"database": False, "broadcast": False, "mail": True},
)
READY = Fact(1, "e-1", BECAME_READY, 0, (), "{}")


@pytest.fixture
def house(store, clock):
    people.add(store, NewUser("dana", id=5, email="dana@example.com"), clock.change())
    planning.plan(store, clock.now, PLANNER)
    return store


def add(store, clock, *codes):
    new = [NewTask(code, assignments=(assignment.user(5),)) for code in codes]
    tasks.add(store, new, clock.change())


def planned(store, clock, scenario, planner=PLANNER):
    """What the scenario returns, and how often the loop said that there is something to deliver."""
    calls = []

    async def main():
        database = Database(store.url)
        try:
            return await scenario(Plan(database, lambda: clock.now, planner, lambda: calls.append(1)))
        finally:
            await database.close()

    return asyncio.run(main()), calls


def count(store):
    return store.connection.execute("SELECT count(*) FROM notifications").fetchone()[0]


async def ticking(plan):
    await plan.tick()


def test_a_tick_plans_all_batches_and_says_when_there_is_something_to_deliver(house, clock):
    add(house, clock, *(f"T{number}" for number in range(120)))
    _, calls = planned(house, clock, ticking)
    assert count(house) == 120
    assert len(calls) == 3


def test_a_tick_without_anything_to_plan_wakes_nobody(house, clock):
    _, calls = planned(house, clock, ticking)
    assert calls == []


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  it is the database that changes
            await asyncio.sleep(0.01)


def test_the_loop_plans_at_once_what_it_hears_of(house, clock, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_REST", 3_600)

    async def scenario(plan):
        loop = asyncio.create_task(plan.run())
        await asyncio.sleep(0.05)
        add(house, clock, "A")
        plan.learn([READY])
        await until(lambda: count(house) == 1)
        loop.cancel()

    planned(house, clock, scenario)
    assert count(house) == 1


def test_the_loop_plans_what_it_never_heard_of(house, clock, monkeypatch):
    monkeypatch.setattr(module, "LONGEST_REST", 0.02)

    async def scenario(plan):
        loop = asyncio.create_task(plan.run())
        await asyncio.sleep(0.05)
        add(house, clock, "A")
        await until(lambda: count(house) == 1)
        loop.cancel()

    planned(house, clock, scenario)
    assert count(house) == 1


def test_a_broken_template_is_logged_and_the_message_is_plain(house, clock, tmp_path, caplog):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "notice.txt").write_text("{{ nobody.knows }}")
    add(house, clock, "A")
    with caplog.at_level(logging.WARNING):
        planned(house, clock, ticking, PLANNER._replace(templates=str(tmp_path / "own")))
    assert "a template cannot be used" in caplog.text
    assert "notice.txt" in caplog.text
    text, html = house.connection.execute("SELECT text, html FROM notifications").fetchone()
    assert "Task 'A' is ready for you" in text
    assert html is None

"""The simulated team, on a clock driven by hand: whatever the chance, it does only what can be done."""

import itertools
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from taskwatch.cli.demo import play
from taskwatch.cli.demo.cards import _CARDS, DECKS, GIVE_UP, Seen
from taskwatch.cli.demo.staff import LEAD, PEOPLE, YOU
from taskwatch.cli.demo.team import MISSED_MS, OPEN, Arrival, Team
from taskwatch.model import task as model

START = 1_766_570_400_000
MINUTE = 60_000
SEEDS = st.integers(-(2**40), 2**40)


class World:
    """One task for everything that arrives, moved by the rules of the model alone."""

    def __init__(self):
        self.tasks = {}
        self.done = Counter()

    def seen(self):
        return [self.see(task) for task in self.tasks.values() if task.status in DECKS]

    def see(self, task):
        holder = task.claimed_by
        return Seen(task.code, task.status, task.changed_at, 2, ("adv",), holder, task.code, 0)

    def do(self, deed):
        self.done[deed.verb] += 1
        if deed.verb == OPEN:
            new = model.new(deed.target, "Review", "review", 2, deed.at)
            self.tasks[deed.target] = model.apply(new, model.VERBS["ready"], deed.at)
            return
        task = self.tasks[deed.target]
        self.tasks[deed.target] = self.moved(task, deed)

    def moved(self, task, deed):
        if deed.verb in {"claim", "release"}:
            assert (task.claimed_by is None) == (deed.verb == "claim")
            return task._replace(claimed_by=deed.by if deed.verb == "claim" else None)
        if deed.verb in {"ack", "snooze"}:
            assert task.standing(deed.at).exceeded
            return task
        verb = "cancel" if deed.verb == GIVE_UP else deed.verb
        moved = model.apply(task, model.VERBS[verb], deed.at)
        return moved._replace(claimed_by=task.claimed_by or deed.by) if verb == "start" else moved


def work(team, minutes, world=None):
    """Let the team work; all deeds in order, with the world after them."""
    world, deeds = world or World(), []
    end = START + minutes * MINUTE
    while (at := team.next_at()) <= end:
        for deed in team.due(world.seen(), at):
            world.do(deed)
            deeds.append(deed)
        team.due(world.seen(), 0)
    return deeds, world


def endless(pause=12_000):
    return (Arrival(START + number * pause) for number in itertools.count())


@settings(max_examples=25, deadline=None)
@given(SEEDS, st.floats(0.1, 20))
def test_every_deed_of_any_hour_is_one_that_the_model_allows(seed, speed):
    deeds, world = work(Team(seed, endless(), speed), 60)
    assert len(world.tasks) == 301
    assert [deed for deed in deeds if deed.by == YOU] == []
    assert {deed.by for deed in deeds} <= {None, *(person.id for person in PEOPLE)}


@settings(max_examples=10, deadline=None)
@given(SEEDS)
def test_in_any_hour_everything_happens_that_can_happen(seed):
    done = work(Team(seed, endless(6_000)), 60)[1].done
    assert set(done) >= {
        "open", "claim", "start", "complete", "hold", "resume", "fail", "retry", "skip", "ack", "snooze",
        "release",
    }  # fmt: skip


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_the_same_seed_makes_the_same_day(seed):
    first, again = (work(Team(seed, endless()), 10)[0] for _ in range(2))
    assert first == again


def test_another_seed_makes_another_day():
    assert work(Team(1, endless()), 5)[0] != work(Team(2, endless()), 5)[0]


def test_every_card_of_every_deck_has_a_meaning():
    assert {(status, card) for status, deck in DECKS.items() for card in deck} == set(_CARDS)


def test_a_faster_team_turns_to_a_task_sooner():
    begun = [
        next(deed.at for deed in work(Team(1, endless(), speed), 5)[0] if deed.verb == "start")
        for speed in (1, 10)
    ]
    assert begun[1] - START < (begun[0] - START) / 5


def test_what_you_hold_nobody_else_touches():
    team = Team(1, endless())
    mine = Seen("A", "in_progress", START, 2, ("adv",), YOU)
    assert [deed for deed in team.due([mine], START + 600 * MINUTE) if deed.target == "A"] == []


def test_a_task_that_somebody_else_moved_is_thought_over_anew():
    team = Team(1, endless())
    ready = Seen("A", "ready", START, 2, ("adv",))
    team.due([ready], START)
    moved = ready._replace(status="in_progress", since=START + 1, holder=3)
    (deed,) = [deed for deed in team.due([moved], START + 120 * MINUTE) if deed.target == "A"][-1:]
    assert deed.verb in {"complete", "hold", "fail"}
    assert deed.at > moved.since


def test_what_is_neglected_is_begun_and_left_alone_but_for_one_task():
    team = Team(1, iter([Arrival(START, neglected=True), Arrival(2 * START)]))
    (opened,) = team.due([], START)
    task = Seen("A", "ready", START, 2, ("adv",), None, opened.target)
    assert [deed.verb for deed in team.due([task], START + MINUTE)] == ["start"]
    task = task._replace(status="in_progress", holder=3)
    assert team.due([task], START + 300 * MINUTE) == []
    assert [deed.verb for deed in team.due([task], START + 361 * MINUTE)] == ["complete"]


def test_what_came_in_while_the_machine_slept_is_passed_over():
    team = Team(1, endless())
    woke = START + 8 * 60 * MINUTE
    opened = team.due([], woke)
    assert len(opened) == MISSED_MS // 12_000 + 1
    assert min(deed.at for deed in opened) == woke - MISSED_MS


def test_orders_arrive_in_order_and_faster_at_a_higher_speed():
    ats = [[each.at for each in itertools.islice(play.arrivals(1, START, speed), 300)] for speed in (1, 4)]
    assert all(each == sorted(each) for each in ats)
    live = [sum(START < at < START + 10 * MINUTE for at in each) for each in ats]
    assert live[0] > 30
    assert live[1] > 3 * live[0]


def test_the_lead_takes_over_where_a_role_has_nobody_else():
    team = Team(1, endless())
    task = Seen("A", "ready", START, 2, ("nobody",))
    deeds = [deed for deed in team.due([task], START + 5 * MINUTE) if deed.target == "A"]
    assert {deed.by for deed in deeds} == {LEAD}

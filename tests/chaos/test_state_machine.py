"""Random deeds on random graphs, done by the actions and by the reference: they agree after every step."""

import shutil
from contextlib import ExitStack, closing

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from hypothesis.stateful import run_state_machine_as_test as run_machine

import postgres
from chaos.reference import MAY, Reference, RefusedError
from taskwatch.actions import alerts, holders, standing, tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.errors import TaskwatchError
from taskwatch.store import open_store
from taskwatch.testing import START, new_store

USERS = (5, 6)
TIMEOUTS = st.none() | st.integers(1, 90)
SOMEBODY = st.none() | st.sampled_from(USERS)
BORDERS = st.sampled_from([-60, -1, 0, 1, 2, 31 * 60, 60 * 60, 90 * 60, 121 * 60, 135 * 60, 600 * 60])
MILLISECONDS = st.integers(-1, 1)
CHOICE = st.integers(0, 11)


class Deeds(RuleBasedStateMachine):
    codes = Bundle("codes")

    def __init__(self, store):
        super().__init__()
        self.store = store
        self.reference = Reference(START)
        self.known = {}
        self.seen = 0

    @initialize(
        target=codes, plan=st.lists(st.tuples(TIMEOUTS, st.sets(st.integers(0, 5))), min_size=2, max_size=5)
    )
    def draw_a_graph(self, plan):
        born = []
        for timeout, earlier in plan:
            born.append(self.give_birth([born[index] for index in earlier if index < len(born)], timeout))
        return multiple(*born)

    @rule(target=codes, after=st.sets(codes, max_size=3), timeout=TIMEOUTS)
    def add(self, after, timeout):
        return self.give_birth(sorted(after), timeout)

    @rule(verb=st.sampled_from(sorted(MAY)), code=codes, by=SOMEBODY, ago=st.sampled_from([1, 1000, 60_000]))
    def try_any_move(self, verb, code, by, ago):
        self.move(verb, code, by, self.now - ago)

    def move_along(self, code, choice):
        """One of the moves that its state allows, so that most deeds happen."""
        possible = [verb for verb, sources in MAY.items() if self.reference.status(code) in sources]
        self.move(possible[choice % len(possible)], code, self.reference.tasks[code].holder, self.now)

    @rule(code=codes)
    def reopen_or_retry(self, code):
        verb = "retry" if self.reference.status(code) == "failed" else "reopen"
        self.move(verb, code, None, self.now)

    @rule(steps=st.lists(st.tuples(codes, CHOICE), min_size=2, max_size=6))
    def work_on(self, steps):
        for code, choice in steps:
            self.move_along(code, choice)
            self.they_agree()

    @rule(code=codes, before=codes)
    def link(self, code, before):
        self.both(
            lambda: self.reference.link(code, before),
            lambda: tasks.link(self.store, code, [before], Change(self.now)),
        )

    @rule(code=codes, before=codes)
    def unlink(self, code, before):
        self.both(
            lambda: self.reference.unlink(code, before),
            lambda: tasks.unlink(self.store, code, [before], Change(self.now)),
        )

    @rule(code=codes, timeout=TIMEOUTS)
    def set_timeout(self, code, timeout):
        self.both(
            lambda: self.reference.retime(code, timeout),
            lambda: tasks.set_timeout(self.store, [code], timeout, Change(self.now)),
        )

    @rule(code=codes, by=st.sampled_from(USERS))
    def claim(self, code, by):
        self.both(
            lambda: self.reference.claim(code, by),
            lambda: holders.claim(self.store, [code], Change(self.now, by=by)),
        )

    @rule(code=codes, by=SOMEBODY)
    def release(self, code, by):
        self.both(
            lambda: self.reference.release(code, by),
            lambda: holders.release(self.store, [code], Change(self.now, by=by)),
        )

    @rule(milliseconds=st.integers(0, 5000) | st.integers(0, 200 * 60).map(lambda seconds: seconds * 1000))
    def let_time_pass(self, milliseconds):
        self.reference.now += milliseconds

    @rule(choice=CHOICE, beyond=BORDERS, milliseconds=MILLISECONDS, look=st.booleans())
    def come_to_a_border(self, choice, beyond, milliseconds, look):
        if running := self.reference.running():
            task = running[choice % len(running)]
            left = task.timeout * 60_000 - task.elapsed_ms(self.now)
            self.reference.now += max(0, left + beyond * 1000 + milliseconds)
        if look:
            self.monitor()

    @rule(minutes=st.sampled_from([15, 30, 60, 120]))
    def look_again_after(self, minutes):
        self.reference.now += minutes * 60_000
        self.monitor()

    def monitor(self):
        sent = self.reference.monitor()
        assert alerts.monitor(self.store, self.now).sent == sent

    def move(self, verb, code, by, at):
        self.both(
            lambda: self.reference.move(verb, code, by, at),
            lambda: transitions.transition(self.store, verb, [code], Change(self.now, at=at, by=by)),
        )

    @invariant()
    def they_agree(self):
        self.they_agree_on_tasks()
        self.every_change_is_an_event()
        self.they_agree_on_finished_cycles_and_alerts()
        self.they_agree_on_the_statistics()

    def they_agree_on_tasks(self):
        tasks_now = {code: self.expected(code) for code in self.reference.tasks}
        assert self.recorded() == tasks_now

    def every_change_is_an_event(self):
        statuses = self.reference.statuses()
        alerted = {code: len(task.all_alerts) for code, task in self.reference.tasks.items()}
        now = {code: (statuses[code], alerted[code]) for code in statuses}
        assert self.new_events() == sorted(changes(self.known, now))
        self.known = now

    def they_agree_on_finished_cycles_and_alerts(self):
        verdicts = (
            "SELECT code, c.cycle, outcome, verdict, elapsed_ms FROM cycles AS c JOIN tasks ON id = task_id"
        )
        assert self.ask(verdicts) == self.expect_each("verdicts")
        sent = (
            "SELECT code, a.cycle, ordinal, slot_seconds, level, exceeded_by_seconds, missed"
            " FROM alerts AS a JOIN tasks ON id = task_id"
        )
        assert self.ask(sent) == self.expect_each("all_alerts")

    def they_agree_on_the_statistics(self):
        names = ("on_time", "at_risk", "exceeded", "untracked", "on_hold")
        for clock in (self.now, self.now + 1):  # by the kept instants, and by the ledger as for the past
            counted = standing.stats(self.store, self.now, clock)
            assert tuple(counted[name] for name in names) == self.reference.statistics()

    @property
    def now(self):
        return self.reference.now

    def give_birth(self, after, timeout):
        code = f"T{len(self.reference.tasks)}"
        self.reference.add(code, after, timeout)
        new = tasks.NewTask(code, timeout_minutes=timeout, after=tuple(after))
        tasks.add(self.store, [new], Change(self.now))
        return code

    def both(self, expected, real):
        """Do it twice: both do it, or both refuse."""
        assert refuses(expected, RefusedError) == refuses(real, TaskwatchError)

    def expected(self, code):
        task = self.reference.tasks[code]
        elapsed = task.elapsed_ms(self.now)
        return self.reference.status(code), task.cycle, task.timeout, task.holder, elapsed, elapsed

    def recorded(self):
        """Every task as the record has it, with the elapsed time by its row and by its ledger."""
        marks = {}
        for task_id, cycle, at, state in self.store.connection.execute(
            "SELECT task_id, cycle, at, state FROM ledger ORDER BY id"
        ):
            marks.setdefault((task_id, cycle), []).append((at, state == "running"))
        rows = self.store.connection.execute(
            "SELECT id, code, status, cycle, timeout_minutes, claimed_by, banked_ms, running_since FROM tasks"
        )
        return {
            code: (
                status, cycle, timeout, holder,
                banked + (self.now - since if since is not None else 0),
                run_time(marks.get((id_, cycle), []), self.now),
            )
            for id_, code, status, cycle, timeout, holder, banked, since in rows
        }  # fmt: skip

    def new_events(self):
        """(code, status or "alert") of what was recorded since the last time."""
        rows = self.store.connection.execute(
            "SELECT seq, code, coalesce(e.status, 'alert')"
            " FROM events AS e JOIN tasks AS t ON t.id = e.task_id"
            " WHERE seq > ? AND (e.status IS NOT NULL OR kind = 'task.sla.exceeded')",
            (self.seen,),
        ).fetchall()
        self.seen = max([self.seen, *(seq for seq, _code, _status in rows)])
        return sorted((code, status) for _seq, code, status in rows)

    def ask(self, sql):
        return sorted(self.store.connection.execute(sql))

    def expect_each(self, attribute):
        tasks_by_code = self.reference.tasks.items()
        return sorted((code, *row) for code, task in tasks_by_code for row in getattr(task, attribute))


def refuses(deed, error):
    try:
        deed()
    except error:
        return True
    return False


def changes(before, now):
    """The events that lead from one picture to the next; whoever is born is pending first."""
    for code, (status, alerted) in now.items():
        was, had = before.get(code, ("pending", 0))
        if code not in before:
            yield code, "pending"
        if status != was:
            yield code, status
        yield from [(code, "alert")] * (alerted - had)


def run_time(marks, now):
    """What the running stretches between marks add up to; a mark of the same state ends nothing."""
    total, since = 0, None
    for at, running in marks:
        if running and since is None:
            since = at
        elif not running and since is not None:
            total, since = total + at - since, None
    return total + (now - since if since is not None else 0)


def play(deeds, sequences):
    run_machine(
        deeds,
        settings=settings(
            max_examples=sequences,
            stateful_step_count=30,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def on_sqlite(tmp_path):
    """Begins anew on a copy of one file, whose loss nobody would mind."""
    template, path = new_store(tmp_path), str(tmp_path / "play.db")
    people_of(template)
    template.close()
    with ExitStack() as last:

        def begin():
            last.close()
            shutil.copyfile(template.url, path)
            store = last.enter_context(closing(open_store(path)))
            for pragma in ("synchronous = OFF", "journal_mode = MEMORY"):
                store.connection.execute(f"PRAGMA {pragma}")
            return Deeds(store)

        yield begin


@pytest.fixture
def on_postgres(tmp_path):
    """Begins anew on one database that is emptied each time."""
    with postgres.databases("postgres", tmp_path) as new:
        store = new()
        names = ", ".join(set(postgres.tables(store)) - {"meta"})

        def begin():
            store.connection.execute(f"TRUNCATE {names} RESTART IDENTITY")
            people_of(store)
            return Deeds(store)

        yield begin


def people_of(store):
    for id_ in USERS:
        store.connection.execute("INSERT INTO users VALUES (?, 'dana', NULL, NULL, 0, 0)", (id_,))


def test_500_sequences_of_random_deeds_do_what_the_reference_does(on_sqlite):
    play(on_sqlite, 500)


def test_40_sequences_of_random_deeds_do_what_the_reference_does_on_postgresql(on_postgres):
    play(on_postgres, 40)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_10_000_sequences_of_random_deeds_do_what_the_reference_does(on_sqlite):
    play(on_sqlite, 10_000)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_1_000_sequences_of_random_deeds_do_what_the_reference_does_on_postgresql(on_postgres):
    play(on_postgres, 1_000)

"""What tasks should do, said a second time and differently: no queries, no columns, no propagation.

A task that waits is ready exactly when all before it are satisfied: that is looked up, never kept. Elapsed
time is added up from the spans in which it ran; the alert calendar is walked minute by minute.
"""

import itertools

SATISFIED = {"completed", "skipped"}
ENDED = {"completed", "failed", "skipped", "cancelled"}
MAY = {
    "start": {"ready"},
    "complete": {"ready", "in_progress"},
    "fail": {"ready", "in_progress", "on_hold"},
    "skip": {"pending", "ready", "in_progress", "on_hold", "failed"},
    "cancel": {"pending", "ready", "in_progress", "on_hold", "failed"},
    "hold": {"ready", "in_progress"},
    "resume": {"on_hold"},
    "reopen": {"completed", "skipped", "cancelled"},
    "retry": {"failed"},
}
ENDS = {"complete": "completed", "fail": "failed", "skip": "skipped", "cancel": "cancelled"}


class RefusedError(Exception):
    """The deed is not possible now; nothing was changed."""


class ReferenceTask:
    """`state` is `waiting` for both pending and ready. Instants are in ms, alerts count in seconds."""

    def __init__(self, after, timeout, now):
        self.after, self.timeout, self.changed_at = set(after), timeout, now
        self.holder, self.cycle, self.verdicts, self.all_alerts = None, 0, [], []
        self.begin_cycle()

    def begin_cycle(self):
        self.cycle += 1
        self.state, self.holder, self.spans = "waiting", None, []
        self.alerts, self.last_alert = 0, None

    @property
    def begun(self):
        return bool(self.spans)

    def elapsed_ms(self, now):
        return sum((now if end is None else end) - start for start, end in self.spans)

    def exceeded_seconds(self, now):
        return self.elapsed_ms(now) // 1000 - self.timeout * 60

    def stop_clock(self, at):
        self.spans = [(start, at if end is None else end) for start, end in self.spans]

    def end(self, status, at):
        """Leave the open states for good, with a verdict unless there was one already."""
        self.stop_clock(at)
        if self.state not in ENDED:
            self.verdicts.append((self.cycle, status, self.judge(status, at), self.elapsed_ms(at)))
        self.state = status

    def judge(self, status, at):
        if status in {"skipped", "cancelled"}:
            return status
        if self.timeout is None:
            return "untracked"
        if self.exceeded_seconds(at) > 0:
            return "missed"
        return "met" if status == "completed" else status


class Reference:
    """All tasks by code. Every deed raises Refused, or happens."""

    def __init__(self, now):
        self.now, self.tasks = now, {}

    def status(self, code):
        task = self.tasks[code]
        if task.state != "waiting":
            return task.state
        free = all(self.tasks[before].state in SATISFIED for before in task.after)
        return "ready" if free else "pending"

    def statuses(self):
        return {code: self.status(code) for code in self.tasks}

    def add(self, code, after, timeout):
        self.tasks[code] = ReferenceTask(after, timeout, self.now)

    def move(self, verb, code, by, at):
        task = self.tasks[code]
        refuse_unless(self.status(code) in MAY[verb] and at >= task.changed_at)
        refuse_unless(verb != "start" or task.holder in {None, by})
        before = self.statuses()
        getattr(self, f"_{verb}", self._end)(task, verb, by, at)
        for other, status in self.statuses().items():
            if status != before[other]:
                self.tasks[other].changed_at = max(self.tasks[other].changed_at, at)
        task.changed_at = at

    def link(self, code, before):
        task = self.tasks[code]
        refuse_unless(task.state == "waiting" and code not in self.ancestors(before))
        self._rewire(code, task.after | {before})

    def unlink(self, code, before):
        task = self.tasks[code]
        refuse_unless(before in task.after)
        self._rewire(code, task.after - {before})

    def retime(self, code, timeout):
        refuse_unless(self.tasks[code].state not in ENDED)
        self.tasks[code].timeout = timeout

    def claim(self, code, by):
        task = self.tasks[code]
        refuse_unless(task.state not in ENDED and task.holder in {None, by})
        task.holder = by

    def release(self, code, by):
        task = self.tasks[code]
        refuse_unless(task.state not in ENDED and task.holder is not None and by in {None, task.holder})
        task.holder = None

    def monitor(self):
        """One pass; how many alerts it sends."""
        return sum(self._alert(task) for task in self.running())

    def running(self):
        return [t for t in self.tasks.values() if t.state == "in_progress" and t.timeout is not None]

    def statistics(self):
        """(on time, at risk, exceeded, untracked, on hold)."""
        standings = [self._standing(task) for task in self.running()]
        states = [(task.state, task.timeout) for task in self.tasks.values()]
        return (
            *(standings.count(name) for name in ("on_time", "at_risk", "exceeded")),
            states.count(("in_progress", None)),
            sum(state == "on_hold" for state, _timeout in states),
        )

    def ancestors(self, code):
        found, open_ = set(), [code]
        while open_:
            found.add(code := open_.pop())
            open_ += self.tasks[code].after - found
        return found

    def _start(self, task, _verb, by, at):
        task.state = "in_progress"
        task.spans.append((at, None))
        task.holder = task.holder or by

    def _hold(self, task, _verb, _by, at):
        task.stop_clock(at)
        task.resumes_to = task.state
        task.state = "on_hold"

    def _resume(self, task, _verb, _by, at):
        task.state = task.resumes_to
        if task.state == "in_progress":
            task.spans.append((at, None))

    def _reopen(self, task, _verb, _by, _at):
        task.begin_cycle()

    _retry = _reopen

    def _end(self, task, verb, _by, at):
        task.end(ENDS[verb], at)

    def _rewire(self, code, after):
        before = self.status(code)
        self.tasks[code].after = after
        if self.status(code) != before:
            self.tasks[code].changed_at = max(self.tasks[code].changed_at, self.now)

    def _standing(self, task):
        exceeded = task.exceeded_seconds(self.now)
        if exceeded > 0:
            return "exceeded"
        return "at_risk" if -exceeded * 5 < task.timeout * 60 else "on_time"

    def _alert(self, task):
        exceeded = task.exceeded_seconds(self.now)
        last = None if task.last_alert is None else task.last_alert - task.timeout
        due = list(slots(last if last is not None and last >= 0 else None, exceeded))
        if not due:
            return False
        task.alerts += 1
        task.last_alert = task.timeout + due[-1]
        task.all_alerts.append(
            (task.cycle, task.alerts, due[-1] * 60, level(exceeded // 60)[0], exceeded, len(due) - 1)
        )
        return True


def slots(last, exceeded):
    """The slots (in minutes beyond the timeout) after `last` that have come at so many seconds beyond it."""
    if exceeded > 0 and last is None:
        last = 0
        yield 0
    for minute in itertools.count(0 if last is None else last + 1):
        if exceeded <= 0 or minute * 60 > exceeded:
            return
        if minute - last >= level(minute)[1]:
            last = minute
            yield minute


def level(minutes):
    """The level's name, and the minutes between its alerts."""
    for border, name, interval in ((120, "critical", 15), (60, "high", 30), (30, "medium", 60)):
        if minutes > border:
            return name, interval
    return "low", 120


def refuse_unless(possible):
    if not possible:
        raise RefusedError

"""An office where everything that can have a name has a hostile one."""

from hostile import names as hostile_names
from taskwatch import clock
from taskwatch.actions import acknowledgements, people, tasks, transitions, workflows
from taskwatch.actions.change import Change
from taskwatch.actions.people import NewUser
from taskwatch.actions.tasks import NewTask
from taskwatch.cli.demo.play import in_one_go
from taskwatch.model import definition
from taskwatch.model.assignment import user
from taskwatch.model.names import CONTROL, MAX_NAME
from taskwatch.store import open_store

MINUTE = 60_000
PAYLOADS = [
    "<script>window.hurt = 1</script>",
    "</script><script>window.hurt = 1</script>",
    '"><img src=x onerror="window.hurt = 1">',
    "'><svg onload='window.hurt = 1'>",
    '" autofocus onfocus="window.hurt = 1" x="',
    "' onmouseover='window.hurt = 1",
    "</title></textarea></option></caption><script>window.hurt = 1</script>",
    "<iframe srcdoc='<script>parent.hurt = 1</script>'></iframe>",
    "{{ 7 * 7 }}<template><script>window.hurt = 1</script></template>",
    '"}]\' data-act="/logout" {"',
]


def names():
    """What may stand in a name: line breaks and the like are refused at every door, so they are spaces."""
    found = {}
    for number, name in enumerate([*PAYLOADS, *hostile_names()]):
        tidied = " ".join(CONTROL.sub(" ", name)[:MAX_NAME].split()) or "nothing"
        found[f"{tidied[: MAX_NAME - 4]} {number}" if tidied in found else tidied] = number
    return list(found)


def furnish(path):
    """A database with a workflow of such tasks, held by such people for such reasons; some are late."""
    found, now = names(), clock.now()
    before = Change(now - 100 * MINUTE)
    store = open_store(str(path))
    with in_one_go(store) as past:
        people.add(past, NewUser("you", id=1, admin=True), before)
        for number, name in enumerate(found, 3):
            people.add(past, NewUser(name, id=number), before)
        kind = {"code": "bad", "name": PAYLOADS[2], "subject": "Order"}
        wanted, problems = definition.check(
            {"workflow": kind, "task": [{"code": "ONE", "name": PAYLOADS[0]}]}
        )
        assert problems == []
        workflows.define(past, wanted, before)
        workflows.start(past, "bad", "Order", "1", before)
        _work(past, found, before, now)
    store.close()


def _work(store, found, before, now):
    """Each fourth is late, at risk, on hold or waits for the one before it."""
    made = [
        NewTask(f"T{number}", name, timeout_minutes=(60, 110, 500, 500)[number % 4], workflow="bad.1",
                assignments=(user(1), user(number + 3)), after=(f"T{number - 1}",) if number % 4 == 3 else ())
        for number, name in enumerate(found)
    ]  # fmt: skip
    tasks.add(store, made, before)
    for number, name in enumerate(found):
        if number % 4 < 3:
            because = Change(before.now, by=number + 3, reason=name)
            transitions.transition(store, "start", [f"T{number}"], because)
        if number % 4 == 2:
            transitions.transition(store, "hold", [f"T{number}"], because)
        if number % 8 == 0:
            care = Change(now, by=1, reason=name)
            acknowledgements.acknowledge(store, [f"T{number}"], now + 60 * MINUTE, care)

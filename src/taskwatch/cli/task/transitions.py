"""The transitions: one factory, driven by the model's table, builds the verb that is asked for."""

from typing import TYPE_CHECKING

from taskwatch.cli.changing import EVERY, Callback, answer, changes, task_refs
from taskwatch.cli.command import Command, command
from taskwatch.cli.session import Session
from taskwatch.model.task import COMPLETED

if TYPE_CHECKING:
    from taskwatch.actions.change import Change
    from taskwatch.actions.transitions import Moved

_ABOUT = {
    "start": "Start tasks: their clocks run. Who starts a task that nobody has claimed, claims it.",
    "complete": "Complete tasks, from ready too; what waited for them may become ready.",
    "fail": "Mark tasks as failed; what comes after them stays pending.",
    "skip": "Skip tasks: what comes after them may go on as if they were completed.",
    "cancel": "Cancel tasks; what comes after them stays pending.",
    "hold": "Put tasks on hold: their clocks pause.",
    "resume": "Resume tasks that are on hold, from where they were held.",
    "reopen": "Reopen ended tasks in a new cycle; ready tasks that come after them go back to pending.",
    "retry": "Put failed tasks back to try again, in a new cycle.",
}
_EXAMPLES = {
    "start": ["taskwatch task start ADV_REVIEW_BC114 --by 5"],
    "complete": [
        "taskwatch task complete ADV_REVIEW_BC114 --by 5 --at '10m ago'",
        "taskwatch task complete 12 13 14 --dry-run",
        "taskwatch task list --status in_progress --json | jq -r '.[].code' | taskwatch task complete -",
    ],
    "hold": ["taskwatch task hold DELIVER_BC114 --reason 'the driver is ill'"],
}


def __getattr__(name: str) -> Command:
    if name not in _ABOUT:
        raise AttributeError(name)
    return _build(name)


def _build(verb: str) -> Command:
    def move(session: Session, change: "Change", refs: list[str]) -> None:
        from taskwatch.actions.transitions import transition

        moved = transition(session.store(create=False), verb, refs, change)
        answer(session, moved, [line for each in moved for line in _tell(each)], change)

    callback: Callback = task_refs(changes("at", "reason", *EVERY, reason=verb == "hold")(move))
    return command(
        verb,
        help=_ABOUT[verb],
        shape="list[taskwatch.actions.transitions:Moved]",
        examples=_EXAMPLES.get(verb, [f"taskwatch task {verb} ADV_REVIEW_BC114 --reason 'by mistake'"]),
    )(callback)


def _tell(moved: "Moved") -> list[str]:
    lines = [f"{moved['code']}: {moved['old_status']} -> {moved['new_status']}"]
    lines += [f"  became ready: {code}" for code in moved["became_ready"]]
    lines += [f"  back to pending: {code}" for code in moved["withdrawn"]]
    lines += [f"  worked on all the same: {code}" for code in moved["flagged"]]
    if moved["workflow_status"] == COMPLETED:
        lines.append(f"  workflow {moved['workflow']} completed")
    return lines

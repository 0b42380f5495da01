"""`taskwatch task`: add tasks and move them along. Each verb is built only when it is asked for."""

from taskwatch.cli.lazy import LazyGroup

_HERE = "taskwatch.cli.task"

task = LazyGroup(
    "task",
    {
        "add": (f"{_HERE}.adding:add", "Add a task, or many from a file.", "Look and add"),
        "list": (
            f"{_HERE}.listing:list_",
            "List tasks by status, holder, workflow, risk or text.",
            "Look and add",
        ),
        "show": (f"{_HERE}.listing:show", "Show a task with its history.", "Look and add"),
        "wait": (f"{_HERE}.waiting:wait", "Wait until a task comes to a status.", "Look and add"),
        "start": (f"{_HERE}.transitions:start", "Start tasks: their clocks run.", "Move along"),
        "complete": (f"{_HERE}.transitions:complete", "Complete tasks.", "Move along"),
        "fail": (f"{_HERE}.transitions:fail", "Mark tasks as failed.", "Move along"),
        "skip": (f"{_HERE}.transitions:skip", "Skip tasks: what comes after them may go on.", "Move along"),
        "cancel": (f"{_HERE}.transitions:cancel", "Cancel tasks.", "Move along"),
        "hold": (f"{_HERE}.transitions:hold", "Put tasks on hold: their clocks pause.", "Move along"),
        "resume": (f"{_HERE}.transitions:resume", "Resume tasks that are on hold.", "Move along"),
        "reopen": (f"{_HERE}.transitions:reopen", "Reopen ended tasks in a new cycle.", "Move along"),
        "retry": (f"{_HERE}.transitions:retry", "Put failed tasks back to try again.", "Move along"),
        "claim": (f"{_HERE}.holding:claim", "Claim tasks for the acting user.", "Hand over"),
        "release": (f"{_HERE}.holding:release", "Give claimed tasks back.", "Hand over"),
        "assign": (f"{_HERE}.holding:assign", "Assign tasks to a user or a role.", "Hand over"),
        "unassign": (f"{_HERE}.holding:unassign", "Take tasks from a user or a role.", "Hand over"),
        "set-timeout": (f"{_HERE}.linking:set_timeout", "Give tasks another timeout, or none.", "Arrange"),
        "link": (f"{_HERE}.linking:link", "Let a task come after others.", "Arrange"),
        "unlink": (f"{_HERE}.linking:unlink", "Let a task no longer come after others.", "Arrange"),
    },
    help="Add tasks and move them along. A task is named by its id or its code.",
    examples=["taskwatch task list --status ready", "taskwatch task complete ADV_REVIEW_BC114 --by 5"],
)

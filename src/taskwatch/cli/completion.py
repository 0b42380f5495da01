"""`taskwatch completion`: the script that makes a shell complete commands and options."""

from typing import TypedDict

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session

_NAME = "taskwatch"
_VARIABLE = "_TASKWATCH_COMPLETE"


class CompletionShape(TypedDict):
    """A shell and its script."""

    shell: str
    script: str


@command(
    "completion",
    examples=[
        'eval "$(taskwatch completion bash)"',
        "taskwatch completion fish > ~/.config/fish/completions/taskwatch.fish",
    ],
    shape="taskwatch.cli.completion:CompletionShape",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@pass_session
def completion(session: Session, shell: str) -> None:
    """Print the script that makes SHELL complete taskwatch's commands and options."""
    script = _script(shell)
    if session.json:
        output.emit({"shell": shell, "script": script})
        return
    for line in script.splitlines():
        output.text(line)


def _script(shell: str) -> str:
    from click.shell_completion import ShellComplete, get_completion_class

    found = get_completion_class(shell)
    if found is None:
        raise click.UsageError(f"there is no completion for {shell}")
    made: ShellComplete = found(click.Command(_NAME), {}, _NAME, _VARIABLE)
    # Not bash's own `source`, which starts a bash to ask its version and warns when it is not bash's turn.
    return ShellComplete.source(made)

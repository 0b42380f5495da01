"""`taskwatch doctor`: look for trouble, and say how to mend it."""

import functools
from collections.abc import Iterator

import click

from taskwatch.actions import doctor as actions
from taskwatch.actions import reach
from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.session import Session, pass_session
from taskwatch.errors import InvalidConfig
from taskwatch.store import Finding

_KINDS: dict[str, output.Kind] = {"ok": "good", "warn": "warn", "fail": "bad"}


@command(
    "doctor",
    examples=["taskwatch doctor", "taskwatch doctor --full", "taskwatch doctor --json"],
    shape="list[taskwatch.actions.doctor:FindingShape]",
)
@click.option("--full", is_flag=True, help="Read every page and index of the database, too; slow.")
@click.pass_context
@pass_session
def doctor(session: Session, ctx: click.Context, full: bool) -> None:
    """Look for trouble, and say how to mend it; exit 1 if something fails.

    It changes nothing. Each line is OK, WARN or FAIL.
    """
    findings = []
    for finding in _examine(session, full):
        findings.append(finding)
        if not session.json:
            _show(finding)
    if session.json:
        output.emit([actions.shape(finding) for finding in findings])
    if any(finding.level == "fail" for finding in findings):
        ctx.exit(1)


def _examine(session: Session, full: bool) -> Iterator[Finding]:
    try:
        yield actions.judge_files(session.config.files)
    except InvalidConfig as error:
        yield Finding("configuration", "fail", error.message, error.hint)
        return
    wished = reach.wished(session.config, session.environ)
    yield from wished.findings
    opening = functools.partial(session.store, create=False)
    yield from actions.examine(opening, session.now, full=full, wished=wished)


def _show(finding: Finding) -> None:
    word = output.style(finding.level.upper().ljust(4), _KINDS[finding.level])
    output.text(word, f"  {finding.name}: {finding.message}")
    if finding.fix and finding.level != "ok":
        output.text(f"      {finding.fix}")

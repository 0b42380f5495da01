"""`taskwatch daemon`: serve, and look after what serves."""

from typing import TYPE_CHECKING, Any

import click

from taskwatch.cli import output
from taskwatch.cli.command import command
from taskwatch.cli.lazy import LazyGroup, Table
from taskwatch.cli.session import Session, pass_session
from taskwatch.errors import NotFound

if TYPE_CHECKING:
    from taskwatch.daemon.status import DaemonShape

TABLE: Table = {
    "status": ("taskwatch.cli.daemon:status", "Show the daemons of the database.", "Look after it"),
    "stop": ("taskwatch.cli.daemon:stop", "Let them say goodbye and end.", "Look after it"),
    "reload": ("taskwatch.cli.daemon:reload", "Let them read the configuration again.", "Look after it"),
    "unit": ("taskwatch.cli.daemon:unit", "Print a unit for systemd.", "Look after it"),
}
_SHAPE = "list[taskwatch.daemon.status:DaemonShape]"


@click.pass_context
@pass_session
def _start(
    session: Session, /, ctx: click.Context, host: str | None, port: int | None, workers: int | None
) -> None:
    """Serve live updates and alert at the second.

    Without a verb it serves in the foreground until Ctrl-C or SIGTERM; SIGHUP reads the configuration again.
    """
    for flag, wish in (("host", host), ("port", port), ("workers", workers)):
        if wish is not None:
            session.note(flag, str(wish))
    if ctx.invoked_subcommand is None:
        from taskwatch.daemon.run import run

        run(session.sources, session.environ, verbosity=session.verbosity)


daemon = LazyGroup(
    "daemon",
    TABLE,
    callback=_start,
    help=_start.__doc__,
    invoke_without_command=True,
    params=[
        click.Option(["--host"], metavar="ADDRESS", help="The address to listen on (127.0.0.1)."),
        click.Option(["--port"], type=click.IntRange(0, 65_535), help="The port (8000); 0 is any free one."),
        click.Option(
            ["--workers"], type=click.IntRange(1, 64), help="How many processes share the port (1)."
        ),
    ],
    examples=["taskwatch daemon", "taskwatch daemon --port 9000 --workers 2", "taskwatch daemon status"],
)


@command("status", examples=["taskwatch daemon status", "taskwatch daemon status --json"], shape=_SHAPE)
@pass_session
def status(session: Session) -> None:
    """Show the daemons that serve the database; exit 3 if there is none."""
    answers = _ask(session, "status")
    if session.json:
        output.emit(answers)
        return
    for each in answers:
        _show(each)


@command("stop", examples=["taskwatch daemon stop"], shape=_SHAPE)
@pass_session
def stop(session: Session) -> None:
    """Let the daemons say goodbye to their clients, and wait until they have ended."""
    _tell(session, _ask(session, "stop", until_end=True), "has ended")


@command("reload", examples=["taskwatch daemon reload"], shape=_SHAPE)
@pass_session
def reload(session: Session) -> None:
    """Let the daemons read the configuration again; exit 78 if it is wrong, and the old one stays."""
    _tell(session, _ask(session, "reload"), "goes on with the new configuration")


@command("unit", examples=["taskwatch daemon unit > taskwatch.service", "taskwatch daemon unit --socket"])
@click.option("--socket", is_flag=True, help="Print the unit of the port, which outlasts restarts.")
@pass_session
def unit(session: Session, socket: bool) -> None:
    """Print a hardened unit for systemd; its first lines say where to put it."""
    from taskwatch.daemon import unit as units

    text = units.socket_unit(session.config) if socket else units.service_unit(units.own_command())
    for line in text.splitlines():
        output.text(line)


def _ask(session: Session, what: str, *, until_end: bool = False) -> "list[DaemonShape]":
    from taskwatch.config import database_path
    from taskwatch.daemon.asking import ask_all
    from taskwatch.daemon.status import shape
    from taskwatch.store.address import located

    url = database_path(session.config, session.environ)
    answers = ask_all(url, what, until_end=until_end)
    if not answers:
        raise NotFound(f"no daemon serves {located(url)}", hint="start one with: taskwatch daemon")
    return [shape(answer) for answer in answers]


def _tell(session: Session, answers: "list[DaemonShape]", what: str) -> None:
    if session.json:
        output.emit(answers)
        return
    for each in answers:
        output.text(f"daemon {each['pid']} at {each['address']} {what}")


def _show(each: "DaemonShape") -> None:
    clients = ", ".join(f"{number} {kind}" for kind, number in each["clients"].items())
    rows: list[tuple[str, Any]] = [
        ("daemon", f"{each['pid']}, version {each['version']}"),
        ("address", each["address"]),
        ("since", each["since"]),
        ("database", each["engine"]),
        ("workers", str(each["workers"])),
        *([("nodes", ", ".join(each["nodes"]))] if each["nodes"] else []),
        ("clients", f"{clients}, {each['cut_off']} cut off"),
        ("cursor", each["cursor"]),
        ("last look for late tasks", each["last_tick"] or "not yet"),
        ("configuration", each["config_error"] or "in force"),
    ]
    for name, value in rows:
        output.text(output.style(f"{name}:".ljust(26), "dim"), str(value))

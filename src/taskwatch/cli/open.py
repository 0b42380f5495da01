"""`taskwatch open`: a page of the dashboard in the browser."""

from typing import TypedDict

import click

from taskwatch.cli import browser, output
from taskwatch.cli.command import command
from taskwatch.cli.remote.options import server_options
from taskwatch.cli.session import Session, pass_session
from taskwatch.errors import InvalidInput, NotFound, Unavailable

PAGES = {
    "board": "/",
    "workflows": "/workflows",
    "workflow": "/workflows/{0}/{1}",
    "inbox": "/inbox",
    "task": "/admin/tasks/{0}",
    "operations": "/admin/operations",
}
_NAMED = {"task": "CODE", "workflow": "TYPE.ID"}
_PATIENCE = 5.0


class OpenShape(TypedDict):
    """The address of the page, and whether a browser was told to open it."""

    url: str
    opened: bool


@command(
    "open",
    short_help="Open the dashboard in your browser.",
    shape="taskwatch.cli.open:OpenShape",
    examples="""
        taskwatch open
        taskwatch open inbox
        taskwatch open task ADV_REVIEW_BC114
        taskwatch open workflow bc.114 --print
    """,
)
@click.argument("page", type=click.Choice(list(PAGES)), default="board", metavar="[PAGE]")
@click.argument("name", required=False, metavar="[CODE|TYPE.ID]")
@click.option("--print", "only_print", is_flag=True, help="Print the address; open nothing.")
@server_options
@pass_session
def open_(session: Session, page: str, name: str | None, *, only_print: bool) -> None:
    """Open a page of the dashboard of the configured daemon.

    PAGE is board, workflows, inbox or operations; or task with a code or id; or workflow with one as bc.114.
    Where there is no browser the address is printed.
    """
    path = path_of(page, name)
    url = find_base(session) + path
    opened = not only_print and browser.show(url)
    if session.json:
        output.emit({"url": url, "opened": opened})
    elif opened:
        output.say(f"Opened {url}")
    else:
        output.text(url)


def path_of(page: str, name: str | None) -> str:
    """The path of one of `PAGES`.

    Raises:
        InvalidInput: it needs the name of a task or workflow, or has none.
    """
    from urllib.parse import quote

    wanted = _NAMED.get(page)
    if wanted is None and name is not None:
        raise InvalidInput(f"the page {page} has no {name}", hint=f"run: taskwatch open {page}")
    if wanted is None:
        return PAGES[page]
    parts = [name or ""] if page == "task" else (name or "").split(".", 1)
    if not all(parts) or len(parts) != PAGES[page].count("{"):
        raise InvalidInput(f"which {page}?", hint=f"run: taskwatch open {page} {wanted}")
    return PAGES[page].format(*(quote(part, safe="") for part in parts))


def find_base(session: Session) -> str:
    """Where browsers reach the daemon, without a slash at its end.

    Raises:
        NotFound: no daemon serves the database.
        Unavailable: the configured server does not answer, or the daemon has no address for browsers.
    """
    from taskwatch.cli.remote.options import find_server

    server = find_server(session)
    if server is not None:
        _check(server.url)
        return server.url
    return _local(session)


def _local(session: Session) -> str:
    from taskwatch.config import database_path
    from taskwatch.config.net import parse_url, reachable
    from taskwatch.daemon.asking import ask_all
    from taskwatch.store.address import located

    place = database_path(session.config, session.environ)
    answers = ask_all(place, "status")
    if not answers:
        raise NotFound(f"no daemon serves {located(place)}", hint="start one with: taskwatch daemon")
    address = session.config.text("server.public_url") or str(answers[0]["address"])
    if address.startswith("unix:"):
        raise Unavailable(
            f"the daemon listens on {address}, where no browser comes", hint="set server.public_url"
        )
    return parse_url(reachable(address))


def _check(base: str) -> None:
    """Make sure that the server answers; whatever it says, it is there."""
    from urllib.error import HTTPError, URLError
    from urllib.request import Request, urlopen

    request = Request(f"{base}/healthz")  # noqa: S310  an http or https address: the configuration sees to that
    try:
        urlopen(request, timeout=_PATIENCE).close()  # noqa: S310  as above
    except HTTPError as error:
        error.close()
    except (URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise Unavailable(
            f"no daemon answers at {base}: {getattr(reason, 'strerror', None) or reason}",
            hint="is it running (taskwatch daemon), and is the address of --server or server.url right?",
        ) from None

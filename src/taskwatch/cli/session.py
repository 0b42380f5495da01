"""What one invocation knows: its shared options, its configuration, its instant and its database."""

import functools
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from taskwatch import clock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from taskwatch.config import Config, Sources
    from taskwatch.errors import TaskwatchError
    from taskwatch.store import Store

_REPEATED = ("option", "quiet", "verbose")
_CONFIGURING = ("db", "color", "by", "host", "port", "workers", "server", "token-file")


class Session:
    """One per invocation; everything in it is found out at its first use and stays the same after it."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self.environ = os.environ if environ is None else environ
        self.flags: dict[str, Any] = {}
        self.failed: Callable[[TaskwatchError], int] | None = None
        self._store: Store | None = None

    def note(self, flag: str, value: Any) -> None:
        """Take a shared option as it is parsed, root first: repeatable ones add up, else the last wins."""
        if flag in _REPEATED and flag in self.flags:
            self.flags[flag] += value
        else:
            self.flags[flag] = value

    def foresee(self, args: Sequence[str]) -> None:
        """Note `--json` and `--debug` before parsing, so that a usage error is shown as they ask, too."""
        given = args[: args.index("--")] if "--" in args else args
        self.flags["json"] = "--json" in given or "--jsonl" in given
        self.flags["debug"] = "--debug" in given

    @property
    def json(self) -> bool:
        """Answers and errors are for programs: `--json`, TASKWATCH_OUTPUT=json or the configured format."""
        if self.flags.get("json"):
            return True
        return bool(self._ask_config("text", "output.format", self.environ.get("TASKWATCH_OUTPUT")) == "json")

    @property
    def debug(self) -> bool:
        """Errors come with their traceback."""
        return bool(self.flags.get("debug"))

    @property
    def quiet(self) -> int:
        """How many -q were given: one leaves only trouble, two leave nothing on stderr."""
        return int(self.flags.get("quiet", 0))

    @property
    def verbose(self) -> int:
        """How many -v were given."""
        return int(self.flags.get("verbose", 0))

    @property
    def verbosity(self) -> int:
        """0 is normal, every -v adds one and every -q takes one."""
        return self.verbose - self.quiet

    @functools.cached_property
    def color(self) -> str:
        """`auto`, `always` or `never`; a broken configuration is told elsewhere and means `auto` here."""
        wish = self.flags.get("color") or self._ask_config("text", "output.color", "auto")
        return str(wish)

    @functools.cached_property
    def hints(self) -> bool:
        """Whether an error is followed by its hint."""
        return bool(self._ask_config("flag", "output.hints", True))

    @functools.cached_property
    def config(self) -> "Config":
        """The configuration with these flags on top; raises InvalidConfig."""
        return self.sources.load(self.environ)

    @property
    def sources(self) -> "Sources":
        """Where the configuration is read from, for whoever reads it again later."""
        from taskwatch.config import Sources

        own = {f"--{flag}": self.flags[flag] for flag in _CONFIGURING if flag in self.flags}
        return Sources(dict(self.flags.get("option", ())) | own, os.getcwd(), self.flags.get("config"))

    @functools.cached_property
    def zone(self) -> "tzinfo":
        """The zone to read and show local times in: `--utc`, else the configured, else the machine's."""
        if self.flags.get("utc"):
            from datetime import UTC

            return UTC
        if name := self.config.text("timezone"):
            from taskwatch.model.times import parse_zone

            return parse_zone(name)
        from taskwatch.cli.zone import LocalZone

        return LocalZone()

    @functools.cached_property
    def now(self) -> int:
        """The instant of this invocation in ms UTC, read once; the database's if that is a server's.

        Raises:
            TaskwatchError: the server cannot be asked.
        """
        from taskwatch.config import database_path
        from taskwatch.errors import StoreUnusable
        from taskwatch.store.address import is_postgres

        if not is_postgres(database_path(self.config, self.environ)):
            return clock.now()
        try:
            return self.store(create=False).now()
        except StoreUnusable:  # not made yet: who needs it makes it, or says what is wrong with it
            return clock.now()

    def at(self, text: str | None) -> int:
        """Milliseconds UTC of a time as typed, seen from `now` and in `zone`; None is now.

        Raises:
            InvalidInput: the text is not a time.
        """
        if text is None:
            return self.now
        from taskwatch.model.times import parse_instant

        return parse_instant(text, now=self.now, zone=self.zone)

    def store(self, *, create: bool = True) -> "Store":
        """The open database, closed when the command ends; without `create` it must exist.

        Raises:
            TaskwatchError: it cannot be opened.
        """
        if self._store is None:
            self._store = self._open_store(create=create)
        return self._store

    def _open_store(self, *, create: bool) -> "Store":
        from taskwatch.config import database_path
        from taskwatch.store import open_store

        store = open_store(database_path(self.config, self.environ), create=create)
        click.get_current_context().call_on_close(self._close_store)
        return store

    def _close_store(self) -> None:
        store, self._store = self._store, None
        if store is not None:
            store.close()

    def _ask_config(self, kind: str, name: str, otherwise: Any) -> Any:
        try:
            return getattr(self.config, kind)(name)
        except Exception:  # noqa: BLE001  no fault in the configuration may hide the error being shown
            return otherwise


pass_session = click.make_pass_decorator(Session, ensure=True)

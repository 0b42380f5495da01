"""One connection to PostgreSQL: how it is secured, how long it waits, and what its values become.

A server that falls silent, behind a cable that was pulled or a proxy that forgot, is not waited for: every
answer has a deadline of this side's own, since TCP alone may take many minutes to notice.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.adapt import Dumper, Loader
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumper

from taskwatch.store.address import unreadable
from taskwatch.store.postgres.place import SCHEMA, security

if TYPE_CHECKING:
    from psycopg.abc import PQGen

CONNECT_SECONDS = 5
# Less than others have patience for: what a machine held that vanished is free before they give up.
IDLE_SECONDS = 5
# Beyond what the server itself allows a statement: then it is the way to it that is broken.
MARGIN_SECONDS = 2.0
_HURRIES = ("statement_timeout", "idle_in_transaction_session_timeout")


class Connection(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose every answer has to come within `patience` seconds; None waits for ever."""

    patience: float | None = None

    def wait(self, gen: "PQGen[Any]", interval: float = 0.1, timeout: float | None = None) -> Any:
        """Psycopg's: drive one exchange with the server."""
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.patience)
        except psycopg.errors._WaitTimeout as error:  # noqa: SLF001 - what psycopg's own `wait` raises
            self.pgconn.finish()  # a word to the other side would wait as well
            raise psycopg.OperationalError(f"no answer within {self.patience:g} s") from error

    @contextmanager
    def at_leisure(self) -> Iterator[None]:
        """Let what is asked inside the block take its time."""
        before, self.patience = self.patience, None
        for name in _HURRIES:
            self.execute(f"SET {name} = 0")
        try:
            yield
        finally:
            self.patience = before
            if not self.closed:
                for name in _HURRIES:
                    self.execute(f"RESET {name}")


def connect(url: str, patience: float) -> Connection:
    """Open a connection; `patience` is in seconds, for a statement and for a lock.

    Raises:
        InvalidConfig: the address cannot be read.
        psycopg.Error: see `fault`.
    """
    given = _taken_apart(url)
    connection = Connection.connect(
        url, autocommit=True, prepare_threshold=1, **_safeguards(given), options=_options(given, patience)
    )
    connection.patience = patience + MARGIN_SECONDS
    _adapt(connection)
    return connection


def _taken_apart(url: str) -> dict[str, Any]:
    try:
        return conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise unreadable(url) from None  # it quotes what it cannot read


def _safeguards(given: dict[str, Any]) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "application_name": "taskwatch",
        "connect_timeout": CONNECT_SECONDS,
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 10_000,
    }
    return {name: value for name, value in (wanted | security(given)).items() if name not in given}


def _options(given: dict[str, Any], patience: float) -> str:
    milliseconds = int(patience * 1000)
    ours = {
        "search_path": SCHEMA,
        "lock_timeout": milliseconds,
        "statement_timeout": milliseconds + 1_000,  # who waits for a lock is told so
        "idle_in_transaction_session_timeout": IDLE_SECONDS * 1000,
        "default_transaction_isolation": r"read\ committed",
        "TimeZone": "UTC",
        "client_encoding": "UTF8",
    }
    return " ".join([*(f"-c {name}={value}" for name, value in ours.items()), given.get("options", "")])


class _Flag(Dumper):
    """True and False are 1 and 0, as the record keeps them."""

    oid = Int8Dumper.oid

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class _ToFlag(Loader):
    def load(self, data: Any) -> int:
        return int(bytes(data) == b"t")


class _ToNumber(Loader):
    """A sum of integers is an integer again."""

    def load(self, data: Any) -> float:
        text = bytes(data).decode()
        return float(text) if "." in text else int(text)


def _adapt(connection: Connection) -> None:
    # One type for every integer and one for every text: a statement is prepared once, whatever its values.
    connection.adapters.register_dumper(int, Int8Dumper)
    connection.adapters.register_dumper(str, StrDumper)
    connection.adapters.register_dumper(bool, _Flag)
    connection.adapters.register_loader("bool", _ToFlag)
    connection.adapters.register_loader("numeric", _ToNumber)

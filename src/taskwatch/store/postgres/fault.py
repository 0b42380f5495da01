"""PostgreSQL's faults as sentences: what happened, and what to do about it. No password is ever in them."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from taskwatch.errors import Conflict, InvalidInput, StoreClosed, StoreUnusable, TaskwatchError, Unavailable
from taskwatch.store.address import shown

_MENDED = "it is tried again by itself in a daemon; else run the command again"
_REPLICA = "name the primary server, or all of them with ?target_session_attrs=read-write"
_PGPASS = "keep it in ~/.pgpass (mode 600), in PGPASSWORD or in the address"
_TLS = "see PostgreSQL's pages on SSL support; sslmode=disable is for a network that is safe by itself"

_Fault = tuple[type[TaskwatchError], str, str]
_FAULTS: dict[str, _Fault] = {
    "28000": (StoreClosed, "{url} lets nobody in by that name", "check the user, and pg_hba.conf there"),
    "28P01": (StoreClosed, "{url} refuses the password", _PGPASS),
    "3D000": (StoreUnusable, "there is no such database at {url}", "create it: createdb NAME"),
    "3F000": (StoreUnusable, "{url} holds no taskwatch database", "run: taskwatch db migrate"),
    "42P01": (StoreUnusable, "{url} lacks a table of this version", "run: taskwatch db migrate"),
    "42703": (StoreUnusable, "{url} has another schema", "run: taskwatch db migrate"),
    "42501": (StoreClosed, "the role at {url} may not do this", "its owner runs: taskwatch db grants ROLE"),
    "25006": (Unavailable, "{url} takes no writes: it is a replica or read-only", _REPLICA),
    "53300": (Unavailable, "{url} has no connection left", "raise max_connections, or run fewer daemons"),
    "53100": (Unavailable, "the disk of {url} is full", "free some space there; nothing was changed"),
    "53200": (Unavailable, "{url} is out of memory", "try again; nothing was changed"),
    "55P03": (Unavailable, "another process holds the database {url}", "try again; nothing was changed"),
    "57014": (Unavailable, "{url} took too long to answer", "try again; nothing was changed"),
    "40P01": (Unavailable, "two changes at {url} waited for each other", "try again; nothing was changed"),
    "40001": (Unavailable, "another change at {url} came first", "try again; nothing was changed"),
    "25P03": (Unavailable, "{url} waited too long for this process", "try again; nothing was changed"),
    "57P01": (Unavailable, "{url} is being shut down", _MENDED),
    "57P02": (Unavailable, "{url} crashed and comes back", _MENDED),
    "57P03": (Unavailable, "{url} is starting up or shutting down", _MENDED),
    "22021": (InvalidInput, "PostgreSQL cannot keep this text", "leave out the NUL characters"),
    "22P05": (InvalidInput, "PostgreSQL cannot keep this text", "leave out the NUL characters"),
    "23505": (Conflict, "somebody was first", "look and try again"),
}

# Who is not let in is told in words only. The order counts: the first that fits.
_WORDS = (
    ("password authentication failed", "28P01"),
    ("no password supplied", "28P01"),
    ("authentication failed", "28000"),
    ("no pg_hba.conf entry", "28000"),
    ("is not permitted to log in", "28000"),
    ("too many c", "53300"),  # clients, or connections for a role or database
    ("remaining connection slots", "53300"),
    ("starting up", "57P03"),
    ("shutting down", "57P03"),
    ("session is read-only", "25006"),
    ("server is in hot standby", "25006"),
)
_UNTRUSTED = ("certificate", "SSL", "TLS")


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Turn psycopg's errors into taskwatch's own. Others pass: they are not the database's."""
    try:
        yield
    except psycopg.Error as error:
        raise fault(error, url) from error


def fault(error: psycopg.Error, url: str) -> Exception:
    """The error to raise in the place of psycopg's."""
    if known := _FAULTS.get(error.sqlstate or ""):
        return _told(known, url)
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return _unreachable(" ".join(str(error).split()), url)
    if isinstance(error, psycopg.DataError) and "NUL" in str(error):
        return _told(_FAULTS["22021"], url)
    return error


def _unreachable(text: str, url: str) -> TaskwatchError:
    """Libpq names the cause in words only: they may hold the address, never the password."""
    for words, state in _WORDS:
        if words in text:
            return _told(_FAULTS[state], url)
    if "FATAL" in text and "does not exist" in text:
        return _told(_FAULTS["3D000" if "database" in text.partition("FATAL")[2] else "28000"], url)
    if any(word in text for word in _UNTRUSTED):
        return StoreClosed(f"the way to {shown(url)} is not safe: {text}", hint=_hint_of(text))
    return Unavailable(f"{shown(url)} cannot be reached: {text}", hint="is the server up? see: pg_isready")


def _hint_of(text: str) -> str:
    if "does not match host name" in text:
        return "name the host as its certificate does"
    if "certificate verify failed" in text or "root certificate" in text:
        return "name the file of its authority with ?sslrootcert=FILE"
    return _TLS


def _told(known: _Fault, url: str) -> TaskwatchError:
    kind, message, hint = known
    return kind(message.format(url=shown(url)), hint=hint)

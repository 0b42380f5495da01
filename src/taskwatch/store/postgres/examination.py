"""What can be wrong with a server: its version, its promises, the role, the way to it, who is in the way."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from taskwatch.store import steps
from taskwatch.store.base import Finding
from taskwatch.store.postgres import schema
from taskwatch.store.postgres.place import SCHEMA
from taskwatch.store.postgres.questions import question

if TYPE_CHECKING:
    from taskwatch.store.postgres.connection import Connection

DAEMON_CONNECTIONS = 8  # what one daemon process keeps open
_SHOWN = 5
_GRANT = "its owner runs: taskwatch db grants ROLE"
# What a crash of the server may cost, by the setting that allows it.
_DURABILITY = {
    "fsync": "a crash may destroy the database",
    "full_page_writes": "a crash may destroy the database",
    "synchronous_commit": "a crash may lose the last changes, though they were acknowledged",
}
_TIMEOUTS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def examine(connection: "Connection", *, full: bool) -> Iterator[Finding]:
    """Finding after finding, the server first."""
    yield judge_server(connection.info.server_version, connection.info.parameter_status("server_version"))
    yield judge_read_only(*_row(connection, "read_only"))
    given = connection.info.get_parameters()
    yield judge_encryption(connection.info.host, given, _row(connection, "encryption"))
    role = _row(connection, "role")
    yield judge_role(*role)
    yield judge_grants(role[0], _rows(connection, "lacking"))
    settings = dict(_rows(connection, "settings"))
    yield judge_durability(settings)
    yield judge_session(settings)
    yield judge_connections(*_row(connection, "connections"))
    yield steps.judge(schema.remembered(connection))
    yield judge_sequences(_rows(connection, "sequences"))
    yield judge_transactions(_rows(connection, "sitting"))
    yield judge_bloat(_rows(connection, "bloated"), autovacuum=settings.get("autovacuum") == "on")
    if full:
        yield _read_everything(connection)


def judge_server(number: int, version: str | None) -> Finding:
    """Whether the server is new enough; `number` is as 180001."""
    if number >= schema.OLDEST_SERVER:
        return Finding("server", "ok", f"PostgreSQL {version}")
    return Finding("server", "fail", f"PostgreSQL {version}; taskwatch needs 13", "upgrade the server")


def judge_read_only(is_replica: int, by_setting: int) -> Finding:
    """Whether it takes writes."""
    if is_replica:
        fix = "name the primary server, or all of them with ?target_session_attrs=read-write"
        return Finding("writes", "fail", "this server is a replica: it takes no writes", fix)
    if by_setting:
        fix = "take default_transaction_read_only from the server, the database or the role"
        return Finding("writes", "fail", "it takes no writes by default_transaction_read_only", fix)
    return Finding("writes", "ok", "this server takes them")


def judge_encryption(host: str, given: dict[str, str], found: tuple[Any, ...]) -> Finding:
    """Whether the way to the server is private, and the server known to be the right one."""
    from taskwatch.store.postgres.place import is_local

    encrypted, version, cipher = found if len(found) == 3 else (0, None, None)
    about = f"{version}, {cipher}" if encrypted else "not encrypted"
    if is_local({"host": host, **given}, {}):
        return Finding("encryption", "ok", f"{about}; it does not leave this machine")
    if not encrypted:
        return Finding("encryption", "fail", f"the way to {host} is not encrypted", "use sslmode=verify-full")
    if given.get("sslmode") != "verify-full":
        message = f"{about}, but nobody looks whether it is {host} that answers"
        return Finding("encryption", "warn", message, "use sslmode=verify-full, as by default")
    return Finding("encryption", "ok", f"{about}; {host} is who it says it is")


def judge_role(name: str, is_super: int, is_owner: int, may_create: int) -> Finding:
    """Whether the role may do more than a daemon needs."""
    powers = {"is a superuser": is_super, "owns the tables": is_owner, "may make tables": may_create}
    much = next((power for power, has in powers.items() if has), None)
    if not much:
        return Finding("role", "ok", f"{name} may change rows and nothing else")
    fix = "let daemons and commands use a role of their own: taskwatch db grants ROLE"
    return Finding("role", "warn", f"{name} {much}: more than a daemon needs", fix)


def judge_grants(role: str, lacking: list[tuple[Any, ...]]) -> Finding:
    """Whether the role may do all that a daemon does."""
    if not lacking:
        return Finding("grants", "ok", "every table and counter may be used")
    missing = _some([f"{right} on {table}" for table, right in lacking])
    return Finding("grants", "fail", f"{role} lacks {missing}", _GRANT.replace("ROLE", role))


def judge_durability(settings: dict[str, str]) -> Finding:
    """Whether what the server acknowledges outlasts a crash."""
    weak = [name for name in _DURABILITY if settings.get(name) == "off"]
    if not weak:
        return Finding("durability", "ok", "what is acknowledged outlasts a crash")
    told = "; ".join(f"{name} is off: {_DURABILITY[name]}" for name in weak)
    return Finding("durability", "fail" if "destroy" in told else "warn", told, f"set {weak[0]} = on")


def judge_session(settings: dict[str, str]) -> Finding:
    """Whether what taskwatch asks of its sessions is in force; a pooler may have dropped it."""
    lost = [name for name in _TIMEOUTS if settings.get(name) == "0"]
    lost += ["search_path"] if settings.get("search_path") != SCHEMA else []
    if not lost:
        return Finding("session", "ok", "time limits and search path are in force")
    fix = "let the pooler pass the startup parameter `options`, or connect without it"
    return Finding("session", "fail", f"the way to the server drops {', '.join(lost)}", fix)


def judge_connections(allowed: int, used: int, of_role: int) -> Finding:
    """Whether one more daemon finds room."""
    free = allowed - used
    limited = f", {of_role} of them for this role" if of_role >= 0 else ""
    message = f"{used} of {allowed} are in use{limited}"
    if free >= DAEMON_CONNECTIONS and not 0 <= of_role < DAEMON_CONNECTIONS:
        return Finding("connections", "ok", message)
    fix = f"raise max_connections or the role's limit: a process of a daemon needs {DAEMON_CONNECTIONS}"
    return Finding("connections", "warn", message, fix)


def judge_sequences(odd: list[tuple[Any, ...]]) -> Finding:
    """Whether ids are given out one by one: only then is the order of the log that of its numbers."""
    if not odd:
        return Finding("counters", "ok", "numbers are given out one by one")
    message = f"numbers are given out of turn: {_some([name for name, *_ in odd])}"
    fix = f"run: ALTER SEQUENCE {SCHEMA}.{odd[0][0]} CACHE 1 INCREMENT BY 1 NO CYCLE"
    return Finding("counters", "fail", message, fix)


def judge_transactions(sitting: list[tuple[Any, ...]]) -> Finding:
    """Whether somebody keeps a transaction open: dead rows stay, and events may wait."""
    if not sitting:
        return Finding("transactions", "ok", "none is open for long")
    told = _some([f"{program} (pid {pid}) since {seconds} s" for pid, program, seconds in sitting])
    fix = f"end it there, or run: SELECT pg_terminate_backend({sitting[0][0]})"
    return Finding("transactions", "warn", f"open: {told}", fix)


def judge_bloat(bloated: list[tuple[Any, ...]], *, autovacuum: bool) -> Finding:
    """Whether dead rows are cleared away."""
    if not autovacuum:
        return Finding("vacuum", "warn", "autovacuum is off: dead rows stay", "set autovacuum = on")
    if not bloated:
        return Finding("vacuum", "ok", "autovacuum keeps pace")
    told = _some([f"{name} ({dead} for {living} living)" for name, dead, living in bloated])
    return Finding("vacuum", "warn", f"dead rows: {told}", "run as the owner: taskwatch db vacuum")


def _read_everything(connection: "Connection") -> Finding:
    """Every page of every table: where checksums are on, the server notices what changed on the disk."""
    rows = 0
    with connection.at_leisure():
        for name, _ in _rows(connection, "tables"):
            count = connection.execute(f'SELECT count(*) FROM {SCHEMA}."{name}"').fetchone()
            rows += count[0] if count else 0
    return Finding("integrity", "ok", f"all {rows} rows can be read")


def _row(connection: "Connection", name: str) -> tuple[Any, ...]:
    return connection.execute(question(f"server.{name}")).fetchone() or ()


def _rows(connection: "Connection", name: str) -> list[tuple[Any, ...]]:
    return connection.execute(question(f"server.{name}")).fetchall()


def _some(items: list[str]) -> str:
    more = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {more} more" if more > 0 else "")

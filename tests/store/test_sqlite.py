"""The embedded engine: what can be wrong with a file, who may read it, and what a transaction keeps."""

import os
import resource
import sqlite3
import stat
import subprocess
import sys
import textwrap
from contextlib import closing
from pathlib import Path

import pytest

from taskwatch.errors import InvalidConfig, NotFound, StoreUnusable, Unavailable
from taskwatch.store import open_store, schema
from taskwatch.store.base import APPLICATION_ID, SCHEMA_VERSION

# Root may do anything; without these two capabilities it is refused like anybody else.
AS_ANYBODY = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
ADD = {"id": None, "name": "dana", "email": None, "timezone": None, "admin": 0, "created_at": 0}


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "taskwatch.db")


@pytest.fixture
def store(path):
    store = open_store(path)
    yield store
    store.close()


def count(store):
    with store.read() as tx:
        return len(tx.all(tuple, "people.users"))


def run_child(script, *args, prefix=(), **options):
    code = "from taskwatch.store import open_store\n" + textwrap.dedent(script)
    command = [*prefix, sys.executable, "-c", code, *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, **options)


def spoil(path, script):
    connection = sqlite3.connect(path)
    connection.executescript(script)
    connection.close()


def test_a_new_database_is_marked_with_its_owner_and_schema(path):
    store = open_store(path)
    assert store.steps == ["0001_begin"]
    store.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    connection.close()


def test_opening_it_again_changes_nothing(store, path):
    with store.read() as tx:
        epoch = tx.value("events.epoch")
    again = open_store(path, create=False)
    assert again.steps == []
    with again.read() as tx:
        assert tx.value("events.epoch") == epoch
    again.close()


def test_a_missing_database_is_made_only_when_it_may_be(path):
    with pytest.raises(NotFound, match="no database"):
        open_store(path, create=False)
    assert not os.path.exists(path)


def test_a_file_of_another_program_is_left_alone(path):
    spoil(path, "CREATE TABLE other (x); INSERT INTO other VALUES (1)")
    before = Path(path).read_bytes()
    with pytest.raises(StoreUnusable, match="another program"):
        open_store(path)
    assert Path(path).read_bytes() == before


def test_a_newer_database_is_left_alone(path):
    open_store(path).close()
    spoil(path, f"PRAGMA user_version = {SCHEMA_VERSION + 2}")
    with pytest.raises(StoreUnusable, match=f"schema {SCHEMA_VERSION + 2}") as caught:
        open_store(path)
    assert "upgrade" in caught.value.hint


def test_an_older_database_is_upgraded_only_when_it_may_be(path):
    open_store(path).close()
    spoil(path, "PRAGMA user_version = 0")
    with pytest.raises(StoreUnusable, match="older schema") as caught:
        open_store(path, create=False)
    assert "db migrate" in caught.value.hint
    open_store(path).close()
    open_store(path, create=False).close()


@pytest.mark.parametrize(
    "content", [b"hello", b"id,name\n" * 500, b"\x00" * 5000, b"SQLite format 3\x00garbage"]
)
def test_what_is_no_database_is_left_alone(path, content):
    with open(path, "wb") as file:
        file.write(content)
    with pytest.raises(StoreUnusable, match=r"is not a SQLite database|damaged"):
        open_store(path)
    assert Path(path).read_bytes() == content


def test_a_damaged_database_is_told_as_such(path):
    open_store(path).close()
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (os.path.getsize(path) - 4096))
    with pytest.raises(StoreUnusable, match="damaged"), closing(open_store(path)) as store:
        count(store)


def test_a_directory_is_no_database(tmp_path):
    with pytest.raises(StoreUnusable, match="is a directory"):
        open_store(str(tmp_path))


def test_a_path_below_a_file_cannot_be(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="not a directory"):
        open_store(str(tmp_path / "file" / "taskwatch.db"))


def test_an_endless_name_cannot_be(tmp_path):
    with pytest.raises(StoreUnusable, match="too long"):
        open_store(str(tmp_path / ("x" * 300)))


def test_an_address_of_an_unknown_kind_is_refused():
    with pytest.raises(InvalidConfig, match="'mysql'"):
        open_store("mysql://localhost/taskwatch")


def test_the_name_that_sqlite_keeps_for_memory_is_a_file_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with_user = open_store(":memory:")
    with with_user.write() as tx:
        tx.value("people.add", **ADD)
    with_user.close()
    again = open_store(":memory:", create=False)
    assert count(again) == 1
    again.close()


def test_a_read_only_file_can_be_read_and_not_written(path):
    open_store(path).close()
    os.chmod(path, 0o400)
    done = run_child(
        """
        import sys
        store = open_store(sys.argv[1])
        with store.read() as tx:
            print(tx.all(tuple, "people.users"))
        try:
            with store.write() as tx:
                tx.run("people.remove", id=1)
        except Exception as error:
            print(type(error).__name__, error)
        """,
        path,
        prefix=AS_ANYBODY,
    )
    assert done.stdout.splitlines()[0] == "[]", done.stderr
    assert "Forbidden" in done.stdout
    assert "read-only" in done.stdout


@pytest.mark.parametrize("name", ["taskwatch.db", "deep/er/taskwatch.db"])
def test_a_directory_that_may_not_be_written_is_told_as_such(tmp_path, name):
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o500)
    done = run_child(
        """
        import sys
        try:
            open_store(sys.argv[1])
        except Exception as error:
            print(type(error).__name__, error.hint)
        """,
        str(folder / name),
        prefix=AS_ANYBODY,
    )
    assert done.stdout == "Forbidden check the rights of the directory\n", done.stderr


def test_a_database_that_another_process_holds_is_waited_for_and_then_told(path):
    open_store(path).close()
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            HOLD,
            path,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable, match="another process holds") as caught:
            open_store(path, patience=0.2)
        assert caught.value.retryable
    finally:
        holder.communicate()
    open_store(path, patience=0.2).close()


def add_many(store):
    with store.write() as tx:
        for _ in range(1000):
            tx.value("people.add", **ADD | {"name": "x" * 1000})


def test_a_full_disk_keeps_what_was_there(store):
    with store.write() as tx:
        tx.value("people.add", **ADD)
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Unavailable, match="full"):
        add_many(store)
    assert count(store) == 1
    assert store.connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_file_that_may_not_grow_is_told_as_such(path):
    open_store(path).close()
    limit = os.path.getsize(path)
    done = run_child(
        f"""
        import signal, sys
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        store = open_store(sys.argv[1])
        try:
            with store.write() as tx:
                for _ in range(2000):
                    tx.value("people.add", **({ADD!r} | {{"name": "x" * 1000}}))
        except Exception as error:
            print(type(error).__name__)
        with store.read() as tx:
            print(len(tx.all(tuple, "people.users")))
        """,
        path,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert done.stdout == "Unavailable\n0\n", done.stderr


def test_every_file_is_for_its_owner_alone_whatever_the_umask(tmp_path):
    path = tmp_path / "new" / "deep" / "taskwatch.db"
    before = os.umask(0)
    try:
        store = open_store(str(path))
        with store.write() as tx:
            tx.value("people.add", **ADD)
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.close()
        store = open_store(str(path))
        store.upkeep().set_journal("wal")
        with store.write() as tx:
            tx.value("people.add", **ADD)
        modes |= {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert set(modes) == {f"taskwatch.db{suffix}" for suffix in ("", "-journal", "-wal", "-shm")}
    assert set(modes.values()) == {0o600}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (path.parent, path.parent.parent)} == {0o700}


def test_a_directory_that_is_there_keeps_its_mode(tmp_path):
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o750)
    open_store(str(folder / "taskwatch.db")).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o750


def test_a_failing_block_and_a_dry_run_keep_nothing(store):
    with pytest.raises(ZeroDivisionError), store.write() as tx:
        raise ZeroDivisionError(tx.value("people.add", **ADD))
    with store.write(dry_run=True) as tx:
        tx.value("people.add", **ADD)
        assert len(tx.all(tuple, "people.users")) == 1
    assert count(store) == 0


def test_an_error_of_the_system_in_a_block_is_not_blamed_on_the_database(store):
    with pytest.raises(BrokenPipeError), store.read():
        raise BrokenPipeError
    with pytest.raises(FileNotFoundError), store.write():
        raise FileNotFoundError


def test_a_reader_sees_one_snapshot(store, path):
    store.upkeep().set_journal("wal")
    other = open_store(path)
    with store.read() as tx:
        assert tx.all(tuple, "people.users") == []
        with other.write() as written:
            written.value("people.add", **ADD)
        assert tx.all(tuple, "people.users") == []
    assert count(store) == 1
    other.close()


@pytest.mark.parametrize("mode", ["WAL", "TRUNCATE"])
def test_many_processes_may_make_it_at_once(path, mode):
    script = f"""
        import sys
        from taskwatch.store import open_store, schema
        schema.journal_mode = lambda: {mode!r}
        sys.stdin.readline()
        store = open_store(sys.argv[1])
        with store.write() as tx:
            tx.value("people.add", **{ADD!r})
        store.close()
        """
    command = [sys.executable, "-c", textwrap.dedent(script), path]
    makers = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(6)
    ]
    for maker in makers:
        maker.stdin.write("\n")
        maker.stdin.flush()
    faults = [maker.communicate(timeout=60)[1] for maker in makers]
    assert faults == [""] * 6
    store = open_store(path, create=False)
    assert count(store) == 6
    assert store.upkeep().describe().journal_mode == mode.lower()
    store.close()


def test_a_database_that_another_process_makes_meanwhile_is_not_taken_for_a_foreign_one(path, monkeypatch):
    spoil(path, "PRAGMA journal_mode = WAL")
    monkeypatch.setattr(schema, "journal_mode", lambda: "WAL")
    look = schema.is_empty

    def look_late(connection):
        monkeypatch.setattr(schema, "is_empty", look)
        open_store(path).close()
        return look(connection)

    monkeypatch.setattr(schema, "is_empty", look_late)
    store = open_store(path)
    assert store.steps == []
    store.close()


def test_the_live_file_is_never_opened_by_path(path):
    done = run_child(
        """
        import os, sys
        path, log = sys.argv[1], []
        store = open_store(path)
        store.close()

        def watch(event, args):
            if event == "open" and isinstance(args[0], (str, bytes)):
                name = os.path.realpath(os.fsdecode(args[0]))
                if name.startswith(path) and not name.startswith(path + ".copy"):
                    log.append(name)

        sys.addaudithook(watch)
        from taskwatch.cli import main
        commands = ["doctor --full", "db info", "db vacuum", "db prune --events-older-than 1d",
            "db migrate --journal wal", "db migrate --journal truncate", f"db backup {path}.copy",
            "config check", "config path"]
        for command in commands:
            try:
                main(["--db", path, *command.split()])
            except SystemExit as left:
                assert not left.code, (command, left.code)
        assert not log, log
        open(path).close()
        assert log == [path], "the guard sees nothing"
        """,
        os.path.realpath(path),
        cwd=os.path.dirname(path),
    )
    assert done.returncode == 0, done.stderr

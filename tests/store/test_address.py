"""What a database is called by: what is shown of it, and what is refused before libpq could quote it."""

import pytest

from taskwatch.errors import InvalidConfig
from taskwatch.store import open_store
from taskwatch.store.address import check, shown
from taskwatch.store.postgres.place import is_local, security

SECRET = "canary"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/var/lib/x@y:z.db", "/var/lib/x@y:z.db"),
        ("postgresql://db/work", "postgresql://db/work"),
        ("postgresql://dana@db/work", "postgresql://dana@db/work"),
        ("postgresql://dana:canary@db:5432/work", "postgresql://dana:***@db:5432/work"),
        ("postgres://:canary@[::1]/work", "postgres://:***@[::1]/work"),
        ("postgresql://dana:ca?na#ry@db/work", "postgresql://dana:***@db/work"),
        ("postgresql:///work?user=dana&password=canary", "postgresql:///work?user=dana&password=***"),
        ("postgresql:///work?pass%77ord=canary&port=1", "postgresql:///work?pass%77ord=***&port=1"),
        ("postgresql:///work?sslpassword=canary", "postgresql:///work?sslpassword=***"),
        ("postgresql://db/work?sslkey=/etc/key.pem", "postgresql://db/work?sslkey=/etc/key.pem"),
        ("mysql://dana:canary@db/work", "mysql://dana:***@db/work"),
    ],
)
def test_no_password_is_shown(url, told):
    assert shown(url) == told


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://dana:ca/nary@db/work",
        "postgresql://dana:canary@x@db/work",
        "postgresql://dana:canary@db/work?nonsense=1",
        "postgresql://dana:canary%zz@db/work",
        "postgresql://dana:canary@[::1/work",
        "postgresql://dana:canary@db/work?port",
        "postgres:dana:canary@db/work",
        "PostgreSQL://dana:canary@db/work",
        "host=db password=canary dbname=work",
        "mysql://dana:canary@db/work",
    ],
)
def test_what_is_no_address_is_refused_without_quoting_it(url, caplog):
    with pytest.raises(InvalidConfig) as refused:
        open_store(url)
    told = "".join((str(refused.value), str(refused.value.hint), repr(refused.value.__cause__), caplog.text))
    assert SECRET not in told
    assert "nary" not in told
    assert refused.value.__cause__ is None


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://db/work",
        "postgresql://dana:can%40ry@db:5432/work?application_name=a@b",
        "postgresql://[::1]:5432/work",
        "postgresql://db:5432,other:5433/work?target_session_attrs=read-write",
        "postgresql:///work?host=/run/postgresql",
        "data/taskwatch.db",
        "~/x=y.db",
    ],
)
def test_what_is_an_address_is_let_through(url):
    check(url)


@pytest.mark.parametrize(
    ("given", "environ", "local"),
    [
        ({}, {}, True),
        ({"host": "/run/postgresql"}, {}, True),
        ({"host": "localhost,127.0.0.2"}, {}, True),
        ({"host": "localhost,db.example.org"}, {}, False),
        ({"host": "db.example.org", "hostaddr": "127.0.0.1"}, {}, True),
        ({"host": "localhost", "hostaddr": "192.0.2.1"}, {}, False),
        ({}, {"PGHOST": "db.example.org"}, False),
        ({"host": "localhost"}, {"PGHOSTADDR": "192.0.2.1"}, False),
        ({"service": "work"}, {}, False),
        ({}, {"PGSERVICE": "work"}, False),
    ],
)
def test_a_way_is_local_only_if_all_of_it_is(given, environ, local):
    assert is_local(given, environ) is local


def test_the_way_to_another_machine_is_secured_unless_its_owner_decides(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    away = {"host": "db.example.org"}
    assert security({"host": "localhost"}, {}) == {}
    assert security(away, {})["sslmode"] == "verify-full"
    assert security(away, {})["sslrootcert"]
    assert security(away | {"sslmode": "require"}, {}) == {}
    assert security(away, {"PGSSLMODE": "disable"}) == {}
    assert security(away | {"sslrootcert": "ca.pem"}, {}) == {"sslmode": "verify-full"}
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").touch()
    assert security(away, {}) == {"sslmode": "verify-full"}

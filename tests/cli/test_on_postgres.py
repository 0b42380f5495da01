"""Every command on PostgreSQL: the same arguments and the same answers as on a file."""

import json
import os
import shutil

import jsonschema
import pytest

import postgres
from cli.test_contract import ACKED, CASES, CODES, MORE, ON_EMPTY_ONLY, die, enter, schema_of
from taskwatch import clock
from taskwatch.cli import main, output
from taskwatch.cli.demo.morning import play
from taskwatch.store import open_store

# What is about a file, and refused with a hint.
REFUSED = {"db backup copy.db", "db migrate --journal truncate"}
# The server of the tests is not durable, which the doctor tells.
HASTY = {"doctor": (1, 2)}
# What needs a database of another kind beside this one, or a daemon: it has tests of its own.
ELSEWHERE = {"db copy", "daemon status", "daemon stop", "daemon reload", "open"}
HERE = [(words, args) for words, args in CASES if words not in ELSEWHERE]
LINES = (
    "task add --from more.ndjson", "task start HELD", "task hold HELD --reason lunch",
    "task fail FAILED --reason broken", "task claim CLAIMED --by 5", "user add robin --id 9",
    "sla monitor", f"sla ack {ACKED}", "mute add role driver --for 2h",
    "user contact add 6 mail eli@example.org", "export dump.ndjson", "token create --name old",
)  # fmt: skip


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the files that the arguments name, and the URL of the demo's database."""
    folder, url = tmp_path_factory.mktemp("prepared"), postgres.new_database()
    (folder / "tasks.ndjson").write_text('{"code": "ONE"}\n{"code": "TWO", "after": ["ONE"]}\n')
    (folder / "more.ndjson").write_text(MORE)
    (folder / "users.ndjson").write_text('{"id": 8, "name": "morgan", "roles": ["adv"]}\n')
    (folder / "log.csv").write_text(
        "case,activity,start,end\n1,review,2026-01-01T10:00:00Z,2026-01-01T10:20:00Z\n"
    )
    shutil.copy(os.path.join(os.path.dirname(__file__), "..", "data", "bc.toml"), folder)
    with pytest.MonkeyPatch.context() as patch:
        enter(patch, folder)
        store = open_store(url)
        postgres.accept_sqlite(store.connection)
        play(store, clock.now())
        die(store)
        store.close()
        for line in LINES:
            with pytest.raises(SystemExit) as left:
                main(["--db", url, *line.split()])
            assert left.value.code == 0, line
    output.follow()
    yield folder, url
    postgres.drop_database(url)


@pytest.fixture
def run(prepared, tmp_path, monkeypatch, capsys):
    folder, url = prepared
    shutil.copytree(folder, tmp_path / "here")
    enter(monkeypatch, tmp_path / "here")
    made = []

    def run(line, *, empty=False):
        made.append(postgres.new_database() if empty else postgres.copy_database(url))
        monkeypatch.setenv("TASKWATCH_DB", made[-1])
        with pytest.raises(SystemExit) as left:
            main(["--json", *line.split()])
        return left.value.code, *capsys.readouterr()

    yield run
    output.follow()
    for each in made:
        postgres.drop_database(each)


@pytest.mark.parametrize(("words", "args"), HERE)
def test_every_command_answers_as_on_a_file(run, words, args):
    line = f"{words} {args}".strip()
    code, out, err = run(line, empty=words in ON_EMPTY_ONLY)
    if line in REFUSED:
        assert (code, out) != (0, "")
        jsonschema.validate(json.loads(err), schema_of("error"))
        return
    assert code == (CODES | HASTY).get(words, (0, 2))[0], err
    jsonschema.validate(json.loads(out), schema_of(words))


def test_a_text_with_a_nul_is_refused_politely(run):
    code, out, err = run("user import users.ndjson")
    assert code == 0, err
    with open("users.ndjson", "w", encoding="utf-8") as file:
        file.write('{"id": 9, "name": "a\\u0000b"}\n')
    code, out, err = run("user import users.ndjson")
    assert (code, out) == (1, "")
    assert "Traceback" not in err

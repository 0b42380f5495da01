"""What every command promises: help with examples, an answer of its published shape, errors in JSON.

A new command that answers in JSON needs a line in ANSWERS: the arguments that work on the demo's database.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from types import SimpleNamespace

import click
import jsonschema
import pytest

import postgres
from outbox import put
from taskwatch import clock
from taskwatch.cli import main, output
from taskwatch.cli.command import Command
from taskwatch.cli.demo.morning import play
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.schema import describe
from taskwatch.cli.table import root_group
from taskwatch.cli.tree import walk
from taskwatch.store import open_store

LEAVES = [leaf for leaf in walk() if not isinstance(leaf.command, click.Group)]
ALL = {" ".join(leaf.words): leaf.command for leaf in walk()}
ANSWERING = {" ".join(leaf.words): leaf for leaf in LEAVES if getattr(leaf.command, "shape", None)}

# On the demo's database 114 is through, 115 and 116 are late, 117 is at risk, 118 on time, 119 not begun.
LATE, DONE, READY, WAITING = "ADV_REVIEW_BC115", "ADV_REVIEW_BC114", "ADV_REVIEW_BC119", "DELIVER_BC119"
ACKED = "CONVERT_TO_BL_BC116"
ANSWERS = {
    "workflow define": ["bc.toml"],
    "workflow validate": ["bc.toml"],
    "workflow types": [""],
    "workflow start": ["bc Order 200"],
    "workflow list": ["", "--status active --type bc"],
    "workflow show": ["bc.115", "bc"],
    "workflow graph": ["bc.115", "bc.115 --format mermaid", "bc.115 --format dot"],
    "workflow cancel": ["bc.115"],
    "task add": ["PACK --timeout 30m --assign role:driver", "PACK -n", "--from tasks.ndjson"],
    "task list": ["", "--status ready --role adv", "--risk exceeded"],
    "task show": [LATE, DONE],
    "task wait": [f"{DONE} --for completed"],
    "task start": [READY],
    "task complete": [LATE, f"{READY} {LATE} --dry-run"],
    "task fail": [f"{LATE} --reason broken"],
    "task skip": [READY],
    "task cancel": [WAITING],
    "task hold": [f"{LATE} --reason lunch"],
    "task resume": ["HELD"],
    "task reopen": [DONE],
    "task retry": ["FAILED"],
    "task claim": [f"{READY} --by 5"],
    "task release": ["CLAIMED --by 5"],
    "task assign": [f"{READY} role:driver", f"{READY} user:6"],
    "task unassign": [f"{READY} role:adv"],
    "task set-timeout": [f"{LATE} 2h", f"{LATE} none"],
    "task link": [f"CLAIMED --after {READY}"],
    "task unlink": [f"{WAITING} --after CONVERT_TO_BL_BC119"],
    "user add": ["morgan --role driver", "morgan --id 50 --email morgan@example.org --admin"],
    "user edit": ["5 --name Dana --no-email"],
    "user remove": ["9"],
    "user import": ["users.ndjson"],
    "user list": ["", "--role adv"],
    "user show": ["5"],
    "role grant": ["adv 6"],
    "role revoke": ["adv 5"],
    "role list": [""],
    "sla stats": ["", "--now 2030-01-01"],
    "sla at-risk": ["", "--include-exceeded", "--threshold 50"],
    "sla violations": [""],
    "sla monitor": [""],
    "sla explain": [LATE, READY],
    "sla report": ["--since 30d", "--since 30d --by activity"],
    "sla simulate": [f"{LATE} --until 24h"],
    "sla ack": [LATE, f"{LATE} --for 4h --by 5 --dry-run"],
    "sla snooze": [f"{LATE} --for 30m"],
    "sla unack": [ACKED],
    "mute add": [
        "type bc --for 2h",
        f"task {LATE} --for 1d",
        "workflow bc.115 --for 1h",
        "role adv --for 1h",
    ],
    "mute end": ["1"],
    "mute list": ["", "--all"],
    "notify why": [f"{LATE} 5", f"{READY} 9"],
    "notify preview": [LATE, f"{DONE} --next 2h"],
    "inbox list": ["--user 5", "--user 5 --unread", "--user 5 --archived"],
    "inbox count": ["--user 5"],
    "inbox read": ["--all --user 5"],
    "inbox archive": ["--all --user 5"],
    "user contact add": ["5 mail dana@example.org", "5 webhook https://example.org/x"],
    "user contact remove": ["6 mail eli@example.org"],
    "user contact list": ["5", "6"],
    "user prefer set": ["5 mail no", "5 mail no --kind task.became.ready"],
    "user prefer forget": ["5 mail"],
    "user prefer list": ["5"],
    "user quiet set": ["5 22:00-07:00", "5 22:00-07:00 --days mon-fri"],
    "user quiet clear": ["5"],
    "notify status": [""],
    "notify run": ["--once"],
    "notify dead list": ["", "--channel mail"],
    "notify dead show": ["1"],
    "notify dead retry": ["1", "--all --dry-run"],
    "notify dead discard": ["1 --reason told"],
    "notify replay": ["--since 1h", "--since 1h --channel mail --rate 60 --dry-run"],
    "notify test": ["database --to 5"],
    "notify probe": ["database"],
    "check": [""],
    "open": ["--print", "task ADV_REVIEW_BC115 --print"],
    "watch": ["--once", "--once --topic workflow.bc.115 -n 3"],
    "events list": ["", "--kind task.status.changed --limit 3", "--topic workflow.bc.* --topic task.1"],
    "events tail": ["", "-n 2"],
    "import log": ["log.csv --case case --activity activity --start start --end end --timeout 30m"],
    "import dump": ["dump.ndjson"],
    "export": ["out.ndjson"],
    "db info": [""],
    "db backup": ["copy.db"],
    "db migrate": ["", "--journal truncate", "--pre", "--post"],
    "db copy": ["full.db moved.db"],
    "db epoch": ["", "--renew"],
    "db grants": ["taskwatch_daemon"],
    "db vacuum": [""],
    "db prune": ["", "--events-older-than 0s", "--events-older-than 0s --dry-run"],
    "daemon status": [""],
    "daemon stop": [""],
    "daemon reload": [""],
    "token create": ["--name ci --admin", "--user 5 --role adv --workflow bc --expires never"],
    "token revoke": ["old"],
    "token list": ["", "--all"],
    "token pusher": [""],
    "plugins list": [""],
    "plugins show": ["taskwatch", "webhook"],
    "plugins doctor": [""],
    "plugins new": ["my-chat"],
    "demo": ["--once"],
    "config show": ["", "--origin"],
    "config path": [""],
    "config check": [""],
    "doctor": ["", "--full"],
    "schema": ["", "task list", "error"],
    "completion": ["bash"],
    "help": ["", "task list", "time"],
}
# A monitor reads its exit code as a state: the demo is CRITICAL, and wrong usage is UNKNOWN.
CODES = {"check": (2, 3)}
ON_EMPTY_ONLY = {"import dump"}
ON_SERVER_ONLY = {"db grants"}
CASES = [(words, args) for words in ANSWERING for args in ANSWERS.get(words, [])]
MORE = """\
{"code": "HELD", "timeout_minutes": 30}
{"code": "FAILED"}
{"code": "CLAIMED"}
"""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with the demo's database, an empty one, and the files that the arguments name."""
    folder = tmp_path_factory.mktemp("prepared")
    os.chmod(folder, 0o700)
    open_store(str(folder / "empty.db")).close()
    (folder / "tasks.ndjson").write_text('{"code": "ONE"}\n{"code": "TWO", "after": ["ONE"]}\n')
    (folder / "more.ndjson").write_text(MORE)
    (folder / "users.ndjson").write_text('{"id": 8, "name": "morgan", "roles": ["adv"]}\n')
    (folder / "log.csv").write_text(
        "case,activity,start,end\n1,review,2026-01-01T10:00:00Z,2026-01-01T10:20:00Z\n"
    )
    shutil.copy(os.path.join(os.path.dirname(__file__), "..", "data", "bc.toml"), folder)
    with pytest.MonkeyPatch.context() as patch:
        enter(patch, folder)
        store = open_store("full.db")
        play(store, clock.now())
        die(store)
        store.close()
        for line in (
            "task add --from more.ndjson", "task start HELD", "task hold HELD --reason lunch",
            "task fail FAILED --reason broken", "task claim CLAIMED --by 5", "user add robin --id 9",
            "sla monitor", f"sla ack {ACKED}", "mute add role driver --for 2h",
            "user contact add 6 mail eli@example.org", "export dump.ndjson", "token create --name old",
        ):  # fmt: skip
            with pytest.raises(SystemExit) as left:
                main(["--db", "full.db", *line.split()])
            assert left.value.code == 0, line
    output.follow()
    return folder


def die(store):
    """A message for a user of the demo that could not be delivered."""
    put(store, SimpleNamespace(now=clock.now()), user_id=5)
    store.connection.execute("UPDATE deliveries SET state = 'dead', ended_at = due_at")


def enter(patch, folder):
    for name in [name for name in os.environ if name.startswith("TASKWATCH_")]:
        patch.delenv(name)
    patch.setenv("XDG_CONFIG_HOME", str(folder))
    patch.chdir(folder)


@pytest.fixture
def run(prepared, tmp_path, monkeypatch, capsys):
    shutil.copytree(prepared, tmp_path / "here")
    enter(monkeypatch, tmp_path / "here")

    def run(db, line):
        with pytest.raises(SystemExit) as left:
            main(["--db", db, "--json", *line.split()])
        return left.value.code, *capsys.readouterr()

    yield run
    output.follow()


def schema_of(words):
    with click.Context(root_group(), info_name="taskwatch"):
        schema = describe(tuple(words.split()))
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def test_every_answer_is_tried():
    assert sorted(ANSWERING) == sorted(words for words in ANSWERS if words in ALL and ALL[words].shape)
    assert sorted(words for words in ANSWERS if words not in ALL) == []


@pytest.mark.parametrize("words", ALL)
def test_every_command_has_help_with_examples_that_run_it(words):
    command = ALL[words]
    assert isinstance(command, Command)
    text = command.get_help(click.Context(command, info_name=words))
    assert command.help.strip()
    assert "Examples:" in text
    assert any(f"taskwatch {words}" in example for example in command.examples)


@pytest.mark.parametrize("words", ALL)
def test_every_option_says_what_it_does(words):
    options = [param for param in ALL[words].params if isinstance(param, click.Option)]
    assert [option.opts for option in options if not option.help] == []


@pytest.mark.parametrize("leaf", list(walk()), ids=lambda leaf: " ".join(leaf.words))
def test_the_line_of_the_table_is_the_command_s_own(leaf):
    assert leaf.line == leaf.command.short_help
    assert leaf.line.endswith(".")
    assert len(leaf.line) <= 60


@pytest.mark.parametrize("words", ALL)
def test_the_name_in_the_table_is_the_command_s_own(words):
    assert ALL[words].name == words.split()[-1]


@pytest.mark.parametrize(("words", "args"), CASES)
def test_an_answer_has_its_published_shape(run, words, args):
    with served(words), database_for(words) as database:
        code, out, err = run(database, f"{words} {args}")
    assert code == CODES.get(words, (0, 2))[0], err
    jsonschema.validate(json.loads(out), schema_of(words))


@contextmanager
def database_for(words):
    """The one that a command answers on."""
    if words not in ON_SERVER_ONLY:
        yield "empty.db" if words in ON_EMPTY_ONLY else "full.db"
        return
    url = postgres.new_database()
    yield url
    postgres.drop_database(url)


@contextmanager
def served(words):
    """A daemon of the full database while a command asks for one."""
    if words != "open" and not words.startswith("daemon "):
        yield
        return
    command = [sys.executable, "-m", "taskwatch", "--db", "full.db", "daemon", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert any("serving" in line for line in process.stderr)
            yield
        finally:
            process.kill()


@pytest.mark.parametrize(("words", "args"), CASES)
def test_on_an_empty_database_the_answer_or_the_error_is_json(run, words, args):
    code, out, err = run("empty.db", f"{words} {args}")
    if code == 0:
        jsonschema.validate(json.loads(out), schema_of(words))
    else:
        assert out == ""
        jsonschema.validate(json.loads(err), schema_of("error"))


@pytest.mark.parametrize("words", ALL)
def test_wrong_usage_is_told_in_json(run, words):
    code, out, err = run("full.db", f"{words} --no-such-option")
    assert (code, out) == (CODES.get(words, (0, 2))[1], "")
    jsonschema.validate(json.loads(err), schema_of("error"))


def test_every_module_of_the_tables_is_loaded_by_the_walk():
    groups = [leaf.command for leaf in walk() if isinstance(leaf.command, LazyGroup)]
    assert all(set(group.commands) == set(group.table) for group in groups)

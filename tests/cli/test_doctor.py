"""`taskwatch doctor`: a line for each finding, exit 1 when something fails."""

import json
import os
import sqlite3

import pytest

from taskwatch.cli import main, output
from taskwatch.store import open_store


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in [name for name in os.environ if name.startswith("TASKWATCH_")]:
        monkeypatch.delenv(name)
    os.mkdir("data", mode=0o700)
    open_store("data/taskwatch.db").close()

    def run(*args):
        with pytest.raises(SystemExit) as left:
            main(["--db", "data/taskwatch.db", "doctor", *args])
        return left.value.code, *capsys.readouterr()

    yield run
    output.follow()


def test_a_healthy_house_is_ok_line_by_line(run):
    code, out, err = run()
    assert (code, err) == (0, "")
    assert {line.split()[0] for line in out.splitlines()} == {"OK"}
    names = [line[6:].split(":")[0] for line in out.splitlines()]
    assert names == [
        "configuration", "plugins", "channels", "rules", "database", "sqlite", "file system", "rights",
        "schema", "integrity", "references", "state", "ledger", "clock", "roles", "addresses", "deliveries",
        "people", "recipients",
    ]  # fmt: skip


def test_a_warning_comes_with_its_mending_and_exit_0(run):
    os.chmod("data", 0o755)
    code, out, _ = run()
    assert code == 0
    assert "WARN  rights: others may look into" in out
    assert "      if nothing else is kept there, run: chmod 700" in out


def test_a_failure_is_exit_1_and_still_a_whole_answer(run):
    connection = sqlite3.connect("data/taskwatch.db")
    connection.execute(
        "INSERT INTO events (kind, at, topics, payload) VALUES ('x', 9000000000000, ' ', '{}')"
    )
    connection.commit()
    connection.close()
    code, out, err = run("--json")
    assert (code, err) == (1, "")
    assert {row["name"]: row["status"] for row in json.loads(out)}["clock"] == "fail"


def test_a_broken_configuration_is_a_finding(run):
    with open("taskwatch.toml", "w", encoding="utf-8") as file:
        file.write("colour = 1\n")
    code, out, _ = run()
    assert code == 1
    assert out.startswith("FAIL  configuration: ")
    assert "taskwatch.toml:1" in out


def test_a_file_that_is_no_database_is_a_finding(run):
    with open("data/taskwatch.db", "wb") as file:
        file.write(b"hello " * 1000)
    code, out, _ = run("--json")
    assert code == 1
    assert json.loads(out)[-1]["status"] == "fail"


def test_a_damaged_database_is_examined_to_the_end(run):
    with open("data/taskwatch.db", "r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * (os.path.getsize("data/taskwatch.db") - 8192))
    code, out, _ = run("--json")
    assert code == 1
    assert "fail" in {row["status"] for row in json.loads(out)}


def test_the_doctor_makes_nothing(run):
    os.unlink("data/taskwatch.db")
    code, out, _ = run()
    assert code == 0
    assert "WARN  database: there is no database" in out
    assert not os.path.exists("data/taskwatch.db")


def configure(text):
    with open("taskwatch.toml", "w", encoding="utf-8") as file:
        file.write(text)


def prepare(*statements):
    connection = sqlite3.connect("data/taskwatch.db")
    connection.executescript(";".join(statements))
    connection.commit()
    connection.close()


def line_of(out, name):
    lines = out.splitlines()
    place = next(number for number, line in enumerate(lines) if f"  {name}: " in line)
    return "\n".join(lines[place : place + 2])


ADDED = "INSERT INTO users (id, name, email, timezone, admin, created_at) VALUES "
DANA = ADDED + "(7, 'dana', NULL, NULL, 0, 0)"
LEE = ADDED + "(8, 'lee', 'l@example.org', NULL, 0, 0)"
MAIL = "[channel.mail]\ntype = 'mail'\nhost = 'localhost'\nsender = 'taskwatch@example.org'\n"


def test_a_user_whom_no_channel_reaches_is_a_warning(run):
    configure(MAIL)
    prepare(DANA, LEE)
    code, out, _ = run()
    assert code == 0
    assert line_of(out, "people") == (
        "WARN  people: no channel reaches dana\n      run: taskwatch user contact add USER mail ADDRESS"
    )


def test_an_address_reaches_a_user(run):
    configure(MAIL)
    prepare(DANA, LEE, "INSERT INTO contacts VALUES (7, 'mail', 'd@example.org', 'ok', NULL, 0)")
    assert line_of(run()[1], "people").startswith("OK    people: everybody has an address on mail")


def test_an_address_that_is_gone_is_a_warning_and_reaches_nobody(run):
    configure(MAIL)
    prepare(LEE, "INSERT INTO contacts VALUES (8, 'mail', 'l@example.org', 'gone', '550 no such user', 0)")
    code, out, _ = run()
    assert code == 0
    assert "WARN  addresses: addresses do not work: user 8 on mail: 550 no such user" in out
    assert "      run: taskwatch user contact add 8 mail ADDRESS" in out
    assert "WARN  people: no channel reaches lee" in out


def test_without_a_channel_nobody_needs_an_address(run):
    prepare(DANA)
    assert line_of(run()[1], "people").startswith("OK    people: ")


def test_a_plugin_that_is_not_there_fails(run):
    configure("[plugins]\nenabled = 'nosuch'\n")
    code, out, _ = run()
    assert code == 1
    assert "FAIL  plugins: plugins are broken: nosuch: " in out
    assert "pip install taskwatch-nosuch" in out


def test_a_plugin_that_leaves_at_its_import_fails_and_the_rest_is_examined(run):
    os.mkdir("plugins", mode=0o700)
    with open("plugins/leaver.py", "w", encoding="utf-8") as file:
        file.write("raise SystemExit('canary')")
    configure("[plugins]\nenabled = 'leaver'\nfolder = 'plugins'\n")
    code, out, _ = run()
    assert code == 1
    assert "FAIL  plugins: plugins are broken: leaver: SystemExit: canary" in out
    assert "OK    people: " in out


def test_a_channel_of_no_known_type_fails(run):
    configure("[channel.pager]\ntype = 'pager'\n")
    code, out, _ = run()
    assert code == 1
    assert "FAIL  channels: " in out
    assert "taskwatch.toml:2: there is no channel of type pager" in out


def test_an_option_that_a_channel_does_not_have_fails(run):
    configure(MAIL + "colour = 'red'\n")
    code, out, _ = run()
    assert code == 1
    assert "taskwatch.toml:5: a channel of type mail has no option 'colour'" in out


def test_a_channel_that_rests_is_a_warning(run):
    prepare("INSERT INTO channel_states VALUES ('mail', 5, 1, 9000000000000, 'connection refused', 0)")
    code, out, _ = run()
    assert code == 0
    assert line_of(out, "deliveries") == (
        "WARN  deliveries: channels rest after failures: mail: connection refused\n"
        "      run: taskwatch notify probe mail"
    )


def test_messages_that_were_given_up_are_a_warning(run):
    prepare(
        DANA,
        "INSERT INTO notifications (id, key, kind, reason, user_id, title, text, url, data, event, in_inbox,"
        " occurred_at, created_at)"
        " VALUES (1, 'k', 'task.became.ready', 'first', 7, '', '', '', '{}', '{}', 1, 0, 0)",
        "INSERT INTO deliveries (uid, notification_id, user_id, channel, address, state, due_at, expires_at,"
        " attempt, crashes, created_at) VALUES ('u', 1, 7, 'mail', 'x', 'dead', 0, 0, 6, 0, 0)",
    )
    assert "WARN  deliveries: 1 messages were given up" in run()[1]


RULE = "[[notify.rule]]\nto = ['role:lead', 'user:7', 'user:8', 'admins']\nchannels = ['database', 'pager']\n"


def test_rules_that_lead_to_nobody_are_a_warning(run):
    configure(RULE)
    prepare(DANA)
    code, out, _ = run()
    assert code == 0
    assert "WARN  recipients: rules name nobody: role:lead; user:8" in out


def test_rules_for_a_channel_that_there_is_not_are_a_warning(run):
    configure(RULE)
    code, out, _ = run()
    assert code == 0
    assert line_of(out, "rules") == (
        "WARN  rules: rules name channels that there are not: pager\n"
        "      add [channel.pager], or mend notify.rule"
    )


def test_a_rule_that_cannot_be_read_fails(run):
    configure("[[notify.rule]]\nto = ['everybody!']\nchannels = ['database']\n")
    code, out, _ = run()
    assert code == 1
    assert "taskwatch.toml:2" in line_of(out, "channels")

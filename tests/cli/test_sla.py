"""`taskwatch sla`: the words people and cron see, the shapes programs read, and a start in a blink."""

import json
import subprocess
import sys
from typing import get_type_hints

import pytest

from taskwatch import clock
from taskwatch.actions import tasks, transitions
from taskwatch.actions.change import Change
from taskwatch.actions.tasks import NewTask
from taskwatch.cli import main
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.sla import sla
from taskwatch.model.sla import percentage
from taskwatch.store import open_store

NOW = 1_795_435_200_000
MINUTE = 60_000
VERBS = {
    "stats": [],
    "at-risk": [],
    "violations": [],
    "monitor": [],
    "explain": ["ADV_REVIEW_BC115"],
    "simulate": ["ADV_REVIEW_BC115"],
    "report": [],
}
# These are tried in test_inbox.
CARING = {"ack", "snooze", "unack"}
HEAVY = (
    "asyncio", "aiohttp", "sqlite_utils", "pluggy", "importlib.metadata", "msgspec", "tabulate", "pathlib",
    "logging", "zoneinfo", "taskwatch.actions.transitions", "taskwatch.cli.sla.monitor",
)  # fmt: skip


@pytest.fixture
def path(tmp_path, monkeypatch):
    path = str(tmp_path / "record.db")
    monkeypatch.setenv("TASKWATCH_DB", path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return path


@pytest.fixture
def store(path):
    store = open_store(path)
    yield store
    store.close()


@pytest.fixture
def busy(store):
    """Ten on time, three at risk, two exceeded, one of each beside them."""
    for code, minutes in (("ADV_REVIEW_BC115", 75), ("CONVERT_TO_BL_BC116", 45)):
        begin(store, code, minutes)
    for number in range(13):
        begin(store, f"T{number}", 25 if number < 3 else 5)
    begin(store, "FREE", 1, timeout=None)
    begin(store, "HELD", 1)
    transitions.transition(store, "hold", ["HELD"], Change(NOW))
    return store


def begin(store, code, minutes_ago, timeout=30):
    change = Change(NOW - minutes_ago * MINUTE)
    tasks.add(store, [NewTask(code, timeout_minutes=timeout)], change)
    transitions.transition(store, "start", [code], change)


@pytest.fixture
def run(path, capsys):
    def run(*words):
        with pytest.raises(SystemExit) as left:
            main(["sla", *words, "--utc"])
        printed = capsys.readouterr()
        return left.value.code, printed.out, printed.err

    return run


STATISTICS = """\
SLA Statistics:
  Total in progress: 15
  On time: 10
  At risk: 3
  Exceeded: 2
  Compliance rate: 66.67%
"""
FOUND = """\
Found 2 SLA violations
  - Task ADV_REVIEW_BC115 exceeded by 45 minutes
  - Task CONVERT_TO_BL_BC116 exceeded by 15 minutes
"""


def test_the_monitor_prints_the_known_text_and_counts_its_alerts_on_stderr(busy, run):
    text = f"Checking for SLA violations...\n{FOUND}\n{STATISTICS}"
    assert run("monitor") == (0, text, "Alerts sent: 2\n")
    assert run("monitor") == (0, text, "Alerts sent: 0\n")


def test_a_quiet_monitor_tells_only_trouble(busy, run):
    assert run("monitor", "-q") == (0, FOUND, "")


def test_a_quiet_monitor_says_nothing_when_nobody_is_late(store, run):
    begin(store, "A", 29)
    assert run("monitor", "-q") == (0, "", "")
    assert run("monitor")[1].startswith("Checking for SLA violations...\nFound 0 SLA violations\n\nSLA Stat")


def test_a_dry_run_tells_how_many_alerts_and_sends_none(busy, run):
    assert run("monitor", "--dry-run")[2] == "Alerts that would be sent: 2\n"
    assert run("monitor")[2] == "Alerts sent: 2\n"


def test_the_monitor_in_json(busy, run):
    found = json.loads(run("monitor", "--json")[1])
    assert list(found) == ["violations", "alerts_sent", "statistics"]
    assert found["alerts_sent"] == 2
    assert [row["alerts"] for row in found["violations"]] == [1, 1]


def test_a_monitor_may_act_as_if_the_clock_stood_in_the_future(busy, run):
    code, out, err = run("monitor", "--now", "in 26m")
    assert (code, err) == (0, "Alerts sent: 15\n")
    assert "Found 15 SLA violations" in out


def test_a_monitor_without_its_database_fails_instead_of_watching_nothing(run):
    code, out, err = run("monitor", "-q")
    assert (code, out) == (3, "")
    assert "there is no database" in err


def test_the_statistics_in_json_are_bare_and_in_order(busy, run):
    assert run("stats", "--json")[1] == (
        '{"total_in_progress":15,"on_time":10,"at_risk":3,"exceeded":2,"compliance_rate":66.67,'
        '"untracked":1,"on_hold":1,"breach_free_rate":86.67}\n'
    )
    assert run("stats")[1] == f"{STATISTICS}  Without timeout: 1\n  On hold: 1\n"


def test_the_statistics_of_an_earlier_instant_tell_how_it_was(busy, run):
    found = json.loads(run("stats", "--now", "50m ago", "--json")[1])
    assert (found["total_in_progress"], found["at_risk"], found["on_hold"]) == (1, 1, 0)
    assert json.loads(run("stats", "--now", "2 days ago", "--json")[1])["total_in_progress"] == 0


def test_a_rate_shows_as_perfect_only_when_it_is():
    assert percentage(100.0) == "99.99%"
    assert percentage(100.0, perfect=True) == "100.00%"
    assert percentage(66.67) == "66.67%"


def test_one_late_among_very_many_is_not_shown_as_perfect(busy, run, monkeypatch):
    from taskwatch.actions import standing
    from taskwatch.model.sla import Statistics

    monkeypatch.setattr(standing, "count", lambda *_: Statistics(99_999, 0, 1, 0, 0))
    assert "Compliance rate: 99.99%" in run("stats")[1]
    assert json.loads(run("stats", "--json")[1])["compliance_rate"] == 100.0


def test_the_list_at_risk_is_as_long_as_its_number(busy, run):
    assert len(json.loads(run("at-risk", "--json")[1])) == 3
    assert len(json.loads(run("at-risk", "--include-exceeded", "--json")[1])) == 5
    assert len(json.loads(run("at-risk", "--threshold", "90", "--json")[1])) == 13
    lines = run("at-risk")[1].splitlines()
    assert len(lines) == 5
    assert lines[2].split()[1:] == ["T0", "T0", "high", "5m", "16.67%", "2026-11-23", "12:05"]


def test_violations_are_listed_the_latest_first(busy, run):
    lines = run("violations")[1].splitlines()
    assert lines[2].split()[1:] == ["ADV_REVIEW_BC115", "45m", "medium", "2026-11-23", "11:15", "0"]
    assert len(lines) == 4


def test_the_explanation_reads_as_arithmetic(busy, run):
    out = run("explain", "ADV_REVIEW_BC115")[1]
    assert "2026-11-23 10:45 to now" in out
    assert "= 1h 15m counted: exceeded by 45 minutes, level medium" in out
    assert "due now: the next monitor pass sends one alert for it" in out


def test_a_simulation_lists_the_alerts_or_says_why_there_are_none(busy, run):
    lines = run("simulate", "ADV_REVIEW_BC115", "--until", "2h")[1].splitlines()
    times = " ".join(line.split()[1] for line in lines[2:])
    assert times == "12:00 12:15 12:45 13:15 13:30 13:45 14:00"
    code, out, err = run("simulate", "HELD")
    assert (code, out) == (0, "")
    assert "No alert for HELD: it is on hold" in err


def test_a_report_takes_a_duration_as_so_long_ago(busy, run):
    transitions.transition(busy, "complete", ["ADV_REVIEW_BC115", "T5"], Change(NOW))
    out = run("report", "--since", "1h", "--by", "day")[1].splitlines()
    assert out[2].split() == [
        "2026-11-23", "2", "1", "1", "0", "0", "0", "0", "50.00%", "5m", "1h", "15m", "1h", "15m", "0.00%"
    ]  # fmt: skip
    assert out[3].split()[0] == "total"
    assert json.loads(run("report", "--until", "1h", "--json")[1])["groups"] == []


@pytest.mark.parametrize("verb", ["at-risk", "violations", "report"])
def test_an_empty_list_is_a_sentence_on_stderr_and_valid_json(store, run, verb):
    code, out, err = run(verb)
    assert (code, out) == (0, "")
    assert err.endswith(".\n")
    assert run(verb, "--json")[0] == 0


@pytest.mark.parametrize(("verb", "words"), VERBS.items())
def test_every_verb_takes_an_instant_and_answers_in_the_shape_it_names(busy, run, verb, words):
    from taskwatch.cli.schema import resolve

    for when in ("10m ago", "in 10m", "now"):
        code, out, err = run(verb, *words, "--now", when, "--json")
        assert (code, err) == (0, "")
        answer = json.loads(out)
        shape = resolve(sla.get_command(None, verb).shape)
        sample = answer[0] if isinstance(answer, list) and answer else answer
        shape = getattr(shape, "__args__", [shape])[0]
        assert isinstance(answer, list) or set(sample) == set(get_type_hints(shape))


@pytest.mark.parametrize(("verb", "words"), VERBS.items())
def test_a_time_that_is_none_is_refused(busy, run, verb, words):
    code, out, err = run(verb, *words, "--now", "soon")
    assert (code, out) == (2, "")
    assert "'soon' is not a time" in err


def test_every_verb_of_the_group_is_tried_here():
    assert isinstance(sla, LazyGroup)
    assert set(sla.table) == {*VERBS, *CARING}


def test_the_statistics_start_without_anything_heavy(store, path):
    script = (
        "import sys\nfrom taskwatch.cli import main\n"
        "try:\n    main(['sla', 'stats', '--json'])\n"
        "except SystemExit as left:\n    print(left.code, *sorted(sys.modules))\n"
    )
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, *modules = printed.stdout.splitlines()[-1].split()
    assert code == "0"
    assert [name for name in HEAVY if name in modules] == []


def test_twenty_monitors_at_once_send_each_alert_once(store, path):
    codes = [f"T{number}" for number in range(200)]
    change = Change(NOW - 45 * MINUTE)
    tasks.add(store, [NewTask(code, timeout_minutes=30) for code in codes], change)
    transitions.transition(store, "start", codes, change)
    words = [sys.executable, "-m", "taskwatch", "sla", "monitor", "--json", "--now", "2026-11-23T12:00:00Z"]
    monitors = [subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(20)]
    answers = [monitor.communicate(timeout=60) for monitor in monitors]
    assert [err for _, err in answers if err] == []
    assert sum(json.loads(out)["alerts_sent"] for out, _ in answers) == 200
    count = store.connection.execute(
        "SELECT (SELECT count(*) FROM alerts), (SELECT sum(alerts) FROM tasks), count(*),"
        " count(DISTINCT task_id) FROM events WHERE kind = 'task.sla.exceeded'"
    )
    assert count.fetchone() == (200, 200, 200, 200)

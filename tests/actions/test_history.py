"""Importing a process log: exact counts, nothing twice, and every bad row named."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgres import everything
from taskwatch.actions import lookup, transitions, workflows
from taskwatch.actions.change import Change
from taskwatch.actions.history import Target, import_log
from taskwatch.errors import Conflict, InvalidFile, InvalidInput
from taskwatch.model import definition
from taskwatch.model.history import Columns, Log, Row, WallClock, slug, type_from_file
from taskwatch.model.times import parse_instant
from taskwatch.store.address import is_postgres

ROOT = Path(__file__).parents[2]
REAL = ROOT.parent / "shared" / "data" / "loan_applications.csv"
REPAIRS = ROOT / "tests" / "data" / "repairs.csv"
NOW = 1_795_435_200_000
BERLIN = ZoneInfo("Europe/Berlin")
REPAIR = Columns("Ticket", "Step", "Begin", "Finish", "Who")
PLAIN = Columns("case", "activity", "start", "end")
HEADER = "case,activity,start,end\n"
GOOD = "1,Pack,2026-01-05 08:00,2026-01-05 08:10\n"


def repairs(store, text=None, **target):
    text = text if text is not None else REPAIRS.read_text("utf-8")
    log = Log(text.splitlines(keepends=True), REPAIR, zone=BERLIN, now=NOW, ignore=("Start", "End"))
    return import_log(store, log, Target("repairs", 30, **target), Change(NOW))


def plain(store, text, *, change=None, columns=PLAIN, **target):
    log = Log(text.splitlines(keepends=True), columns, zone=UTC, now=NOW)
    return import_log(store, log, Target("packing", **target), change or Change(NOW))


def test_rows_become_finished_tasks_of_completed_cases(store):
    done = repairs(store)
    assert (done["rows"], done["imported"], done["ignored"], done["cases"]) == (8, 6, 2, 2)
    assert done["activities"] == [
        {"name": "Inspect", "tasks": 2, "missed": 0},
        {"name": "Löten & prüfen", "tasks": 2, "missed": 2},
        {"name": "Repair", "tasks": 2, "missed": 1},
    ]
    with store.read() as tx:
        second = lookup.task(tx, "REPAIR_REPAIRSR-1-2")
        case = lookup.workflow(tx, "repairs.R-1")
    assert (second.status, second.banked_ms, second.due_at, second.next_alert_at) == (
        "completed", 1_801_000, None, None,
    )  # fmt: skip
    assert second.started_at == parse_instant("2026-03-02T08:10:00Z", now=NOW, zone=UTC)
    assert (case.status, case.taskable_type) == ("completed", "Case")
    assert (case.started_at, case.ended_at) == (second.started_at - 70 * 60_000, second.ended_at)


def test_the_record_agrees_with_itself(store):
    repairs(store)
    with store.read() as tx:
        assert tx.all(tuple, "events.disagreeing") == []
        assert tx.all(tuple, "upkeep.misbanked") == []
        assert tx.value("sla.next_alert") is None
    assert store.connection.execute("SELECT count(*) FROM alerts").fetchone() == (0,)
    if not is_postgres(store.url):  # which has checked them by now
        assert store.connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_who_did_it_is_kept_for_the_report(store):
    repairs(store)
    with store.read() as tx:
        found = tx.all(tuple, "sla.finished", since=0, until=NOW)
    assert Counter(row[9] for row in found) == {"bench 1": 2, "bench 2": 2, None: 2}


def test_the_definition_lists_the_activities_and_can_be_started(store):
    repairs(store)
    with store.read() as tx:
        wanted = workflows.read_definition(lookup.workflow_type(tx, "repairs"))
    assert [each.code for each in wanted.templates] == ["INSPECT", "REPAIR", "LOTEN_PRUFEN"]
    assert workflows.start(store, "repairs", "Case", "R-3", Change(NOW))["status"] == "active"


def test_importing_twice_changes_nothing(store):
    repairs(store)
    before = everything(store)
    again = repairs(store)
    assert (again["imported"], again["known"], again["cases"]) == (0, 6, 0)
    assert everything(store) == before


def test_a_longer_version_of_a_log_adds_only_what_is_new(store):
    repairs(store)
    longer = REPAIRS.read_text("utf-8") + (
        "R-1,Repair,bench 2,2026-03-03 09:00:00,2026-03-03 09:01:00\n"
        "R-2,Löten & prüfen,,2026-03-02T09:00:00+01:00,2026-03-02T10:15:00+01:00\n"
        "R-9,Ship,,2026-03-03 10:00:00,2026-03-03 10:01:00\n"
    )
    done = repairs(store, longer)
    assert (done["imported"], done["known"], done["version"], done["cases"]) == (3, 6, 2, 3)
    with store.read() as tx:
        assert lookup.task(tx, "REPAIR_REPAIRSR-1-3").banked_ms == 60_000
        assert lookup.task(tx, "LOTEN_PRUFEN_REPAIRSR-2-3")
        case = lookup.workflow(tx, "repairs.R-1")
        assert case.ended_at == lookup.task(tx, "REPAIR_REPAIRSR-1-3").ended_at
    assert store.connection.execute("SELECT count(*) FROM workflows").fetchone() == (3,)


def test_an_imported_task_can_be_reopened(store):
    repairs(store)
    moved = transitions.transition(store, "reopen", ["REPAIR_REPAIRSR-1-2"], Change(NOW))
    assert (moved[0]["new_status"], moved[0]["workflow_status"]) == ("ready", "active")


def test_a_dry_run_keeps_nothing(store):
    before = everything(store)
    assert plain(store, HEADER + GOOD, change=Change(NOW, dry_run=True))["imported"] == 1
    assert everything(store) == before


BAD = {
    "1,Pack,2026-01-05 08:00\n": "there are 3 fields, but 4 in the header",
    "1,Pack,yesterday,2026-01-05 08:10\n": "'yesterday' is not a time",
    "1,Pack,05/01/2026 08:00,2026-01-05 08:10\n": "is not a time",
    "1,Pack,20260105T080000,2026-01-05 08:10\n": "is not a time",
    "1,Pack,2026-02-30 08:00,2026-03-05 08:10\n": "is not a time",
    "1,Pack,0001-01-01 00:00,2026-01-05 08:10\n": "is not a time",
    "1,Pack,,2026-01-05 08:10\n": "'' is not a time",
    "1,Pack,2026-01-05 08:00,2026-01-05 07:59\n": "before it starts",
    "1,Pack,2026-01-05 08:00,2036-01-05 07:59\n": "in the future",
    "a b,Pack,2026-01-05 08:00,2026-01-05 08:10\n": "a subject id cannot be 'a b'",
    ",Pack,2026-01-05 08:00,2026-01-05 08:10\n": "a subject id cannot be ''",
    f"{'9' * 65},Pack,2026-01-05 08:00,2026-01-05 08:10\n": "a subject id cannot be",
    "1,,2026-01-05 08:00,2026-01-05 08:10\n": "an activity must be a text that is not empty",
    "1,Pa\x1b[31mck,2026-01-05 08:00,2026-01-05 08:10\n": "an activity cannot hold control characters",
    "1,Pa\x00ck,2026-01-05 08:00,2026-01-05 08:10\n": "it holds a NUL byte or is not UTF-8",
    "1,Pa\udcffck,2026-01-05 08:00,2026-01-05 08:10\n": "it holds a NUL byte or is not UTF-8",
    f"1,{'x' * 201},2026-01-05 08:00,2026-01-05 08:10\n": "200 characters at most",
    '1,"Pack"x,2026-01-05 08:00,2026-01-05 08:10\n': "expected after",
    f"1,{'x' * 140_000},2026-01-05 08:00,2026-01-05 08:10\n": "field limit",
}


@pytest.mark.parametrize(("row", "message"), BAD.items(), ids=range(len(BAD)))
def test_a_bad_row_ends_the_import_and_is_named(store, row, message):
    before = everything(store)
    with pytest.raises(InvalidFile, match="^row 4: ") as caught:  # noqa: RUF043 - the caret is meant
        plain(store, f"{HEADER}{GOOD}\n{row}{GOOD}")
    assert message in caught.value.message
    assert everything(store) == before


def test_skip_bad_leaves_out_exactly_the_bad_rows_and_counts_them(store):
    done = plain(store, HEADER + GOOD + "".join(BAD) + GOOD + "x y," * 3 + "\n", skip_bad=True)
    assert (done["rows"], done["imported"], done["bad"]) == (len(BAD) + 3, 2, len(BAD) + 1)
    assert [bad["row"] for bad in done["bad_rows"]] == [*range(3, 3 + len(BAD)), len(BAD) + 4]
    assert done["activities"] == [{"name": "Pack", "tasks": 2, "missed": 0}]


def test_at_most_twenty_bad_rows_are_told_but_all_are_counted(store):
    done = plain(store, HEADER + "x\n" * 50, skip_bad=True)
    assert (done["bad"], len(done["bad_rows"]), done["version"]) == (50, 20, None)
    assert store.connection.execute("SELECT count(*) FROM workflow_types").fetchone() == (0,)


def test_a_row_over_several_lines_is_named_by_its_first(store):
    text = HEADER + '1,"Pa\nck",2026-01-05 08:00,2026-01-05 08:10\nx\n'
    done = plain(store, text, skip_bad=True)
    assert [bad["row"] for bad in done["bad_rows"]] == [2, 4]


@pytest.mark.parametrize(
    ("header", "hint"),
    [("", "the columns are"), ("case,Activity,start,end\n", "did you mean Activity"),
     ("case;activity;start;end\n", None), ("case,activity,start,end,end\n", "the columns are"),
     ('"case\n', "CSV")],
)  # fmt: skip
def test_a_header_that_lacks_a_column_is_refused(store, header, hint):
    with pytest.raises(InvalidFile, match="row 1") as caught:
        plain(store, header + GOOD)
    assert hint is None or hint in caught.value.hint


def test_a_column_with_too_many_activities_is_not_the_activity(store):
    rows = (f"1,Pack {number},2026-01-05 08:00,2026-01-05 08:10\n" for number in range(1001))
    with pytest.raises(InvalidFile, match="more than 1000 activities"):
        plain(store, HEADER + "".join(rows), skip_bad=True)


def test_a_type_that_was_planned_by_hand_is_not_touched(store):
    task = {"code": "PACK", "name": "Pack", "assign": ["role:packer"]}
    planned, _ = definition.check({"workflow": {"code": "packing", "name": "P"}, "task": [task]})
    workflows.define(store, planned, Change(NOW))
    with pytest.raises(Conflict, match="not made by an import"):
        plain(store, HEADER + GOOD)


def test_activities_that_read_alike_get_codes_of_their_own():
    assert slug("W_Completeren aanvraag", ()) == "W_COMPLETEREN_AANVRAAG"
    assert slug("Prüfen!", ()) == "PRUFEN"
    assert slug("Prufen", ("PRUFEN",)) == "PRUFEN_2"
    assert slug("検査", ()) == "ACTIVITY"
    assert slug("2nd look", ()) == "A_2ND_LOOK"


@given(activity=st.text(), taken=st.lists(st.sampled_from(["ACTIVITY", "A", "ACTIVITY_2"])))
def test_every_activity_gives_a_template_code_that_is_free(activity, taken):
    from taskwatch.model import names

    code = slug(activity, taken)
    assert names.template_code(code) not in taken


def test_a_file_s_name_names_the_type():
    assert type_from_file("/a/b.c/Loan applications-2.csv.gz") == "loan_applications_2"
    for path in ("-", "2012.csv", "日.csv", f"{'x' * 33}.csv"):
        with pytest.raises(InvalidInput):
            type_from_file(path)


@given(
    st.datetimes(datetime(1975, 1, 1), datetime(2035, 1, 1)),  # noqa: DTZ001 - wall clocks
    st.sampled_from(["Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Africa/Monrovia", "UTC"]),
    st.sampled_from([None, timedelta(0), timedelta(hours=5, minutes=45)]),
)
def test_stamps_are_read_as_everywhere_else(moment, zone, offset):
    from datetime import timezone

    text = str(moment if offset is None else moment.replace(tzinfo=timezone(offset)))
    clock = WallClock(ZoneInfo(zone))
    clock.read(text[:14] + "00" + text[16:])
    assert clock.read(text) == parse_instant(text, now=NOW, zone=ZoneInfo(zone))


@pytest.mark.parametrize("text", ["2026-03-29 02:30", "2026-10-25 02:30", "2026-10-25 03:30"])
def test_clock_changes_follow_the_house_rule(text):
    assert WallClock(BERLIN).read(text) == parse_instant(text, now=NOW, zone=BERLIN)


def test_reading_counts_ignored_rows_and_skips_empty_lines():
    lines = [HEADER, "\n", GOOD, "1,Start,never,never\n", "\n"]
    log = Log(lines, PLAIN, zone=UTC, now=NOW, ignore=["Start"])
    assert list(log) == [Row(3, "1", "Pack", 1_767_600_000_000, 1_767_600_600_000, None)]
    assert (log.rows, log.ignored) == (2, 1)


@pytest.mark.skipif(not REAL.exists(), reason="the loan application log is not beside the repository")
def test_the_real_log_gives_the_published_counts(store):
    columns = Columns("Case ID", "Activity", "Start Timestamp", "Complete Timestamp", "Resource")
    with REAL.open(encoding="utf-8", newline="") as lines:
        log = Log(lines, columns, zone=ZoneInfo("Europe/Amsterdam"), now=NOW, ignore=("Start", "End"))
        done = import_log(store, log, Target("loan_applications", 30), Change(NOW))
    assert {each["name"]: (each["tasks"], each["missed"]) for each in done["activities"]} == {
        "W_Afhandelen leads": (1195, 36),
        "W_Beoordelen fraude": (64, 2),
        "W_Completeren aanvraag": (5046, 94),
        "W_Nabellen incomplete dossiers": (2302, 94),
        "W_Nabellen offertes": (3750, 43),
        "W_Valideren aanvraag": (1663, 312),
    }
    assert (done["rows"], done["imported"], done["cases"]) == (18_190, 14_020, 2_085)
    verdicts = "SELECT count(*) FROM cycles WHERE verdict = 'missed'"
    assert store.connection.execute(verdicts).fetchone()[0] == 581
    assert store.connection.execute("SELECT count(DISTINCT resource) FROM cycles").fetchone() == (49,)

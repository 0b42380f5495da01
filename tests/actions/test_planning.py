"""Planning: who is told on which channel, once, and what is held back with its reason."""

import json

import pytest

from taskwatch.actions import (
    acknowledgements,
    alerts,
    contacts,
    mutes,
    people,
    planning,
    preferences,
    tasks,
    transitions,
)
from taskwatch.actions.people import NewUser
from taskwatch.actions.planner import Planner
from taskwatch.actions.tasks import NewTask
from taskwatch.model import assignment
from taskwatch.model.calm import Limits
from taskwatch.model.event import BECAME_READY, SLA_EXCEEDED
from taskwatch.model.notice import RESOLVED
from taskwatch.model.preference import parse_quiet
from taskwatch.model.routing import DEFAULT_RULES, Rule
from taskwatch.store import open_store, queries

CHANNELS = {"database": False, "broadcast": False, "mail": True}
MAIL = Planner(channels=CHANNELS, public_url="http://localhost:8000")
ASSIGNED, DRIVER, ADMIN, STRANGER = 5, 6, 7, 8
ZONE = "Europe/Berlin"


@pytest.fixture
def house(store, clock):
    """dana is assigned, eli is a driver, finn an admin, gabi is a stranger. Planning has begun."""
    for user in (
        NewUser("dana", id=ASSIGNED, email="dana@example.com", timezone=ZONE),
        NewUser("eli", id=DRIVER, email="eli@example.com", roles=("driver",)),
        NewUser("finn", id=ADMIN, email="finn@example.com", admin=True),
        NewUser("gabi", id=STRANGER, email="gabi@example.com"),
    ):
        people.add(store, user, clock.change())
    assert planning.plan(store, clock.now, MAIL) == planning.Planned()
    return store


def add(store, clock, code="A", timeout=30, **more):
    whom = (assignment.user(ASSIGNED), assignment.role("driver"))
    tasks.add(store, [NewTask(code, timeout_minutes=timeout, assignments=whom, **more)], clock.change())


def running(store, clock, code="A", **more):
    add(store, clock, code, **more)
    transitions.transition(store, "start", [code], clock.change())


def late(store, clock, planner=MAIL, minutes=31):
    """Let time pass, alert and plan."""
    clock.advance(minutes=minutes)
    assert alerts.monitor(store, clock.now).sent
    return planning.plan(store, clock.now, planner)


def told(store, where="1 = 1"):
    """Who was told what, on which channel, and what became of it."""
    return store.connection.execute(
        "SELECT d.user_id, d.channel, n.kind, n.reason, d.state, d.reason FROM deliveries AS d "
        f"JOIN notifications AS n ON n.id = d.notification_id WHERE {where} ORDER BY d.id"
    ).fetchall()


def mails(store, *columns):
    return store.connection.execute(
        f"SELECT {', '.join(columns)} FROM deliveries WHERE channel = 'mail' ORDER BY id"
    ).fetchall()


def send(store, clock):
    """As if every channel worked."""
    store.connection.execute(
        "UPDATE deliveries SET state = 'sent', ended_at = ? WHERE state = 'pending' AND due_at <= ?",
        (clock.now, clock.now),
    )


def everything(store):
    return [
        store.connection.execute(f"SELECT * FROM {table} ORDER BY id").fetchall()
        for table in ("notifications", "deliveries")
    ]


def test_a_ready_task_is_told_to_the_assigned_and_to_members_of_assigned_roles(house, clock):
    add(house, clock)
    assert planning.plan(house, clock.now, MAIL) == planning.Planned(1, 2)
    assert told(house) == [
        (user, channel, BECAME_READY, "first", "sent", None)
        for user in (ASSIGNED, DRIVER)
        for channel in ("database", "broadcast")
    ]


def test_an_overdue_task_is_told_to_the_assigned_to_roles_and_to_admins_and_by_mail_as_well(house, clock):
    running(house, clock)
    planning.plan(house, clock.now, MAIL)
    assert late(house, clock) == planning.Planned(1, 3, deliveries=3)
    assert told(house, f"n.kind = '{SLA_EXCEEDED}'") == [
        (user, channel, SLA_EXCEEDED, "first", "pending" if channel == "mail" else "sent", None)
        for user in (ASSIGNED, DRIVER, ADMIN)
        for channel in ("database", "broadcast", "mail")
    ]


def test_the_row_has_the_words_and_keys_that_front_ends_know(house, clock):
    running(house, clock)
    late(house, clock)
    row = house.connection.execute(
        "SELECT title, url, data, event, level, cycle, task_id FROM notifications "
        "WHERE kind = ? AND user_id = ?",
        (SLA_EXCEEDED, ASSIGNED),
    ).fetchone()
    data = json.loads(row[2])
    assert row[:2] == ("⚠️ SLA Alert: Task Overdue - A", "http://localhost:8000/admin/tasks/1")
    assert data["message"] == "Task 'A' exceeded SLA by 1 minutes"
    assert json.loads(row[3])["exceeded_by_minutes"] == 1
    assert row[4:] == ("low", 1, 1)


def test_planning_again_changes_nothing_even_when_the_place_in_the_log_is_lost(house, clock):
    running(house, clock)
    late(house, clock)
    before = everything(house)
    assert planning.plan(house, clock.now, MAIL) == planning.Planned()
    epoch = house.connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]
    house.connection.execute("UPDATE meta SET value = ? WHERE name = 'planned'", (f"{epoch}-0",))
    again = planning.plan(house, clock.now, MAIL)
    assert (again.notifications, again.deliveries) == (0, 0)
    assert everything(house) == before


def test_the_id_that_receivers_see_follows_from_event_person_and_channel(house, clock):
    running(house, clock)
    late(house, clock)
    before = mails(house, "uid")
    house.connection.execute("DELETE FROM deliveries")
    house.connection.execute("DELETE FROM notifications")
    epoch = house.connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0]
    house.connection.execute("UPDATE meta SET value = ? WHERE name = 'planned'", (f"{epoch}-0",))
    planning.plan(house, clock.now, MAIL)
    assert mails(house, "uid") == before
    assert len(set(before)) == 3


def test_the_first_run_tells_nobody_of_what_was_before(store, clock):
    people.add(store, NewUser("dana", id=ASSIGNED), clock.change())
    people.add(store, NewUser("eli", roles=("driver",)), clock.change())
    add(store, clock)
    assert planning.plan(store, clock.now, MAIL) == planning.Planned()
    add(store, clock, "B")
    assert planning.plan(store, clock.now, MAIL).notifications == 2


def test_a_restored_log_is_planned_from_its_end(house, clock):
    house.connection.execute("UPDATE meta SET value = 'another' WHERE name = 'epoch'")
    add(house, clock)
    assert planning.plan(house, clock.now, MAIL) == planning.Planned()


def test_batches_follow_each_other_until_nothing_is_left(house, clock):
    for code in "ABCDE":
        add(house, clock, code)
    batches = [planning.plan(house, clock.now, MAIL, limit=2) for _ in range(4)]
    assert [(batch.events, batch.more) for batch in batches] == [(2, True), (2, True), (1, False), (0, False)]


def test_a_batch_ends_early_when_it_has_made_enough_messages(house, clock, monkeypatch):
    monkeypatch.setattr(planning, "ENOUGH", 3)
    for code in "ABCDE":
        add(house, clock, code)
    batches = [planning.plan(house, clock.now, MAIL) for _ in range(3)]
    assert [(batch.events, batch.more) for batch in batches] == [(2, True), (2, True), (1, False)]


def test_events_that_are_nobodys_business_do_not_hold_the_place_back_for_ever(house, clock, monkeypatch):
    monkeypatch.setattr(planning, "LAG", 3)
    people.add(house, NewUser("hana"), clock.change())
    planning.plan(house, clock.now, MAIL)
    before = house.connection.execute("SELECT value FROM meta WHERE name = 'planned'").fetchone()
    for name in ("ida", "jo", "kim"):
        people.add(house, NewUser(name), clock.change())
    planning.plan(house, clock.now, MAIL)
    after = house.connection.execute("SELECT value FROM meta WHERE name = 'planned'").fetchone()
    assert before != after


def test_live_clients_hear_of_new_entries_with_absolute_counts(house, clock):
    add(house, clock)
    add(house, clock, "B")
    planning.plan(house, clock.now, MAIL)
    rows = house.connection.execute(
        "SELECT topics, payload FROM events WHERE kind = 'notification.created' ORDER BY seq"
    ).fetchall()
    assert [topics for topics, _ in rows] == [f" user.{ASSIGNED}.tasks ", f" user.{DRIVER}.tasks "]
    assert [json.loads(payload)["unread_count"] for _, payload in rows] == [2, 2]


def test_a_person_reached_in_many_ways_gets_one_message_per_channel(house, clock):
    people.add(
        house, NewUser("lea", id=9, email="lea@example.com", admin=True, roles=("driver",)), clock.change()
    )
    whom = (assignment.user(9), assignment.role("driver"))
    tasks.add(house, [NewTask("A", timeout_minutes=30, assignments=whom)], clock.change())
    transitions.transition(house, "start", ["A"], clock.change())
    late(house, clock)
    assert [row[1] for row in told(house, f"d.user_id = 9 AND n.kind = '{SLA_EXCEEDED}'")] == [
        "database", "broadcast", "mail",
    ]  # fmt: skip


def test_every_working_address_of_a_channel_gets_its_own_delivery(house, clock):
    contacts.add(house, ASSIGNED, "mail", "one@example.com", clock.change())
    contacts.add(house, ASSIGNED, "mail", "two@example.com", clock.change())
    with house.write() as tx:
        contacts.mark(tx, (ADMIN, "mail", "finn@example.com"), "gone", "550", clock.now)
    running(house, clock)
    late(house, clock)
    assert mails(house, "user_id", "address", "state", "reason") == [
        (ASSIGNED, "one@example.com", "pending", None),
        (ASSIGNED, "two@example.com", "pending", None),
        (DRIVER, "eli@example.com", "pending", None),
        (ADMIN, "", "suppressed", "no_address"),
    ]


def test_a_channel_for_all_is_used_unless_a_person_has_an_address_of_their_own(house, clock):
    planner = MAIL._replace(
        channels={**CHANNELS, "hook": False},
        rules=(Rule("r", ("assigned", "roles", "admins"), ("hook",), (SLA_EXCEEDED,)),),
    )
    contacts.add(house, ASSIGNED, "hook", "https://example.com/dana", clock.change())
    with house.write() as tx:
        contacts.mark(tx, (ADMIN, "hook", "https://example.com/finn"), "gone", "410", clock.now)
    running(house, clock)
    late(house, clock, planner)
    found = house.connection.execute("SELECT user_id, address, reason FROM deliveries ORDER BY id").fetchall()
    assert found == [
        (ASSIGNED, "https://example.com/dana", None), (DRIVER, "", None), (ADMIN, "", "no_address"),
    ]  # fmt: skip


def test_what_a_person_does_not_want_is_kept_back_and_says_so(house, clock):
    preferences.prefer(house, ASSIGNED, ("task.sla.exceeded", "mail"), False, clock.change())
    running(house, clock)
    late(house, clock)
    assert mails(house, "user_id", "state", "reason")[0] == (ASSIGNED, "suppressed", "preference")


def test_a_mandatory_rule_goes_before_preferences(house, clock):
    preferences.prefer(house, ASSIGNED, ("*", "*"), False, clock.change())
    running(house, clock)
    rules = tuple(rule._replace(mandatory=True) for rule in DEFAULT_RULES)
    late(house, clock, MAIL._replace(rules=rules))
    assert {row[4] for row in told(house, f"d.user_id = {ASSIGNED} AND n.kind = '{SLA_EXCEEDED}'")} == {
        "sent", "pending",
    }  # fmt: skip


def test_who_does_not_want_the_inbox_has_no_entry_there(house, clock):
    preferences.prefer(house, ASSIGNED, ("*", "database"), False, clock.change())
    add(house, clock)
    planning.plan(house, clock.now, MAIL)
    rows = house.connection.execute("SELECT user_id, in_inbox FROM notifications ORDER BY user_id").fetchall()
    assert rows == [(ASSIGNED, 0), (DRIVER, 1)]


def test_quiet_hours_defer_a_mail_to_their_end_in_the_persons_own_zone(house, clock):
    preferences.set_quiet(house, ASSIGNED, parse_quiet("11:00-13:00"), clock.change())
    running(house, clock)
    late(house, clock)  # 10:31 UTC is 11:31 in Berlin
    noon = clock.now + (89 * 60) * 1000
    assert mails(house, "user_id", "state", "reason", "due_at")[:2] == [
        (ASSIGNED, "pending", "quiet_hours", noon),
        (DRIVER, "pending", None, clock.now),
    ]


def test_a_critical_alert_passes_quiet_hours(house, clock):
    preferences.set_quiet(house, ASSIGNED, parse_quiet("00:00-23:59"), clock.change())
    running(house, clock)
    late(house, clock, minutes=30 + 130)
    assert mails(house, "user_id", "state", "due_at")[0] == (ASSIGNED, "pending", clock.now)


def test_a_newer_alert_takes_the_place_of_one_that_still_waits(house, clock):
    preferences.set_quiet(house, ASSIGNED, parse_quiet("11:00-13:00"), clock.change())
    running(house, clock)
    late(house, clock)
    send(house, clock)
    late(house, clock, minutes=60)
    mine = [row[1:] for row in mails(house, "user_id", "state", "reason") if row[0] == ASSIGNED]
    assert mine == [("cancelled", "superseded"), ("pending", "quiet_hours")]


def test_what_was_sent_is_not_taken_back_by_a_newer_alert(house, clock):
    running(house, clock)
    late(house, clock)
    send(house, clock)
    late(house, clock, minutes=60)
    assert [row[0] for row in mails(house, "state")] == ["sent"] * 3 + ["pending"] * 3


def test_an_acknowledgement_stops_repeats_on_all_channels_until_the_level_rises(house, clock):
    running(house, clock)
    late(house, clock)
    acknowledgements.acknowledge(house, ["A"], clock.now + 6 * 3_600_000, clock.change(by=ASSIGNED))
    assert late(house, clock, minutes=59).deliveries == 3  # from low to medium
    acknowledgements.acknowledge(house, ["A"], clock.now + 6 * 3_600_000, clock.change(by=ASSIGNED))
    assert late(house, clock, minutes=30).deliveries == 3  # from medium to high
    acknowledgements.acknowledge(house, ["A"], clock.now + 6 * 3_600_000, clock.change(by=ASSIGNED))
    assert late(house, clock, minutes=30).suppressed == 9  # still high
    assert {row[5] for row in told(house, "d.state = 'suppressed'")} == {"acknowledged"}
    assert late(house, clock, minutes=15).deliveries == 3  # critical


def test_a_muted_task_is_told_to_nobody(house, clock):
    running(house, clock)
    mutes.add(house, "task", "A", clock.now + 3_600_000, clock.change())
    late(house, clock)
    assert {row[5] for row in told(house)} == {"muted"}
    assert len(told(house, f"n.kind = '{SLA_EXCEEDED}'")) == 9


def test_a_muted_role_silences_those_who_are_reached_by_it_alone(house, clock):
    running(house, clock)
    mutes.add(house, "role", "driver", clock.now + 3_600_000, clock.change())
    late(house, clock)
    assert {row[0] for row in told(house, "d.reason = 'muted'")} == {DRIVER}


def test_rules_choose_by_kind_type_level_and_role(house, clock):
    rules = (
        Rule("never", ("admins",), ("mail",), workflow_types=("bc",)),
        Rule("loud", ("user:8",), ("mail",), levels=("medium",)),
        Rule("drivers", ("role:driver",), ("database",), roles=("driver",), stop=True),
        Rule("unheard", ("admins",), ("mail",)),
    )
    running(house, clock)
    late(house, clock, MAIL._replace(rules=rules), minutes=30 + 40)
    found = house.connection.execute("SELECT user_id, channel, rule FROM deliveries ORDER BY id").fetchall()
    assert found == [
        (DRIVER, "database", "drivers"),
        (STRANGER, "mail", "loud"),
        (DRIVER, "database", "drivers"),
    ]


def test_a_selector_of_a_plugin_is_asked_for_its_people(house, clock):
    asked = []

    def resolve(selector, at):
        asked.append((selector, at))
        return [STRANGER, 404]

    rules = (Rule("oncall", ("oncall:night",), ("mail",), (SLA_EXCEEDED,)),)
    running(house, clock)
    late(house, clock, MAIL._replace(rules=rules, resolve=resolve))
    assert mails(house, "user_id") == [(STRANGER,)]
    assert asked == [("oncall:night", clock.now)]


def elsewhere(store):
    """Write as another process would; it fails after a tenth of a second if the database is locked."""
    other = open_store(store.url, patience=0.1)
    with other.write() as tx:
        tx.run("links.keep_secret", secret="00")
    other.close()


def test_plugins_are_asked_while_others_can_write(house, clock):
    def resolve(_selector, _at):
        elsewhere(house)
        return [STRANGER]

    rules = (Rule("oncall", ("oncall:night",), ("mail",), (SLA_EXCEEDED,)),)
    running(house, clock)
    assert late(house, clock, MAIL._replace(rules=rules, resolve=resolve)).deliveries == 1


def test_words_are_made_while_others_can_write(house, clock, tmp_path):
    def slow(text):
        elsewhere(house)
        return text

    (tmp_path / "notice.txt").write_text("{{ message | slow }}")
    running(house, clock)
    done = late(house, clock, MAIL._replace(templates=str(tmp_path), filters={"slow": slow}))
    assert (done.deliveries, done.degraded) == (3, ())


def test_what_another_planner_did_meanwhile_is_not_done_again(house, clock, tmp_path):
    def meanwhile(text):
        other = open_store(house.url)
        planning.plan(other, clock.now, MAIL)
        other.close()
        return text

    (tmp_path / "notice.txt").write_text("{{ message | meanwhile }}")
    running(house, clock)
    planner = MAIL._replace(templates=str(tmp_path), filters={"meanwhile": meanwhile})
    assert late(house, clock, planner) == planning.Planned()
    assert len(mails(house, "id")) == 3
    add(house, clock, "B")
    assert planning.plan(house, clock.now, MAIL).notifications == 2


RESOLVING = MAIL._replace(
    rules=(*DEFAULT_RULES, Rule("over", ("assigned", "admins"), ("database", "mail"), (RESOLVED,)))
)


def test_resolved_is_told_only_where_an_alert_was_sent(house, clock):
    preferences.prefer(house, ADMIN, (SLA_EXCEEDED, "mail"), False, clock.change())
    running(house, clock)
    late(house, clock, RESOLVING)
    send(house, clock)
    transitions.transition(house, "complete", ["A"], clock.change())
    planning.plan(house, clock.now, RESOLVING)
    assert told(house, f"n.kind = '{RESOLVED}'") == [
        (ASSIGNED, "database", RESOLVED, "resolved", "sent", None),
        (ASSIGNED, "mail", RESOLVED, "resolved", "pending", None),
        (ADMIN, "database", RESOLVED, "resolved", "sent", None),
    ]


def test_a_late_task_that_is_put_on_hold_is_not_resolved(house, clock):
    running(house, clock)
    late(house, clock, RESOLVING)
    transitions.transition(house, "hold", ["A"], clock.change())
    transitions.transition(house, "resume", ["A"], clock.change())
    planning.plan(house, clock.now, RESOLVING)
    assert told(house, f"n.kind = '{RESOLVED}'") == []


def test_an_alert_and_its_end_in_one_batch_are_both_told(house, clock):
    running(house, clock)
    clock.advance(minutes=31)
    alerts.monitor(house, clock.now)
    transitions.transition(house, "complete", ["A"], clock.change())
    planning.plan(house, clock.now, RESOLVING)
    assert [row[:2] for row in told(house, f"n.kind = '{RESOLVED}'")] == [
        (ASSIGNED, "database"), (ADMIN, "database"),
    ]  # fmt: skip


def test_a_task_that_was_never_late_is_not_resolved(house, clock):
    running(house, clock)
    transitions.transition(house, "complete", ["A"], clock.change())
    planning.plan(house, clock.now, RESOLVING)
    assert told(house, f"n.kind = '{RESOLVED}'") == []


def test_what_happened_long_ago_goes_into_the_inbox_and_disturbs_nobody(house, clock):
    running(house, clock)
    clock.advance(minutes=31)
    alerts.monitor(house, clock.now)
    clock.advance(minutes=25 * 60)
    planning.plan(house, clock.now, MAIL)
    assert {row[1:] for row in mails(house, "user_id", "state", "reason")} == {("suppressed", "too_old")}
    assert {row[4] for row in told(house, f"n.kind = '{SLA_EXCEEDED}' AND d.channel = 'database'")} == {
        "sent"
    }


CAPPED = MAIL._replace(limits=Limits(daily_cap=2))


def test_beyond_the_daily_cap_mails_wait_for_one_summary_when_the_day_is_over(house, clock):
    for code in "ABCD":
        running(house, clock, code)
    late(house, clock, CAPPED)
    mine = [row[1:] for row in mails(house, "user_id", "state", "reason") if row[0] == ASSIGNED]
    assert mine == [("pending", None)] * 2 + [("suppressed", "daily_cap")] * 2
    send(house, clock)
    midnight = planning.next_summary(house)
    assert midnight == clock.now + ((12 * 60 + 29) * 60) * 1000  # 24:00 in Berlin, an hour before UTC
    assert planning.plan(house, midnight - 1, CAPPED) == planning.Planned()
    assert planning.plan(house, midnight, CAPPED).summaries == 1
    summary = house.connection.execute(
        "SELECT title, text, in_inbox, user_id FROM notifications WHERE kind = 'digest'"
    ).fetchall()
    assert [(row[0], *row[2:]) for row in summary] == [("Summary: 2 messages about 2 tasks", 0, ASSIGNED)]
    assert "Task 'C' exceeded SLA" in summary[0][1]
    assert "/admin/tasks/4" in summary[0][1]
    assert planning.plan(house, midnight, CAPPED) == planning.Planned()


def test_the_inbox_has_no_cap(house, clock):
    for code in "ABCD":
        running(house, clock, code)
    late(house, clock, CAPPED)
    assert (
        len(told(house, f"d.channel = 'database' AND d.user_id = {ASSIGNED} AND n.kind = '{SLA_EXCEEDED}'"))
        == 4
    )


def test_a_first_critical_alert_passes_the_cap_and_its_repeats_do_not(house, clock):
    planner = MAIL._replace(limits=Limits(daily_cap=1))
    running(house, clock)
    for minutes in (31, 59, 30, 30, 15, 15):  # low, medium, high, high, critical, critical
        late(house, clock, planner, minutes=minutes)
        send(house, clock)
    mine = [row[1:] for row in mails(house, "user_id", "state", "reason") if row[0] == ASSIGNED]
    held = ("suppressed", "daily_cap")
    assert mine == [("sent", None), held, held, held, ("sent", None), held]


def test_a_summary_leaves_out_what_needs_nobody_any_more(house, clock):
    for code in "ABCD":
        running(house, clock, code)
    late(house, clock, CAPPED)
    transitions.transition(house, "complete", ["C"], clock.change())
    planning.plan(house, planning.next_summary(house), CAPPED)
    text = house.connection.execute("SELECT text FROM notifications WHERE kind = 'digest'").fetchone()[0]
    assert "Task 'C'" not in text
    assert "Task 'D'" in text


def test_who_wants_no_summaries_gets_none(house, clock):
    preferences.prefer(house, ASSIGNED, ("digest", "mail"), False, clock.change())
    for code in "ABC":
        running(house, clock, code)
    late(house, clock, CAPPED)
    while (at := planning.next_summary(house)) is not None:
        planning.plan(house, at, CAPPED)
    readers = house.connection.execute("SELECT user_id FROM notifications WHERE kind = 'digest'").fetchall()
    assert readers == [(DRIVER,), (ADMIN,)]
    assert [row[1] for row in mails(house, "user_id", "reason") if row[0] == ASSIGNED][-1] == "preference"


def test_a_summary_of_nothing_is_not_made(house, clock):
    for code in "ABC":
        running(house, clock, code)
    late(house, clock, CAPPED)
    transitions.transition(house, "complete", ["C"], clock.change())
    while (at := planning.next_summary(house)) is not None:
        assert planning.plan(house, at, CAPPED).summaries == 0
    assert "outdated" in {row[0] for row in mails(house, "reason")}


GROUPED = MAIL._replace(limits=Limits(group_seconds=20 * 60))


def test_news_goes_out_at_once_and_repeats_are_gathered(house, clock):
    running(house, clock)
    for minutes in (31, 59, 30, 30, 15):  # low, medium, high, high, critical
        late(house, clock, GROUPED, minutes=minutes)
        send(house, clock)
    mine = [row[1:] for row in mails(house, "user_id", "state", "reason") if row[0] == ASSIGNED]
    went, held = ("sent", None), ("suppressed", "grouped")
    assert mine == [went, went, went, held, went]
    late(house, clock, GROUPED, minutes=15)  # 30 minutes after the group began, which ends it
    mine = [row[1:] for row in mails(house, "user_id", "state", "reason") if row[0] == ASSIGNED]
    assert mine[3:] == [("suppressed", "digested"), went, held, ("pending", None)]


def test_a_group_that_ends_on_a_full_day_waits_for_its_end(house, clock):
    planner = MAIL._replace(limits=Limits(daily_cap=1, group_seconds=600))
    preferences.prefer(house, ASSIGNED, (BECAME_READY, "mail"), True, clock.change())
    rules = (*DEFAULT_RULES, Rule("mail", ("assigned",), ("mail",), (BECAME_READY,)))
    running(house, clock)
    planning.plan(house, clock.now, planner._replace(rules=rules))
    assert mails(house, "state", "reason") == [("suppressed", "grouped")]
    running(house, clock, "B", timeout=1)
    late(house, clock, planner, minutes=2)
    clock.advance(minutes=10)
    assert planning.plan(house, clock.now, planner).summaries == 0
    assert mails(house, "state", "reason")[0] == ("suppressed", "daily_cap")


def test_quiet_hours_hold_a_summary_back_as_well(house, clock):
    preferences.set_quiet(house, ASSIGNED, parse_quiet("23:00-07:00"), clock.change())
    for code in "ABC":
        running(house, clock, code)
    late(house, clock, CAPPED)
    midnight = planning.next_summary(house)
    planning.plan(house, midnight, CAPPED)
    row = house.connection.execute(
        "SELECT d.due_at, d.reason FROM deliveries AS d JOIN notifications AS n ON n.id = d.notification_id "
        f"WHERE n.kind = 'digest' AND d.user_id = {ASSIGNED}"
    ).fetchone()
    assert row == (midnight + 7 * 3_600_000, "quiet_hours")


class Values(dict):
    """Any value will do for a plan."""

    def __missing__(self, name):
        return None


@pytest.mark.parametrize("fresh", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("question", "step"),
    [
        ("following", "SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
        ("next_summary", "deliveries_gathered"),
        ("gathered", "deliveries_gathered (due_at<?)"),
        ("entries", "deliveries_gathered (due_at<?)"),
        ("close_gathered", "deliveries_gathered (due_at<?)"),
        ("postpone_gathered", "deliveries_gathered (due_at<?)"),
        ("count_of_day", "deliveries_by_user (user_id=? AND channel=? AND due_at>? AND due_at<?)"),
        ("group_end", "deliveries_by_user (user_id=? AND channel=? AND due_at>?)"),
        ("was_alerted", "deliveries_by_task (task_id=?)"),
        ("supersede", "deliveries_by_task (task_id=? AND user_id=? AND channel=?)"),
        ("members", "user_roles"),
    ],
)
def test_what_planning_asks_is_answered_by_an_index(store, question, step):
    sql = queries.question(f"planning.{question}")
    rows = store.connection.execute(f"EXPLAIN QUERY PLAN {sql}", Values())
    assert step in " | ".join(row[3] for row in rows)

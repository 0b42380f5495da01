"""The SLA board: its figures are the statistics, its lists are their tasks, and it fits a small line."""

import asyncio
import re
from html import unescape

import pytest

from live import serving, visiting
from posts import post
from server.dashboard.looking import Seen
from taskwatch.actions import acknowledgements, board, standing, tokens
from taskwatch.actions.board import Focus
from taskwatch.actions.tokens import NewToken
from taskwatch.model.assignment import role, user
from taskwatch.server.dashboard.assets import assets
from taskwatch.server.dashboard.page import CUT

HOSTILE = """<script>alert("1")</script>{{ 7*7 }}'"><img src=x onerror=alert(1)>\u202e"""
FIRST_VIEW_BYTES = 100_000


@pytest.fixture
def look(path, clock):
    """What a browser sees at some addresses, one after the other."""

    async def see(session, target):
        async with session.get(target) as response:
            return Seen(response.status, response.headers, await response.text())

    def look(*targets, token=None):
        async def main():
            async with (
                serving(path, clock=clock) as daemon,
                visiting(daemon, token, Accept="text/html") as session,
            ):
                return [await see(session, target) for target in targets]

        return asyncio.run(main())

    return look


def run(orders, code, minutes_ago, timeout=100, **fields):
    """A task that has been in progress for so long."""
    now = orders.clock.now
    orders.clock.now -= minutes_ago * 60_000
    orders.add(code, timeout_minutes=timeout, **fields)
    orders.move("start", code)
    orders.clock.now = now


@pytest.fixture
def busy(orders):
    """Two on time, two at risk, and one late at each level."""
    run(orders, "CALM", 1)
    run(orders, "HALF", 60)
    run(orders, "TIGHT", 85)
    run(orders, "CLOSE", 95)
    for code, late in (("LOW", 5), ("MEDIUM", 45), ("HIGH", 90), ("CRITICAL", 200)):
        run(orders, code, 100 + late)
    return orders


def figures(seen):
    return re.findall(r'<p class="value">([^<]*)</p>', seen.html)


def section(seen, name):
    return re.search(rf'<section class="card" id="{name}".*?</section>', seen.html, re.DOTALL)[0]


def codes(markup):
    return re.findall(r'<span class="code">([^<]*)</span>', markup)


def test_the_figures_are_the_statistics_and_the_lists_their_tasks(busy, look):
    (seen,) = look("/")
    counted = standing.stats(busy.store, busy.clock.now, busy.clock.now)
    assert figures(seen) == ["2", "2", "4", "25%"]
    assert (counted["on_time"], counted["at_risk"], counted["exceeded"]) == (2, 2, 4)
    assert codes(section(seen, "at-risk")) == ["CLOSE", "TIGHT"]
    assert codes(section(seen, "late")) == ["CRITICAL", "HIGH", "MEDIUM", "LOW"]
    groups = re.findall(r'<tbody data-key="(\w+)">', section(seen, "late"))
    assert groups == ["critical", "high", "medium", "low"]


def test_bars_and_countdowns_know_when_they_end(busy, look):
    (seen,) = look("/")
    due = busy.clock.now + 5 * 60_000
    assert f'value="5.0" data-due="{due}" data-span="6000000"' in section(seen, "at-risk")
    assert f'<span data-due="{due}">5m 00s</span>' in section(seen, "at-risk")
    assert f'<span data-over-since="{busy.clock.now - 45 * 60_000}">45m 00s</span>' in section(seen, "late")


def test_late_tasks_are_taken_care_of_in_place(busy, look):
    acknowledgements.acknowledge(busy.store, ["HIGH"], busy.clock.now + 3_600_000, busy.clock.change())
    acknowledgements.acknowledge(
        busy.store, ["LOW"], busy.clock.now + 3_600_000, busy.clock.change(), kind="snooze"
    )
    (seen,) = look("/")
    verbs = sorted(path.rpartition("/")[2] for path, _ in seen.acts if path)
    assert verbs == ["ack", "ack", "unack", "unack"]
    assert seen.offers("ack")["data-body"] == '{"until": "2h"}'
    assert len(re.findall("data-snooze=", seen.html)) == 2
    assert "taken care of, 1h 00m left" in seen.text
    assert "snoozed, 1h 00m left" in seen.text


def test_who_may_not_move_a_task_gets_no_button_for_it(orders, look):
    eli = orders.user("eli")
    run(orders, "MINE", 150, assignments=(user(eli),))
    run(orders, "THEIRS", 160, assignments=(role("driver"),))
    secret = tokens.create(orders.store, NewToken(user_id=eli), orders.clock.change())["secret"]
    (seen,) = look("/", token=secret)
    assert codes(section(seen, "late")) == ["THEIRS", "MINE"]
    number = re.search(r'href="/admin/tasks/(\d+)">MINE', seen.html)[1]
    assert {path for path, _ in seen.acts if path} == {f"/api/v1/tasks/{number}/ack"}
    assert "eli (you)" in seen.text


def test_filters_add_up_and_stay_chosen(orders, look):
    eli, kim = orders.user("eli", "adv"), orders.user("kim")
    orders.clock.now -= 40 * 60_000
    orders.start()
    orders.move("start", "ADV_REVIEW_BC114")
    orders.clock.now += 40 * 60_000
    run(orders, "KIMS", 150, assignments=(user(kim),))
    run(orders, "NOBODYS", 150)
    everything, by_type, by_role, by_user, by_both, nothing = look(
        "/", "/?type=bc&role=&user=", "/?role=adv", f"/?user={eli}", f"/?role=adv&user={kim}", "/?type=none"
    )
    assert figures(everything)[2] == "3"
    for seen in (by_type, by_role, by_user):
        assert codes(section(seen, "late")) == ["ADV_REVIEW_BC114"]
        assert figures(seen) == ["0", "0", "1", "0%"]
    assert figures(by_both) == figures(nothing) == ["0", "0", "0", "100%"]
    assert re.search(r'<option value="bc" selected>', by_type.html)
    assert re.search(r"<option selected>adv</option>", by_role.html)
    assert f'<option value="{eli}" selected>eli</option>' in by_user.html
    assert 'id="clear"' in by_user.html
    assert 'id="clear"' not in everything.html


def test_who_is_limited_sees_their_types_only(orders, look):
    orders.start()
    orders.move("start", "ADV_REVIEW_BC114")
    orders.add("SECRET")
    run(orders, "ALONE", 150)
    wide, limited = (
        tokens.create(orders.store, NewToken(workflows=types), orders.clock.change())["secret"]
        for types in (("bc",), ("hr",))
    )
    (seen,) = look("/", token=wide)
    assert figures(seen) == ["1", "0", "0", "100%"]
    other, refused = look("/", "/?type=bc", token=limited)
    assert figures(other) == ["0", "0", "0", "100%"]
    for name in ("ALONE", "SECRET", "ADV_REVIEW", "Order to bill"):
        assert name not in other.html
    assert refused.status == 403
    assert "is not for this identity" in refused.text
    assert "Operations" not in other.text


def test_lists_are_cut_and_can_be_had_whole(orders, look):
    for number in range(CUT + 3):
        run(orders, f"T{number}", 150)
    cut, whole = look("/", "/?all=1")
    assert len(codes(section(cut, "late"))) == CUT
    assert figures(cut) == figures(whole)
    assert "and 3 more · show all" in cut.text
    assert 'href="/?all=1"' in cut.html
    assert len(codes(section(whole, "late"))) == CUT + 3


def test_hostile_names_stay_texts(orders, look):
    orders.user("eli", "adv")
    run(orders, "X", 150, name=HOSTILE[:100])
    run(orders, "Y", 95, name=HOSTILE[:100])
    (seen,) = look("/")
    assert {tag for tag, _ in seen.tags} <= {
        "html", "head", "meta", "title", "link", "script", "body", "a", "header", "svg", "circle", "path",
        "nav", "span", "div", "main", "h1", "h2", "p", "form", "label", "select", "option", "button",
        "section", "rect", "table", "caption", "thead", "tbody", "tr", "th", "td", "progress", "line", "g",
        "text", "details", "summary", "ul", "li", "time",
    }  # fmt: skip
    assert all("src" in attributes for tag, attributes in seen.tags if tag == "script")
    assert not [name for _, attributes in seen.tags for name in attributes if name.startswith("on")]
    assert unescape(seen.html).count('<script>alert("1")</script>{{ 7*7 }}') >= 2


def test_the_user_reads_what_they_were_told_and_nobody_in_particular_what_happened(orders, look):
    eli = orders.user("eli")
    for _ in range(12):
        post(orders.store, orders.clock, eli, title="For eli")
    secret = tokens.create(orders.store, NewToken(user_id=eli), orders.clock.change())["secret"]
    program = tokens.create(orders.store, NewToken(admin=True), orders.clock.change())["secret"]
    orders.start()
    (mine,), (events,) = look("/", token=secret), look("/", token=program)
    assert "What you were told" in mine.text
    assert mine.text.count("For eli") == 10
    assert "What happened" in events.text
    assert "ADV_REVIEW_BC114 is ready" in events.text
    assert "token" not in events.text.partition("What happened")[2]


def test_days_and_durations_are_those_of_the_report(orders, look):
    for number in range(4):
        orders.start(str(number))
        orders.move("start", f"ADV_REVIEW_BC{number}")
    orders.clock.advance(minutes=20)
    orders.move("complete", "ADV_REVIEW_BC0", "ADV_REVIEW_BC1", "ADV_REVIEW_BC2")
    orders.clock.advance(minutes=20)
    orders.move("complete", "ADV_REVIEW_BC3")
    (seen,) = look("/")
    assert "2025-12-24: 75% of 4" in seen.html
    assert seen.html.count("<g data-key=") == 14
    row = re.search(r'<table class="durations.*?</table>', seen.html, re.DOTALL)[0]
    assert re.findall(r"Order to bill of lading|\d+m", row) == [
        "Order to bill of lading",
        "20m",
        "40m",
        "40m",
    ]


def test_the_board_says_when_it_changes_by_itself(orders):
    store, clock = orders.store, orders.clock
    run(orders, "CALM", 10)
    for minutes, counted in ((70, "at_risk"), (10, "at_risk"), (10, "exceeded"), (31, "exceeded")):
        at = board.board(store, Focus(), clock.now).changes_at
        assert at - clock.now <= minutes * 60_000 + 1000
        before = board.board(store, Focus(), at - 1)
        clock.now = at
        after = board.board(store, Focus(), at)
        assert (before.statistics, [row.task["risk_level"] for row in before.at_risk + before.late],
                [row.task["alert_level"] for row in before.late]) != (
            after.statistics, [row.task["risk_level"] for row in after.at_risk + after.late],
            [row.task["alert_level"] for row in after.late])  # fmt: skip
        assert after.statistics[counted] == 1


def test_the_first_view_is_small(busy, look):
    for number in range(20):
        run(busy, f"MORE{number}", 150 + number, name=f"Check the papers of delivery {number}")
        run(busy, f"SOON{number}", 90, name=f"Call the customer about delivery {number}")
    (seen,) = look("/")
    files = set(re.findall(r'(?:href|src)="/assets/\w+/([^"]+)"', seen.html))
    wanted = [*files, *imported(files), "live-worker.js"]
    total = len(seen.html.encode()) + sum(len(assets()[name].content) for name in set(wanted))
    assert total < FIRST_VIEW_BYTES, total


def imported(files):
    """What scripts import, and what that imports."""
    found, waiting = set(), [name for name in files if name.endswith(".js")]
    while waiting:
        text = assets()[waiting.pop()].content.decode()
        fresh = {*re.findall(r'from "\./([^"]+)"', text)} - found
        found |= fresh
        waiting += fresh
    return found


def test_a_change_is_on_the_board_when_its_event_is_heard(orders, path, clock):
    async def main():
        async with serving(path, clock=clock) as daemon, visiting(daemon, Accept="text/html") as session:
            async with session.get("/events", params={"topic": "task.*"}) as stream:
                await stream.content.readuntil(b": current\n\n")
                run(orders, "NEW", 1)
                cursor = ""
                while "task.status.changed" not in cursor:
                    cursor = (await stream.content.readuntil(b"\n\n")).decode()
            headers = {"Taskwatch-Part": "main", "Taskwatch-After": re.search("id: (.*)", cursor)[1]}
            async with session.get("/", headers=headers) as response:
                assert "1 in progress" in await response.text()

    asyncio.run(main())

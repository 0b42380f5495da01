"""The list of workflows and the view of one: what is shown to whom, how it is found, what is late."""

import re

import pytest

from server.dashboard.looking import visit
from taskwatch.actions import people, transitions, workflows
from taskwatch.actions.people import NewUser
from taskwatch.model import definition
from taskwatch.server.dashboard import page

MINUTE = 60_000
HOSTILE = "<script>alert(1)</script> \"' onload=x &amp; {{ 7*7 }}"


def define(office, code, tasks, name=None):
    wanted, problems = definition.check({"workflow": {"code": code, "name": name or code}, "task": tasks})
    assert problems == []
    workflows.define(office.store, wanted, office.clock.change())


def begin(office, code, subject, taskable_type="Order"):
    return workflows.start(office.store, code, taskable_type, subject, office.clock.change())["id"]


def links(seen):
    return [attributes.get("href") for tag, attributes in seen.tags if tag == "a"]


def having(seen, tag, name):
    """The elements with a class."""
    return [each for found, each in seen.tags if found == tag and name in (each.get("class") or "").split()]


def tile(seen, code):
    """The classes of a task's box."""
    row = re.search(rf'<tr id="row-(\d+)">(?:(?!</tr>).)*{code}', seen.html, re.DOTALL)
    (found,) = [each for each in having(seen, "a", "tile") if each["data-task"] == row[1]]
    return set(found["class"].split())


def test_the_list_shows_active_runs_with_their_progress(store, clock):
    async def scene(office):
        office.move("start")
        office.move("complete")
        seen = await office.look("/workflows")
        assert (seen.status, "2 runs found" in seen.text) == (200, True)
        assert "/workflows/bc/114?run=1" in links(seen)
        bars = [each for tag, each in seen.tags if tag == "progress"]
        assert [(bar["aria-label"], bar["value"], bar["max"]) for bar in bars] == [
            ("Progress of hr 7", "0", "1"),
            ("Progress of bc 114", "1", "3"),
        ]

    visit(store, clock, scene)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["hr 7", "bc 114"]),
        ("type=&status=&text=", ["hr 7", "bc 114"]),
        ("type=bc", ["bc 114"]),
        ("text=11", ["bc 114"]),
        ("status=completed", []),
        ("status=any&late=1", ["bc 114"]),
        ("type=hr&late=1", []),
    ],
)
def test_filters_of_the_list_add_up_and_stay_in_the_form(store, clock, query, found):
    async def scene(office):
        office.move("start")
        clock.now += 31 * MINUTE
        seen = await office.look(f"/workflows?{query}")
        assert re.findall(r'aria-label="Progress of ([^"]*)"', seen.html) == found
        chosen = [each for tag, each in seen.tags if tag == "option" and "selected" in each]
        assert len(chosen) == 1 + ("type=bc" in query or "type=hr" in query)
        assert ("No workflow is like that" in seen.text) == (not found)

    visit(store, clock, scene)


def test_what_cannot_be_filtered_for_is_told_on_a_readable_page(store, clock):
    async def scene(office):
        seen = await office.look("/workflows?status=activ")
        assert (seen.status, seen.headers["Content-Type"]) == (422, "text/html; charset=utf-8")
        assert (await office.look("/workflows?type=nothing")).status == 404
        assert (await office.look("/workflows?type=hr", as_="limited")).status == 403

    visit(store, clock, scene)


def test_a_long_list_is_cut_and_says_how_many_more_there_are(store, clock, monkeypatch):
    monkeypatch.setattr(page, "CUT", 2)

    async def scene(office):
        begin(office, "hr", "8")
        seen = await office.look("/workflows?status=active")
        assert "and 1 more" in seen.text
        assert len([tag for tag, _ in seen.tags if tag == "progress"]) == 2
        assert "/workflows?status=active&all=1" in links(seen)
        everything = await office.look("/workflows?status=active&all=1")
        assert len([tag for tag, _ in everything.tags if tag == "progress"]) == 3

    visit(store, clock, scene)


def test_who_is_limited_to_a_type_sees_and_follows_that_type_alone(store, clock):
    async def scene(office):
        seen = await office.look("/workflows", as_="limited")
        assert re.findall(r'aria-label="Progress of ([^"]*)"', seen.html) == ["bc 114"]
        (body,) = [each for tag, each in seen.tags if tag == "body"]
        assert body["data-topics"] == '["workflow.bc.*"]'
        assert (await office.look("/workflows/bc/114", as_="limited")).status == 200
        assert (await office.look("/workflows/hr/7", as_="limited")).status == 404
        assert (await office.look("/workflows/hr/7/history/4", as_="limited")).status == 404
        assert (await office.look("/workflows/bc/114/history/4", as_="limited")).status == 404

    visit(store, clock, scene)


def test_the_view_shows_every_task_in_the_picture_and_in_the_table(store, clock):
    async def scene(office):
        seen = await office.look("/workflows/bc/114")
        tiles = having(seen, "a", "tile")
        assert [each["href"] for each in tiles] == ["/admin/tasks/1", "/admin/tasks/2", "/admin/tasks/3"]
        assert [(each["data-before"], each["data-behind"]) for each in tiles] == [
            ("", "2"),
            ("1", "3"),
            ("2", ""),
        ]
        lines = having(seen, "path", "arrow")
        assert {(each["data-source"], each["data-target"]) for each in lines if "data-source" in each} == {
            ("1", "2"),
            ("2", "3"),
        }
        rows = [each["id"] for tag, each in seen.tags if tag == "tr" and "id" in each]
        assert rows == ["row-1", "row-2", "row-3"]
        assert (tile(seen, "ADV_REVIEW"), tile(seen, "DELIVER")) == (
            {"tile", "at-ready", "on-path"},
            {"tile", "at-pending", "on-path"},
        )
        assert '"workflow.bc.114"' in next(each["data-topics"] for tag, each in seen.tags if tag == "body")

    visit(store, clock, scene)


def test_progress_and_times_are_those_of_the_moment(store, clock):
    async def scene(office):
        office.move("start")
        clock.now += 10 * MINUTE
        seen = await office.look("/workflows/bc/114")
        assert "20m 00s left" in seen.text
        assert "0 of 3 tasks done" in seen.text
        clock.now += 15 * MINUTE
        assert "mark-risk" in tile(await office.look("/workflows/bc/114"), "ADV_REVIEW")
        clock.now += 10 * MINUTE
        seen = await office.look("/workflows/bc/114")
        assert "mark-late" in tile(seen, "ADV_REVIEW")
        assert "late 5m 00s" in seen.text
        office.move("complete")
        seen = await office.look("/workflows/bc/114")
        assert tile(seen, "ADV_REVIEW") == {"tile", "at-completed"}
        assert "33%" in seen.text
        assert "completed · late 5m 00s" in seen.text

    visit(store, clock, scene)


def test_a_page_says_when_it_will_differ_without_an_event(store, clock):
    async def scene(office):
        async def stale_at():
            seen = await office.look("/workflows/bc/114")
            found = next(each.get("data-stale-at") for tag, each in seen.tags if tag == "main")
            return found and int(found)

        assert await stale_at() is None
        office.move("start")
        begun = clock.now
        assert await stale_at() == begun + 24 * MINUTE + 1000
        clock.now = begun + 24 * MINUTE + 999
        assert "mark-risk" not in tile(await office.look("/workflows/bc/114"), "ADV_REVIEW")
        clock.now = begun + 24 * MINUTE + 1000
        assert "mark-risk" in tile(await office.look("/workflows/bc/114"), "ADV_REVIEW")
        assert await stale_at() == begun + 30 * MINUTE + 1000
        clock.now = begun + 30 * MINUTE + 1000
        assert "mark-late" in tile(await office.look("/workflows/bc/114"), "ADV_REVIEW")
        assert await stale_at() is None

    visit(store, clock, scene)


def test_what_a_failed_task_keeps_from_beginning_is_blocked(store, clock):
    async def scene(office):
        office.move("fail")
        seen = await office.look("/workflows/bc/114")
        assert "mark-blocked" in tile(seen, "CONVERT_TO_BL")
        assert any("broken" in each["class"] for each in having(seen, "path", "arrow"))
        assert "by ADV_REVIEW_BC114" in seen.text

    visit(store, clock, scene)


def test_every_run_of_a_subject_can_be_seen(store, clock):
    async def scene(office):
        workflows.cancel(store, "1", clock.change())
        new = begin(office, "bc", "114")
        seen = await office.look("/workflows/bc/114")
        assert f"run {new}," in seen.text
        assert "/workflows/bc/114?run=1" in links(seen)
        assert "run 1," in (await office.look("/workflows/bc/114?run=1")).text
        for path in ("/workflows/bc/114?run=2", "/workflows/bc/115", "/workflows/xy/1"):
            assert (await office.look(path)).status == 404

    visit(store, clock, scene)


def test_the_history_of_a_task_is_told_newest_first(store, clock):
    async def scene(office):
        office.move("start", by=5)
        seen = await office.look("/workflows/bc/114/history/1", **{"Taskwatch-Part": "main"})
        assert seen.html.lstrip().startswith("<main")
        told = re.findall(r"<li><p>(.*?)</p>", seen.html)
        assert told[:2] == ["was claimed by user 5", "ready → in_progress"]
        assert told[-1] == "was created"
        assert "by eli" in seen.text
        assert (await office.look("/workflows/hr/7/history/1")).status == 404

    visit(store, clock, scene)


def test_a_long_history_says_how_much_older_there_is(store, clock):
    async def scene(office):
        for _ in range(10):
            office.move("hold")
            office.move("resume")
        seen = await office.look("/workflows/bc/114/history/1")
        assert len(re.findall(r"<li><p>", seen.html)) == 12
        assert re.search(r"and \d+ older", seen.text)

    visit(store, clock, scene)


def test_names_of_holders_are_for_admins(store, clock):
    async def scene(office):
        people.add(store, NewUser("lou", id=9), clock.change())
        define(office, "pr", [{"code": "A", "name": "A", "assign": ["user:9"]}])
        begin(office, "pr", "1")
        assert "lou" in (await office.look("/workflows/pr/1")).text
        seen = await office.look("/workflows/pr/1", as_="eli")
        assert "lou" not in seen.text
        assert "user 9" in seen.text

    visit(store, clock, scene)


def test_hostile_names_stay_text(store, clock):
    async def scene(office):
        define(
            office,
            "bad",
            [{"code": "A", "name": HOSTILE}, {"code": "B", "name": "\u202e" + "W" * 190, "after": ["A"]}],
        )
        begin(office, "bad", "1", "Order")
        transitions.transition(store, "hold", ["A_BAD1"], clock.change(reason=HOSTILE))
        for path in ("/workflows", "/workflows/bad/1", "/workflows/bad/1/history/A_BAD1"):
            seen = await office.look(path)
            assert seen.status == 200
            assert "<script>alert" not in seen.html
            assert not any("onload" in each for _, each in seen.tags)
            assert "49" not in re.findall(r"alert\(1\).{0,60}", seen.text)
        assert HOSTILE in (await office.look("/workflows/bad/1")).text

    visit(store, clock, scene)


def test_no_markup_holds_script_or_style(store, clock):
    async def scene(office):
        for path in ("/workflows", "/workflows/bc/114", "/workflows/bc/114/history/1"):
            seen = await office.look(path)
            assert not any(name == "style" or name.startswith("on") for _, each in seen.tags for name in each)
            assert "style" not in [tag for tag, _ in seen.tags]
            assert all("src" in each for tag, each in seen.tags if tag == "script")
            assert "default-src 'none'" in seen.headers["Content-Security-Policy"]

    visit(store, clock, scene)


def test_ids_are_unique_and_links_within_the_page_lead_somewhere(store, clock):
    async def scene(office):
        seen = await office.look("/workflows/bc/114")
        ids = [each["id"] for _, each in seen.tags if "id" in each]
        assert len(ids) == len(set(ids))
        assert {href[1:] for href in links(seen) if href.startswith("#")} <= set(ids)
        used = {each["href"][1:] for tag, each in seen.tags if tag == "use"}
        assert used <= set(ids)

    visit(store, clock, scene)


def test_behind_a_proxy_every_link_has_the_prefix(store, clock):
    async def scene(office):
        for path in ("/workflows", "/workflows/bc/114"):
            seen = await office.look(path)
            assert all(href.startswith(("/sla/", "#")) for href in links(seen))
            assert all(each["data-history"].startswith("/sla/") for each in having(seen, "a", "tile"))

    visit(store, clock, scene, server__public_url="https://example.org/sla")


def test_a_workflow_of_two_hundred_tasks_is_shown_whole(store, clock):
    async def scene(office):
        tasks = [
            {
                "code": f"T{n}",
                "name": f"Task {n}",
                "timeout": 30,
                "after": [f"T{m}" for m in {n // 2, n - 7} if 0 <= m < n],
            }
            for n in range(200)
        ]
        define(office, "big", tasks)
        begin(office, "big", "1")
        seen = await office.look("/workflows/big/1")
        assert len(having(seen, "a", "tile")) == 200
        edges = sum(len(task["after"]) for task in tasks)
        assert len([each for each in having(seen, "path", "arrow") if "data-source" in each]) == edges

    visit(store, clock, scene)

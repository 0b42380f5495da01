"""The page of a task: what it is, what one may do with it, why not the rest, and who is told what."""

import json

import pytest

from outbox import put
from server.dashboard.looking import visit
from taskwatch.actions import tasks
from taskwatch.actions.tasks import NewTask
from taskwatch.model.task import Task
from taskwatch.testing.samples import HOSTILE

CODE = "ADV_REVIEW_BC114"
PAGE = f"/admin/tasks/{CODE}"


def test_the_page_of_a_task_is_json_for_programs_and_html_for_browsers(store, clock):
    async def scene(office):
        data = await office.look(PAGE, Accept="application/json")
        number = json.loads(data.html)["id"]
        assert (json.loads(data.html)["code"], data.headers["ETag"]) == (CODE, '"2"')
        assert data.headers["Vary"] == "Accept"
        page = await office.look(f"/admin/tasks/{number}")
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Accept" in page.headers["Vary"]
        assert "ADV Review" in page.title
        assert (await office.look("/admin/tasks/99999")).status == 404
        part = await office.look(PAGE, **{"Accept": "*/*", "Taskwatch-Part": "main"})
        assert part.html.lstrip().startswith("<main")

    visit(store, clock, scene)


def test_who_has_a_task_may_move_it_and_reads_why_not_otherwise(store, clock):
    async def scene(office):
        page = await office.look(PAGE, as_="eli")
        assert all(page.offers(verb) for verb in ("start", "complete", "claim", "hold", "skip", "assign"))
        assert not any(page.offers(verb) for verb in ("resume", "reopen", "ack", "release"))
        assert f"{CODE} is ready, so it cannot be resumed" in page.text
        assert f"nobody has claimed {CODE}" in page.text
        assert f"{CODE} is not late" in page.text

    visit(store, clock, scene)


def test_who_does_not_have_it_may_do_nothing_and_reads_whose_it_is(store, clock):
    async def scene(office):
        page = await office.look(PAGE, as_="kim")
        assert page.acts == []
        assert "Nothing at the moment." in page.text
        assert f"{CODE} is assigned to user:5" in page.text

    visit(store, clock, scene)


def test_a_type_that_one_may_not_see_is_not_there(store, clock):
    async def scene(office):
        assert (await office.look(PAGE, as_="limited")).status == 200
        hidden = await office.look("/admin/tasks/INTERVIEW_HR7", as_="limited")
        assert hidden.status == 404
        assert "Interview" not in hidden.html

    visit(store, clock, scene)


def test_of_two_who_act_one_wins_and_the_other_is_told_the_present_state(store, clock):
    async def scene(office):
        first, second = await office.look(PAGE, as_="eli"), await office.look(PAGE)
        assert (await office.act(first.offers("complete"), as_="eli"))[0] == 200
        status, told = await office.act(second.offers("skip"), reason="not needed")
        assert (status, told["details"]["status"], told["details"]["version"]) == (412, "completed", 3)
        assert "is at version 3 and completed" in told["detail"]
        page = await office.look(PAGE)
        assert page.offers("reopen")["data-match"] == "3"
        assert f"{CODE} is completed, so it cannot be skipped" in page.text

    visit(store, clock, scene)


def test_a_reason_that_was_given_stands_in_the_history(store, clock):
    async def scene(office):
        page = await office.look(PAGE, as_="eli")
        assert (await office.act(page.offers("hold"), as_="eli", reason="no address"))[0] == 200
        page = await office.look(PAGE, as_="eli")
        assert "ready → on_hold (no address)" in page.text
        assert "user 5" not in page.text
        assert "eli (you)" in page.text

    visit(store, clock, scene)


def test_the_clock_is_accounted_for_as_by_sla_explain(store, clock):
    async def scene(office):
        office.move("start", by=5)
        clock.advance(minutes=12)
        office.move("hold", by=5, reason="no address")
        clock.advance(minutes=60)
        office.move("resume", by=5)
        clock.advance(minutes=6)
        page = await office.look(PAGE)
        assert "12m 00s left of 30m" in page.text
        assert "paused no address" in page.text
        assert "Elapsed, of 30m 18m" in page.text
        clock.advance(minutes=13)
        page = await office.look(PAGE)
        assert "1m 00s over the 30m" in page.text
        assert page.offers("ack")
        assert page.offers("snooze")["data-body"] == '{"until": "30m"}'

    visit(store, clock, scene)


def test_what_ended_tells_how_long_it_took(store, clock):
    async def scene(office):
        office.move("start", by=5)
        clock.advance(minutes=33)
        office.move("complete", by=5)
        assert "33m 00s of 30m, 3m late" in (await office.look(PAGE)).text
        office.move("complete", "CONVERT_TO_BL_BC114")
        page = await office.look("/admin/tasks/CONVERT_TO_BL_BC114")
        assert "ended without having been started" in page.text

    visit(store, clock, scene)


def test_an_ack_can_be_taken_back(store, clock):
    async def scene(office):
        office.move("start", by=5)
        clock.advance(minutes=31)
        await office.daemon.house.watch.tick()
        page = await office.look(PAGE, as_="eli")
        assert (await office.act(page.offers("ack"), as_="eli"))[0] == 200
        page = await office.look(PAGE, as_="eli")
        assert (await office.act(page.offers("unack"), as_="eli"))[0] == 200

    visit(store, clock, scene)


def test_a_task_is_given_to_somebody_and_taken_again(store, clock):
    async def scene(office):
        page = await office.look(PAGE)
        status, _ = await office.act(page.offers("assign"), who=["role:driver"])
        assert status == 200
        page = await office.look(PAGE)
        assert "role driver" in page.text
        given = [attributes for path, attributes in page.acts if path.endswith("/unassign")]
        assert [json.loads(each["data-body"])["who"] for each in given] == [["user:5"], ["role:driver"]]
        assert (await office.act(given[0]))[0] == 200
        assert (await office.look(PAGE, as_="eli")).offers("start") is None

    visit(store, clock, scene)


def test_what_is_before_and_after_is_linked_with_its_state(store, clock):
    async def scene(office):
        page = await office.look("/admin/tasks/CONVERT_TO_BL_BC114")
        links = {attributes.get("href") for tag, attributes in page.tags if tag == "a"}
        assert {"/admin/tasks/1", "/admin/tasks/3", "/workflows/bc/114?run=1"} <= links
        assert "ADV Review ▷ ready" in page.text

    visit(store, clock, scene)


def test_an_admin_sees_what_anybody_was_told_and_others_what_they_were(store, clock):
    async def scene(office):
        with store.read() as tx:
            task = tx.one(Task, "tasks.by_code", code=CODE)
        put(store, clock, 1, task=task, user_id=5, address="eli@example.com")
        put(store, clock, 1, task=task, user_id=6, address="kim@example.com")
        page = await office.look(PAGE)
        assert "eli" in page.text
        assert "kim" in page.text
        assert "this is what you would be told" in page.text
        assert "this is what kim would be told" in (await office.look(f"{PAGE}?user=6")).text
        assert (await office.look(f"{PAGE}?user=6", as_="eli")).status == 403
        assert "database at once" in (await office.look(PAGE, as_="eli")).text
        program = await office.look(PAGE, as_="program")
        assert "Nobody in particular is signed in" in program.text

    visit(store, clock, scene)


def test_names_are_for_admins_and_for_oneself(store, clock):
    async def scene(office):
        office.move("start", by=5)
        assert "Has it eli" in (await office.look(PAGE)).text
        assert "Has it eli (you)" in (await office.look(PAGE, as_="eli")).text
        stranger = (await office.look(PAGE, as_="kim")).html
        assert "user 5" in stranger
        assert ">eli<" not in stranger

    visit(store, clock, scene)


def test_the_page_follows_its_task_and_its_workflow(store, clock):
    async def scene(office):
        def topics(page):
            return next(json.loads(each["data-topics"]) for tag, each in page.tags if tag == "body")

        assert topics(await office.look(PAGE)) == ["task.1", "workflow.bc.114"]
        assert topics(await office.look(PAGE, as_="limited")) == ["workflow.bc.114"]

    visit(store, clock, scene)


@pytest.mark.parametrize("text", [text for text in HOSTILE if text.strip() and len(text) < 200])
def test_what_users_typed_stays_text(store, clock, text):
    name = (
        "".join(letter for letter in text if letter.isprintable())
        + "<script>alert(1)</script>'\"><img src=x>"
    )

    async def scene(office):
        tasks.add(store, [NewTask("X", name=name, after=(CODE,))], clock.change())
        for path in ("/admin/tasks/X", PAGE):
            page = await office.look(path)
            assert page.status == 200
            scripts = [attributes for tag, attributes in page.tags if tag == "script"]
            assert all(each.get("src", "").startswith("/assets/") for each in scripts)
            assert not [tag for tag, _ in page.tags if tag == "img"]
            assert "onerror" not in page.html

    visit(store, clock, scene)

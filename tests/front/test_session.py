"""How pages in Chromium come in without a bearer token: by a session's cookie, and by a ticket."""

import pytest

pytestmark = pytest.mark.parametrize("browser", ["chromium"], indirect=True)

CHANGED = "task.status.changed"


def test_a_person_signs_in_on_the_page_and_everything_is_live(daemon, visit):
    topic, (first, *_) = daemon.workflow()
    page = visit(daemon, login=daemon.tokens["dana"])
    page.do("follow", "private", topic, f".{CHANGED}")
    page.wait(heard="subscribed", on=topic)
    page.do("stream", "s", f"/events?topic={topic}", CHANGED)
    page.wait(heard="open", on="s")
    task = daemon.ask("task", "show", first)
    assert page.do("post", f"/api/v1/tasks/{task['id']}/start")["status"] == 200
    started = page.wait(heard=CHANGED, on="s")["data"]["data"]
    assert (started["new_status"], started["changed_by"]) == ("in_progress", 5)
    daemon.ask("task", "complete", first)
    assert page.wait(heard=f".{CHANGED}")["data"]["new_status"] == "completed"


def test_who_has_not_signed_in_follows_nothing(daemon, visit):
    page = visit(daemon)
    page.do("follow", "private", "workflow.bc.114")
    page.wait(heard="error", on="workflow.bc.114", type="AuthError", status=401)
    page.do("stream", "s", "/events?topic=workflow.bc.114", CHANGED)
    assert page.wait(heard="drop", on="s")["closed"] is True


def test_a_page_from_elsewhere_streams_by_a_ticket_that_is_good_once(daemon, visit):
    topic, (first, *_) = daemon.workflow()
    page = visit(daemon, "dana")
    ticket = page.do("post", "/api/v1/tickets")["data"]["ticket"]
    address = f"{daemon.url}/events?topic={topic}&ticket={ticket}"
    page.do("stream", "first", address, CHANGED)
    page.wait(heard="open", on="first")
    page.do("stream", "second", address, CHANGED)
    assert page.wait(heard="drop", on="second")["closed"] is True
    daemon.ask("task", "start", first)
    page.wait(heard=CHANGED, on="first", data={"data": {"task_code": first, "new_status": "in_progress"}})


def test_a_page_of_an_unknown_origin_is_kept_out(own_daemon, browser, scripts):
    page = browser.open(f"{browser.elsewhere}/", scripts["echo"])
    page.do("connect", own_daemon.url, None)
    page.wait(heard="state", state=lambda state: state not in {"connecting", "connected"})
    page.do("stream", "s", f"{own_daemon.url}/events?topic=workflow.bc.*", CHANGED)
    assert page.wait(heard="drop", on="s")["closed"] is True
    page.close()

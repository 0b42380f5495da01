"""`/events` as a browser's plain EventSource and `curl -N` see it."""

import json
import shutil
import subprocess

import pytest

from front.parts import lacking

CHANGED = "task.status.changed"


@pytest.fixture
def visit(own_daemon, chromium, scripts):
    """Open a page of the daemon's origin in Chromium."""
    pages = []

    def visit():
        pages.append(page := chromium.open(f"{own_daemon.url}/test/stream.html", scripts["echo"]))
        return page

    yield visit
    for page in pages:
        page.close()


def test_an_event_source_that_was_dropped_gets_what_it_missed_once(own_daemon, visit):
    topic, (first, second, _) = own_daemon.workflow()
    page = visit()
    page.do("stream", "s", f"/events?topic={topic}", CHANGED)
    page.wait(heard="open")
    own_daemon.ask("task", "start", first)
    seen = [page.wait(heard=CHANGED)]
    own_daemon.stop()
    assert page.wait(heard="drop")["closed"] is False
    own_daemon.ask("task", "complete", first)
    own_daemon.start()
    page.wait(heard="open")
    own_daemon.ask("task", "start", second)
    seen += [page.wait(heard=CHANGED) for _ in range(3)]
    moves = [(event["data"]["data"]["task_code"], event["data"]["data"]["new_status"]) for event in seen]
    assert moves == [(first, "in_progress"), (first, "completed"), (second, "ready"), (second, "in_progress")]
    numbers = [event["data"]["seq"] for event in seen]
    assert numbers == sorted(set(numbers))
    assert [event["id"] for event in seen] == [event["data"]["id"] for event in seen]


def test_an_event_source_with_a_foreign_cursor_is_told_so_and_goes_on_from_now(own_daemon, visit):
    topic, (first, *_) = own_daemon.workflow()
    page = visit()
    page.do("stream", "s", f"/events?topic={topic}&after=elsewhere-1", "reset", CHANGED)
    reset = page.wait(heard="reset")
    assert reset["id"] == reset["data"]["cursor"]
    own_daemon.ask("task", "start", first)
    assert page.wait(heard=CHANGED)["data"]["data"]["new_status"] == "in_progress"
    assert not page.told(heard=CHANGED)


def test_curl_follows_from_a_cursor(own_daemon):
    if not shutil.which("curl"):
        lacking("curl is not installed")
    topic, (first, second, _) = own_daemon.workflow()
    cursor = own_daemon.ask("events", "list", "--limit", "1")[0]["id"]
    own_daemon.ask("task", "complete", first)
    command = ["curl", "-sN", "--max-time", "20", "-H", f"Last-Event-ID: {cursor}"]
    address = f"{own_daemon.url}/events?topic={topic}"
    with subprocess.Popen([*command, address], stdout=subprocess.PIPE, text=True) as curl:
        assert curl.stdout.readline() == "retry: 3000\n"
        facts = events(curl.stdout)
        assert [next(facts)["new_status"] for _ in range(2)] == ["completed", "ready"]
        own_daemon.ask("task", "start", second)
        assert next(facts)["new_status"] == "in_progress"
        curl.terminate()


def events(lines):
    """The payloads of changes of status, as they come."""
    for line in lines:
        if line.startswith("data: "):
            fact = json.loads(line.removeprefix("data: "))
            if fact["kind"] == CHANGED:
                yield fact["data"]

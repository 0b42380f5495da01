"""`taskwatch open`: the right page of the right daemon, in the browser or as an address."""

import asyncio
import json
import threading
import webbrowser
from contextlib import contextmanager

import pytest

from live import serving
from taskwatch.cli.open import PAGES, path_of
from taskwatch.daemon.control import Door
from taskwatch.errors import InvalidInput


@pytest.fixture
def shown(monkeypatch):
    """What the browser was told to open."""
    addresses = []
    monkeypatch.setattr(webbrowser, "open", lambda url: addresses.append(url) or True)
    return addresses


@contextmanager
def daemon(path, address=None):
    """A daemon in a thread, with the socket by which commands find it; gives its address."""
    loop, began, ended = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    found = []

    async def serve():
        async with serving(path) as served:

            async def answer(_):
                return {"address": address or served.address}

            door = await Door.open(str(path), answer)
            found.append(served.address)
            began.set()
            await ended.wait()
            await door.close()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert began.wait(20)
    try:
        yield found[0]
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("board", "/"),
        ("inbox", "/inbox"),
        ("workflows", "/workflows"),
        ("operations", "/admin/operations"),
        ("task ADV_REVIEW_BC114", "/admin/tasks/ADV_REVIEW_BC114"),
        ("task 12", "/admin/tasks/12"),
        ("task a/../b?c#d", "/admin/tasks/a%2F..%2Fb%3Fc%23d"),
        ("workflow bc.114", "/workflows/bc/114"),
        ("workflow bc.a.b/c", "/workflows/bc/a.b%2Fc"),
    ],
)
def test_every_page_has_its_path(words, path):
    assert path_of(*[*words.split(), None][:2]) == path


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("task", None), ("task", ""), ("workflow", None), ("workflow", "bc"), ("workflow", "bc."),
        ("workflow", ".1"), ("board", "x"), ("inbox", "7"),
    ],
)  # fmt: skip
def test_a_name_is_there_where_one_is_needed_and_nowhere_else(page, name):
    with pytest.raises(InvalidInput) as refused:
        path_of(page, name)
    assert refused.value.hint.startswith(f"run: taskwatch open {page}")


def test_the_browser_opens_the_daemon_of_the_database(run, home, shown):
    with daemon(home / "t.db") as address:
        assert run("open") == (0, "", f"Opened {address}/\n")
        assert run("open", "task", "X")[0] == 0
    assert shown == [f"{address}/", f"{address}/admin/tasks/X"]


def test_with_print_or_without_a_browser_the_address_is_printed(run, home, shown, monkeypatch):
    with daemon(home / "t.db") as address:
        assert run("open", "inbox", "--print") == (0, f"{address}/inbox\n", "")
        assert shown == []
        monkeypatch.setattr(webbrowser, "open", lambda _: False)
        assert run("open") == (0, f"{address}/\n", "")

        def fail(_):
            raise webbrowser.Error("no browser")

        monkeypatch.setattr(webbrowser, "open", fail)
        code, out, err = run("open", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"url": f"{address}/", "opened": False}


def test_without_a_daemon_the_error_says_how_to_start_one(run, home, shown):
    assert run("open") == (
        3, "", f"error: no daemon serves {home}/t.db\nhint: start one with: taskwatch daemon\n",
    )  # fmt: skip
    assert shown == []


def test_browsers_go_where_the_configuration_says(run, home, shown):
    (home / "taskwatch.toml").write_text('server.public_url = "https://tasks.example.org/tw/"\n')
    with daemon(home / "t.db"):
        run("open", "inbox")
    assert shown == ["https://tasks.example.org/tw/inbox"]


def test_another_server_is_opened_if_it_answers(run, home, shown):
    with daemon(home / "other.db") as address:
        assert run("open", "--server", address)[0] == 0
        (home / "taskwatch.toml").write_text(f'server.url = "{address}"\n')
        assert run("open", "inbox")[0] == 0
    assert shown == [f"{address}/", f"{address}/inbox"]
    code, out, err = run("open")
    assert (code, out) == (5, "")
    assert err.startswith(f"error: no daemon answers at {address}: Connection refused\nhint: is it running")


def test_all_addresses_of_a_machine_are_localhost_and_a_socket_is_none(run, home, shown):
    with daemon(home / "t.db", address="http://0.0.0.0:8000"):
        run("open")
    assert shown == ["http://localhost:8000/"]
    with daemon(home / "t.db", address="unix:/run/taskwatch.sock"):
        code, _, err = run("open")
    assert (code, len(shown)) == (5, 1)
    assert err.endswith("hint: set server.public_url\n")


def test_a_page_that_is_none_is_refused_with_those_there_are(run):
    code, _, err = run("open", "nothing")
    assert code == 2
    assert all(page in err for page in PAGES)

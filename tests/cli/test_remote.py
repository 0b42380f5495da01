"""Asking a server: the same answers as from the database, safe tokens, and streams that survive anything."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from aiohttp import web

from cli.stub import Stub, daemon, problem
from taskwatch import errors
from taskwatch.actions import workflows
from taskwatch.actions.change import Change
from taskwatch.actions.events import Filter
from taskwatch.cli.remote.link import Link, Server
from taskwatch.cli.remote.problem import refusal
from taskwatch.cli.remote.stream import EventStream
from taskwatch.model import definition
from taskwatch.store import open_store

NOW = 1_795_435_200_000
TOKEN = "tw_0123456789abcdef"
BC, _ = definition.check(
    {"workflow": {"code": "bc", "name": "Order"}, "task": [{"code": "REVIEW", "name": "R", "timeout": 30}]}
)


@pytest.fixture
def store(home):
    store = open_store(str(home / "t.db"))
    workflows.define(store, BC, Change(NOW))
    for subject in range(100, 110):
        workflows.start(store, "bc", "Order", str(subject), Change(NOW))
    yield store
    store.close()


@pytest.fixture
def stub(home, store):
    with Stub(home / "t.db") as stub:
        yield stub


@pytest.fixture
def token_file(home):
    path = home / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


QUESTIONS = [
    "list", "list --json", "list --jsonl", "list --limit 3 --json", "list --kind workflow.started --json",
    "list --topic workflow.bc.104 --topic workflow.bc.105", "list --after 7 --limit 4 --json",
    "list --topic x",
    "tail -n 3", "tail -n 0 --json", "tail --after 11", "tail --after 0 --json",
    "list --after 0badc0de-1 --json", "list --after 9999", "list --after soon", "list --kind task.readdy",
    "list --topic a*b --json",
]  # fmt: skip


@pytest.mark.parametrize("words", QUESTIONS)
def test_a_server_gives_the_same_answers_and_errors_as_the_database(run, stub, words):
    assert run("events", *words.split(), "--server", stub.url) == run("events", *words.split())


def test_what_follows_a_cursor_is_read_to_the_end_though_pages_come_with_less(run, stub, monkeypatch):
    seen = run("events", "tail", "--after", "0", "--json")
    monkeypatch.setattr("taskwatch.cli.events.log.PAGE", 7)
    assert run("events", "tail", "--after", "0", "--json", "--server", stub.url) == seen


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "localhost:8000", "http://", "http://x?y", "http://x#y", "http://x:99999", "http://a b", "/"],
)
def test_what_is_no_address_is_refused(run, store, url):
    code, out, err = run("events", "list", "--server", url)
    assert (code, out) == (78, "")
    assert "hint:" in err


def test_a_password_in_an_address_is_refused_and_never_shown(run, store):
    code, out, err = run("events", "list", "--server", f"http://me:{TOKEN}@127.0.0.1:1/", "--debug")
    assert (code, out) == (2, "")
    assert TOKEN not in err
    assert "--token-file" in err


def test_a_server_and_a_database_exclude_each_other_and_a_database_beats_a_configured_server(
    run, stub, monkeypatch, home
):
    assert run("events", "list", "--server", stub.url, "--db", "t.db")[0] == 2
    monkeypatch.setenv("TASKWATCH_SERVER", "http://127.0.0.1:1")
    assert run("events", "list")[0] == 5
    assert run("events", "list", "--db", str(home / "t.db"))[0] == 0


def test_a_token_is_shown_to_the_server_and_to_nobody_else(run, stub, token_file, monkeypatch):
    monkeypatch.setenv("TASKWATCH_TOKEN_FILE", str(token_file))
    assert run("events", "list", "--server", stub.url)[0] == 0
    assert stub.requests[-1].headers["Authorization"] == f"Bearer {TOKEN}"
    stub.answer = lambda _: web.Response(status=500)
    _, out, err = run("events", "list", "--server", stub.url, "--debug")
    assert TOKEN not in out + err + repr(Server("http://x", TOKEN))
    stub.answer = lambda _: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"})
    code, _, err = run("events", "list", "--server", stub.url)
    assert (code, "elsewhere" in err) == (2, True)


def test_a_token_file_that_others_can_read_is_refused(run, stub, token_file):
    token_file.chmod(0o640)
    code, _, err = run("events", "list", "--server", stub.url, "--token-file", str(token_file))
    assert code == 78
    assert f"chmod 600 {token_file}" in err
    assert (TOKEN in err, stub.requests) == (False, [])


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda _: web.Response(status=502, text="<html>Bad gateway"), 5),
        (lambda _: web.Response(status=503), 5),
        (lambda _: web.Response(status=404, text="nothing"), 3),
        (lambda _: web.Response(status=401), 4),
        (lambda _: web.Response(text="<html>hello"), 5),
        (lambda _: web.json_response([]), 5),
        (lambda _: web.json_response({"items": [{"seq": "1"}], "next": "x-1"}), 5),
        (lambda _: problem(errors.Forbidden("the token has expired", hint="ask for another")), 4),
    ],
)
def test_an_answer_that_is_none_becomes_an_error_with_a_hint(run, stub, answer, code):
    stub.answer = answer
    left, out, err = run("events", "list", "--json", "--server", stub.url)
    assert (left, out) == (code, "")
    assert json.loads(err)["error"]["hint"]


def test_a_server_that_is_not_there_is_named(run, store):
    code, _, err = run("events", "tail", "-f", "--server", "http://127.0.0.1:1")
    assert code == 5
    assert "http://127.0.0.1:1 cannot be reached" in err
    assert "refused" in err


@pytest.mark.parametrize(
    "kind", [errors.InvalidInput, errors.NotFound, errors.Forbidden, errors.Conflict, errors.Stale,
             errors.Unavailable, errors.TimedOut, errors.StoreUnusable, errors.TaskwatchError],
)  # fmt: skip
def test_every_error_comes_back_as_what_it_was(kind):
    error = kind("it went wrong", hint="mend it", status="ready", message_id=1)
    again = refusal("http://x", error.http_status, problem(error).body)
    assert (type(again), again.as_json()) == (kind, error.as_json())


def test_a_hostile_problem_breaks_nothing():
    for body in (b"[]", b"{}", b"\xff", b'{"detail": 1}', b'{"title": "x", "hint": {}, "code": []}',
                 b'{"title": "x", "details": {"self": 1, "message": 2, "hint": 3}}'):  # fmt: skip
        assert refusal("http://x", 409, body).exit_code in (3, 6)


def collect(stub, wanted, cursor, count, *, told=lambda _: None, seen=None):
    found = [] if seen is None else seen

    async def main():
        async with Link(Server(stub.url)) as link:
            stream = EventStream(link, wanted, cursor, told).batches()
            async with asyncio.timeout(60):
                async for batch in stream:
                    found.extend(batch)
                    if len(found) >= count:
                        await stream.aclose()
                        return found
        return None

    return asyncio.run(main())


def test_a_stream_that_is_cut_at_random_bytes_has_no_gap_and_no_duplicate(stub, store):
    for subject in range(200, 240):
        workflows.start(store, "bc", "Order", str(subject), Change(NOW))
    epoch = collect(stub, Filter(), "0", 1)[0]["id"].rpartition("-")[0]
    lines, dice = [], random.Random(7)
    stub.cut_after = 1_500

    def told(trouble):
        lines.append(trouble)
        stub.cut_after = dice.randrange(1, 4_000)

    found = collect(stub, Filter(), f"{epoch}-3", 198, told=told)
    assert [event["seq"] for event in found] == list(range(4, 202))
    assert len(list(filter(None, lines))) > 10
    assert lines[-1] is None


def test_what_a_server_sends_again_is_passed_over(stub):
    events = collect(stub, Filter(), "0", 3)[:3]
    lines = [f"id: {event['id']}\ndata: {json.dumps(event)}\n\n" for event in events]
    bodies = [f"retry: 1\n\n{part}" for part in ("", "".join(lines[:2]), "".join(lines), "".join(lines))]

    def answer(_):
        return web.Response(text=bodies.pop(0), content_type="text/event-stream") if bodies else None

    stub.answer = lambda request: answer(request) or web.Response(status=404)
    found = []
    with pytest.raises(errors.NotFound):
        collect(stub, Filter(), "0", 100, seen=found)
    assert [event["seq"] for event in found] == [1, 2, 3]


def test_kinds_and_instants_are_looked_at_by_the_client(stub, store):
    workflows.start(store, "bc", "Order", "300", Change(NOW + 60_000))
    found = collect(stub, Filter(kinds=("workflow.started",), since=NOW + 1), "0", 1)
    assert [(event["kind"], event["data"]["taskable_id"]) for event in found] == [("workflow.started", 300)]


@pytest.mark.parametrize("data", ["nonsense", "[]", '{"seq": 1}'])
def test_a_stream_of_nonsense_is_trouble_and_no_crash(stub, data, monkeypatch):
    monkeypatch.setattr("taskwatch.cli.remote.stream.RETRY_MS", 1)
    broken = f"id: e-1\ndata: {data}\n\n".encode()
    stub.answer = lambda _: web.Response(body=b"retry: 1\n\n" + broken, content_type="text/event-stream")
    heard = []

    def told(trouble):
        heard.append(trouble)
        if trouble:
            stub.answer = None

    found = collect(stub, Filter(), "0", 1, told=told)
    assert found[0]["seq"] == 1
    assert "cannot be read" in " ".join(filter(None, heard))


def test_a_token_that_is_taken_away_ends_the_stream(stub):
    stub.answer = lambda _: web.Response(status=401)
    with pytest.raises(errors.Forbidden):
        collect(stub, Filter(), "0", 1)


def follow(stub, *args):
    command = [
        sys.executable,
        "-m",
        "taskwatch",
        "events",
        "tail",
        "-f",
        "--jsonl",
        "--server",
        stub.url,
        *args,
    ]
    return subprocess.Popen(
        command, env=dict(os.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_tail_of_a_server_goes_on_where_it_was_when_the_server_comes_back(home, store):
    with Stub(home / "t.db") as stub, follow(stub, "-n", "1") as tail:
        first = json.loads(tail.stdout.readline())["seq"]
        workflows.start(store, "bc", "Order", "200", Change(NOW))
        read = [json.loads(tail.stdout.readline())["seq"] for _ in range(4)]
        stub.stop()
        assert "trying again" in tail.stderr.readline()
        workflows.start(store, "bc", "Order", "201", Change(NOW))
        with Stub(home / "t.db", stub.port):
            read += [json.loads(tail.stdout.readline())["seq"] for _ in range(4)]
            assert "back" in tail.stderr.readline()
            tail.send_signal(signal.SIGINT)
            tail.communicate(timeout=20)
        assert tail.returncode == 130
    assert read == list(range(first + 1, first + 9))


def test_a_reset_ends_a_tail_as_it_does_here(run, home, store):
    here = run("events", "tail", "-f", "--after", "0badc0de-1", "--jsonl")
    with Stub(home / "t.db") as stub:
        assert run("events", "tail", "-f", "--after", "0badc0de-1", "--jsonl", "--server", stub.url) == here
        with pytest.raises(errors.Conflict) as caught:
            collect(stub, Filter(), "0badc0de-1", 1)
    error = json.loads(here[2])["error"]
    assert here[0] == 6
    assert (caught.value.message, caught.value.hint) == (error["message"], error["hint"])
    assert caught.value.details == {"reset": True, "cursor": error["cursor"]}


def test_the_daemon_gives_the_same_answers_as_the_database(run, store, home):
    with daemon(home / "t.db") as url:
        for words in QUESTIONS:
            assert run("events", *words.split(), "--server", url) == run("events", *words.split())


def test_the_daemon_wants_a_token_once_there_is_one(run, store, home, token_file):
    made = json.loads(run("token", "create", "--admin", "--name", "mine", "--json")[1])
    with daemon(home / "t.db") as url:
        assert run("events", "list", "--server", url)[0] == 4
        token_file.write_text(made["secret"])
        assert run("events", "list", "--server", url, "--token-file", str(token_file))[0] == 0


def test_a_tail_of_the_daemon_outlives_its_restart(home, store):
    with ExitStack() as first:
        url = first.enter_context(daemon(home / "t.db"))
        with follow(SimpleNamespace(url=url), "--after", "38") as tail:
            seqs = [json.loads(tail.stdout.readline())["seq"] for _ in range(3)]
            workflows.start(store, "bc", "Order", "200", Change(NOW))
            seqs += [json.loads(tail.stdout.readline())["seq"] for _ in range(4)]
            first.close()
            with daemon(home / "t.db", server__port=url.rpartition(":")[2]):
                workflows.start(store, "bc", "Order", "201", Change(NOW))
                seqs += [json.loads(tail.stdout.readline())["seq"] for _ in range(4)]
                tail.send_signal(signal.SIGINT)
                tail.communicate(timeout=20)
    assert seqs == list(range(39, 50))

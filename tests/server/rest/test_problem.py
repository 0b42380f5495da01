"""Failures as RFC 9457 problems, and every way in which a request can be wrong."""

import asyncio
import io
import json
import logging

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from server.rest.served import play
from taskwatch.errors import Conflict, NotFound, TimedOut, Unauthorized
from taskwatch.server.call import segment
from taskwatch.server.policy import Policy
from taskwatch.server.problem import CONTENT_TYPE, problem
from taskwatch.server.route import Route

ADV = "/api/v1/tasks/ADV_REVIEW_BC114"
JSON = {"Content-Type": "application/json"}


def fields(response):
    return json.loads(response.body)


def test_an_error_keeps_its_sentence_hint_and_details():
    response = problem(Conflict("it is done", hint="look again", task_id=5))
    assert (response.status, response.content_type) == (409, CONTENT_TYPE)
    assert fields(response) == {
        "type": "urn:taskwatch:problem:conflict",
        "title": "The present state does not allow this",
        "status": 409,
        "detail": "it is done",
        "hint": "look again",
        "code": "conflict",
        "retryable": False,
        "details": {"task_id": 5},
    }


def test_what_may_be_tried_again_says_when():
    assert problem(TimedOut()).headers["Retry-After"] == "1"
    assert "Retry-After" not in problem(NotFound()).headers


def test_who_is_not_known_is_told_how_to_come_in():
    assert problem(Unauthorized()).headers["WWW-Authenticate"].startswith("Bearer")


def test_text_that_is_not_unicode_can_be_told():
    assert fields(problem(NotFound("there is no \udcff")))["detail"] == "there is no \udcff"


def test_the_framework_s_own_failures_are_problems_too(tmp_path):
    async def scene(served):
        absent = await served.get("/nowhere")
        assert (absent.status, absent.json["code"]) == (404, "not_found")
        assert "'/nowhere'" in absent.json["detail"]
        wrong = await served.ask("PUT", "/api/v1/tasks")
        assert (wrong.status, wrong.headers["Allow"]) == (405, "GET,POST")
        assert wrong.json["hint"] == "it takes GET, POST"
        large = await served.post(f"{ADV}/start", data=io.BytesIO(b" " * (1024 * 1024 + 1)), headers=JSON)
        assert (large.status, large.json["code"]) == (413, "content_too_large")
        unknown = await served.get(ADV, as_=None, headers={"Authorization": "Bearer nothing"})
        assert (unknown.status, unknown.headers["WWW-Authenticate"][:6]) == (401, "Bearer")
        for answer in (absent, wrong, large, unknown):
            assert answer.headers["Content-Type"].startswith(CONTENT_TYPE)

    play(tmp_path, scene)


def test_a_fault_of_ours_is_told_without_its_insides_and_logged(tmp_path, caplog):
    async def broken(request):
        raise ZeroDivisionError("the secret inside")

    async def moved(request):
        raise web.HTTPFound("/elsewhere")

    routes = [
        Route("GET", "/broken", broken, Policy.ANYONE, "Fail", "Test"),
        Route("GET", "/moved", moved, Policy.ANYONE, "Redirect", "Test"),
    ]

    async def scene(served):
        answer = await served.get("/broken?ticket=hidden")
        assert (answer.status, answer.json["code"]) == (500, "taskwatch_error")
        assert b"secret inside" not in answer.content
        assert (await served.get("/moved")).status == 404  # the client followed it

    with caplog.at_level(logging.ERROR, "taskwatch.server"):
        play(tmp_path, scene, more_routes=routes)
    assert "unexpected failure of GET '/broken'" in caplog.text
    assert "hidden" not in caplog.text


BODIES = {
    "no JSON": (b"{", 400),
    "no object": (b"[]", 422),
    "a number": (b"7", 422),
    "no UTF-8": (b'{"reason": "\xff"}', 400),
    "half a character": (b'{"reason": "\\ud800"}', 400),
    "half a character in a key": (b'{"\\udfff": 1}', 400),
    "a key twice": (b'{"reason": "a", "reason": "b"}', 400),
    "not a number": (b'{"by": NaN}', 400),
    "infinity": (b'{"by": -Infinity}', 400),
    "a bomb of lists": (b"[" * 500_000, 400),
    "a bomb of objects": (b'{"a":' * 150_000, 400),
    "endless digits": (b'{"by": ' + b"9" * 10_000 + b"}", 400),
    "a huge number": (b'{"by": 9007199254740993}', 422),
    "a fraction": (b'{"by": 1.5}', 422),
    "a truth for a number": (b'{"by": true}', 422),
    "zero": (b'{"by": 0}', 422),
    "a text for a truth": (b'{"dry_run": "yes"}', 422),
    "an unknown field": (b'{"becuase": "typo"}', 422),
    "a list for a text": (b'{"reason": ["a"]}', 422),
    "control characters": (b'{"reason": "\\u0000"}', 422),
    "a long reason": (b'{"reason": "' + b"a" * 1001 + b'"}', 422),
    "no time": (b'{"at": "soon"}', 422),
    "the future": (b'{"at": "in 5m"}', 422),
    "no status": (b'{"if_status": "done"}', 422),
    "another status": (b'{"if_status": "pending"}', 409),
    "nobody": (b'{"by": 99}', 404),
}


def test_a_body_that_is_wrong_changes_nothing_and_is_told_why(tmp_path):
    async def scene(served):
        before = (await served.get(ADV)).json["version"]
        for name, (body, status) in BODIES.items():
            answer = await served.post(f"{ADV}/start", data=body, headers=JSON)
            assert (name, answer.status) == (name, status)
            assert answer.json["detail"]
        assert (await served.get(ADV)).json["version"] == before

    play(tmp_path, scene)


def test_what_does_not_fit_is_told_with_its_path(tmp_path):
    async def scene(served):
        answer = await served.post("/api/v1/tasks", {"tasks": [{"code": "A"}, {"code": 5}]})
        assert answer.json["details"]["path"] == "$.tasks[1].code"
        typo = await served.post(f"{ADV}/start", {"reasn": "x"})
        assert typo.json["hint"] == "did you mean reason?"

    play(tmp_path, scene)


def test_a_body_must_say_that_it_is_json(tmp_path):
    async def scene(served):
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/octet-stream"):
            answer = await served.post(f"{ADV}/start", data=b"{}", headers={"Content-Type": kind})
            assert (answer.status, answer.json["code"]) == (415, "unsupported_media")
        packed = await served.post(f"{ADV}/start", data=b"{}", headers={**JSON, "Content-Encoding": "gzip"})
        assert packed.status == 400

    play(tmp_path, scene)


QUERIES = {
    "limit=0": 422,
    "limit=501": 422,
    "limit=many": 422,
    "limit=5&limit=6": 422,
    "limit=": 422,
    "user=0": 422,
    "user=9007199254740993": 422,
    "user=99": 404,
    "stauts=ready": 422,
    "status=redy": 422,
    "risk=none": 422,
    "after=x": 422,
    "after=-1": 422,
    "after=99999999999999999": 422,
    "text=%00": 422,
    "text=%ED%A0%80": 200,  # no UTF-8, which the framework keeps as it was written
    "text=%F0%9F%90%A2": 200,
    "workflow=bc.999": 404,
    "type=nothing": 404,
    "type='%20OR%201": 404,
}


def test_a_query_that_is_wrong_is_told_why(tmp_path):
    async def scene(served):
        for query, status in QUERIES.items():
            answer = await served.get(f"/api/v1/tasks?{query}")
            assert (query, answer.status) == (query, status)

    play(tmp_path, scene)


@pytest.mark.parametrize("place", ["%00", "%FF", "%ED%A0%80", "a%0Ab", "x" * 5000, "%E2%80%AE"])
def test_a_path_that_is_wrong_leads_nowhere(tmp_path, place):
    async def scene(served):
        nouns = ("tasks", "workflows", "users", "types")
        paths = [f"/api/v1/{noun}/{place}" for noun in nouns]
        for path in (*paths, f"/api/backend/tasks/workflow/bc/Order/{place}/progress"):
            assert (await served.get(path)).status == 404
        assert (await served.post(f"/api/v1/tasks/{place}/start")).status == 404

    play(tmp_path, scene)


@pytest.mark.parametrize("key", ["", "k" * 201, "\x80\x81"])
def test_an_idempotency_key_is_a_short_text(tmp_path, key):
    async def scene(served):
        return await served.post(f"{ADV}/start", headers={"Idempotency-Key": key})

    assert play(tmp_path, scene).status == 422


def test_raw_bytes_in_a_path_do_not_upset_the_server(tmp_path):
    async def scene(served):
        host = served.url.removeprefix("http://")
        lines = [
            f"Host: {host}",
            f"Authorization: Bearer {served.secrets['admin']}",
            "Connection: close",
            "",
            "",
        ]
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(b"GET /api/v1/tasks/\xff\xfe HTTP/1.1\r\n" + "\r\n".join(lines).encode())
        head = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert head.split()[1] in {b"400", b"404"}
        assert (await served.get(ADV)).status == 200

    play(tmp_path, scene)


@pytest.mark.parametrize("text", ["\udcff", "a\0b", "line\nbreak"])
def test_a_piece_of_a_path_that_no_name_can_hold_is_not_asked_for(text):
    request = make_mocked_request("GET", "/", match_info={"task": text})
    with pytest.raises(NotFound):
        segment(request, "task")

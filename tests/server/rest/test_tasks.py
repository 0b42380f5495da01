"""Tasks over REST: looking, moving, planning; conditions, keys and rights."""

import pytest

from server.rest.served import begin, play

ADV = "/api/v1/tasks/ADV_REVIEW_BC114"


def test_a_task_is_shown_with_its_version_as_the_etag(tmp_path):
    async def scene(served):
        shown = await served.get(ADV)
        assert shown.status == 200
        assert shown.json["code"] == "ADV_REVIEW_BC114"
        assert shown.headers["ETag"] == f'"{shown.json["version"]}"'
        assert shown.headers["Cache-Control"] == "no-store"

    play(tmp_path, scene)


def test_a_transition_answers_what_followed(tmp_path):
    async def scene(served):
        moved = await served.post(f"{ADV}/complete", {"reason": "looks good"}, as_="eli")
        assert (moved.status, moved.json["new_status"]) == (200, "completed")
        assert moved.json["became_ready"] == ["CONVERT_TO_BL_BC114"]
        assert moved.headers["ETag"] == f'"{moved.json["version"]}"'
        history = (await served.get(ADV)).json["history"]
        assert history[-1]["by"] == 5

    play(tmp_path, scene)


@pytest.mark.parametrize(
    "verb", ["start", "complete", "fail", "skip", "cancel", "hold", "resume", "reopen", "retry"]
)
def test_every_transition_has_a_route(tmp_path, verb):
    async def scene(served):
        assert (await served.post(f"{ADV}/{verb}")).status in {200, 409}

    play(tmp_path, scene)


def test_what_happens_by_itself_has_no_route(tmp_path):
    async def scene(served):
        assert (await served.post(f"{ADV}/withdraw")).status == 404

    play(tmp_path, scene)


def test_a_stale_condition_is_told_the_present_state_and_changes_nothing(tmp_path):
    async def scene(served):
        tag = (await served.get(ADV)).headers["ETag"]
        begin(served)
        refused = await served.post(f"{ADV}/complete", headers={"If-Match": tag})
        assert refused.status == 412
        assert refused.json["code"] == "stale"
        now = (await served.get(ADV)).json
        assert refused.json["details"]["status"] == now["status"] == "in_progress"
        assert refused.json["details"]["version"] == now["version"]
        done = await served.post(f"{ADV}/complete", headers={"If-Match": f'"{now["version"]}"'})
        assert done.status == 200

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("tag", "status"), [("*", 200), ('"foreign"', 412), ('W/"2"', 412), ("2", 422), ('"1", "2"', 422)]
)
def test_a_condition_is_a_star_or_one_strong_tag(tmp_path, tag, status):
    async def scene(served):
        assert (await served.post(f"{ADV}/start", headers={"If-Match": tag})).status == status

    play(tmp_path, scene)


def test_the_same_key_again_gives_the_same_answer_even_with_its_old_condition(tmp_path):
    async def scene(served):
        tag = (await served.get(ADV)).headers["ETag"]
        headers = {"Idempotency-Key": "once", "If-Match": tag}
        first = await served.post(f"{ADV}/start", headers=headers, as_="eli")
        again = await served.post(f"{ADV}/start", headers=headers, as_="eli")
        assert first.status == again.status == 200
        assert first.content == again.content
        other = await served.post(f"{ADV}/complete", headers={"Idempotency-Key": "once"}, as_="eli")
        assert other.status == 409

    play(tmp_path, scene)


def test_equal_keys_of_two_users_never_meet(tmp_path):
    async def scene(served):
        await served.post("/api/v1/tasks", {"tasks": [{"code": "PACK"}, {"code": "SHIP"}]})
        key = {"Idempotency-Key": "1"}
        assert (await served.post("/api/v1/tasks/PACK/start", as_="eli", headers=key)).status == 200
        assert (await served.post("/api/v1/tasks/SHIP/start", as_="kim", headers=key)).status == 200
        program = await served.post("/api/v1/tasks/PACK/complete", as_="program", headers=key)
        assert program.status == 200

    play(tmp_path, scene)


def test_whoever_is_no_admin_moves_what_is_their_own_only(tmp_path):
    async def scene(served):
        await served.post(
            "/api/v1/tasks", {"tasks": [{"code": "D", "assignments": ["role:driver"]}, {"code": "N"}]}
        )
        refused = await served.post("/api/v1/tasks/D/start", as_="eli")
        assert (refused.status, refused.json["code"]) == (403, "forbidden")
        assert (await served.get("/api/v1/tasks/D")).json["status"] == "ready"
        assert (await served.post("/api/v1/tasks/N/start", as_="eli")).status == 200
        assert (await served.post("/api/v1/tasks/D/start", as_="kim")).status == 200
        assert (await served.post("/api/v1/tasks/D/complete", as_="program")).status == 200
        assert (await served.post("/api/v1/tasks/D/reopen", as_="admin")).status == 200

    play(tmp_path, scene)


def test_only_an_admin_acts_for_somebody_else(tmp_path):
    async def scene(served):
        assert (await served.post(f"{ADV}/start", {"by": 6}, as_="eli")).status == 403
        assert (await served.post(f"{ADV}/start", {"by": 5}, as_="eli")).status == 200
        held = await served.post(f"{ADV}/release", {"by": 1})
        assert held.status == 200
        assert (await served.post(f"{ADV}/claim", {"by": 5})).json["claimed_by"] == 5

    play(tmp_path, scene)


def test_a_token_without_a_user_cannot_release_what_somebody_has(tmp_path):
    async def scene(served):
        await served.post("/api/v1/tasks", {"tasks": [{"code": "D", "assignments": ["role:driver"]}]})
        assert (await served.post("/api/v1/tasks/D/claim", as_="kim")).status == 200
        assert (await served.post("/api/v1/tasks/D/release", as_="program")).status == 409
        assert (await served.post("/api/v1/tasks/D/release", as_="kim")).status == 200

    play(tmp_path, scene)


def test_for_a_limited_token_other_types_are_not_there(tmp_path):
    async def scene(served):
        listed = (await served.get("/api/v1/tasks", as_="limited")).json["items"]
        assert {task["workflow_type"] for task in listed} == {"bc"}
        path = "/api/v1/tasks/INTERVIEW_HR7"
        hidden, absent = (await served.get(path, as_="limited")), await served.get(f"{path}1", as_="limited")
        assert hidden.status == absent.status == 404
        assert hidden.content == absent.content
        number = (await served.get(path)).json["id"]
        hidden = await served.post(f"/api/v1/tasks/{number}/start", as_="limited")
        absent = await served.post("/api/v1/tasks/99999/start", as_="limited")
        assert hidden.content == absent.content
        hidden = await served.get("/api/v1/tasks?workflow=hr.7", as_="limited")
        absent = await served.get("/api/v1/tasks?workflow=hr.8", as_="limited")
        assert (hidden.status, hidden.content) == (404, absent.content)
        for verb in ("start", "claim"):
            assert (await served.post(f"{path}/{verb}", as_="limited")).status == 404
        for reading in ("explain", "simulate"):
            assert (await served.get(f"{path}/{reading}", as_="limited")).status == 404
        assert (await served.get("/api/v1/tasks?type=hr", as_="limited")).status == 403
        assert (await served.get(path, as_="eli")).status == 200

    play(tmp_path, scene)


@pytest.mark.parametrize("query", ["", "&risk=low", "&status=ready&status=in_progress"])
def test_pages_hold_every_task_once(tmp_path, query):
    async def scene(served):
        await served.post(
            "/api/v1/tasks", {"tasks": [{"code": f"T{n}", "timeout_minutes": 30} for n in range(7)]}
        )
        for n in range(7):
            await served.post(f"/api/v1/tasks/T{n}/start")
        whole = (await served.get(f"/api/v1/tasks?limit=500{query}")).json
        assert whole["next"] is None
        seen, path = [], f"/api/v1/tasks?limit=2{query}"
        while path:
            part = await served.get(path)
            seen += part.json["items"]
            assert (part.json["next"] is None) == ("Link" not in part.headers)
            path = part.headers["Link"][1:].partition(">")[0] if part.json["next"] else None
        assert [task["id"] for task in seen] == [task["id"] for task in whole["items"]]
        assert len(seen) >= 7

    play(tmp_path, scene)


def test_the_filters_of_the_list_are_those_of_the_command_line(tmp_path):
    async def scene(served):
        async def codes(query):
            return [task["code"] for task in (await served.get(f"/api/v1/tasks?{query}")).json["items"]]

        assert await codes("status=ready") == ["ADV_REVIEW_BC114", "INTERVIEW_HR7"]
        assert await codes("user=5") == ["ADV_REVIEW_BC114"]
        assert await codes("role=driver") == ["DELIVER_BC114"]
        assert await codes("workflow=hr.7") == ["INTERVIEW_HR7"]
        assert await codes("type=bc&text=convert") == ["CONVERT_TO_BL_BC114"]

    play(tmp_path, scene)


def test_tasks_are_added_all_or_none_and_only_by_an_admin(tmp_path):
    async def scene(served):
        wanted = {"tasks": [{"code": "PACK", "timeout_minutes": "1h"}, {"code": "SHIP", "after": ["PACK"]}]}
        assert (await served.post("/api/v1/tasks", wanted, as_="eli")).status == 403
        added = await served.post("/api/v1/tasks", wanted)
        assert (added.status, [task["status"] for task in added.json]) == (201, ["ready", "pending"])
        again = await served.post("/api/v1/tasks", {"tasks": [{"code": "NEW"}, {"code": "PACK"}]})
        assert again.status == 409
        assert (await served.get("/api/v1/tasks/NEW")).status == 404

    play(tmp_path, scene)


def test_the_plan_can_be_changed(tmp_path):
    async def scene(served):
        await served.post("/api/v1/tasks", {"tasks": [{"code": "PACK"}, {"code": "SHIP"}]})
        linked = await served.post("/api/v1/tasks/SHIP/link", {"after": ["PACK"]})
        assert linked.json == [
            {"id": linked.json[0]["id"], "code": "SHIP", "after": "PACK", "status": "pending"}
        ]
        circle = await served.post("/api/v1/tasks/PACK/link", {"after": ["SHIP"]})
        assert circle.status == 409
        assert "PACK" in circle.json["detail"]
        unlinked = await served.post("/api/v1/tasks/SHIP/unlink", {"after": ["PACK"]})
        assert unlinked.json[0]["status"] == "ready"
        timed = await served.post("/api/v1/tasks/SHIP/timeout", {"timeout_minutes": "1h30m"})
        assert timed.json["timeout_minutes"] == 90
        assert (await served.post("/api/v1/tasks/SHIP/timeout", {"timeout_minutes": None})).status == 200
        assert (
            await served.post("/api/v1/tasks/SHIP/timeout", {"timeout_minutes": 5}, as_="eli")
        ).status == 403

    play(tmp_path, scene)


def test_a_task_is_assigned_and_taken_away(tmp_path):
    async def scene(served):
        assigned = await served.post(f"{ADV}/assign", {"who": ["user:6", "role:driver"]})
        assert assigned.json["assignments"] == ["user:5", "user:6", "role:driver"]
        taken = await served.post(f"{ADV}/unassign", {"who": ["user:5"]})
        assert taken.json["assignments"] == ["user:6", "role:driver"]
        assert (await served.post(f"{ADV}/assign", {"who": ["user:5"]}, as_="eli")).status == 403

    play(tmp_path, scene)


def test_a_dry_run_changes_nothing(tmp_path):
    async def scene(served):
        before = (await served.get(ADV)).json["version"]
        tried = await served.post(f"{ADV}/start", {"dry_run": True})
        assert (tried.status, tried.json["new_status"]) == (200, "in_progress")
        assert (await served.get(ADV)).json["version"] == before

    play(tmp_path, scene)


def test_the_socket_that_asked_is_kept_with_what_it_caused(tmp_path):
    async def scene(served):
        await served.post(f"{ADV}/start", headers={"X-Socket-ID": "123.456"})
        await served.post(f"{ADV}/complete", headers={"X-Socket-ID": "no socket"})
        with served.store.read() as tx:
            return {row[-1] for row in tx.all(tuple, "events.facts", after=0, until=10**9, limit=1000)}

    assert play(tmp_path, scene) == {None, "123.456"}

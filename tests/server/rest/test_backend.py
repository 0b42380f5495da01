"""The paths that front ends know, with their exact bodies."""

from server.rest.served import BC, begin, play
from taskwatch.actions import people, roles
from taskwatch.model import definition


def test_the_statistics_have_the_keys_that_front_ends_read(tmp_path):
    async def scene(served):
        begin(served)
        served.clock.advance(minutes=25)
        answer = await served.get("/api/backend/tasks/sla/statistics")
        assert answer.status == 200
        assert answer.json["success"] is True
        statistics = answer.json["statistics"]
        wanted = {"total_in_progress": 1, "on_time": 0, "at_risk": 1, "exceeded": 0, "compliance_rate": 0.0}
        assert wanted.items() <= statistics.items()
        assert (await served.get("/api/backend/tasks/sla/statistics", as_="limited")).status == 403

    play(tmp_path, scene)


def test_the_tasks_at_risk_have_the_keys_that_front_ends_read(tmp_path):
    async def scene(served):
        begin(served)
        served.clock.advance(minutes=25)
        answer = (await served.get("/api/backend/tasks/sla/at-risk")).json
        (task,) = answer.pop("tasks_at_risk")
        assert answer == {"success": True, "count": 1}
        wanted = {
            "task_code": "ADV_REVIEW_BC114", "task_name": "ADV Review", "workflow_type": "bc",
            "remaining_minutes": 5, "timeout_minutes": 30, "risk_level": "high",
        }  # fmt: skip
        assert wanted.items() <= task.items()
        assert isinstance(task["task_id"], int)

    play(tmp_path, scene)


def test_a_limited_token_is_told_of_its_own_types_only(tmp_path):
    async def scene(served):
        await served.post("/api/v1/tasks/INTERVIEW_HR7/timeout", {"timeout_minutes": 30})
        for code in ("ADV_REVIEW_BC114", "INTERVIEW_HR7"):
            begin(served, code)
        served.clock.advance(minutes=29)
        for path in ("/api/backend/tasks/sla/at-risk", "/api/v1/sla/at-risk"):
            found = [(await served.get(path, as_=name)).content for name in ("admin", "limited")]
            assert [b"INTERVIEW" in content for content in found] == [True, False]
            assert all(b"ADV_REVIEW" in content for content in found)
        served.clock.advance(minutes=2)
        late = (await served.get("/api/v1/sla/violations", as_="limited")).json
        assert [row["task_code"] for row in late] == ["ADV_REVIEW_BC114"]

    play(tmp_path, scene)


def test_progress_is_what_a_graph_component_draws(tmp_path):
    async def scene(served):
        path = "/api/backend/tasks/workflow/bc/Order/114/progress"
        answer = (await served.get(path)).json
        assert answer["success"] is True
        progress = answer["progress"]
        assert (progress["progress_percentage"], progress["taskable_id"]) == (0, 114)
        assert [node["data"]["code"] for node in progress["nodes"]] == [
            "ADV_REVIEW_BC114", "CONVERT_TO_BL_BC114", "DELIVER_BC114",
        ]  # fmt: skip
        assert len(progress["edges"]) == 2
        await served.post("/api/backend/adv/bc/114/approve")
        assert (await served.get(path)).json["progress"]["progress_percentage"] == 33

    play(tmp_path, scene)


def test_progress_of_what_never_began_is_not_found(tmp_path):
    async def scene(served):
        for path in ("bc/Order/115", "bc/Person/114", "xx/Order/114"):
            answer = await served.get(f"/api/backend/tasks/workflow/{path}/progress")
            assert answer.status == 404
        hidden = await served.get("/api/backend/tasks/workflow/hr/Person/7/progress", as_="limited")
        assert (hidden.status, hidden.json["hint"]) == (404, None)

    play(tmp_path, scene)


def test_a_declared_action_is_a_plain_post(tmp_path):
    async def scene(served):
        answer = await served.post("/api/backend/adv/bc/114/approve", as_="eli")
        assert (answer.status, answer.json["success"]) == (200, True)
        assert answer.json["task"]["new_status"] == "completed"
        assert answer.json["task"]["became_ready"] == ["CONVERT_TO_BL_BC114"]
        again = await served.post("/api/backend/adv/bc/114/approve", as_="eli")
        assert (again.status, again.json["details"]["status"]) == (409, "completed")

    play(tmp_path, scene)


def test_an_action_that_is_not_declared_is_not_found_with_a_hint(tmp_path):
    async def scene(served):
        answer = await served.post("/api/backend/adv/bc/114/aprove")
        assert answer.status == 404
        assert answer.json["hint"] == "did you mean adv.approve?"
        assert (await served.post("/api/backend/adv/bc/999/approve")).status == 404
        assert (await served.post("/api/backend/adv/hr/7/approve", as_="limited")).status == 404

    play(tmp_path, scene)


def test_an_action_obeys_rights_keys_and_conditions(tmp_path):
    async def scene(served):
        path = "/api/backend/adv/bc/114/begin"
        assert (await served.post(path, as_="kim")).status == 403
        key = {"Idempotency-Key": "k"}
        first = await served.post(path, as_="eli", headers=key)
        again = await served.post(path, as_="eli", headers=key)
        assert first.status == 200
        assert first.content == again.content
        stale = await served.post("/api/backend/adv/bc/114/approve", headers={"If-Match": '"1"'})
        assert stale.status == 412

    play(tmp_path, scene)


def test_a_run_keeps_the_actions_of_the_version_it_began_with(tmp_path):
    async def scene(served):
        from taskwatch.actions import workflows

        later = {**BC, "task": [{**BC["task"][0], "actions": {}}, *BC["task"][1:]]}
        workflows.define(served.store, definition.check(later)[0], served.clock.change())
        assert (await served.post("/api/backend/adv/bc/114/begin")).status == 200

    play(tmp_path, scene)


def test_a_role_gained_gives_the_right_to_move_its_tasks(tmp_path):
    async def scene(served):
        await served.post("/api/v1/tasks", {"tasks": [{"code": "D", "assignments": ["role:loader"]}]})
        assert (await served.post("/api/v1/tasks/D/start", as_="program")).status == 403
        assert people.person(served.store, 6)["roles"] == ["driver"]
        roles.grant(served.store, "loader", [6], served.clock.change())
        assert (await served.post("/api/v1/tasks/D/start", as_="kim")).status == 200

    play(tmp_path, scene)

"""Workflows, types, people, tokens, the SLA, events and the check over REST."""

import pytest

from server.rest.served import BC, begin, play

TOML = """
[workflow]
code = "inv"
name = "Invoicing"
[[task]]
code = "WRITE"
name = "Write it"
timeout = "1h"
"""


def test_a_workflow_is_started_shown_drawn_and_cancelled(tmp_path):
    async def scene(served):
        wanted = {"type": "bc", "taskable_type": "Order", "taskable_id": 115}
        started = await served.post("/api/v1/workflows", wanted, as_="eli")
        assert (started.status, started.json["became_ready"]) == (201, ["ADV_REVIEW_BC115"])
        place = started.headers["Location"]
        assert (await served.get(place)).json["taskable_id"] == 115
        assert (await served.get("/api/v1/workflows/bc.115")).json["status"] == "active"
        drawn = (await served.get("/api/v1/workflows/bc.115/graph?format=mermaid")).json
        assert drawn["text"].startswith("flowchart")
        assert (await served.get("/api/v1/workflows/bc.115/graph?format=png")).status == 422
        assert (await served.post("/api/v1/workflows", wanted)).status == 409
        assert (await served.post("/api/v1/workflows/bc.115/cancel", as_="kim")).status == 403
        cancelled = await served.post("/api/v1/workflows/bc.115/cancel")
        assert len(cancelled.json["cancelled"]) == 3

    play(tmp_path, scene)


def test_a_limited_token_sees_and_starts_workflows_of_its_types_only(tmp_path):
    async def scene(served):
        listed = (await served.get("/api/v1/workflows", as_="limited")).json["items"]
        assert [run["type"] for run in listed] == ["bc"]
        assert [row["code"] for row in (await served.get("/api/v1/types", as_="limited")).json] == ["bc"]
        for path in ("workflows/hr.7", "workflows/hr.7/graph", "types/hr"):
            assert (await served.get(f"/api/v1/{path}", as_="limited")).status == 404
        assert (await served.post("/api/v1/workflows/hr.7/cancel", as_="limited")).status == 404
        wanted = {"type": "hr", "taskable_type": "Person", "taskable_id": 8}
        assert (await served.post("/api/v1/workflows", wanted, as_="limited")).status == 404
        assert (await served.get("/api/v1/workflows?type=hr", as_="limited")).status == 403

    play(tmp_path, scene)


def test_pages_of_workflows_hold_every_run_once(tmp_path):
    async def scene(served):
        for number in range(5):
            await served.post(
                "/api/v1/workflows", {"type": "hr", "taskable_type": "P", "taskable_id": number}
            )
        seen, after = [], ""
        while after is not None:
            part = (await served.get(f"/api/v1/workflows?limit=3{after and f'&after={after}'}")).json
            seen += [run["id"] for run in part["items"]]
            after = part["next"]
        assert seen == sorted(set(seen), reverse=True)
        assert len(seen) == 7

    play(tmp_path, scene)


def test_a_type_is_defined_as_an_object_or_as_the_text_of_a_file(tmp_path):
    async def scene(served):
        same = await served.post("/api/v1/types", {"definition": BC})
        assert (same.status, same.json["created"]) == (200, False)
        tried = await served.post("/api/v1/types", {"toml": TOML, "dry_run": True})
        assert (tried.status, tried.json["created"]) == (200, True)
        assert (await served.get("/api/v1/types/inv")).status == 404
        made = await served.post("/api/v1/types", {"toml": TOML})
        assert (made.status, made.json["version"]) == (201, 1)
        assert (await served.get("/api/v1/types/inv")).json["templates"][0]["timeout_minutes"] == 60
        assert (await served.get("/api/v1/types/inv?version=2")).status == 404
        assert (await served.post("/api/v1/types", {"toml": TOML}, as_="eli")).status == 403

    play(tmp_path, scene)


def test_every_problem_of_a_definition_is_told_with_its_path(tmp_path):
    async def scene(served):
        wrong = {**BC, "task": [{**BC["task"][0], "after": ["NOWHERE"]}, {**BC["task"][1], "code": "small"}]}
        refused = await served.post("/api/v1/types", {"definition": wrong})
        assert refused.status == 422
        assert [problem["path"] for problem in refused.json["details"]["problems"]][:2] == [
            "$.task[0].after[0]", "$.task[1].code",
        ]  # fmt: skip
        assert (await served.post("/api/v1/types", {"toml": "= nothing"})).status == 422
        assert (await served.post("/api/v1/types", {})).status == 422
        assert (await served.post("/api/v1/types", {"toml": TOML, "definition": BC})).status == 422

    play(tmp_path, scene)


def test_people_are_kept_by_admins(tmp_path):
    async def scene(served):
        added = await served.post("/api/v1/users", {"name": "ola", "roles": ["driver"]})
        assert (added.status, added.json["roles"]) == (201, ["driver"])
        place = added.headers["Location"]
        edited = await served.ask("PATCH", place, {"email": "ola@example.com", "admin": True})
        assert (edited.json["email"], edited.json["admin"]) == ("ola@example.com", True)
        cleared = await served.ask("PATCH", place, {"email": None})
        assert cleared.json["email"] is None
        assert (await served.ask("PATCH", place, {})).status == 422
        assert (await served.ask("DELETE", place)).json["name"] == "ola"
        assert (await served.get(place)).status == 404
        refused = await served.ask("DELETE", "/api/v1/users/5")
        assert refused.status == 409
        assert refused.json["details"]["open_tasks"] == ["ADV_REVIEW_BC114"]
        handed = await served.ask("DELETE", "/api/v1/users/5", {"reassign": "user:6"})
        assert handed.json["open_tasks"] == ["ADV_REVIEW_BC114"]

    play(tmp_path, scene)


def test_users_are_imported_all_or_none(tmp_path):
    async def scene(served):
        wanted = {"users": [{"id": 5, "name": "eli", "roles": ["loader"]}, {"id": 9, "name": "ola"}]}
        assert (await served.post("/api/v1/users/import", wanted)).json == {
            "added": 1,
            "changed": 1,
            "unchanged": 0,
        }
        assert (await served.post("/api/v1/users/import", wanted)).json["unchanged"] == 2
        wrong = {"users": [{"id": 10, "name": "pat"}, {"id": 11, "name": "ann", "email": "nowhere"}]}
        assert (await served.post("/api/v1/users/import", wrong)).status == 422
        assert (await served.get("/api/v1/users/10")).status == 404

    play(tmp_path, scene)


def test_roles_are_granted_and_revoked(tmp_path):
    async def scene(served):
        granted = await served.post("/api/v1/roles/loader/grant", {"users": [5, 6]})
        assert [each["changed"] for each in granted.json] == [True, True]
        assert {"name": "loader", "members": [5, 6], "open_tasks": 0} in (
            await served.get("/api/v1/roles")
        ).json
        await served.post("/api/v1/roles/loader/revoke", {"users": [5]})
        listed = (await served.get("/api/v1/users?role=loader")).json
        assert [user["id"] for user in listed] == [6]

    play(tmp_path, scene)


def test_whoever_is_no_admin_sees_no_record_but_their_own(tmp_path):
    async def scene(served):
        assert (await served.get("/api/v1/users", as_="eli")).status == 403
        assert (await served.get("/api/v1/users/5", as_="eli")).json["email"] == "eli@example.com"
        assert (await served.get("/api/v1/users/1", as_="eli")).status == 403
        assert (await served.get("/api/v1/users/one", as_="eli")).status == 404
        for method, path, body in (
            ("POST", "users", {"name": "x"}), ("PATCH", "users/5", {"admin": True}),
            ("DELETE", "users/6", None),
            ("POST", "roles/admin/grant", {"users": [5]}), ("POST", "tokens", {"admin": True}),
            ("GET", "tokens", None), ("DELETE", "tokens/1", None), ("POST", "sla/monitor", {}),
        ):  # fmt: skip
            assert (await served.ask(method, f"/api/v1/{path}", body, as_="eli")).status == 403

    play(tmp_path, scene)


def test_a_token_tells_its_secret_once_and_ends_when_it_is_revoked(tmp_path):
    async def scene(served):
        made = await served.post("/api/v1/tokens", {"name": "ci", "user": 6, "expires_in": "1d"})
        assert made.status == 201
        secret = made.json["secret"]
        bearer = {"Authorization": f"Bearer {secret}"}
        assert (await served.get("/api/v1/users/6", as_=None, headers=bearer)).status == 200
        listed = await served.get("/api/v1/tokens")
        assert secret.encode() not in listed.content
        assert (await served.ask("DELETE", "/api/v1/tokens/ci")).json["state"] == "revoked"
        assert (await served.ask("DELETE", f"/api/v1/tokens/{made.json['id']}")).status == 409
        assert (await served.ask("DELETE", "/api/v1/tokens/ci")).status == 404
        assert (await served.post("/api/v1/tokens", {"expires_in": "soon"})).status == 422

    play(tmp_path, scene)


def test_the_sla_is_judged_explained_and_foreseen(tmp_path):
    async def scene(served):
        begin(served)
        served.clock.advance(minutes=75)
        assert (await served.get("/api/v1/sla/statistics")).json["exceeded"] == 1
        past = await served.get("/api/v1/sla/statistics?now=1h%20ago")
        assert past.json["exceeded"] == 0
        late = (await served.get("/api/v1/sla/violations")).json
        assert late[0]["exceeded_by_minutes"] == 45
        passed = (await served.post("/api/v1/sla/monitor", {"dry_run": True})).json
        assert passed["alerts_sent"] == 1
        assert (await served.post("/api/v1/sla/monitor")).json["alerts_sent"] == 1
        assert (await served.post("/api/v1/sla/monitor")).json["alerts_sent"] == 0
        task = "/api/v1/tasks/ADV_REVIEW_BC114"
        assert (await served.get(f"{task}/explain")).json["cycles"][0]["exceeded_by_minutes"] == 45
        assert len((await served.get(f"{task}/simulate?until=in%206h")).json["alerts"]) > 3
        await served.post(f"{task}/complete")
        assert (await served.get("/api/v1/sla/report?by=moon")).status == 422
        assert (await served.get("/api/v1/sla/report?zone=Moon")).status == 422
        assert (await served.get("/api/v1/sla/report")).json["total"]["missed"] == 1
        assert (await served.get("/api/v1/sla/at-risk?threshold=0")).status == 422

    play(tmp_path, scene)


def test_the_check_says_what_the_command_says(tmp_path):
    async def scene(served):
        assert (await served.get("/api/v1/check")).json["state"] == "OK"
        begin(served)
        served.clock.advance(minutes=31)
        bad = (await served.get("/api/v1/check")).json
        assert (bad["state"], bad["exit_code"], bad["worst"]) == ("CRITICAL", 2, "ADV_REVIEW_BC114")
        assert (await served.get("/api/v1/check?warning=exceeded=0&critical=5")).json["state"] == "WARNING"
        assert (await served.get("/api/v1/check?warning=speed=1")).status == 422

    play(tmp_path, scene)


def test_events_are_read_from_a_cursor_on_without_a_gap(tmp_path):
    async def scene(served):
        newest = (await served.get("/api/v1/events?limit=1")).json
        await served.post("/api/v1/tasks/ADV_REVIEW_BC114/start")
        await served.post("/api/v1/tasks/ADV_REVIEW_BC114/complete")
        kinds, cursor = [], newest["next"]
        for _ in range(20):
            part = (await served.get(f"/api/v1/events?limit=2&after={cursor}")).json
            kinds += [event["kind"] for event in part["items"]]
            cursor = part["next"]
        assert kinds[0] == "task.status.changed"
        assert "task.became.ready" in kinds
        foreign = await served.get("/api/v1/events?after=elsewhere-1")
        assert (foreign.status, foreign.json["details"]["reset"]) == (409, True)
        assert (await served.get("/api/v1/events?after=what")).status == 422
        chosen = (await served.get("/api/v1/events?kind=task.became.ready&topic=workflow.bc.*")).json["items"]
        assert {event["kind"] for event in chosen} == {"task.became.ready"}

    play(tmp_path, scene)


@pytest.mark.parametrize("who", ["eli", "limited", "program"])
def test_events_are_shown_to_those_who_may_follow_one_of_their_topics(tmp_path, who):
    async def scene(served):
        seen = (await served.get("/api/v1/events?limit=500", as_=who)).json["items"]
        topics = [topic for event in seen for topic in event["topics"]]
        assert seen
        assert not any(topic.startswith(("admin.people", "admin.tokens")) for topic in topics)
        assert any(topic.startswith("workflow.hr.") for topic in topics) == (who != "limited")
        everything = (await served.get("/api/v1/events?limit=500")).json["items"]
        assert any("admin.tokens" in event["topics"] for event in everything)

    play(tmp_path, scene)

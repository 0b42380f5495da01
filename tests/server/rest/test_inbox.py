"""The inbox, mutes, acknowledgements and wishes of people over REST: everybody their own, admins all."""

import pytest

from posts import post
from server.rest.served import begin, play

MIRRORED = {
    "read": "notification.read",
    "archive": "notification.archived",
    "seen": "notification.seen",
}


def test_everybody_reads_their_own_inbox_and_an_admin_any(tmp_path):
    async def scene(served):
        for user_id in (5, 5, 6):
            post(served.store, served.clock, user_id)
        mine = (await served.get("/api/v1/inbox", as_="eli")).json
        assert [entry["id"] for entry in mine["items"]] == [2, 1]
        assert (await served.get("/api/v1/inbox?user=5", as_="admin")).json == mine
        assert (await served.get("/api/v1/inbox/count", as_="kim")).json["unread_count"] == 1
        assert (await served.get("/api/v1/inbox?user=5", as_="kim")).status == 403
        assert (await served.get("/api/v1/inbox/count?user=5", as_="kim")).status == 403
        assert (await served.post("/api/v1/inbox/read", {"user": 5}, as_="kim")).status == 403
        assert (await served.get("/api/v1/inbox", as_="limited")).status == 403
        assert (await served.get("/api/v1/inbox", as_="program")).status == 422
        assert (await served.get("/api/v1/inbox", as_=None)).status == 401

    play(tmp_path, scene)


def test_pages_of_an_inbox_hold_every_entry_once(tmp_path):
    async def scene(served):
        for _ in range(5):
            post(served.store, served.clock)
        found, after = [], ""
        while after is not None:
            part = (await served.get(f"/api/v1/inbox?limit=2{after and f'&after={after}'}", as_="eli")).json
            found += [entry["id"] for entry in part["items"]]
            after = part["next"]
        assert found == [5, 4, 3, 2, 1]
        assert (await served.get("/api/v1/inbox?after=x", as_="eli")).status == 422

    play(tmp_path, scene)


@pytest.mark.parametrize("verb", MIRRORED)
def test_entries_are_marked_and_that_is_told(tmp_path, verb):
    async def scene(served):
        post(served.store, served.clock)
        post(served.store, served.clock, 6)
        assert (await served.post(f"/api/v1/inbox/{verb}", {"ids": [2]}, as_="eli")).status == 404
        assert (await served.post(f"/api/v1/inbox/{verb}", {"ids": []}, as_="eli")).status == 422
        done = (await served.post(f"/api/v1/inbox/{verb}", {"ids": [1]}, as_="eli")).json
        assert (done["notifications"], done["unread_count"]) == ([1], 1 if verb == "seen" else 0)
        told = (await served.get("/api/v1/events?topic=user.5.tasks", as_="eli")).json["items"][-1]
        assert (told["kind"], told["data"]["unread_count"]) == (MIRRORED[verb], done["unread_count"])

    play(tmp_path, scene)


def test_the_holder_of_a_late_task_takes_care_of_it(tmp_path):
    async def scene(served):
        path = "/api/v1/tasks/ADV_REVIEW_BC114"
        begin(served)
        assert (await served.post(f"{path}/ack", as_="eli")).status == 409
        served.clock.advance(minutes=45)
        for verb in ("ack", "snooze"):
            assert (await served.post(f"{path}/{verb}", {"until": "1h"}, as_="kim")).status == 403
        done = await served.post(f"{path}/ack", {"reason": "on it"}, as_="eli")
        assert (done.status, done.json["kind"], done.json["acknowledged_by"]) == (200, "ack", 5)
        assert done.json["until"] == "2025-12-24T12:45:00Z"
        assert (await served.post(f"{path}/snooze", as_="eli")).status == 422
        done = await served.post(f"{path}/snooze", {"until": "2025-12-24T11:00:00Z"}, as_="limited")
        assert (done.json["kind"], done.json["until"]) == ("snooze", "2025-12-24T11:00:00Z")
        assert (await served.post(f"{path}/unack", as_="eli")).status == 200
        assert (await served.post(f"{path}/unack", as_="eli")).status == 409
        assert (await served.post("/api/v1/tasks/INTERVIEW_HR7/ack", as_="limited")).status == 404

    play(tmp_path, scene)


def test_only_admins_mute(tmp_path):
    async def scene(served):
        wanted = {"scope": "type", "target": "bc", "until": "2h"}
        for who in ("eli", "limited", "program"):
            assert (await served.post("/api/v1/mutes", wanted, as_=who)).status == 403
            assert (await served.ask("DELETE", "/api/v1/mutes/1", as_=who)).status == 403
        made = await served.post("/api/v1/mutes", wanted)
        assert (made.status, made.json["muted_by"], made.json["state"]) == (201, 1, "active")
        assert (await served.get("/api/v1/mutes", as_="eli")).json == [made.json]
        assert (await served.get("/api/v1/mutes", as_="limited")).status == 403
        assert (await served.ask("DELETE", "/api/v1/mutes/1")).json["state"] == "over"
        assert (await served.get("/api/v1/mutes")).json == []
        assert len((await served.get("/api/v1/mutes?all=true")).json) == 1
        for wrong in (
            {**wanted, "scope": "user"},
            {**wanted, "until": "never"},
            {"scope": "type", "target": "bc"},
        ):
            assert (await served.post("/api/v1/mutes", wrong)).status == 422

    play(tmp_path, scene)


def test_everybody_says_what_they_want_and_when_not(tmp_path):
    async def scene(served):
        wish = {"channel": "mail", "kind": "task.became.ready", "wanted": False}
        path = "/api/v1/users/5"
        kept = await served.ask("PUT", f"{path}/preferences", wish, as_="eli")
        assert kept.json["preferences"] == [wish]
        kept = await served.ask("PUT", f"{path}/quiet", {"hours": "22:00-07:00", "days": "mon"}, as_="eli")
        assert kept.json["quiet"]["days"] == ["mon"]
        assert (await served.get(f"{path}/preferences", as_="admin")).json == kept.json
        for method, what, body in (
            ("GET", "preferences", None), ("PUT", "preferences", wish), ("PUT", "quiet", {"hours": None}),
            ("GET", "contacts", None),
        ):  # fmt: skip
            assert (await served.ask(method, f"{path}/{what}", body, as_="kim")).status == 403
        assert (await served.ask("PUT", f"{path}/quiet", {"hours": None}, as_="eli")).json["quiet"] is None
        kept = await served.ask("PUT", f"{path}/preferences", {**wish, "wanted": None}, as_="eli")
        assert kept.json["preferences"] == []

    play(tmp_path, scene)


def test_addresses_are_kept_by_admins_alone(tmp_path):
    async def scene(served):
        path, hook = "/api/v1/users/5/contacts", {"channel": "webhook", "address": "https://example.org/x"}
        assert (await served.post(path, hook, as_="eli")).status == 403
        assert (await served.ask("DELETE", path, hook, as_="eli")).status == 403
        assert len((await served.post(path, hook)).json) == 2
        found = (await served.get(path, as_="eli")).json
        assert [each["address"] for each in found] == ["eli@example.com", "https://example.org/x"]
        assert len((await served.ask("DELETE", path, hook)).json) == 1
        assert (await served.ask("DELETE", path, hook)).status == 404

    play(tmp_path, scene)

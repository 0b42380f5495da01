"""Channels and dead letters over REST, for admins."""

from outbox import put, states
from server.rest.served import play
from taskwatch.actions.deliveries import claim, record
from taskwatch.plugin import permanent


def bury(served, count, channel="mail"):
    """Make dead letters; their ids."""
    ids = put(served.store, served.clock, count, channel=channel, user_id=5)
    for claimed in claim(served.store, "w", {channel: count}, served.clock.now, 1000):
        record(served.store, claimed, permanent("550 no such user"), served.clock.now)
    return ids


def test_dead_letters_are_listed_and_tried_again_one_or_all(tmp_path):
    async def scene(served):
        one, two, three = bury(served, 3)
        found = (await served.get("/api/v1/deliveries/dead?limit=2")).json
        assert [(each["id"], each["detail"]) for each in found] == [
            (three, "550 no such user"), (two, "550 no such user"),
        ]  # fmt: skip
        assert (await served.get("/api/v1/deliveries/dead?channel=webhook")).json == []
        again = await served.post("/api/v1/deliveries/retry", {"ids": [two]})
        assert again.json == {"deliveries": [two], "dry_run": False}
        assert (await served.post("/api/v1/deliveries/retry")).json["deliveries"] == [one, three]
        assert states(served.store) == {"pending": 3}

    play(tmp_path, scene)


def test_what_is_not_dead_is_a_conflict_and_nothing_changes(tmp_path):
    async def scene(served):
        one, two = bury(served, 2)
        await served.post("/api/v1/deliveries/discard", {"ids": [one]})
        late = await served.post("/api/v1/deliveries/retry", {"ids": [two, one]})
        assert (late.status, late.json["details"]["state"]) == (409, "cancelled")
        assert states(served.store) == {"cancelled": 1, "dead": 1}
        assert (await served.post("/api/v1/deliveries/retry", {"ids": [99]})).status == 404
        assert (await served.post("/api/v1/deliveries/retry", {"ids": []})).status == 422

    play(tmp_path, scene)


def test_channels_tell_what_waits_and_what_is_dead(tmp_path):
    async def scene(served):
        bury(served, 2)
        put(served.store, served.clock, 1, user_id=5)
        (mail,) = (await served.get("/api/v1/channels")).json
        assert (mail["channel"], mail["configured"], mail["pending"], mail["dead"]) == ("mail", False, 1, 2)

    play(tmp_path, scene)


def test_deliveries_are_for_admins_alone(tmp_path):
    async def scene(served):
        bury(served, 1)
        for name in ("eli", "limited", "program"):
            assert (await served.get("/api/v1/channels", as_=name)).status == 403
            assert (await served.get("/api/v1/deliveries/dead", as_=name)).status == 403
            assert (await served.post("/api/v1/deliveries/discard", as_=name)).status == 403
        assert states(served.store) == {"dead": 1}

    play(tmp_path, scene)

"""People and roles, by hand and from lines of JSON."""

import json

import pytest

from taskwatch.actions import departure, holders, people, roles, roster, tasks, transitions
from taskwatch.actions.people import NewUser
from taskwatch.errors import Conflict, InvalidFile, InvalidInput, NotFound
from taskwatch.model import assignment

DANA = NewUser("dana", id=5, email="dana@example.com", timezone="Europe/Paris", roles=("driver",))


def events(store):
    rows = store.connection.execute("SELECT kind, topics, payload FROM events ORDER BY seq").fetchall()
    return [(kind, topics.split(), json.loads(payload)) for kind, topics, payload in rows]


def everything(store):
    tables = ("users", "user_roles", "assignments", "tasks", "events", "cycles")
    return {table: store.connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}


def lines(*users):
    return [json.dumps(user).encode() for user in users]


@pytest.fixture
def house(store, clock):
    """dana is user 5 and a driver, eli is user 6."""
    people.add(store, DANA, clock.change())
    people.add(store, NewUser("eli"), clock.change())
    return store


@pytest.fixture
def busy(house, clock):
    """dana has HELD claimed and in progress, and NEXT assigned; DONE is over."""
    mine = (assignment.user(5),)
    new = [tasks.NewTask("HELD", assignments=mine), tasks.NewTask("NEXT", assignments=mine)]
    tasks.add(house, [*new, tasks.NewTask("DONE", assignments=mine)], clock.change())
    transitions.transition(house, "start", ["HELD"], clock.change(by=5))
    transitions.transition(house, "complete", ["DONE"], clock.change(by=5))
    return house


def test_a_user_gets_the_id_given_or_the_next_one(house):
    assert [(user["id"], user["name"]) for user in people.users(house)] == [(5, "dana"), (6, "eli")]


def test_a_user_is_shown_as_added(house):
    assert people.users(house)[0] == {
        "id": 5,
        "name": "dana",
        "email": "dana@example.com",
        "timezone": "Europe/Paris",
        "admin": False,
        "roles": ["driver"],
        "created_at": "2025-12-24T10:00:00Z",
    }


def test_users_are_found_by_role(house):
    assert [user["id"] for user in people.users(house, "driver")] == [5]
    assert people.users(house, "nobody") == []


def test_every_change_is_an_event_without_the_address(house, clock):
    people.edit(house, 5, {"email": "d@example.com", "name": "dana d"}, clock.change(by=6, reason="moved"))
    roles.revoke(house, "driver", [5], clock.change())
    departure.remove(house, 5, clock.change())
    seen = events(house)
    assert [kind for kind, _, _ in seen] == [
        "user.created", "role.granted", "user.created", "user.updated", "role.revoked", "user.removed",
    ]  # fmt: skip
    assert all(topics == ["admin.people"] for _, topics, _ in seen)
    assert "example.com" not in json.dumps(seen)
    updated = seen[3][2]
    assert updated["changed"] == ["name", "email"]
    assert (updated["user_id"], updated["changed_by"], updated["reason"]) == (5, 6, "moved")


def test_an_edit_that_changes_nothing_is_no_event(house, clock):
    before = everything(house)
    people.edit(house, 5, {"name": "dana", "admin": False}, clock.change())
    assert everything(house) == before


def test_an_edit_keeps_what_it_does_not_name_and_takes_away_what_is_none(house, clock):
    edited = people.edit(house, 5, {"email": None, "admin": True}, clock.change())
    assert (edited["name"], edited["email"], edited["admin"]) == ("dana", None, True)
    assert edited["timezone"] == "Europe/Paris"


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (NewUser("x", id=5), Conflict, "a user 5 already"),
        (NewUser("x", id=0), InvalidInput, "a user id must be"),
        (NewUser("x", id=2**53), InvalidInput, "a user id must be"),
        (NewUser(" "), InvalidInput, "not empty"),
        (NewUser("x\x1b[2J"), InvalidInput, "control characters"),
        (NewUser("x", email="nobody"), InvalidInput, "e-mail"),
        (NewUser("x", timezone="Europe/Pariss"), InvalidInput, "not a time zone"),
        (NewUser("x", roles=("a b",)), InvalidInput, "a role name"),
    ],
)
def test_a_bad_user_changes_nothing(house, clock, wanted, error, words):
    before = everything(house)
    with pytest.raises(error, match=words):
        people.add(house, wanted, clock.change())
    assert everything(house) == before


def test_a_role_is_granted_once_and_revoked_once(house, clock):
    granted = roles.grant(house, "driver", [5, 6, 6], clock.change())
    assert [(each["user_id"], each["changed"]) for each in granted] == [(5, False), (6, True)]
    revoked = roles.revoke(house, "driver", [5], clock.change())
    again = roles.revoke(house, "driver", [5], clock.change())
    assert [each["changed"] for each in revoked + again] == [True, False]


def test_granting_to_several_is_all_or_nothing(house, clock):
    before = everything(house)
    with pytest.raises(NotFound, match="no user 9"):
        roles.grant(house, "boss", [6, 9], clock.change())
    with pytest.raises(InvalidInput):
        roles.grant(house, "a\nb", [6], clock.change())
    assert everything(house) == before


def test_roles_are_listed_with_members_and_open_tasks(house, clock):
    tasks.add(house, [tasks.NewTask("A", assignments=(assignment.role("packer"),))], clock.change())
    assert roles.roles(house) == [
        {"name": "driver", "members": [5], "open_tasks": 0},
        {"name": "packer", "members": [], "open_tasks": 1},
    ]


def test_a_user_with_open_tasks_is_not_removed(busy, clock):
    before = everything(busy)
    with pytest.raises(Conflict, match="HELD, NEXT") as caught:
        departure.remove(busy, 5, clock.change())
    assert "--reassign" in caught.value.hint
    assert everything(busy) == before
    assert people.person(busy, 5)["open_tasks"] == ["HELD", "NEXT"]


def test_open_tasks_go_to_the_heir(busy, clock):
    removed = departure.remove(busy, 5, clock.change(), heir=assignment.user(6))
    assert removed["open_tasks"] == ["HELD", "NEXT"]
    assert people.person(busy, 6)["open_tasks"] == ["HELD", "NEXT"]
    kinds = [kind for kind, _, _ in events(busy)]
    assert kinds[-7:] == [
        "task.released", "task.unassigned", "task.assigned", "task.unassigned", "task.assigned",
        "role.revoked", "user.removed",
    ]  # fmt: skip
    holders.claim(busy, ["HELD"], clock.change(by=6))


def test_open_tasks_can_be_let_go(busy, clock):
    departure.remove(busy, 5, clock.change(), unassign=True)
    with pytest.raises(NotFound):
        people.person(busy, 5)
    assert busy.connection.execute("SELECT count(*) FROM assignments").fetchone() == (0,)


def test_what_a_removed_user_did_stays_in_the_record(busy, clock):
    before = everything(busy)
    departure.remove(busy, 5, clock.change(), unassign=True)
    after = everything(busy)
    assert after["cycles"] == before["cycles"]
    assert after["events"][: len(before["events"])] == before["events"]


@pytest.mark.parametrize(("heir", "error"), [(5, InvalidInput), (9, NotFound)])
def test_an_heir_must_be_somebody_else_who_exists(busy, clock, heir, error):
    before = everything(busy)
    with pytest.raises(error):
        departure.remove(busy, 5, clock.change(), heir=assignment.user(heir))
    assert everything(busy) == before


def test_an_import_adds_and_changes_and_the_second_time_does_nothing(house, clock):
    wanted = roster.read_users(
        lines(
            {"id": 5, "name": "dana", "roles": ["boss"]},
            {"id": 6, "name": "eli"},
            {"id": 9, "name": "fay", "admin": True, "roles": ["driver", "boss"]},
        ),
        "people",
    )
    assert people.import_users(house, wanted, clock.change()) == {"added": 1, "changed": 1, "unchanged": 1}
    dana, _, fay = people.users(house)
    assert (dana["roles"], dana["email"]) == (["boss"], "dana@example.com")
    assert (fay["id"], fay["admin"], fay["roles"]) == (9, True, ["boss", "driver"])
    before = everything(house)
    assert people.import_users(house, wanted, clock.change()) == {"added": 0, "changed": 0, "unchanged": 3}
    assert everything(house) == before


def test_what_is_listed_can_be_imported(house, clock):
    wanted = roster.read_users(lines(*people.users(house), {**people.person(house, 5), "id": 7}), "people")
    assert people.import_users(house, wanted, clock.change()) == {"added": 1, "changed": 0, "unchanged": 2}


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (b"{", "not JSON"),
        (b"[]", "must be an object"),
        (b'{"name": "x"}', "needs an id"),
        (b'{"id": 8}', "needs a name"),
        (b'{"id": true, "name": "x"}', "a user id"),
        (b'{"id": "8", "name": "x"}', "a user id"),
        (b'{"id": 8, "name": "x", "mail": "a@b"}', "no field 'mail'"),
        (b'{"id": 8, "name": null}', "not empty"),
        (b'{"id": 8, "name": "x", "timezone": 5}', "a time zone"),
        (b'{"id": 8, "name": "x", "timezone": ""}', "not a time zone"),
        (b'{"id": 8, "name": "x", "admin": 1}', "admin must be"),
        (b'{"id": 8, "name": "x", "roles": "driver"}', "roles must be a list"),
        (b'{"id": 8, "name": "x", "roles": [5]}', "a role name"),
        (b'{"id": 7, "name": "again"}', "user 7 stands on line 1"),
        (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "beyond all measure"),
        (b'{"id": ' + b"9" * 5_000 + b"}", "beyond all measure"),
    ],
)
def test_a_bad_line_is_named_by_its_number(bad, words):
    with pytest.raises(InvalidFile, match=words) as caught:
        roster.read_users([*lines({"id": 7, "name": "g"}), b"\n", bad], "people")
    assert caught.value.message.startswith("people:3: ")
    assert caught.value.message.isprintable()

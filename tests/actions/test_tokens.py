"""Tokens, sessions and tickets: who comes in with which secret, for how long, and with which rights."""

import json
import subprocess
import sys

import pytest

from postgres import everything
from taskwatch.actions import departure, entry, people, roles, tokens
from taskwatch.actions.entry import SESSION_MS, TICKET_MS, digest
from taskwatch.actions.people import NewUser
from taskwatch.actions.tokens import LIFE_MS, NewToken
from taskwatch.errors import Conflict, InvalidInput, NotFound, Unauthorized
from taskwatch.model.access import OWNER, Identity
from taskwatch.store import open_store

DAY_MS = 24 * 3_600_000


@pytest.fixture
def house(store, clock):
    """dana is user 5 and a driver, eli is user 6 and an admin."""
    people.add(store, NewUser("dana", id=5, roles=("driver",)), clock.change())
    people.add(store, NewUser("eli", admin=True), clock.change())
    return store


@pytest.fixture
def make(house, clock):
    """Make a token of such attributes; gives its secret."""

    def make(name=None, **attributes):
        return tokens.create(house, NewToken(name, **attributes), clock.change())["secret"]

    return make


def rows(store, sql):
    return store.connection.execute(sql).fetchall()


def events(store):
    found = rows(store, "SELECT kind, topics, payload FROM events ORDER BY seq")
    return [(kind, topics.strip(), json.loads(payload)) for kind, topics, payload in found]


def test_a_token_is_told_once_and_kept_as_a_hash(house, clock):
    made = tokens.create(
        house, NewToken("ci", user_id=5, roles=("adv", "adv"), workflows=("bc",)), clock.change()
    )
    secret = made.pop("secret")
    assert secret.startswith("tw_")
    assert len(secret) >= 3 + 43
    assert tokens.list_(house, clock.now) == [made]
    assert made == {
        "id": 1,
        "name": "ci",
        "state": "active",
        "user_id": 5,
        "roles": ["adv"],
        "workflows": ["bc"],
        "admin": False,
        "created_at": "2025-12-24T10:00:00Z",
        "expires_at": "2026-03-24T10:00:00Z",
        "revoked_at": None,
        "last_used_at": None,
    }
    assert rows(house, "SELECT hash FROM credentials") == [(digest(secret),)]
    assert secret not in "\n".join(everything(house))


def test_two_secrets_are_never_alike(make):
    assert len({make() for _ in range(20)}) == 20


def test_every_change_of_tokens_is_an_event_without_a_secret(house, make, clock):
    secret = make("ci", user_id=5)
    session = entry.open_session(house, secret, clock.now).secret
    ticket = entry.issue_ticket(house, session, clock.now).secret
    entry.close_session(house, session, clock.now)
    tokens.revoke(house, "ci", clock.change(by=6, reason="lost"))
    found = [event for event in events(house) if event[1] == "admin.tokens"]
    assert [kind for kind, _, _ in found] == ["token.created", "session.closed", "token.revoked"]
    assert (found[2][2]["token_id"], found[2][2]["changed_by"], found[2][2]["reason"]) == (1, 6, "lost")
    for hidden in (secret, session, ticket):
        assert hidden not in json.dumps(found)
        assert digest(hidden) not in json.dumps(found)


@pytest.mark.parametrize(
    ("wanted", "error", "words"),
    [
        (NewToken("5"), InvalidInput, "cannot be a number"),
        (NewToken("a\x1b[2J"), InvalidInput, "control characters"),
        (NewToken("ci"), Conflict, "called 'ci' already"),
        (NewToken(user_id=9), NotFound, "no user 9"),
        (NewToken(roles=("a b",)), InvalidInput, "a role name"),
        (NewToken(workflows=("B C",)), InvalidInput, "workflow type"),
        (NewToken(workflows=()), InvalidInput, "no workflow type"),
        (NewToken(admin=True, workflows=("bc",)), InvalidInput, "cannot be limited"),
        (NewToken(life_ms=0), InvalidInput, "end in the future"),
        (NewToken(life_ms=-1), InvalidInput, "end in the future"),
    ],
)
def test_a_bad_token_changes_nothing(house, clock, wanted, error, words):
    tokens.create(house, NewToken("ci"), clock.change())
    before = "\n".join(everything(house))
    with pytest.raises(error, match=words):
        tokens.create(house, wanted, clock.change())
    assert "\n".join(everything(house)) == before


def test_a_token_lets_in_until_it_ends(house, make, clock):
    short, lasting = make(), make(life_ms=None)
    for after, known in ((LIFE_MS - 1, True), (LIFE_MS, False)):
        assert bool(entry.authenticate(house, short, clock.now + after)) is known
    assert entry.authenticate(house, lasting, clock.now + 10_000 * DAY_MS)
    assert [token["state"] for token in tokens.list_(house, clock.now + LIFE_MS)] == ["expired", "active"]


@pytest.mark.parametrize("secret", ["", "tw_", "tw_" + "a" * 43, "x" * 100_000, "\udcff", "' OR 1 = 1 --"])
def test_a_wrong_secret_lets_nobody_in(house, make, clock, secret):
    kept = digest(make())
    assert entry.authenticate(house, secret, clock.now) is None
    assert entry.authenticate(house, kept, clock.now) is None


def test_who_comes_with_a_users_token_has_the_present_rights_of_the_user_and_those_of_the_token(
    house, make, clock
):
    secret = make(user_id=5, roles=("adv",))
    known = Identity(5, frozenset({"adv", "driver"}), credential=1, expires_at=clock.now + LIFE_MS)
    assert entry.authenticate(house, secret, clock.now) == known
    roles.revoke(house, "driver", [5], clock.change())
    people.edit(house, 5, {"admin": True}, clock.change())
    changed = known._replace(roles=frozenset({"adv"}), admin=True)
    assert entry.authenticate(house, secret, clock.now) == changed


def test_an_admins_token_that_is_limited_to_workflows_is_no_admins(house, make, clock):
    assert entry.authenticate(house, make(user_id=6), clock.now).admin
    limited = entry.authenticate(house, make(user_id=6, workflows=("bc", "dd")), clock.now)
    assert (limited.admin, limited.workflows) == (False, {"bc", "dd"})
    assert entry.authenticate(house, make(admin=True), clock.now).admin


def test_the_tokens_of_a_removed_user_are_gone_and_the_house_stays_closed(house, make, clock):
    secret = make(user_id=5)
    session = entry.open_session(house, secret, clock.now).secret
    departure.remove(house, 5, clock.change())
    assert entry.authenticate(house, secret, clock.now) is None
    assert entry.authenticate(house, session, clock.now) is None
    assert tokens.list_(house, clock.now) == []
    assert tokens.any_tokens(house)


def test_a_token_is_revoked_by_its_id_or_name_and_its_name_is_free_again(house, make, clock):
    make("ci")
    make("cd")
    assert tokens.revoke(house, "ci", clock.change())["state"] == "revoked"
    assert tokens.revoke(house, "2", clock.change())["name"] == "cd"
    make("ci")
    with pytest.raises(Conflict, match="revoked already"):
        tokens.revoke(house, "1", clock.change())
    for ref in ("9", "nobody", "9" * 30, ""):
        with pytest.raises(NotFound):
            tokens.revoke(house, ref, clock.change())
    assert [token["state"] for token in tokens.list_(house, clock.now)] == ["revoked", "revoked", "active"]


def test_a_dry_run_revokes_nothing(house, make, clock):
    secret = make("ci")
    tokens.revoke(house, "ci", clock.change()._replace(dry_run=True))
    assert entry.authenticate(house, secret, clock.now)


def test_revoking_a_token_ends_its_sessions_and_tickets_and_no_others(house, make, clock):
    first, second = make("a"), make("b")
    sessions = [entry.open_session(house, secret, clock.now).secret for secret in (first, second)]
    issued = [entry.issue_ticket(house, secret, clock.now).secret for secret in (first, *sessions)]
    tokens.revoke(house, "a", clock.change())
    lets_in = [entry.authenticate(house, secret, clock.now) is not None for secret in (first, *sessions)]
    assert lets_in == [False, False, True]
    redeemed = [entry.redeem_ticket(house, ticket, clock.now) is not None for ticket in issued]
    assert redeemed == [False, False, True]


def test_a_session_is_worth_its_token_for_twelve_hours_at_most(house, make, clock):
    secret = make(user_id=5)
    session = entry.open_session(house, secret, clock.now)
    assert session.expires_at == clock.now + SESSION_MS
    mine, own = (entry.authenticate(house, each, clock.now) for each in (session.secret, secret))
    assert mine == own._replace(expires_at=session.expires_at)
    assert entry.authenticate(house, session.secret, clock.now + SESSION_MS) is None
    brief = entry.open_session(house, make(life_ms=1000), clock.now)
    assert brief.expires_at == clock.now + 1000
    assert entry.open_session(house, make(life_ms=None), clock.now).expires_at == clock.now + SESSION_MS


def test_only_a_token_that_holds_opens_a_session(house, make, clock):
    secret = make()
    session = entry.open_session(house, secret, clock.now).secret
    ticket = entry.issue_ticket(house, secret, clock.now).secret
    for wrong, now in (("tw_x", 0), (session, 0), (ticket, 0), (secret, LIFE_MS)):
        with pytest.raises(Unauthorized):
            entry.open_session(house, wrong, clock.now + now)


def test_a_closed_session_lets_nobody_in(house, make, clock):
    secret = make()
    session = entry.open_session(house, secret, clock.now).secret
    ticket = entry.issue_ticket(house, session, clock.now).secret
    assert entry.close_session(house, session, clock.now)
    assert not entry.close_session(house, session, clock.now)
    assert not entry.close_session(house, secret, clock.now)
    assert entry.authenticate(house, session, clock.now) is None
    assert entry.redeem_ticket(house, ticket, clock.now) is None
    assert entry.authenticate(house, secret, clock.now)


def test_a_ticket_lets_in_once_within_its_time_and_not_as_a_token(house, make, clock):
    secret = make(user_id=5)
    ticket = entry.issue_ticket(house, secret, clock.now)
    assert ticket.expires_at == clock.now + TICKET_MS
    assert entry.authenticate(house, ticket.secret, clock.now) is None
    entered = entry.redeem_ticket(house, ticket.secret, clock.now + TICKET_MS - 1)
    assert entered == entry.authenticate(house, secret, clock.now)
    assert entry.redeem_ticket(house, ticket.secret, clock.now) is None
    late = entry.issue_ticket(house, secret, clock.now).secret
    assert entry.redeem_ticket(house, late, clock.now + TICKET_MS) is None
    assert entry.redeem_ticket(house, secret, clock.now) is None


def test_a_ticket_of_a_session_ends_with_the_session(house, make, clock):
    session = entry.open_session(house, make(), clock.now)
    ticket = entry.issue_ticket(house, session.secret, session.expires_at - 1).secret
    assert entry.redeem_ticket(house, ticket, session.expires_at) is None
    again = entry.issue_ticket(house, session.secret, session.expires_at - 1).secret
    entered = entry.redeem_ticket(house, again, session.expires_at - 1)
    assert entered.expires_at == session.expires_at


def test_without_any_token_the_owner_gets_tickets_and_with_one_nobody_does(house, make, clock):
    early, late = (entry.issue_ticket(house, None, clock.now).secret for _ in range(2))
    assert entry.redeem_ticket(house, early, clock.now) == OWNER
    assert not tokens.any_tokens(house)
    make()
    assert entry.redeem_ticket(house, late, clock.now) is None
    with pytest.raises(Unauthorized):
        entry.issue_ticket(house, None, clock.now)
    with pytest.raises(Unauthorized):
        entry.issue_ticket(house, "tw_x", clock.now)


def test_of_several_processes_one_alone_redeems_a_ticket(house, make, clock):
    ticket = entry.issue_ticket(house, make(), clock.now).secret
    code = (
        "import sys; from taskwatch.actions import entry; from taskwatch.store import open_store\n"
        "store = open_store(sys.argv[1]); sys.stdin.readline()\n"
        "print(entry.redeem_ticket(store, sys.argv[2], int(sys.argv[3])) is not None)"
    )
    line = [sys.executable, "-c", code, house.url, ticket, str(clock.now)]
    runs = [
        subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    answers = [run.communicate("\n", timeout=60)[0].strip() for run in runs]
    assert sorted(answers) == ["False", "False", "False", "True"]


def test_what_has_passed_is_forgotten(house, make, clock):
    secret = make(life_ms=None)
    for _ in range(5):
        entry.issue_ticket(house, secret, clock.now)
        entry.open_session(house, secret, clock.now)
    entry.issue_ticket(house, secret, clock.now + SESSION_MS)
    assert rows(house, "SELECT kind FROM credentials ORDER BY id") == [("token",), ("ticket",)]


def test_the_last_use_is_noted_once_a_minute_at_most(house, make, clock):
    make()

    def used(after):
        entry.touch(house, {1: clock.now + after})
        return rows(house, "SELECT last_used_at FROM credentials")[0][0] - clock.now

    assert [used(after) for after in (0, 59_999, 60_000, 30_000)] == [0, 0, 60_000, 60_000]


def test_the_secret_of_the_app_is_made_once(house):
    first = tokens.app_secret(house)
    other = open_store(house.url)
    assert tokens.app_secret(other) == first
    assert len(first) >= 32
    other.close()


def test_whatever_comes_from_a_token_holds_no_longer_than_the_token(house, make, clock):
    session = entry.open_session(house, make(), clock.now).secret
    ticket = entry.issue_ticket(house, session, clock.now).secret
    house.connection.execute("UPDATE credentials SET revoked_at = 1 WHERE kind = 'token'")
    assert entry.authenticate(house, session, clock.now) is None
    assert entry.redeem_ticket(house, ticket, clock.now) is None
    with pytest.raises(Unauthorized):
        entry.issue_ticket(house, session, clock.now)

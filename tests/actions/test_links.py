"""Links in messages: one person, one deed, once, for a while."""

import json
import re

import pytest

from taskwatch.actions import alerts, events, inbox, links, people, planning, preferences, tasks, transitions
from taskwatch.actions.people import NewUser
from taskwatch.actions.planner import Planner
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import Conflict, Forbidden, InvalidInput, NotFound
from taskwatch.model.assignment import Assignment
from taskwatch.store.queries import question

DAY_MINUTES = 24 * 60
LATE = "task.sla.exceeded"
COLUMNS = re.findall(r":(\w+)", question("dump.add_notifications"))


@pytest.fixture
def late(store, clock):
    for number in (5, 6):
        people.add(store, NewUser(f"user {number}", id=number, email="d@example.org"), clock.change())
    owner = (Assignment("user", 5, None),)
    tasks.add(store, [NewTask("A", timeout_minutes=30, assignments=owner)], clock.change())
    transitions.transition(store, "start", ["A"], clock.change())
    clock.advance(minutes=45)
    return store


def ack_link(store, clock, user_id=5):
    url = links.ack_url(links.link_secret(store), "https://example.org", (1, 1), user_id, clock.now)
    assert url.startswith("https://example.org/ack/")
    return url.rpartition("/")[2]


def acks(store):
    return [e for e in events.newest(store, events.Filter(), 99).events if e["kind"] == "task.acknowledged"]


def test_the_secret_is_made_once(store):
    assert links.link_secret(store) == links.link_secret(store)
    assert len(links.link_secret(store)) == 32


def test_looking_does_nothing_and_following_does_it_once(late, clock):
    link = ack_link(late, clock)
    assert links.look(late, link, clock.now)["user_name"] == "user 5"
    assert acks(late) == []
    first = links.follow(late, link, clock.now)
    clock.advance(minutes=10)
    assert links.follow(late, link, clock.now) == first
    (told,) = acks(late)
    assert (told["data"]["changed_by"], first["ack"]["acknowledged_by"]) == (5, 5)


def test_a_link_is_good_for_a_day(late, clock):
    link = ack_link(late, clock)
    clock.advance(minutes=DAY_MINUTES)
    for ask in (links.look, links.follow):
        with pytest.raises(InvalidInput, match="has expired"):
            ask(late, link, clock.now)


def test_a_link_gives_no_right_that_its_person_has_not_now(late, clock):
    with pytest.raises(Forbidden, match="assigned to user:5"):
        links.follow(late, ack_link(late, clock, 6), clock.now)
    people.edit(late, 6, {"admin": True}, clock.change())
    assert links.follow(late, ack_link(late, clock, 6), clock.now)["ack"]
    with pytest.raises(NotFound):
        links.follow(late, ack_link(late, clock, 7), clock.now)


def test_a_link_of_a_former_cycle_does_nothing(late, clock):
    link = ack_link(late, clock)
    transitions.transition(late, "complete", ["A"], clock.change())
    with pytest.raises(Conflict, match="A is not late"):
        links.follow(late, link, clock.now)
    for verb in ("reopen", "start"):
        transitions.transition(late, verb, ["A"], clock.change())
    clock.advance(minutes=45)
    with pytest.raises(Conflict, match="finished since"):
        links.follow(late, link, clock.now)


def test_an_alert_brings_the_links_of_its_reader(late, clock):
    planner = Planner(channels={"database": False, "mail": True})
    planning.plan(late, clock.now, planner)
    alerts.monitor(late, clock.now)
    planning.plan(late, clock.now, planner)
    with late.read() as tx:
        (row,) = [dict(zip(COLUMNS, row, strict=True)) for row in tx.all(tuple, "dump.notifications")]
    text, data = row["text"], json.loads(row["data"])
    assert data["ack_url"] in text
    done = links.follow(late, data["ack_url"].rpartition("/")[2], clock.now)
    assert (done["ack"]["task_code"], done["ack"]["acknowledged_by"]) == ("A", 5)
    done = links.follow(late, data["unsubscribe_url"].rpartition("/")[2], clock.now)
    assert done["unsubscribed"] == [LATE, "mail"]
    (entry,) = inbox.entries(late, 5, inbox.Wish())
    assert not {"ack_url", "unsubscribe_url"} & entry["data"].keys()


def test_unsubscribing_ends_a_kind_on_a_channel(late, clock):
    url = links.unsubscribe_url(links.link_secret(late), "", (LATE, "mail"), 5, clock.now)
    link = url.removeprefix("/unsubscribe/")
    assert links.look(late, link, clock.now)["subject"] == f"{LATE} on mail"
    assert links.follow(late, link, clock.now)["unsubscribed"] == [LATE, "mail"]
    found = preferences.preferences(late, 5)["preferences"]
    assert found == [{"kind": LATE, "channel": "mail", "wanted": False}]

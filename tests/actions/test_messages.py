import pytest

from taskwatch.actions.events import Filter, newest
from taskwatch.actions.messages import Message, publish
from taskwatch.errors import TaskwatchError
from taskwatch.store import EVERYTHING


def message(**changes):
    return Message("paid", ("private-orders", "orders"), ("orders",), '{"n":1}', None)._replace(**changes)


def test_messages_get_their_places_in_the_log_in_order(store, clock):
    first = publish(store, [message(name="a")], clock.now)
    others = publish(store, [message(name="b"), message(name="c", socket_id="1.2")], clock.now)
    events = newest(store, Filter(), 10).events
    assert [event["seq"] for event in events] == first + others
    assert [event["data"]["name"] for event in events] == ["a", "b", "c"]
    assert {tuple(event["topics"]) for event in events} == {("orders",)}
    with store.read() as tx:
        facts = tx.all(tuple, "events.facts", after=0, until=EVERYTHING, limit=10)
    assert [fact[-1] for fact in facts] == [None, None, "1.2"]


def test_of_messages_that_cannot_all_be_kept_none_is(store, clock):
    with pytest.raises((TaskwatchError, UnicodeError)):
        publish(store, [message(), message(data="\ud800")], clock.now)
    assert newest(store, Filter(), 10).events == []

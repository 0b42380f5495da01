"""The hub against a naive reference, and what it promises about batches and causers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskwatch.model.topic import matches
from taskwatch.services.fact import Fact
from taskwatch.services.hub import RECENT, Hub

TOPICS = ("workflow.bc.1", "workflow.bc.12", "workflow.ab.1", "task.1", "user.5.tasks")
NAMES = (*TOPICS, "workflow.bc.*", "workflow.*", "task.*", "*")


class Plain:
    """An encoding that shows what was encoded."""

    def __init__(self):
        self.calls = 0

    def topic(self, name):
        return name

    def encode(self, facts, names, memo):
        self.calls += 1
        return b"".join(b"%d," % fact.seq for fact in facts)


class Listener:
    """A client whose socket takes `room` bytes at once; the rest waits until `read`."""

    def __init__(self, encoding, name=None):
        self.encoding, self.name, self.crowd = encoding, name, None
        self.room, self.taken, self.kept, self.is_gone = 10**9, b"", b"", False

    @property
    def is_behind(self):
        return bool(self.kept)

    @property
    def got(self):
        return [int(seq) for seq in self.taken.decode().split(",")[:-1]]

    def push(self, data):
        assert not self.kept
        if self.is_gone:
            raise BrokenPipeError
        if not self.room:
            raise BlockingIOError
        part = data[: self.room]
        self.room -= len(part)
        self.taken += part
        return len(part)

    def send(self, data):
        if self.is_behind:
            self.keep(data)
        elif (sent := min(self.room, len(data))) < len(data):
            self.push(data) if sent else None
            self.keep(data[sent:])
        else:
            self.push(data)

    def keep(self, data):
        self.kept += data
        if self.crowd:
            self.crowd.fell_behind(self)

    def read(self, room=10**9):
        """Take what waits, and have so much room from now on."""
        self.taken, self.kept, self.room = self.taken + self.kept, b"", room


def is_followed(fact, names):
    return any(matches(name, topic) for name in names for topic in fact.topics)


def fact(seq, *topics, origin=None):
    return Fact(seq, f"e-{seq}", "task.created", 0, topics, "{}", origin)


def test_each_client_gets_what_it_follows_once_and_in_order():
    hub, encoding = Hub(), Plain()
    both, one, none = Listener(encoding), Listener(encoding), Listener(encoding)
    hub.follow(both, frozenset({"workflow.bc.1", "task.1", "workflow.*"}))
    hub.follow(one, frozenset({"task.1"}))
    hub.follow(none, frozenset({"task.2"}))
    hub.publish([fact(1, "workflow.bc.1", "task.1"), fact(2, "workflow.bc.9"), fact(3, "task.1")])
    assert (both.got, one.got, none.got) == ([1, 2, 3], [1, 3], [])


def test_a_batch_is_encoded_once_for_all_who_follow_the_same():
    hub, encoding = Hub(), Plain()
    crowd = [Listener(encoding) for _ in range(50)]
    for each in crowd:
        hub.follow(each, frozenset({"task.1"}))
    hub.publish([fact(1, "task.1"), fact(2, "task.1")])
    assert encoding.calls == 1
    assert all(each.got == [1, 2] for each in crowd)


def test_who_caused_a_fact_is_spared_it_and_gets_the_others():
    hub, encoding = Hub(), Plain()
    causer, other = Listener(encoding, "1.2"), Listener(encoding, "3.4")
    for each in (causer, other):
        hub.follow(each, frozenset({"task.1"}))
    hub.publish([fact(1, "task.1"), fact(2, "task.1", origin="1.2"), fact(3, "task.1")])
    assert (causer.got, other.got) == ([1, 3], [1, 2, 3])


def test_a_client_that_is_cut_off_while_a_batch_goes_out_hurts_nobody():
    hub, encoding = Hub(), Plain()
    listeners = [Listener(encoding) for _ in range(4)]
    for each in listeners:
        hub.follow(each, frozenset({"task.1"}))
    listeners[0].room, listeners[1].is_gone = 1, True
    listeners[0].keep = lambda _data: [hub.leave(each) for each in listeners[:2]]
    hub.publish([fact(1, "task.1")])
    assert [each.got for each in listeners[2:]] == [[1], [1]]
    assert hub.followed(listeners[0]) == frozenset()


@pytest.mark.parametrize("room", range(7))
def test_what_a_socket_does_not_take_waits_and_nothing_overtakes_it(room):
    hub, encoding = Hub(), Plain()
    slow, quick = Listener(encoding), Listener(encoding)
    for each in (slow, quick):
        hub.follow(each, frozenset({"task.1"}))
    slow.room = room
    for seq in range(1, 4):
        hub.publish([fact(seq, "task.1")])
    assert quick.got == [1, 2, 3]
    slow.read(room=3)
    assert slow.got == [1, 2, 3]
    hub.publish([fact(4, "task.1")])
    hub.publish([fact(5, "task.1", origin="9.9")])
    hub.publish([fact(6, "task.1")])
    slow.read()
    assert slow.got == quick.got == [1, 2, 3, 4, 5, 6]


def test_what_went_out_is_remembered_up_to_a_bound():
    hub = Hub()
    hub.begin("e", 10)
    assert hub.since(10) == []
    assert hub.since(9) is None
    hub.publish([fact(seq) for seq in range(11, 14)])
    assert [each.seq for each in hub.since(10)] == [11, 12, 13]
    assert [each.seq for each in hub.since(12)] == [13]
    assert hub.since(9) is None
    hub.publish([fact(seq) for seq in range(14, 14 + RECENT)])
    assert hub.since(12) is None
    assert hub.since(hub.seq) == []
    assert hub.cursor == f"e-{13 + RECENT}"


follow = st.tuples(st.integers(0, 3), st.frozensets(st.sampled_from(NAMES), max_size=3))
some_topics = st.lists(st.sampled_from(TOPICS), min_size=1, max_size=3, unique=True)
publish = st.lists(some_topics, min_size=1, max_size=3)
slow = st.tuples(st.integers(0, 3), st.integers(0, 5))


@settings(max_examples=200)
@given(st.lists(follow | publish | slow, max_size=20))
def test_the_hub_agrees_with_looking_at_every_client(steps):
    hub, encoding = Hub(), Plain()
    listeners = [Listener(encoding) for _ in range(4)]
    followed, wanted, seq = [frozenset()] * 4, [[] for _ in range(4)], 0
    for step in steps:
        if isinstance(step, tuple):
            number, names = step
            if isinstance(names, int):
                listeners[number].read(room=names)
                continue
            followed[number] = names
            hub.follow(listeners[number], names)
            assert hub.followed(listeners[number]) == names
            continue
        facts = [fact(seq + index, *topics) for index, topics in enumerate(step, 1)]
        seq = facts[-1].seq
        hub.publish(facts)
        for number, names in enumerate(followed):
            wanted[number] += [each.seq for each in facts if is_followed(each, names)]
    for each in listeners:
        each.read()
    assert [each.got for each in listeners] == wanted
    for each in listeners:
        hub.leave(each)
    assert not hub._crowds
    assert not hub._index._exact
    assert not hub._index._beginnings

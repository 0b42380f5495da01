import json
from collections import defaultdict, deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from taskwatch.server.pusher.roster import Counted, Member, MemberAdded, MemberRemoved, Roster

DANA = Member("7", {"name": "dana"})
LEE = Member("8", {"name": "lee"})
ROOM = "presence-room"


def test_a_user_comes_with_the_first_connection_and_goes_with_the_last():
    roster = Roster(1)
    assert roster.join("1.1", ROOM, DANA).changes == [MemberAdded(ROOM, DANA, "1.1")]
    assert roster.join("1.2", ROOM, DANA).changes == []
    assert roster.leave("1.1", ROOM).changes == []
    assert roster.users(ROOM) == {"7": {"name": "dana"}}
    assert roster.leave("1.2", ROOM).changes == [MemberRemoved(ROOM, "7")]
    assert roster.users(ROOM) == {}
    assert roster.channels() == []


def test_connections_on_other_workers_count_for_a_user_too():
    roster = Roster(1)
    assert roster.apply(2, Roster(2).join("2.1", ROOM, DANA).message).changes == [
        MemberAdded(ROOM, DANA, None)
    ]
    assert roster.join("1.1", ROOM, DANA).changes == []
    assert roster.drop("1.1").changes == []
    assert roster.vanish(2) == [MemberRemoved(ROOM, "7")]


def test_every_join_and_leave_of_a_channel_without_presence_counts():
    roster = Roster(1)
    assert roster.join("1.1", "a").changes == [Counted("a", 1)]
    assert roster.join("1.2", "a").changes == [Counted("a", 2)]
    assert roster.leave("1.1", "a").changes == [Counted("a", 1)]
    assert roster.drop("1.2").changes == [Counted("a", 0)]


def test_joining_twice_and_leaving_twice_change_nothing():
    roster = Roster(1)
    roster.join("1.1", ROOM, DANA)
    assert roster.join("1.1", ROOM, DANA).changes == []
    roster.leave("1.1", ROOM)
    assert roster.leave("1.1", ROOM).changes == []


def test_a_socket_that_joined_nothing_is_not_worth_a_message():
    assert Roster(1).drop("1.1") == ([], None)


def test_a_worker_that_dies_takes_its_sockets_with_it_and_tells_each_count_once():
    roster = Roster(1)
    roster.join("1.1", "a")
    for number in range(3):
        roster.apply(2, {"roster": "join", "seat": [f"2.{number}", "a", None, None]})
        roster.apply(2, {"roster": "join", "seat": [f"2.{number}", ROOM, "7", {}]})
    assert roster.apply(2, {"gone": True}).changes == [MemberRemoved(ROOM, "7"), Counted("a", 1)]
    assert roster.channels() == ["a"]


def test_a_worker_that_starts_late_learns_who_is_there():
    old, new = Roster(1), Roster(2)
    old.join("1.1", ROOM, DANA)
    old.join("1.1", "a")
    new.join("2.1", "a")
    answer = old.apply(2, new.ask())
    assert answer.changes == [Counted("a", 2)]
    assert new.apply(1, answer.message).message is None
    assert new.users(ROOM) == old.users(ROOM) == {"7": {"name": "dana"}}
    assert new.subscription_count("a") == old.subscription_count("a") == 2


def test_a_snapshot_replaces_what_was_known_of_a_worker_and_tells_only_the_difference():
    roster, other = Roster(1), Roster(2)
    for socket_id, channel, member in (("2.1", ROOM, DANA), ("2.2", ROOM, LEE), ("2.3", "a", None)):
        roster.apply(2, other.join(socket_id, channel, member).message)
    other.drop("2.2")
    other.join("2.4", "b")
    changes = roster.apply(2, other.ask()).changes
    assert changes == [MemberRemoved(ROOM, "8"), Counted("b", 1)]


def test_a_snapshot_may_seat_another_user_on_a_known_socket():
    roster, other = Roster(1), Roster(2)
    roster.apply(2, Roster(2).join("2.1", ROOM, DANA).message)
    other.join("2.1", ROOM, LEE)
    assert roster.apply(2, other.ask()).changes == [MemberRemoved(ROOM, "7"), MemberAdded(ROOM, LEE, None)]


def test_messages_about_something_else_do_nothing():
    assert Roster(1).apply(2, {"whisper": "x"}) == ([], None)


def test_channels_are_found_by_how_they_begin_and_those_of_single_users_are_not_listed():
    roster = Roster(1)
    for channel in ("b", ROOM, "presence-a", "#server-to-user-7"):
        roster.join("1.1", channel, DANA if channel.startswith("presence") else None)
    assert roster.channels() == ["b", "presence-a", ROOM]
    assert roster.channels("presence-") == ["presence-a", ROOM]
    assert roster.subscription_count("#server-to-user-7") == 1


WORKERS = (1, 2, 3)
workers = st.sampled_from(WORKERS)
sockets = st.sampled_from(["1.1", "2.2", "3.3"])
rooms = st.sampled_from([ROOM, "presence-b", "private-c", "d"])
users = st.sampled_from([DANA, LEE])


class RosterMachine(RuleBasedStateMachine):
    """Three workers whose messages arrive late, beside plain sets of who sits where."""

    @initialize()
    def start(self):
        self.rosters = {number: Roster(number) for number in WORKERS}
        self.truth = {number: {} for number in WORKERS}  # worker → {(socket, channel): member}
        self.links = {(a, b): deque() for a in WORKERS for b in WORKERS if a != b}
        self.seen = {number: defaultdict(set) for number in WORKERS}  # what a client on it believes
        self.counts = {number: defaultdict(int) for number in WORKERS}

    def done(self, worker, outcome):
        self.tell(worker, outcome.changes)
        self.send(worker, outcome.message)

    def tell(self, worker, changes):
        for change in changes:
            match change:
                case MemberAdded():
                    assert change.member.user_id not in self.seen[worker][change.channel]
                    self.seen[worker][change.channel].add(change.member.user_id)
                case MemberRemoved():
                    self.seen[worker][change.channel].remove(change.user_id)
                case Counted():
                    self.counts[worker][change.channel] = change.subscriptions

    def send(self, worker, message):
        if message is not None:
            for (sender, _), link in self.links.items():
                if sender == worker:
                    link.append(json.dumps(message))

    @rule(worker=workers, socket=sockets, room=rooms, user=users)
    def join(self, worker, socket, room, user):
        member = user if room.startswith("presence-") else None
        self.truth[worker].setdefault((socket, room), member)
        self.done(worker, self.rosters[worker].join(socket, room, member))

    @rule(worker=workers, socket=sockets, room=rooms)
    def leave(self, worker, socket, room):
        self.truth[worker].pop((socket, room), None)
        self.done(worker, self.rosters[worker].leave(socket, room))

    @rule(worker=workers, socket=sockets)
    def drop(self, worker, socket):
        self.truth[worker] = {seat: who for seat, who in self.truth[worker].items() if seat[0] != socket}
        self.done(worker, self.rosters[worker].drop(socket))

    @rule(worker=workers)
    def die_and_start_again(self, worker):
        self.rosters[worker] = Roster(worker)
        self.truth[worker] = {}
        self.seen[worker].clear()
        self.counts[worker].clear()
        for (sender, receiver), link in self.links.items():
            if receiver == worker:
                link.clear()
            if sender == worker:
                link.append(json.dumps({"gone": True}))
        self.send(worker, self.rosters[worker].ask())

    @precondition(lambda self: any(self.links.values()))
    @rule(data=st.data())
    def deliver(self, data):
        link = data.draw(st.sampled_from([key for key, waiting in self.links.items() if waiting]))
        self.carry(*link)

    @rule()
    def deliver_all(self):
        while waiting := [key for key, link in self.links.items() if link]:
            self.carry(*waiting[0])
        for number in WORKERS:
            self.compare(self.rosters[number], self.truth)

    def carry(self, sender, receiver):
        message = json.loads(self.links[sender, receiver].popleft())
        outcome = self.rosters[receiver].apply(sender, message)
        self.tell(receiver, outcome.changes)
        if outcome.message is not None:
            self.send(receiver, outcome.message)

    def compare(self, roster, truth):
        seats = [(room, who) for known in truth.values() for (_, room), who in known.items()]
        assert roster.channels() == sorted({room for room, _ in seats})
        for room in ("private-c", "d", ROOM, "presence-b"):
            assert roster.subscription_count(room) == sum(name == room for name, _ in seats)
            assert roster.users(room) == {
                who.user_id: who.user_info for name, who in seats if name == room and who
            }

    @invariant()
    def a_client_believes_what_its_worker_knows(self):
        for number, roster in self.rosters.items():
            for room in (ROOM, "presence-b"):
                assert self.seen[number][room] == set(roster.users(room))
            for room in ("private-c", "d"):
                assert self.counts[number][room] == roster.subscription_count(room)

    @invariant()
    def a_worker_knows_its_own_sockets_at_once(self):
        for number, roster in self.rosters.items():
            own = {(seat[0], seat[1]): seat[2] for seat in roster.ask()["seats"]}
            assert own == {seat: who and who.user_id for seat, who in self.truth[number].items()}


TestRosterMachine = RosterMachine.TestCase
TestRosterMachine.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

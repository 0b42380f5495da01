"""Writers that take turns at a few workflows, while much goes wrong, and what the log must tell.

Each deed counts up its workflow's turns and says so in the event log, under the workflow's lock. So whoever
follows the log must hear of each workflow: 1, 2, 3 … as they are numbered, whatever was undone in between.
"""

import asyncio
import itertools
import json
import random
import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from typing import NamedTuple

import psycopg

from taskwatch import clock
from taskwatch.actions import definitions, journal, lookup, messages, workflows
from taskwatch.actions.change import Change, once
from taskwatch.actions.messages import Message
from taskwatch.actions.transitions import transition_within
from taskwatch.errors import Unavailable
from taskwatch.model import definition
from taskwatch.model.event import message_published
from taskwatch.services.hub import Hub
from taskwatch.services.relay import Relay
from taskwatch.store import open_store

NEXT = {"ready": "start", "in_progress": "complete", "completed": "reopen"}
TASKS = ("PICK", "PACK")
ALONE = Message("alone", (), ("alone",), "{}")
DEFINITION = {
    "workflow": {"code": "turns", "name": "Turns", "subject": "Box"},
    "task": [
        {"code": "PICK", "name": "Pick", "timeout": 30},
        {"code": "PACK", "name": "Pack", "timeout": 30, "after": ["PICK"]},
    ],
}
SLOW = 0.1  # seconds a slow transaction stays open behind its events
FATES = {"keep": 75, "linger": 10, "undo": 10, "publish": 5}


class Heard(NamedTuple):
    """A fact that came to a reader: `at` is the monotonic clock."""

    seq: int
    payload: str
    at: float


class Turns:
    """So many writers for some seconds, and two readers that follow the log as the nodes do."""

    def __init__(self, url, seed, *, seconds, writers=16, subjects=6, fates=FATES, terminated=()):
        self.url, self.seconds, self.subjects = url, seconds, subjects
        self.fates, self.terminated = fates, terminated
        self.rng = random.Random(seed)
        self.acknowledged = {}  # when, by key
        self.undone = set()
        self.terminations = 0
        self.heard = [[], []]
        self._writers = [(number, random.Random(f"{seed}-{number}")) for number in range(writers)]

    async def play(self):
        """From the first turn until both readers have heard of the last."""
        _prepare(self.url, self.subjects)
        relays = [Relay(f"{self.url}&application_name=reader", Hub()) for _ in self.heard]
        for relay, heard in zip(relays, self.heard, strict=True):
            relay.listeners.append(
                lambda facts, heard=heard: heard.extend(
                    Heard(each.seq, each.payload, time.monotonic()) for each in facts
                )
            )
            await relay.start()
        self.begin = relays[0]._hub.seq
        try:
            await self._rage()
            for relay in relays:
                await relay.pass_on()
        finally:
            for relay in relays:
                await relay.stop()

    async def _rage(self):
        self._end = time.monotonic() + self.seconds
        over, run = threading.Event(), asyncio.get_running_loop().run_in_executor
        with ThreadPoolExecutor(len(self._writers) + 1) as threads:
            killing = run(threads, self._terminate, over)
            writing = [run(threads, self._write, *writer) for writer in self._writers]
            try:
                await asyncio.gather(*writing)
            finally:
                over.set()
                await asyncio.gather(killing, *writing, return_exceptions=True)

    def _write(self, number, rng):
        with ExitStack() as stack:
            store = _persistently(open_store, f"{self.url}&application_name=writer")
            stack.callback(store.close)
            for count in itertools.count():
                if time.monotonic() > self._end:
                    break
                _persistently(self._choose(f"{number}-{count}", rng), store)

    def _choose(self, key, rng):
        subject, task = rng.randrange(self.subjects), rng.choice(TASKS)
        fate = rng.choices([*self.fates], self.fates.values())[0]
        if fate == "publish":
            return lambda store: messages.publish(store, [ALONE], clock.now())
        return lambda store: self._turn(store, subject, f"{task}_TURNS{subject}", key, fate)

    def _turn(self, store, subject, code, key, fate):
        change = Change(clock.now(), key=key)
        with store.write(concurrent=True, dry_run=fate == "undo") as tx:
            once(tx, change, [key], lambda: _take(store, tx, subject, code, change))
            if fate != "keep":
                store.connection.execute("SELECT pg_sleep(%s)", [SLOW])
        if fate == "undo":
            self.undone.add(key)
        else:
            self.acknowledged[key] = time.monotonic()

    def _terminate(self, over):
        """End connections at random, in the middle of whatever they do."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            while not over.wait(self.rng.uniform(0.02, 0.2)):
                names = [name for name in self.terminated if self.rng.random() < self.terminated[name]]
                ended = connection.execute(TERMINATE, [names]).fetchall()
                self.terminations += len(ended)

    def check(self):
        """Whether both readers heard everything once and in order, and nothing else was done or undone."""
        log, turns = _kept(self.url)
        for heard in self.heard:
            seqs = [each.seq for each in heard]
            missed = sorted({seq for seq, _ in log if seq > self.begin} - set(seqs))
            assert not missed, f"{len(missed)} events were missed, {missed[:5]} …"
            assert seqs == sorted(set(seqs)), "an event came twice or too late"
            _check_turns([each.payload for each in heard], turns)
        _check_turns([payload for _, payload in log], turns)
        keys = [told["key"] for _, payload in log if (told := _turn_of(payload))]
        assert len(keys) == len(set(keys)), "a deed was done twice"
        assert self.acknowledged.keys() <= set(keys), "an acknowledged deed was lost"
        assert not self.undone & set(keys), "what was undone is in the log"

    def lag(self, share):
        """How many seconds after they were acknowledged such a share of the deeds had come to a reader."""
        lags = sorted(
            each.at - self.acknowledged[told["key"]]
            for heard in self.heard
            for each in heard
            if (told := _turn_of(each.payload)) and told["key"] in self.acknowledged
        )
        return lags[int(len(lags) * share)]


def _persistently(deed, *args):
    """Do it until it is answered. A lost answer leaves open whether it was done: the same key asks again."""
    while True:
        with suppress(Unavailable):
            return deed(*args)


TERMINATE = """
SELECT pg_terminate_backend(pid) FROM (
    SELECT DISTINCT ON (application_name) pid FROM pg_stat_activity
    WHERE application_name = ANY(%s) AND datname = current_database()
    ORDER BY application_name, random()) AS chosen
"""


def _prepare(url, subjects):
    store = open_store(url)
    wanted, problems = definition.check(DEFINITION)
    assert not problems
    workflows.define(store, wanted, Change(clock.now()))
    for subject in range(subjects):
        workflows.start(store, "turns", "Box", str(subject), Change(clock.now()))
    assert definitions.types(store)[0]["active"] == subjects
    store.connection.execute("CREATE TABLE turns (subject BIGINT PRIMARY KEY, turn BIGINT NOT NULL)")
    store.connection.execute("INSERT INTO turns SELECT n, 0 FROM generate_series(0, %s) AS n", [subjects - 1])
    store.close()


def _take(store, tx, subject, code, change):
    """Move a task on as its state allows, and count the turn."""
    lookup.hold(tx, [code])
    task = lookup.task(tx, code)
    if verb := NEXT.get(task.status):
        transition_within(tx, verb, [code], Change(change.now))
    (turn,) = store.connection.execute(
        "UPDATE turns SET turn = turn + 1 WHERE subject = %s RETURNING turn", [subject]
    ).fetchone()
    told = json.dumps({"subject": subject, "turn": turn, "key": change.key})
    journal.record(tx, message_published("turn", [], told, None, ("turns",), change.now))


def _turn_of(payload):
    message = json.loads(payload)
    return json.loads(message["data"]) if message.get("name") == "turn" else None


def _check_turns(payloads, turns):
    seen = defaultdict(list)
    for told in map(_turn_of, payloads):
        if told:
            seen[told["subject"]].append(told["turn"])
    for subject, turn in turns.items():
        assert seen[subject] == list(range(1, turn + 1)), f"the turns of {subject} are not in order"


def _kept(url):
    """The log, and the turns that were counted by subject. No task is in another state than the log says."""
    store = open_store(url)
    with store.read() as tx:
        assert tx.all(tuple, "events.disagreeing") == []
    log = store.connection.execute("SELECT seq, payload FROM events ORDER BY seq").fetchall()
    turns = dict(store.connection.execute("SELECT subject, turn FROM turns").fetchall())
    store.close()
    return log, turns

"""What SSE and `/ws` have in common: which topics a client may follow, and the way back from a cursor."""

import json
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import NamedTuple

from taskwatch.actions import events
from taskwatch.errors import Conflict, Forbidden, InvalidInput
from taskwatch.model import names, topic
from taskwatch.model.access import Identity, may_follow
from taskwatch.server.house import House
from taskwatch.services.fact import Fact
from taskwatch.services.replay import replay

MOST_TOPICS = 100
PORTION = 32 * 1024  # characters


class Return(NamedTuple):
    """Where a client goes on: behind `seq`, or, if what it missed is not all there, anew with a reason."""

    seq: int
    reset: str | None = None


def choose(identity: Identity, wanted: Iterable[str]) -> frozenset[str]:
    """The topics and patterns asked for.

    Raises:
        InvalidInput: none, too many, or one that cannot be a topic.
        Forbidden: one that the identity may not follow.
    """
    chosen = frozenset(topic.parse(text) for text in wanted)
    if not 0 < len(chosen) <= MOST_TOPICS:
        raise InvalidInput(
            f"1 to {MOST_TOPICS} topics are needed, not {len(chosen)}",
            hint="name a topic such as workflow.bc.114, or workflow.* for all",
        )
    for each in sorted(chosen):
        if not may_follow(identity, each):
            raise Forbidden(
                f"you may not follow {names.shown(each)}",
                hint="follow your own topics, such as user.ID.tasks, or ask an admin for a wider token",
            )
    return chosen


async def come_back(house: House, cursor: str) -> Return:
    """Where the holder of a cursor goes on.

    Raises:
        InvalidInput: it is no cursor.
    """
    try:
        seq = await house.database.read(events.place, cursor)
    except Conflict as error:
        back = Return(0, error.message)
    else:
        back = Return(seq)
    # The log, and another worker or node with it, may be further on than this one.
    await house.relay.pass_on()
    while house.hub.seq < back.seq:
        await house.relay.pass_on()
    return back


async def catch_up(
    house: House, topics: frozenset[str], place: Return, send: Callable[[list[Fact]], Awaitable[None]]
) -> str | None:
    """Send a client what it missed, in portions that it waits for; the reason if it cannot have all of that.

    Whoever follows before the next await misses nothing and gets nothing twice.
    """
    if place.reset:
        return place.reset
    try:
        async for facts in replay(house.hub, house.database, topics, place.seq):
            for portion in _portions(facts):
                await send(portion)
    except Conflict as error:  # retention overtook it
        return error.message
    return None


def reset_data(house: House, why: str) -> str:
    """What a client is told that cannot go on where it was, as JSON text."""
    return json.dumps({"cursor": house.hub.cursor, "message": why}, ensure_ascii=False)


def _portions(facts: Iterable[Fact]) -> Iterator[list[Fact]]:
    """Few enough to wait for that nobody who reads them counts as too far behind."""
    portion: list[Fact] = []
    size = 0
    for fact in facts:
        portion.append(fact)
        size += len(fact.payload)
        if size > PORTION:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion

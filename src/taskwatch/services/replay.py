"""What a client missed: from a cursor up to where the hub is, from memory if possible, else from the log."""

from collections.abc import AsyncIterator

from taskwatch.actions import events
from taskwatch.model.topic import matches
from taskwatch.services import fact
from taskwatch.services.database import Database
from taskwatch.services.fact import Fact
from taskwatch.services.hub import Hub

PAGE = 200


async def replay(
    hub: Hub, database: Database, topics: frozenset[str], after: int
) -> AsyncIterator[list[Fact]]:
    """Batches of facts after a place in the log, up to the last one that the hub sent.

    Whoever follows before the next await misses nothing and gets nothing twice.

    Raises:
        Conflict: events were pruned meanwhile (`details["reset"]`).
    """
    while after < (until := hub.seq):
        facts = hub.since(after)
        if facts is None:
            rows = await database.read(events.facts_between, after, until, PAGE)
            facts = [fact.read(row, hub.epoch) for row in rows]
        after = facts[-1].seq if facts else until
        for begin in range(0, len(facts), PAGE):
            yield [each for each in facts[begin : begin + PAGE] if _is_wanted(each, topics)]


def _is_wanted(each: Fact, topics: frozenset[str]) -> bool:
    return any(matches(wanted, topic) for wanted in topics for topic in each.topics)

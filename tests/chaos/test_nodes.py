"""Three daemons on one server, killed, frozen and without it: nothing acknowledged is lost or doubled."""

import asyncio
import random
import sys
import time
from contextlib import ExitStack

import pytest

from chaos import clusters
from chaos.nodes import Fleet, Node

TAKEOVER = 20  # seconds
# What the server forgets in a crash must not be what it said was kept.
HONEST = "synchronous_commit=on"
FORGETS = """
import random; from taskwatch.store.postgres.store import PostgresStore as store
store._commit = lambda self, connection: connection.execute(random.choice(['COMMIT'] * 4 + ['ROLLBACK']))
"""
HAS_NO_HISTORY = """
from taskwatch.server import sse
async def nothing(*_): return None
sse.catch_up = nothing
"""


@pytest.fixture(scope="module")
def site():
    with clusters.site(HONEST) as site:
        yield site


@pytest.fixture
def fleet(site, tmp_path):
    """Start so many nodes on a new database."""
    with ExitStack() as stack:

        def start(count, seed, **options):
            url = site.url(site.new_database())
            nodes = [Node(tmp_path / str(number), url, **options) for number in range(count)]
            for node in nodes:
                node.start()
                stack.callback(node.stop)
            return Fleet(url, nodes, random.Random(seed))

        yield start


def survive(fleet, count, **options):
    """Move so many tasks, and judge."""
    asyncio.run(fleet.work([f"T{number}" for number in range(count)], **options))
    fleet.check()


async def kill(fleet):
    node = fleet.rng.choice(fleet.nodes)
    await asyncio.to_thread(node.kill)
    await asyncio.to_thread(node.start)


def frozen(seconds):
    async def freeze(fleet):
        node = fleet.rng.choice(fleet.nodes)
        node.freeze()
        await asyncio.sleep(seconds)
        node.thaw()

    return freeze


def server_restarts(site, mode):
    async def restart(_fleet):
        await asyncio.to_thread(site.stop, mode)
        await asyncio.to_thread(site.start)

    return restart


async def take_over(fleet, number):
    """Whoever is still there tells of a late task."""
    assert await fleet.be_late(f"LATE{number}") < TAKEOVER


def test_nothing_is_lost_when_a_node_and_the_server_go(site, fleet):
    fleet = fleet(3, 1)

    async def chaos(fleet):
        await take_over(fleet, 0)
        await asyncio.gather(kill(fleet), server_restarts(site, "immediate")(fleet))
        await frozen(2)(fleet)
        await take_over(fleet, 1)

    survive(fleet, 150, chaos=chaos)
    assert sum(follower.visits for follower in fleet.followers) > len(fleet.followers)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_thousand_transitions_under_all_that_may_happen(site, fleet):
    fleet = fleet(3, 2)
    takeovers = []

    async def chaos(fleet):
        faults = [
            kill,
            frozen(1),
            frozen(15),
            server_restarts(site, "fast"),
            server_restarts(site, "immediate"),
        ]
        faults += [frozen(60)]
        begun = time.monotonic()
        for number, fault in enumerate(faults * 2):
            failing = asyncio.create_task(fault(fleet))
            takeovers.append(await fleet.be_late(f"LATE{number}"))
            await failing
        sys.stdout.write(f"{time.monotonic() - begun:.0f} s of chaos\n")

    survive(fleet, 5_000, writers=8, followers=12, chaos=chaos)
    sys.stdout.write(f"alerts {max(takeovers):.1f} s late at most\n")
    assert max(takeovers) < TAKEOVER


def test_the_harness_sees_a_change_that_is_acknowledged_and_lost(fleet):
    fleet = fleet(1, 3, fault=f"exec({FORGETS!r})")
    with pytest.raises(AssertionError, match="acknowledged and lost"):
        survive(fleet, 40, followers=0)


def test_the_harness_sees_a_client_that_comes_back_to_no_history(fleet):
    fleet = fleet(1, 4, fault=f"exec({HAS_NO_HISTORY!r})")
    with pytest.raises(AssertionError, match="missed"):
        survive(fleet, 40, chaos=kill)

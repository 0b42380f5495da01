"""Everything that a network does to the way between a daemon and its server: noticed, and over by itself."""

import asyncio

import pytest

from chaos import clusters
from chaos.outage import (
    anew,
    cut,
    cut_often,
    cut_within,
    everything,
    flap,
    forgotten,
    outage,
    refuse,
    slow,
)
from chaos.proxy import BOTH, DOWN, UP
from taskwatch.actions import events
from taskwatch.errors import Unavailable
from taskwatch.store.postgres import connection

GOOD = {"muted": frozenset(), "dripping": frozenset()}
SILENT, DRIPPING = {"muted": BOTH}, {"dripping": BOTH}
FAULTS = {
    "a cut by a reset": cut(politely=False),
    "nobody listens for two seconds": refuse(2),
    "a short silence": everything(2, GOOD, **SILENT),
    "answers that break off in the middle": cut_within(2, (300, 40, 1)),
}
MORE_FAULTS = {
    "a cut by a farewell": cut(politely=True),
    "a cut every half second": cut_often(5, 0.5),
    "a tenth of a second on every way": slow(6, 0.1),
    "a third of a second on every way": slow(8, 0.3),
    "nobody listens for twelve seconds": refuse(12),
    "no new connection, while those there go on": refuse(6, spare_present=True),
    "up and down by turns": flap(5, 1),
    "silence of all that is there, while a new connection would do": forgotten(**SILENT),
    "a long silence": everything(20, GOOD, **SILENT),
    "silence on the way there": everything(15, GOOD, muted=frozenset({UP})),
    "silence on the way back": everything(15, GOOD, muted=frozenset({DOWN})),
    "silence on the way back of all that is there": forgotten(muted=frozenset({DOWN})),
    "whoever accepts says nothing": anew(10, **SILENT),
    "one byte a second": everything(15, GOOD, **DRIPPING),
    "one byte a second of answers": everything(15, GOOD, dripping=frozenset({DOWN})),
    "one byte a second of all that is there, while a new connection would do": forgotten(**DRIPPING),
    "one byte a second for all that is new": anew(10, **DRIPPING),
    "whoever accepts hangs up at once": anew(5, left=0),
    "another server's gibberish": anew(5, garbled=True),
}


@pytest.fixture(scope="module")
def site():
    with clusters.site() as site:
        yield site


@pytest.fixture
def suffer(site, monkeypatch, tmp_path):
    """Have an outage."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))

    def suffer(fault, **limits):
        asyncio.run(outage(site, fault, **limits))

    return suffer


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_daemon_notices_and_comes_back(suffer, fault):
    suffer(fault)


@pytest.mark.long
@pytest.mark.parametrize("fault", MORE_FAULTS.values(), ids=MORE_FAULTS)
def test_a_daemon_comes_back_from_the_rest_as_well(suffer, fault):
    suffer(fault)


def test_the_harness_sees_a_relay_that_gives_up(suffer, monkeypatch):
    whole = events.facts_after

    def give_up(*place):
        try:
            return whole(*place)
        except Unavailable as error:
            raise SystemExit from error

    monkeypatch.setattr(events, "facts_after", give_up)
    with pytest.raises(TimeoutError):
        suffer(refuse(0.5), recovered=2)


@pytest.mark.long
def test_the_harness_sees_a_daemon_that_waits_for_ever(suffer, monkeypatch):
    monkeypatch.setattr(connection.Connection, "patience", property(lambda _: None, lambda *_: None))
    with pytest.raises(TimeoutError):
        suffer(forgotten(**SILENT))

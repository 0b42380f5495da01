"""Rates of several servers measured in turn, and their ratios against what is wanted."""

import argparse
import statistics
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import NamedTuple

from contenders import Contender

BACKLOGS = (1, 4, 16)  # w1, w4, w16: how many messages are under way to everybody
SUBSCRIBERS = 1000
WARMING = 20

Rates = dict[tuple[str, int], list[float]]


class Duel(NamedTuple):
    """Whose rate is to be at least how many times whose, at each backlog."""

    ours: str
    theirs: str
    least: tuple[float, float, float]


class Effort(NamedTuple):
    """How much to measure: rounds of so many seconds per server and backlog."""

    rounds: int
    seconds: float


def effort() -> Effort:
    """What the command line says about it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    given = parser.parse_args()
    return Effort(given.rounds, given.seconds)


def decide(contenders: Mapping[str, Contender], duels: Sequence[Duel], how: Effort) -> bool:
    """Measure everybody in turn, print each duel; whether any was lost. The contenders are stopped."""
    with ExitStack() as stack:
        for contender in contenders.values():
            stack.callback(contender.stop)
        rates = measure(contenders, how)
    lost = [show(duel, number, rates) for duel in duels for number in range(len(BACKLOGS))]
    return any(lost)


def measure(contenders: Mapping[str, Contender], how: Effort) -> Rates:
    """Messages delivered per CPU-second, by server and backlog, a figure per round."""
    rates: Rates = {(name, backlog): [] for name in contenders for backlog in BACKLOGS}
    for contender in contenders.values():
        for _ in range(WARMING):
            contender.tell(max(BACKLOGS))
    for _ in range(how.rounds):
        for (name, backlog), measured in rates.items():
            measured.append(contenders[name].rate(backlog, how.seconds))
    return rates


def show(duel: Duel, number: int, rates: Rates) -> bool:
    """Print the ratio of the medians; whether it is below the least."""
    backlog, least = BACKLOGS[number], duel.least[number]
    ours, theirs = (statistics.median(rates[name, backlog]) for name in (duel.ours, duel.theirs))
    lost = ours / theirs < least
    sys.stdout.write(
        f"{duel.ours} against {duel.theirs}, w{backlog}: {ours / 1000:,.0f}k to {theirs / 1000:,.0f}k"
        f" per CPU-second: {ours / theirs:.2f}x (at least {least}x) {'MISSED' if lost else 'ok'}\n"
    )
    return lost

"""What `taskwatch daemon status` tells of a daemon, put together from its worker processes."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, TypedDict

from taskwatch import __version__, clock
from taskwatch.daemon.service import State
from taskwatch.model.times import rfc3339


class DaemonShape(TypedDict):
    """A daemon. `last_tick` is when it last looked for what is late; `config_error` why it kept old settings.

    `engine` is what keeps the database; `nodes` are the processes that serve it on all machines, as this one
    sees them, where it is shared by machines. `clients` counts live connections by `sse`, `websocket` and
    `pusher`; `cut_off` those that did not read.
    """

    pid: int
    version: str
    address: str
    since: str
    engine: str
    nodes: list[str]
    workers: int
    clients: dict[str, int]
    cut_off: int
    cursor: str | None
    last_tick: str | None
    config_error: str | None


def describe(
    pid: int, address: str, since: int, states: Sequence[State], config_error: str | None
) -> DaemonShape:
    """The whole of what the workers tell; `since` in ms UTC."""
    clients: Counter[str] = Counter()
    for state in states:
        clients.update(state["clients"])
    ticks = [state["last_tick"] for state in states if state["last_tick"] is not None]
    return {
        "pid": pid,
        "version": __version__,
        "address": address,
        "since": rfc3339(since),
        "engine": states[0]["engine"] if states else "",
        "nodes": sorted({node for state in states for node in state["nodes"]}),
        "workers": len(states),
        "clients": {kind: clients[kind] for kind in ("sse", "websocket", "pusher")},
        "cut_off": sum(state["cut_off"] for state in states),
        "cursor": states[0]["cursor"] if states else None,
        "last_tick": rfc3339(_wall(max(ticks))) if ticks else None,
        "config_error": config_error,
    }


def seconds_since_tick(states: Sequence[State]) -> float:
    """How long ago the SLA loop last looked; infinite if it never did."""
    ticks = [state["last_tick"] for state in states if state["last_tick"] is not None]
    return clock.monotonic() - max(ticks) if ticks else float("inf")


def _wall(monotonic: float) -> int:
    return clock.now() - int((clock.monotonic() - monotonic) * 1000)


def shape(answer: dict[str, Any]) -> DaemonShape:
    """A daemon's answer with the keys of DaemonShape. One of the version before lacks what is new in this."""
    told = {"engine": "SQLite", "nodes": [], **answer}
    return {key: told[key] for key in DaemonShape.__annotations__}  # type: ignore[return-value]

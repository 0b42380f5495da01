"""`/admin/operations`: whether messages arrive and the daemon is well, for admins."""

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from aiohttp import web
from msgspec import Meta

from taskwatch import __version__
from taskwatch.actions import dead
from taskwatch.model import event
from taskwatch.server.call import Shape, identity, read_query
from taskwatch.server.changing import read
from taskwatch.server.dashboard import page
from taskwatch.server.dashboard.people import known_names, namer
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.rest.deliveries import channels
from taskwatch.server.vitals import KINDS, VitalShape
from taskwatch.store import Description, Store

SLOW_SECONDS, STUCK_SECONDS = 0.25, 1.0
LATE_TICK_SECONDS = 10.0


class OperationsQuery(Shape):
    """Which dead letters."""

    channel: Annotated[str | None, Meta(description="Of this channel alone")] = None
    all: bool = False


class Health(NamedTuple):
    """How all workers together do. Lags and ages in seconds; `tick_age` is None where no SLA loop runs."""

    workers: Sequence[VitalShape]
    clients: dict[str, int]
    cut_off: int
    tick_age: float | None
    lag: float
    worst_lag: float

    @property
    def is_ticking(self) -> bool:
        """Whether the SLA loop looked lately."""
        return self.tick_age is not None and self.tick_age <= LATE_TICK_SECONDS

    @property
    def pace(self) -> str:
        """How quickly the slowest worker answered in the last minute: quick, slow or stuck."""
        if self.worst_lag >= STUCK_SECONDS:
            return "stuck"
        return "slow" if self.worst_lag >= SLOW_SECONDS else "quick"


async def show(request: web.Request) -> web.Response:
    """Channels, dead letters, clients, loops and the database."""
    wanted, here = read_query(request, OperationsQuery), house(request)
    letters = await read(request, dead.dead, wanted.channel, -1 if wanted.all else page.CUT)
    known = await channels(request)
    return await page.render(
        request,
        "operations.html",
        title="Operations",
        topics=[event.DELIVERIES_TOPIC],
        version=__version__,
        since=here.since,
        health=health(here.vitals.all() if here.vitals else ()),
        channels=known,
        chosen=wanted.channel,
        letters=letters,
        shown_ids=[each["id"] for each in letters],
        dead=sum(each["dead"] for each in known if wanted.channel in {None, each["channel"]}),
        database=await read(request, _describe),
        name=namer(await known_names(request), identity(request).user_id),
    )


def health(workers: Sequence[VitalShape]) -> Health:
    """What the workers come to together."""
    ticks = [each["tick_age"] for each in workers if each["tick_age"] is not None]
    return Health(
        workers=workers,
        clients={kind: sum(each["clients"][kind] for each in workers) for kind in KINDS},
        cut_off=sum(each["cut_off"] for each in workers),
        tick_age=min(ticks, default=None),
        lag=max((each["lag"] for each in workers), default=0.0),
        worst_lag=max((each["worst_lag"] for each in workers), default=0.0),
    )


def _describe(store: Store) -> Description:
    """Without any counts of rows, which would have to be read every few seconds."""
    return store.upkeep().describe()


ROUTES = (page.route("/admin/operations", show, "Show deliveries and health", Policy.ADMIN),)

"""Workflows as pages show them: a list by filters, and one run with its siblings."""

from typing import NamedTuple

from taskwatch.actions import lookup, progress
from taskwatch.actions.listing import NO_LIMIT
from taskwatch.actions.lookup import Workflow
from taskwatch.actions.progress import Progress, Run, RunFilters
from taskwatch.errors import NotFound
from taskwatch.model import names
from taskwatch.store import Store


class Listed(NamedTuple):
    """The runs that were found; `total` counts those beyond the limit too. `types`: what one can ask for."""

    items: list[Run]
    total: int
    types: list[str]


class View(NamedTuple):
    """One run; `siblings` are all runs of the subject, this one too: the active one, then the newest."""

    progress: Progress
    siblings: list[Workflow]


def find(store: Store, filters: RunFilters, now: int, limit: int | None = None) -> Listed:
    """The newest runs that pass every filter, judged at `now` (ms).

    Raises:
        NotFound: there is no such type.
        InvalidInput: there is no such status.
    """
    progress.check_status(filters.status)
    with store.read() as tx:
        if filters.type is not None:
            lookup.workflow_type(tx, filters.type)
        known = [code for (code,) in tx.all(tuple, "workflows.type_codes")]
        return Listed(
            progress.runs_within(tx, now, NO_LIMIT if limit is None else limit, filters),
            tx.value("workflows.count_listed", **progress.filter_values(filters, now)),
            [code for code in known if filters.types is None or code in filters.types],
        )


def view(store: Store, type_code: str, subject: str, run: int | None, now: int) -> View:
    """A run of a subject: the one with the id `run`, else the active one, else the newest.

    Raises:
        NotFound: there is none.
    """
    with store.read() as tx:
        runs = tx.all(
            Workflow, "workflows.by_subject", type=type_code, taskable_type=None, subject_id=subject
        )
        chosen = next((each for each in runs if run in {None, each.id}), None)
        if chosen is None:
            raise NotFound(f"there is no workflow {names.shown(f'{type_code}.{subject}')}")
        return View(progress.progress_within(tx, chosen, now), runs)

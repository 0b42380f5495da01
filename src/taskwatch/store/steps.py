"""The steps of the schema: numbered files, each in two halves that may be days apart.

`0002_x.pre.sql` adds what the next version needs, `0002_x.post.sql` takes away what only the one before
needed: between the two, both versions run side by side. A file without a half adds.
"""

import os
from collections.abc import Container
from typing import Literal, NamedTuple

from taskwatch.errors import StoreUnusable
from taskwatch.store import base
from taskwatch.store.address import shown
from taskwatch.store.base import Finding

FOLDER = os.path.join(os.path.dirname(__file__), "migrations")
POST = ".post"

Half = Literal["pre", "post"]


class Stage(NamedTuple):
    """How far a database has come: the newest step that added, and the newest that took away; 0 is none."""

    pre: int
    post: int


class Step(NamedTuple):
    """One file; its `name` is what a database remembers."""

    name: str
    number: int
    half: Half

    def script(self) -> str:
        """Its SQL, in SQLite's dialect."""
        with open(os.path.join(FOLDER, f"{self.name}.sql"), encoding="utf-8") as script:
            return script.read()


def due(applied: Container[str], until: Half) -> list[Step]:
    """What a database lacks, in order: up to the newest step that adds, or everything."""
    steps = known()
    while until == "pre" and steps[-1].half == "post":
        steps.pop()
    return [step for step in steps if step.name not in applied]


def known() -> list[Step]:
    """Every step, in the order in which they are applied."""
    names = (file.removesuffix(".sql") for file in os.listdir(FOLDER) if file.endswith(".sql"))
    return sorted((_step(name) for name in names), key=lambda step: (step.number, step.half == "post"))


def stage(applied: list[str]) -> Stage:
    """How far a database has come that remembers these names."""
    steps = [_step(name) for name in applied]
    return Stage(*(max((s.number for s in steps if s.half == half), default=0) for half in ("pre", "post")))


def is_ready(reached: Stage, url: str) -> bool:
    """Whether this taskwatch can use the database; False if it has to be migrated first.

    Raises:
        StoreUnusable: it is too new: something is gone that this version needs, or may be.
    """
    if reached.post > base.SCHEMA_VERSION or reached.pre > base.SCHEMA_VERSION + 1:
        raise StoreUnusable(
            f"{shown(url)} has schema {reached.pre}, this taskwatch knows up to {base.SCHEMA_VERSION}",
            hint="upgrade taskwatch on this machine",
        )
    return reached.pre >= base.SCHEMA_VERSION


def judge(applied: list[str]) -> Finding:
    """How far the schema has come; what is still there for an older version is no fault, but to be known."""
    version = f"version {stage(applied).pre}"
    left = [step.name for step in due(applied, "post")]
    if not left:
        return Finding("schema", "ok", version)
    message = f"{version}, made so that the one before can be used, too; still to do: {', '.join(left)}"
    return Finding("schema", "warn", message, "when all is upgraded, run: taskwatch db migrate --post")


def _step(name: str) -> Step:
    return Step(name, int(name[:4]), "post" if name.endswith(POST) else "pre")

"""An event as one line for people."""

from datetime import tzinfo
from typing import TYPE_CHECKING

from taskwatch.cli.output import style
from taskwatch.model.times import local, parse_instant

if TYPE_CHECKING:
    from taskwatch.actions.events import EventShape


def event_line(shape: "EventShape", zone: tzinfo) -> tuple[str, str]:
    """When and which, then what happened: the parts of the line, to be joined without a space."""
    at = local(parse_instant(shape["at"], now=0, zone=zone), zone)
    return style(f"{at}  {shape['seq']:>6}  ", "dim"), shape["sentence"]

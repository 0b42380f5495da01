"""The ranges of monitoring plugins: `10`, `10:`, `~:10`, `10:20` and `@10:20`, and what they alert on."""

import re
from decimal import Decimal
from typing import NamedTuple

from taskwatch.errors import InvalidInput
from taskwatch.model.names import shown

_HINT = "write 10 (alert above 10), 10: (below 10), ~:10 (above 10), 10:20 (outside) or @10:20 (inside)"
# `re` compiles it at its first use and keeps it.
_NUMBER = r"-?[0-9]{1,15}(?:\.[0-9]{1,6})?"
_RANGE = rf"(@?)(?:(~|{_NUMBER})?(:))?({_NUMBER})?"


class Range(NamedTuple):
    """From `low` to `high`, both included, None being without end. It alerts outside, or `inside`."""

    text: str
    low: Decimal | None
    high: Decimal | None
    inside: bool

    def alerts(self, value: float) -> bool:
        """Whether a value calls for an alert."""
        exact = Decimal(str(value))
        above = self.low is None or exact >= self.low
        below = self.high is None or exact <= self.high
        return (above and below) == self.inside


def parse(text: str) -> Range:
    """A range as typed; a missing start is 0, `~` is minus infinity, a missing end is infinity.

    Raises:
        InvalidInput: it is no range, or it ends before it starts.
    """
    found = re.fullmatch(_RANGE, text.strip(), re.ASCII)
    if not found or not (found[3] or found[4]):
        raise InvalidInput(f"{shown(text)} is not a threshold range", hint=_HINT)
    low = None if found[2] == "~" else Decimal(found[2] or 0)
    high = None if found[4] is None else Decimal(found[4])
    if low is not None and high is not None and low > high:
        raise InvalidInput(f"{shown(text)} ends before it starts", hint=_HINT)
    return Range(text.strip(), low, high, bool(found[1]))

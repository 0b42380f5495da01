"""A progress bar for what tells how far it is."""

from contextlib import ExitStack
from typing import Self

from taskwatch.cli import output


class Bar:
    """A progress bar whose length is known only at the first step."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._stack = ExitStack()
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self._stack.close()

    def reach(self, done: int, total: int) -> None:
        """So much of the whole is done."""
        if not self._done:
            self._advance = self._stack.enter_context(output.progress(total, self._label))
        self._advance(done - self._done)
        self._done = done

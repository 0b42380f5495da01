"""Messages put into words: before anything is locked, as templates and filters may take their time."""

from typing import Any, NamedTuple

from taskwatch.actions import links
from taskwatch.actions.audience import Reader
from taskwatch.actions.planner import Planner
from taskwatch.actions.rendering import Rendered, render
from taskwatch.plugin import Recipient
from taskwatch.store import Tx

_ANYBODY = Recipient(0, "")
_Event = tuple[str, str, int | None]


class Letter(NamedTuple):
    """A message before it is in words: `data` is the inbox entry, `event` JSON text. Instants are ms."""

    key: str
    kind: str
    reason: str
    level: str | None
    data: dict[str, Any]
    event: str
    occurred_at: int
    event_seq: int | None = None
    task_id: int | None = None
    workflow_id: int | None = None
    cycle: int | None = None


class Worded(NamedTuple):
    """A letter with the links of its reader, and its words."""

    letter: Letter
    words: Rendered


class Words:
    """Makes each message once, as of `now` (ms). `degraded` says which templates had to be done without.

    What is noted while a transaction is open is made by `make` when none is.
    """

    def __init__(self, planner: Planner, now: int) -> None:
        self._planner = planner
        self._now = now
        self._briefs: dict[_Event, Letter] = {}
        self._drafts: dict[str, tuple[Letter, Recipient]] = {}
        self._titles: dict[_Event, str] = {}
        self._worded: dict[str, Worded] = {}
        self.degraded: dict[str, None] = {}

    def note(self, tx: Tx, letter: Letter, reader: Reader, *, is_sent: bool) -> None:
        """A message to be made, which is sent somewhere or is not."""
        self._briefs[_event(letter)] = letter
        if is_sent:
            linked = letter._replace(data=letter.data | self._links(tx, letter, reader))
            self._drafts[letter.key] = linked, reader.recipient

    def make(self) -> None:
        """Put what was noted into words."""
        for event, letter in self._briefs.items():
            self._titles[event] = self._render(letter, _ANYBODY, brief=True).title
        for key, (letter, recipient) in self._drafts.items():
            self._worded[key] = Worded(letter, self._render(letter, recipient))
        self._briefs, self._drafts = {}, {}

    def full(self, tx: Tx, letter: Letter, reader: Reader) -> Worded:
        """A message that is sent somewhere."""
        if letter.key not in self._worded:
            self.note(tx, letter, reader, is_sent=True)
            self.make()
        return self._worded[letter.key]

    def brief(self, letter: Letter) -> Worded:
        """A message that is sent nowhere; its title is the same for all who are told of an event."""
        if _event(letter) not in self._titles:
            self._titles[_event(letter)] = self._render(letter, _ANYBODY, brief=True).title
        return Worded(letter, Rendered(self._titles[_event(letter)], letter.data["message"], None))

    def _render(self, letter: Letter, recipient: Recipient, *, brief: bool = False) -> Rendered:
        planner = self._planner
        words = render(
            letter.kind, letter.data, recipient, planner.public_url, planner.templates, planner.filters,
            reason=letter.reason, brief=brief,
        )  # fmt: skip
        if words.degraded:
            self.degraded[words.degraded] = None
        return words

    def _links(self, tx: Tx, letter: Letter, reader: Reader) -> dict[str, str]:
        url, task = self._planner.public_url, None
        if letter.task_id is not None and letter.cycle is not None:
            task = letter.task_id, letter.cycle
        return links.in_message(tx, url, reader.user.id, letter.kind, task=task, now=self._now)


def _event(letter: Letter) -> _Event:
    return letter.kind, letter.reason, letter.event_seq

"""What a task's page offers to do: buttons for what is allowed, reasons for what is not."""

from collections.abc import Iterable
from typing import NamedTuple

from taskwatch.actions.choices import ChoiceShape

# In the order of the page, with the words on the buttons.
FORWARD = {
    "start": "Start",
    "complete": "Complete",
    "resume": "Resume",
    "claim": "Claim",
    "retry": "Try again",
    "reopen": "Reopen",
    "hold": "Put on hold",
    "release": "Release",
}
ENDING = {"skip": "Skip", "fail": "Fail", "cancel": "Cancel"}
CARING = {"ack": "Take care of it", "snooze": "Snooze", "unack": "Let it alert again"}
HANDING = {"assign": "Assign", "unassign": "Unassign"}
LABELS = {**FORWARD, **ENDING, **CARING, **HANDING}


class Button(NamedTuple):
    """A deed that is allowed; `leads_to` is the status the task has after it, if it changes."""

    verb: str
    label: str
    leads_to: str | None


class Refusal(NamedTuple):
    """Deeds that are not allowed for one and the same reason."""

    labels: tuple[str, ...]
    reason: str


class Offers(NamedTuple):
    """What may be done, by kind; and what not."""

    forward: list[Button]
    ending: list[Button]
    caring: list[Button]
    handing: list[Button]
    refused: list[Refusal]

    @property
    def is_any(self) -> bool:
        """Whether anything is allowed."""
        return bool(self.forward or self.ending or self.caring or self.handing)


def sort_out(choices: Iterable[ChoiceShape]) -> Offers:
    """Choices as a page shows them."""
    known = {choice["verb"]: choice for choice in choices}

    def buttons(labels: dict[str, str]) -> list[Button]:
        return [
            Button(verb, label, known[verb]["leads_to"])
            for verb, label in labels.items()
            if known[verb]["allowed"]
        ]

    return Offers(
        forward=buttons(FORWARD),
        ending=buttons(ENDING),
        caring=buttons(CARING),
        handing=buttons(HANDING),
        refused=_refusals(known),
    )


def _refusals(known: dict[str, ChoiceShape]) -> list[Refusal]:
    labels: dict[str, list[str]] = {}
    for verb, label in LABELS.items():
        if reason := known[verb]["reason"]:
            labels.setdefault(reason, []).append(label)
    return [Refusal(tuple(each), reason) for reason, each in labels.items()]

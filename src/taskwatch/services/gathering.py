"""Who is there, and what they say: messages in texts of bounded length. Pure: no I/O, no clock.

A text is `NODE BATCH PART PARTS JSON`: the number of its sender, which batch of his it is, and which piece of
how many of an array of messages. Numbers of batches are without holes: who finds one missed something, and
hears MISSED. Two messages are of this file alone: {"here": name} and {"bye": true}.
"""

import json
from collections import deque
from collections.abc import Sequence

from taskwatch.services.bus import GONE, Message

Heard = list[tuple[int, Message]]

MISSED: Message = {"missed": True}
BYE: Message = {"bye": True}
PIECE = 7_800  # characters, all of them ASCII
MOST_PARTS = 4_000
REMEMBERED = 1_000


class Gathering:
    """Those who talk, as node `number` knows them. Instants are in seconds of any clock."""

    def __init__(self, number: int, silence: float) -> None:
        self._number = number
        self._silence = silence
        self._batch = 0
        self._nodes: dict[int, _Node] = {}
        self._given_up: deque[int] = deque(maxlen=REMEMBERED)
        self._has_company = False

    @property
    def names(self) -> list[str]:
        """How the others call themselves, in order."""
        return sorted(node.name for node in list(self._nodes.values()) if node.name)

    def texts(self, messages: Sequence[Message]) -> list[str]:
        """The next batch as texts."""
        self._batch += 1
        body = json.dumps(messages, separators=(",", ":"))
        pieces = [body[begin : begin + PIECE] for begin in range(0, len(body), PIECE)]
        return [
            f"{self._number} {self._batch} {part} {len(pieces)} {piece}" for part, piece in enumerate(pieces)
        ]

    def hear(self, text: str, now: float) -> Heard:
        """What a text tells, with the number of its sender; ValueError if it is none of ours."""
        head = text.split(" ", 4)
        number, batch, part, parts = map(int, head[:4])
        if not 0 <= part < parts <= MOST_PARTS:
            raise ValueError("a text counts its parts wrongly")
        if number == self._number:
            return []
        is_known = number in self._nodes
        self._has_company |= not is_known
        node = self._nodes.setdefault(number, _Node())
        node.heard_at = now
        has_missed = node.is_out_of_turn(batch) if is_known else self._was_given_up(number)
        told: Heard = [(number, MISSED)] if has_missed else []
        return told + self._read(number, node, node.take(batch, part, parts, head[4]))

    def greet(self) -> bool:
        """Whether somebody was heard for the first time since this was asked: tell him who is here."""
        has_company, self._has_company = self._has_company, False
        return has_company

    def rejoin(self, now: float) -> None:
        """Go on after being deaf: nobody is blamed for what was said meanwhile, nor for silence."""
        for node in self._nodes.values():
            node.heard_at = now
            node.forget_place()

    def give_up(self, now: float) -> Heard:
        """Take leave of those who were silent for too long."""
        silent = [number for number, node in self._nodes.items() if now - node.heard_at >= self._silence]
        for number in silent:
            del self._nodes[number]
            self._given_up.append(number)
        return [(number, GONE) for number in silent]

    def _was_given_up(self, number: int) -> bool:
        if number not in self._given_up:
            return False
        self._given_up.remove(number)
        return True

    def _read(self, number: int, node: "_Node", body: str | None) -> Heard:
        heard: Heard = []
        for message in json.loads(body) if body else []:
            if message == BYE:
                self._nodes.pop(number, None)
                heard.append((number, GONE))
            elif "here" in message:
                node.name = message["here"]
            else:
                heard.append((number, message))
        return heard


class _Node:
    """Another one: the batch that was heard last, and the pieces of the one that is coming."""

    def __init__(self) -> None:
        self.name = ""
        self.heard_at = 0.0
        self._last: int | None = None
        self._coming = 0
        self._pieces: list[str] = []

    def is_out_of_turn(self, batch: int) -> bool:
        """Whether there were batches between the last one and this one."""
        return self._last is not None and batch > self._last + 1

    def forget_place(self) -> None:
        """Take whatever comes for what follows."""
        self._last = None
        self.forget_pieces()

    def forget_pieces(self) -> None:
        """Begin with the first piece of something."""
        self._coming, self._pieces = 0, []

    def take(self, batch: int, part: int, parts: int, piece: str) -> str | None:
        """The whole text of a batch with its last piece, else None; one that was heard before is dropped."""
        if self._last is not None and batch <= self._last:
            return None
        if part == 0:
            self._coming, self._pieces = batch, []
        if (batch, part) != (self._coming, len(self._pieces)):  # its beginning was not heard
            return None
        self._pieces.append(piece)
        if part + 1 < parts:
            return None
        whole, self._last = "".join(self._pieces), batch
        self.forget_pieces()
        return whole

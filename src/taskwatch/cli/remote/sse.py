"""Server-sent events: bytes in, events out, by the rules of the HTML standard (9.2.6) and without I/O."""

import codecs
from typing import NamedTuple

from taskwatch.errors import Unavailable

LARGEST = 8 * 1024 * 1024


class ServerEvent(NamedTuple):
    """An event: its name (`message` if it has none), its data, and the last id that was set by then."""

    name: str
    data: str
    id: str


class SseReader:
    """Reads one connection. Chunks may end anywhere, even within a letter or between CR and LF.

    `last_id` is what to ask to go on after; `retry_ms` is the server's wish, None until it has one.
    """

    def __init__(self, last_id: str = "") -> None:
        self.last_id = last_id
        self.retry_ms: int | None = None
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")  # takes the byte order mark off
        self._line = ""
        self._ended_by_cr = False
        self._id, self._name = last_id, ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that this chunk completes.

        Raises:
            Unavailable: an event is larger than 8 MiB of letters.
        """
        found = []
        for line in self._split(self._decoder.decode(chunk)):
            if line:
                self._take(line)
            elif event := self._dispatch():
                found.append(event)
        return found

    def _split(self, text: str) -> list[str]:
        """The lines that end here; what follows them waits for its end."""
        if not text:
            return []
        begun = text[1:] if self._ended_by_cr and text[0] == "\n" else text
        self._ended_by_cr = text[-1] == "\r"
        *lines, self._line = (self._line + begun.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
        if len(self._line) + sum(map(len, self._data)) > LARGEST:
            raise Unavailable("the server sends an event without an end", hint="is this a taskwatch server?")
        return lines

    def _take(self, line: str) -> None:
        field, _, value = line.partition(":")  # a comment is a field without a name
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and value.isascii() and value.isdigit():
            self.retry_ms = int(value[:9])

    def _dispatch(self) -> ServerEvent | None:
        """The event that a blank line ends; without data there is none, but its id holds."""
        self.last_id = self._id
        name, data = self._name, self._data
        self._name, self._data = "", []
        return ServerEvent(name or "message", "\n".join(data), self._id) if data else None

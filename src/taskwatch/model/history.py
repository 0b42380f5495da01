"""Process logs: rows of text become finished work items, or a reason why not.

A log is a CSV file with a header and one row for each work item: case, activity, start, end, perhaps a
resource. Row 1 is the header; a row that spans several lines is named by its first.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from taskwatch.errors import InvalidFile, InvalidInput
from taskwatch.model import names
from taskwatch.model.times import rfc3339

MAX_ACTIVITIES = 1000
MAX_SLUG = 56

_UNREADABLE = re.compile("[\x00\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WALL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a reading of a wall clock, before its zone is known
_MILLISECOND = timedelta(milliseconds=1)


class Columns(NamedTuple):
    """The names of the columns to read."""

    case: str
    activity: str
    start: str
    end: str
    resource: str | None = None


class Row(NamedTuple):
    """One finished work item. Instants are ms UTC."""

    line: int
    case: str
    activity: str
    start: int
    end: int
    resource: str | None


class Bad(NamedTuple):
    """A row that cannot be read, and why."""

    line: int
    message: str


class Log:
    """The rows of a log, read one by one; `rows` and `ignored` count what was read so far."""

    def __init__(
        self, lines: Iterable[str], columns: Columns, *, zone: tzinfo, now: int, ignore: Iterable[str] = ()
    ) -> None:
        self.rows = 0
        self.ignored = 0
        self._records = csv.reader(lines, strict=True)
        self._columns = columns
        self._clock = WallClock(zone)
        self._now = now
        self._ignore = frozenset(ignore)

    def __iter__(self) -> Iterator[Row | Bad]:
        """Every row that is not ignored.

        Raises:
            InvalidFile: the header cannot be read or lacks a column.
        """
        places, width = self._header()
        while True:
            line = self._records.line_num + 1
            try:
                record = next(self._records)
            except StopIteration:
                return
            except csv.Error as error:
                self.rows += 1
                yield Bad(line, str(error))
                continue
            if record:
                self.rows += 1
                yield from self._judge(line, record, places, width)

    def _header(self) -> tuple[tuple[int | None, ...], int]:
        try:
            header = [name.strip() for name in next(self._records, [])]
        except csv.Error as error:
            raise InvalidFile(f"row 1 is no header: {error}", hint="give a CSV file") from error
        wanted = [name for name in self._columns if name is not None]
        for name in wanted:
            if header.count(name) != 1:
                raise _refuse_header(name, header)
        return tuple(None if name is None else header.index(name) for name in self._columns), len(header)

    def _judge(
        self, line: int, record: list[str], places: tuple[int | None, ...], width: int
    ) -> Iterator[Row | Bad]:
        try:
            if row := self._read(line, record, places, width):
                yield row
        except InvalidInput as error:
            yield Bad(line, error.message)

    def _read(self, line: int, record: list[str], places: tuple[int | None, ...], width: int) -> Row | None:
        if len(record) != width:
            raise InvalidInput(f"there are {len(record)} fields, but {width} in the header")
        case, activity, start, end, resource = (
            "" if place is None else record[place].strip() for place in places
        )
        if activity in self._ignore:
            self.ignored += 1
            return None
        if _UNREADABLE.search("".join(record)):
            raise InvalidInput("it holds a NUL byte or is not UTF-8")
        row = Row(line, case, activity, self._clock.read(start), self._clock.read(end), resource or None)
        self._check_order(row)
        return row

    def _check_order(self, row: Row) -> None:
        if row.end < row.start:
            raise InvalidInput(f"it ends at {rfc3339(row.end)}, before it starts")
        if row.end > self._now:
            raise InvalidInput(f"it ends at {rfc3339(row.end)}, in the future")


class WallClock:
    """Reads stamps such as `2012-01-30 19:29:32.482`: with their own offset, else on the clocks of a zone.

    The offset is asked for once per hour of the log: clock changes happen at its borders. As everywhere,
    a local time that a change skips moves forward by the gap, one that occurs twice is the earlier.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._offsets: dict[str, int | None] = {}

    def read(self, text: str) -> int:
        """Milliseconds UTC; digits below are cut off.

        Raises:
            InvalidInput: the text is no stamp, or lies outside the years 1970 to 9999.
        """
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise _refuse_time(text) from None
        if text[4:5] != "-" or text[7:8] != "-" or not 1970 <= moment.year <= 9998:
            raise _refuse_time(text)
        at = self._wall(text[:13], moment) if moment.tzinfo is None else (moment - _EPOCH) // _MILLISECOND
        if at < 0:
            raise _refuse_time(text)
        return at

    def _wall(self, hour: str, moment: datetime) -> int:
        if hour not in self._offsets:
            self._offsets[hour] = self._steady_offset(moment)
        offset = self._offsets[hour]
        if offset is None:
            return (moment.replace(tzinfo=self._zone) - _EPOCH) // _MILLISECOND
        return (moment - _WALL_EPOCH) // _MILLISECOND - offset

    def _steady_offset(self, moment: datetime) -> int | None:
        """The offset in ms if it is the same from the first to the last instant of the hour."""
        first = moment.replace(minute=0, second=0, microsecond=0, tzinfo=self._zone)
        offset = first.utcoffset()
        if offset is None or offset != first.replace(minute=59, second=59, microsecond=999_999).utcoffset():
            return None
        return offset // _MILLISECOND


def slug(activity: str, taken: Iterable[str]) -> str:
    """A template code for an activity: `W_COMPLETEREN_AANVRAAG`, with a number behind it if it is taken."""
    import unicodedata

    plain = unicodedata.normalize("NFKD", activity).encode("ascii", "ignore").decode().upper()
    base = re.sub(r"[^A-Z0-9]+", "_", plain).strip("_")[:MAX_SLUG] or "ACTIVITY"
    base = base if base[0].isalpha() else f"A_{base}"
    used, code, number = set(taken), base, 1
    while code in used:
        number += 1
        code = f"{base}_{number}"
    return code


def type_from_file(path: str) -> str:
    """A workflow type's code from a file's name: `loan_applications.csv` gives `loan_applications`.

    Raises:
        InvalidInput: the name gives none.
    """
    stem = path.replace("\\", "/").rpartition("/")[2].partition(".")[0]
    code = re.sub(r"[^a-z0-9]+", "_", stem.lower()).strip("_")
    if not names.TYPE_CODE.fullmatch(code):
        raise InvalidInput(
            f"the name {names.shown(path)} gives no workflow type", hint="name one with --workflow-type"
        )
    return code


def _refuse_header(name: str, header: list[str]) -> InvalidFile:
    trouble = "twice in the header" if name in header else "not in the header"
    known = ", ".join(names.shown(column) for column in header[:20])
    hint = names.suggestion(name, header) if name not in header else None
    return InvalidFile(
        f"row 1: the column {names.shown(name)} is {trouble}", hint=hint or f"the columns are {known}"
    )


def _refuse_time(text: str) -> InvalidInput:
    return InvalidInput(f"{names.shown(text)} is not a time such as 2012-01-30 19:29:32")

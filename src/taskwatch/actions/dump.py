"""Everything out, and in again: one JSON object a line, so that export, import and export are the same bytes.

The first line names the format, the last one counts the others: a dump that was cut off is noticed.
The epoch stays behind, since a database made from a dump is another event log; so do credentials and secrets.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, TypedDict

from taskwatch.errors import Conflict, InvalidFile, TaskwatchError
from taskwatch.model import definition, names
from taskwatch.store import Store, Tx
from taskwatch.store import dump as tables

FORMAT = 1
HEADER, COUNTER, END = "taskwatch", "counter", "end"

Line = dict[str, Any]
Numbered = tuple[int, Line]


class DumpShape(TypedDict):
    """What was written or read: rows by table."""

    file: str
    rows: int
    records: dict[str, int]


def export(store: Store, advance: Callable[[int, int], None]) -> Iterator[Line]:
    """Every line of a dump, from one snapshot. `advance` is told (rows done, rows in all) now and then."""
    with store.snapshot() as tx:
        total, done = tx.value("dump.size"), 0
        yield {"record": HEADER, "format": FORMAT, "schema": tx.value("dump.schema")}
        for done, line in enumerate(_lines(tx), 1):
            yield line
            if done % 1000 == 0:
                advance(done, total)
        yield {"record": END, "rows": done}
        advance(total, total)


def restore(store: Store, lines: Iterable[bytes], *, dry_run: bool = False) -> dict[str, int]:
    """Read a dump into an empty database, all of it or nothing; rows by table.

    Raises:
        Conflict: the database is not empty.
        InvalidFile: it is no dump, cut off, of another version, or a line is wrong.
    """
    with store.write(dry_run=dry_run) as tx:
        if tx.value("dump.size"):
            raise Conflict("the database is not empty", hint="import into a new one: --db NEW.db")
        records = _numbered(lines)
        _check_header(tx, records)
        counters = tables.counters(tx)
        try:
            counts = _Restorer(tx).read(records)
        except InvalidFile:
            tables.put_back(tx, counters)
            raise
        if dry_run:
            tables.put_back(tx, counters)
        return counts


def _lines(tx: Tx) -> Iterator[Line]:
    for table in tables.TABLES:
        keys = ["record", *(column.name for column in tables.columns(tx, table))]
        for row in tables.rows(tx, table):
            yield dict(zip(keys, (table, *row), strict=True))
    for table, last in tables.counters(tx):
        yield {"record": COUNTER, "table": table, "last": last}


class _Restorer:
    """Reads the lines between the first and the last one, a run of one record at a time."""

    def __init__(self, tx: Tx) -> None:
        self._tx = tx
        self._columns = {table: tables.columns(tx, table) for table in tables.TABLES}
        self._columns[COUNTER] = [tables.Column("table", "TEXT", 1), tables.Column("last", "INTEGER", 1)]
        self._columns[END] = [tables.Column("rows", "INTEGER", 1)]
        self._counts: Counter[str] = Counter()
        self._ended = False

    def read(self, records: Iterator[Numbered]) -> dict[str, int]:
        checked = (self._check(number, line) for number, line in records)
        for record, run in groupby(checked, key=lambda numbered: numbered[1]["record"]):
            self._take(record, run)
        if not self._ended:
            raise InvalidFile("the dump is cut off: its last line is missing", hint="export it once more")
        return {record: count for record, count in self._counts.items() if record != COUNTER}

    def _take(self, record: str, run: Iterator[Numbered]) -> None:
        if record == END:
            self._end(run)
        elif record == COUNTER:
            for _, line in run:
                tables.set_counter(self._tx, line["table"], line["last"])
        else:
            tables.add(self._tx, record, run)

    def _end(self, run: Iterator[Numbered]) -> None:
        for number, line in run:
            told = self._counts.total() - self._counts.pop(END)
            if self._ended or line["rows"] != told:
                raise InvalidFile(f"line {number} tells of {line['rows']} rows, but there are {told}")
            self._ended = True

    def _check(self, number: int, line: Line) -> Numbered:
        record = line.get("record")
        if self._ended:
            raise InvalidFile(f"line {number} follows the last line")
        if not isinstance(record, str) or record not in self._columns:
            hint = names.suggestion(str(record), list(self._columns))
            raise InvalidFile(f"line {number}: there is no record {names.shown(record)}", hint=hint)
        _check_fields(number, line, self._columns[record])
        _check_content(number, line, record)
        self._counts[record] += 1
        return number, line


def _numbered(lines: Iterable[bytes]) -> Iterator[Numbered]:
    for number, text in enumerate(lines, 1):
        try:
            line = json.loads(text.decode())
        except (ValueError, RecursionError):
            raise InvalidFile(f"line {number} is not JSON", hint="is this a dump of taskwatch?") from None
        if not isinstance(line, dict):
            raise InvalidFile(f"line {number} is not a JSON object")
        yield number, line


def _check_header(tx: Tx, records: Iterator[Numbered]) -> None:
    _, header = next(records, (1, {}))
    if header.get("record") != HEADER:
        raise InvalidFile("line 1 is not the first line of a dump", hint="make one with: taskwatch export")
    expected = {"record": HEADER, "format": FORMAT, "schema": tx.value("dump.schema")}
    if header != expected:
        raise InvalidFile(
            f"line 1: this dump has format {names.shown(header.get('format'))} and schema "
            f"{names.shown(header.get('schema'))}, this taskwatch reads {FORMAT} and {expected['schema']}",
            hint="import it with the taskwatch that wrote it, then migrate the database",
        )


def _check_fields(number: int, line: Line, columns: list[tables.Column]) -> None:
    known = [column.name for column in columns]
    if unknown := [name for name in line if name != "record" and name not in known]:
        hint = names.suggestion(unknown[0], known) or f"the fields are {', '.join(known)}"
        raise InvalidFile(
            f"line {number}: {line['record']} has no field {names.shown(unknown[0])}", hint=hint
        )
    for name, kind, required in columns:
        if name not in line:
            raise InvalidFile(f"line {number}: {line['record']} lacks the field {name}")
        if not _fits(line[name], kind, required):
            wanted = "a whole number" if kind == "INTEGER" else "a text"
            raise InvalidFile(f"line {number}: {name} must be {wanted}, got {names.shown(line[name])}")


def _fits(value: object, kind: str, required: int) -> bool:
    if value is None:
        return not required
    if kind == "INTEGER":
        return type(value) is int and -(2**63) <= value < 2**63
    return isinstance(value, str)


def _check_content(number: int, line: Line, record: str) -> None:
    if record == "meta" and line["name"] in tables.SECRETS:
        raise InvalidFile(f"line {number} brings a secret, which no dump does", hint="is this dump genuine?")
    for field, read in _CONTENT.get(record, ()):
        try:
            read(json.loads(line[field]))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, TaskwatchError) as error:
            raise InvalidFile(f"line {number}: {field} does not hold what it should") from error


# JSON that is kept as text, and what must be able to read it.
_CONTENT: dict[str, tuple[tuple[str, Callable[[Any], object]], ...]] = {
    "events": (("payload", dict.items),),
    "workflow_types": (("definition", definition.from_json),),
    "idempotency": (("answer", type),),
    "notifications": (("data", dict.items), ("event", dict.items)),
}

"""TOML with positions: what a file says, and on which line it says so.

The parser gives values without lines, so a small scanner finds those. It reads only text that the parser has
accepted, hence it refuses nothing and knows no more of the grammar than where keys and values begin and end.
"""

import re
import sys
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from taskwatch.errors import InvalidFile

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 20  # keys nested deeper have the line of what is around them, which bounds the memory

KeyPath: TypeAlias = tuple[str | int, ...]


class Document(NamedTuple):
    """A parsed file: the path to name in messages, its tables, and the text they were read from."""

    path: str
    data: dict[str, Any]
    text: str


def read(path: str) -> Document:
    """The TOML document in a file of at most 1 MiB; `-` is standard input. InvalidFile if it is not one."""
    name = "<stdin>" if path == "-" else path
    content = _content(path)
    if len(content) > MAX_BYTES:
        raise InvalidFile(f"{name} is larger than 1 MiB", hint="split it into smaller files", path=name)
    return parse(_decoded(content, name), name)


def parse(text: str, path: str = "<string>") -> Document:
    """The document in a text; `path` names it in messages. InvalidFile with line and column if not TOML."""
    import tomli

    try:
        return Document(path, tomli.loads(text), text)
    except tomli.TOMLDecodeError as error:
        message = f"{path}:{error.lineno}:{error.colno}: {error.msg[:1].lower()}{error.msg[1:]}"
        hint = f"correct line {error.lineno}; the rules are on https://toml.io"
        place = {"path": path, "line": error.lineno, "column": error.colno}
        raise InvalidFile(message, hint=hint, **place) from None
    except (RecursionError, ValueError):  # beyond the parser's depth, or a number of thousands of digits
        raise InvalidFile(f"{path} is nested too deeply or holds too long a number", path=path) from None


def where(document: Document, keys: KeyPath) -> str:
    """`path:line` of a key, to begin a message with."""
    return f"{document.path}:{line_of(document, keys)}"


def line_of(document: Document, keys: KeyPath) -> int:
    """The line, from 1, that defines a key such as `("tasks", 2, "after")`; list items have their index.

    A key that is not there has the line of the nearest table around it, at last line 1.
    """
    offsets = _offsets(document.text)
    known = next(keys[:depth] for depth in range(len(keys), -1, -1) if keys[:depth] in offsets)
    return document.text.count("\n", 0, offsets[known]) + 1


def _content(path: str) -> bytes:
    try:
        if path == "-":
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with open(path, "rb") as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        hint = "check the spelling; a relative path starts in the current directory"
        raise InvalidFile(f"There is no file {path}", hint=hint, path=path) from None
    except IsADirectoryError:
        hint = "name a file inside it"
        raise InvalidFile(f"{path} is a directory, not a file", hint=hint, path=path) from None
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
        raise InvalidFile(message, hint="check its permissions", path=path) from None


def _decoded(content: bytes, path: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        message = f"{path}:{line}: this is not UTF-8 text"
        raise InvalidFile(message, hint="save the file as UTF-8", path=path, line=line) from None


_PART = r"""(?:"(?:\\.|[^"\\])*+"|'[^']*+'|[A-Za-z0-9_-]++)"""
_PARTS = re.compile(_PART)
_KEY = rf"{_PART}(?:[ \t]*\.[ \t]*{_PART})*+"
_HEADER = rf"\[(?P<list>\[)?[ \t]*(?P<table>{_KEY})[ \t]*\]"
_STATEMENT = re.compile(rf"^[ \t]*(?:{_HEADER}|(?P<key>{_KEY})[ \t]*=)", re.MULTILINE)
_TOKEN = re.compile(
    "|".join(
        (
            r'"{3}(?:\\.|[^\\])*?"{3,5}',  # a long string may end in two quotes of its own
            r"'{3}.*?'{3,5}",
            rf"(?P<key>{_KEY})[ \t]*=",
            r"(?P<comment>#[^\n]*)",
            r"(?P<mark>[][{},\n])",
            rf"{_PART}|[^][{{}},\s\"'#]+",
        )
    ),
    re.DOTALL,
)


@lru_cache(maxsize=4)
def _offsets(text: str) -> dict[KeyPath, int]:
    """Where each key begins: a table at its header, an item of a list at itself."""
    offsets: dict[KeyPath, int] = {(): 0}
    lengths: dict[KeyPath, int] = {}
    table: KeyPath = ()
    position = 0
    while statement := _STATEMENT.search(text, position):
        position = statement.end()
        if statement["key"]:
            path = _note_key(offsets, table, statement["key"], statement.start())
            position = _scan_value(text, position, path, offsets)
        else:
            table = _open_table(statement, offsets, lengths)
    return offsets


def _open_table(header: re.Match[str], offsets: dict[KeyPath, int], lengths: dict[KeyPath, int]) -> KeyPath:
    """Note a `[table]` or `[[list of tables]]`; `lengths` counts the tables that each list has so far."""
    path: KeyPath = ()
    *parents, last = _parts(header["table"])
    for part in parents:
        path += (part,)
        _note(offsets, path, header.start())
        path += (lengths[path] - 1,) if path in lengths else ()
    path += (last,)
    if header["list"]:
        _note(offsets, path, header.start())
        lengths[path] = lengths.get(path, 0) + 1
        path += (lengths[path] - 1,)
    offsets[path] = header.start()
    return path


def _scan_value(text: str, position: int, path: KeyPath, offsets: dict[KeyPath, int]) -> int:
    """Note every key and item inside the value of `path`; return where the value ends."""
    around: list[KeyPath] = []
    for token in _TOKEN.finditer(text, position):
        kind, mark = token.lastgroup, token["mark"]
        if mark == "\n" and not around:
            return token.start()
        if kind == "key":
            path = _note_key(offsets, around[-1], token["key"], token.start())
        elif mark == "," and isinstance(path[-1], int):
            path = (*path[:-1], path[-1] + 1)
        elif mark in ("]", "}"):
            path = around.pop()
        elif mark in ("[", "{") or kind is None:
            _note(offsets, path, token.start())
            if mark:
                around.append(path)
                path += (0,) if mark == "[" else ()
    return len(text)


def _note_key(offsets: dict[KeyPath, int], table: KeyPath, key: str, start: int) -> KeyPath:
    """Note the tables that a dotted key opens, and the key itself; return its path."""
    path = table
    for part in _parts(key):
        path += (part,)
        _note(offsets, path, start)
    return path


def _note(offsets: dict[KeyPath, int], path: KeyPath, start: int) -> None:
    """The first place counts: a table may be entered again."""
    if len(path) <= MAX_DEPTH:
        offsets.setdefault(path, start)


def _parts(key: str) -> list[str]:
    """The names in a dotted key, without quotes and escapes."""
    import tomli

    parts: list[str] = _PARTS.findall(key)
    return [tomli.loads(f"it={part}")["it"] if part[0] in "\"'" else part for part in parts]

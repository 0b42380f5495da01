import io
import sys

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import InvalidFile
from taskwatch.tomlfile import MAX_BYTES, MAX_DEPTH, line_of, parse, read, where

WORKFLOW = '''# a workflow type
code = "bc"
"odd.key" = 1
'it s'.deep = 2

[subject] # a comment with [brackets] = and "quotes"
type.name = "Order"
note = """
[not.a.table]
fake = "still text" \\"""
""" # the end
matrix = [ [1, 2], # one
  [3,
   4],
]
inline = { a = 1,
  # TOML 1.1 lets it span lines
  b.c = [ { d = 2 },
          { d = 3 } ],
}

[[tasks]]
code = "FIRST"

[[tasks]]
code = "SECOND"
after = ["FIRST"]

  [tasks.sla]
  timeout = 30

  [[tasks.people]]
  login = "dana"
  [[tasks.people]]
  login = 'lee\\'
last = 2026-11-23 07:00:00
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ((), 1),
        (("code",), 2),
        (("odd.key",), 3),
        (("it s",), 4),
        (("it s", "deep"), 4),
        (("subject",), 6),
        (("subject", "type", "name"), 7),
        (("subject", "note"), 8),
        (("subject", "matrix", 0, 1), 12),
        (("subject", "matrix", 1), 13),
        (("subject", "matrix", 1, 0), 13),
        (("subject", "matrix", 1, 1), 14),
        (("subject", "inline", "a"), 16),
        (("subject", "inline", "b", "c", 0, "d"), 18),
        (("subject", "inline", "b", "c", 1, "d"), 19),
        (("tasks",), 22),
        (("tasks", 0, "code"), 23),
        (("tasks", 1), 25),
        (("tasks", 1, "after", 0), 27),
        (("tasks", 1, "sla", "timeout"), 30),
        (("tasks", 1, "people", 1, "login"), 35),
        (("tasks", 1, "people", 1, "last"), 36),
    ],
)
def test_a_key_has_the_line_that_defines_it(keys, line):
    assert line_of(parse(WORKFLOW), keys) == line


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("missing",), 1),
        (("subject", "missing"), 6),
        (("tasks", 1, "missing", 0), 25),
        (("tasks", 9, "code"), 22),
        (("tasks", 1, "sla", "missing"), 29),
    ],
)
def test_a_key_that_is_not_there_has_the_line_of_the_table_around_it(keys, line):
    assert line_of(parse(WORKFLOW), keys) == line


def test_a_table_has_the_line_of_its_own_header_even_after_its_children():
    assert line_of(parse("[a.b]\nc = 1\n[a]\nd = 2\n"), ("a",)) == 3


def test_windows_line_ends_count_once():
    assert line_of(parse('a = """\r\n\r\n"""\r\n[b]\r\nc = 1\r\n'), ("b", "c")) == 5


def test_a_place_reads_as_path_and_line():
    assert where(parse("a = 1\nb = 2\n", "tasks.toml"), ("b",)) == "tasks.toml:2"


PLAIN = st.text("abz-_019", min_size=1, max_size=4)
QUOTED = st.text(st.sampled_from("ab.[]{}=,#\"'\\\n\t é"), max_size=5).map(lambda name: (name, basic(name)))
NAMES = PLAIN.map(lambda name: (name, name)) | QUOTED
CONTENT = st.text(st.sampled_from("a[]{}=,#'\" \\\nb"), max_size=12)


def basic(text):
    for raw, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\t", "\\t")):
        text = text.replace(raw, escaped)
    return f'"{text}"'


def long_basic(text):
    return '"""\n' + text.replace("\\", "\\\\").replace('"""', '""\\"') + '"""'


def long_literal(text):
    return "'''\n" + text.replace("'''", "''").removesuffix("'''") + "'''"


SCALARS = st.one_of(
    st.sampled_from(["1", "-1.5e3", "true", "1979-05-27 07:32:00.5", "0xff", "inf", "'[a] = #'"]),
    CONTENT.map(basic),
    CONTENT.map(long_basic),
    CONTENT.map(long_literal),
)
BREAKS = st.sampled_from(["", " ", "\n", "\n\n  ", ' # ] } , "\n', "\n# '''\n"])


class Writer:
    """Writes a document piece by piece and notes the line of each key as it goes."""

    def __init__(self, draw):
        self.draw, self.text, self.lines = draw, "", {}

    def write(self, piece):
        self.text += piece

    def note(self, path):
        self.lines.setdefault(path, self.text.count("\n") + 1)

    def value(self, path, depth=0):
        kind = self.draw(st.sampled_from(["scalar", "list", "table"] if depth < 3 else ["scalar"]))
        if kind == "scalar":
            self.write(self.draw(SCALARS))
        else:
            self.container(path, kind, depth)

    def container(self, path, kind, depth):
        size = self.draw(st.integers(0, 3))
        self.write("[" if kind == "list" else "{")
        for index, (name, spelled) in enumerate(self.names(size)):
            self.write(self.draw(BREAKS))
            inner = (*path, index if kind == "list" else name)
            self.note(inner)
            self.write("" if kind == "list" else f"{spelled} = ")
            self.value(inner, depth + 1)
            self.write(self.draw(BREAKS) + ("," if index < size - 1 or self.draw(st.booleans()) else ""))
        self.write(self.draw(BREAKS) + ("]" if kind == "list" else "}"))

    def names(self, size):
        return self.draw(st.lists(NAMES, min_size=size, max_size=size, unique_by=lambda name: name[0]))

    def pairs(self, table):
        for name, spelled in self.names(self.draw(st.integers(0, 3))):
            self.write(self.draw(st.sampled_from(["", "\n", "# [no] = 1\n", "  "])))
            self.note((*table, name))
            dotted = self.draw(st.sampled_from(["", " . leaf"]))
            if dotted:
                self.note((*table, name, "leaf"))
            self.write(f"{spelled}{dotted} = ")
            self.value((*table, name, "leaf") if dotted else (*table, name))
            self.write(self.draw(st.sampled_from(["\n", " # end\n", "\t\n\n"])))

    def header(self, path, spelled, *, is_list):
        self.note(path)
        self.write(f"[[ {spelled} ]]\n" if is_list else f"[{spelled}] # header\n")


@st.composite
def documents(draw):
    """A TOML text and the line of every key in it."""
    writer = Writer(draw)
    writer.pairs(())
    for number in range(draw(st.integers(0, 3))):
        name, spelled = draw(NAMES.map(lambda name, n=number: (f"t{n} {name[0]}", basic(f"t{n} {name[0]}"))))
        if draw(st.booleans()):
            writer.header((name,), spelled, is_list=False)
            writer.pairs((name,))
            continue
        writer.note((name,))
        for index in range(draw(st.integers(1, 3))):
            writer.header((name, index), spelled, is_list=True)
            writer.pairs((name, index))
            writer.note((name, index, "sub table"))
            writer.header((name, index, "sub table"), f'{spelled} . "sub table"', is_list=False)
            writer.pairs((name, index, "sub table"))
    return writer.text, writer.lines


@given(documents())
def test_every_key_of_any_document_is_found_on_its_line(case):
    text, lines = case
    document = parse(text)
    assert {path: line_of(document, path) for path in lines} == lines


@given(documents())
def test_every_path_the_parser_sees_is_one_the_writer_noted(case):
    text, lines = case
    assert set(paths_in(tomli.loads(text))) == set(lines)


def paths_in(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from paths_in(inner, (*path, key))


def test_the_items_of_a_list_of_thousands_are_found():
    items = "".join(f"  {{ id = {number}, after = [1.5, 2] }},\n" for number in range(9000))
    document = parse(f"items = [\n{items}]\n")
    assert [line_of(document, ("items", index, "id")) for index in (0, 8999)] == [2, 9001]


def test_a_key_in_the_depths_has_the_line_of_what_is_around_it():
    document = parse("a = " + "[\n" * 100 + "1" + "]" * 100)
    assert line_of(document, ("a", *[0] * 100)) == MAX_DEPTH


def test_a_file_is_read_with_its_path_its_tables_and_its_text(tmp_path):
    path = tmp_path / "tasks.toml"
    path.write_bytes(b"\xef\xbb\xbfname = 'caf\xc3\xa9'\n")
    document = read(str(path))
    assert document == (str(path), {"name": "café"}, "name = 'café'\n")


def test_a_dash_reads_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a = 1\n")))
    assert read("-") == ("<stdin>", {"a": 1}, "a = 1\n")


def test_a_syntax_error_names_file_line_and_column(tmp_path):
    path = tmp_path / "tasks.toml"
    path.write_text("a = 1\nb : 2\n")
    with pytest.raises(InvalidFile) as error:
        read(str(path))
    assert error.value.message.startswith(f"{path}:2:3: ")
    assert error.value.details == {"path": str(path), "line": 2, "column": 3}
    assert "line 2" in error.value.hint


def test_a_missing_file_says_so_and_hints_at_the_directory(tmp_path):
    with pytest.raises(InvalidFile, match="no file") as error:
        read(str(tmp_path / "none.toml"))
    assert "current directory" in error.value.hint


def test_a_directory_is_not_a_file(tmp_path):
    with pytest.raises(InvalidFile, match="is a directory"):
        read(str(tmp_path))


def test_a_path_through_a_file_cannot_be_read(tmp_path):
    (tmp_path / "plain").write_text("")
    with pytest.raises(InvalidFile, match="cannot be read: Not a directory"):
        read(str(tmp_path / "plain" / "tasks.toml"))


def test_bytes_that_are_not_utf8_are_refused_with_their_line(tmp_path):
    path = tmp_path / "latin.toml"
    path.write_bytes(b"a = 1\nb = '\xe9'\n")
    with pytest.raises(InvalidFile, match=r"latin\.toml:2: this is not UTF-8"):
        read(str(path))


def test_a_file_of_one_mebibyte_is_read_and_one_byte_more_is_not(tmp_path):
    path = tmp_path / "large.toml"
    path.write_bytes(b"#" * MAX_BYTES)
    assert read(str(path)).data == {}
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(InvalidFile, match="larger than 1 MiB"):
        read(str(path))


@pytest.mark.parametrize("text", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 5000])
def test_what_the_parser_cannot_hold_is_refused_as_a_file_error(text):
    with pytest.raises(InvalidFile):
        parse(text)

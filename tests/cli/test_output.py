"""Answers on stdout, talk on stderr, and nothing hostile in either."""

import io
import json
import sys
import unicodedata
from typing import NamedTuple

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from taskwatch.cli import output
from taskwatch.cli.safe import safe, safe_json

BIDI = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\x00\x9b31m\x7f\u2028\ud800\r\n\tend"


class Wishes(NamedTuple):
    color: str = "auto"
    verbosity: int = 0


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    yield
    output.follow()


def is_harmful(letter):
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in BIDI


any_text = st.text(st.characters(exclude_categories=()))


@given(any_text)
@example(HOSTILE)
@example("".join(BIDI))
def test_safe_text_holds_no_control_bidi_or_surrogate(text):
    assert not [letter for letter in safe(text) if is_harmful(letter)]
    assert safe(safe(text)) == safe(text)


@given(any_text)
@example(HOSTILE)
def test_safe_text_on_many_lines_holds_only_line_feeds_and_tabs(text):
    assert {letter for letter in safe(text, multiline=True) if is_harmful(letter)} <= {"\n", "\t"}
    assert safe(text, multiline=True).count("\n") == text.count("\n")


@given(st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters=BIDI)))
def test_harmless_text_stays_as_it_is(text):
    assert safe(text) == text


def test_escapes_are_visible_and_short():
    assert safe(HOSTILE) == r"\x1b]0;owned\x07\x1b[2J\u202e\x00\x9b31m\x7f\u2028\ud800\r\n\tend"


@given(
    st.recursive(
        any_text | st.integers() | st.none(), lambda inner: st.lists(inner) | st.dictionaries(any_text, inner)
    )
)
@example({HOSTILE: [HOSTILE]})
def test_json_keeps_every_value_and_holds_nothing_harmful(data):
    for indent in (None, 2):
        text = output.dump(data, indent=indent)
        assert json.loads(text) == data
        assert {letter for letter in text if is_harmful(letter)} <= {"\n"}
        text.encode()


def test_safe_json_leaves_the_layout():
    assert safe_json('{\n  "a\u202e": 1\n}') == '{\n  "a\\u202e": 1\n}'


def test_json_is_compact_in_a_pipe_and_indented_on_a_terminal(capsys, monkeypatch):
    output.emit({"naïve": [1]})
    assert capsys.readouterr().out == '{"naïve":[1]}\n'
    monkeypatch.setattr(sys, "stdout", Terminal())
    output.emit({"naïve": [1]})
    assert sys.stdout.getvalue() == '{\n  "naïve": [\n    1\n  ]\n}\n'


def test_a_line_of_json_is_on_its_way_at_once(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BufferedWriter(raw), encoding="utf-8"))
    output.emit_line({"seq": 1})
    output.emit_line({"seq": 2})
    assert raw.getvalue() == b'{"seq":1}\n{"seq":2}\n'


def test_answers_go_to_stdout_and_talk_goes_to_stderr(capsys):
    output.text("answer ", HOSTILE)
    output.say("talk ", HOSTILE)
    output.complain({"error": HOSTILE})
    out, err = capsys.readouterr()
    assert out == f"answer {safe(HOSTILE)}\n"
    assert err.startswith(f"talk {safe(HOSTILE)}\n")
    assert json.loads(err.splitlines()[1]) == {"error": HOSTILE}


def test_a_narrow_encoding_gets_escapes_instead_of_a_crash(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    output.text("café")
    output.emit("café")
    output.flush()
    assert raw.getvalue() == b'caf\\xe9\n"caf\\xe9"\n'


@pytest.mark.parametrize(("verbosity", "heard"), [(-2, []), (-1, [-1]), (0, [-1, 0]), (1, [-1, 0, 1])])
def test_talk_is_heard_from_its_level_on(capsys, verbosity, heard):
    output.follow(Wishes(verbosity=verbosity))
    for level in (-1, 0, 1):
        output.say(str(level), level=level)
    assert capsys.readouterr().err.split() == [str(level) for level in heard]


def test_styled_text_is_painted_only_where_colour_is_welcome(capsys):
    output.text(output.style("late", "bad"), " ADV")
    output.follow(Wishes("always"))
    output.text(output.style("late", "bad"), " ADV")
    assert capsys.readouterr().out == "late ADV\n\x1b[31mlate\x1b[0m ADV\n"


def test_colour_is_judged_for_each_stream_alone(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert output.colored(sys.stdout)
    assert not output.colored(sys.stderr)
    assert not output.colored(None)


@given(any_text)
@example(HOSTILE)
def test_hostile_text_cannot_bring_its_own_colour(text):
    output.follow(Wishes("always"))
    whole = output._join([output.style(text, "good"), text], None)
    assert whole == f"\x1b[32m{safe(text)}\x1b[0m{safe(text)}"


def test_a_style_inside_an_f_string_is_plain_text():
    assert f"{output.style('late', 'bad')}" == "late"


def test_a_table_keeps_its_columns_with_colour_hostile_text_and_numbers(capsys):
    rows = [
        [output.style("late", "bad"), 45, "\x1b[1mADV\n", None],
        ["on time", 7, "0123", "1e5"],
    ]
    output.table(rows, ["state", "minutes", "code", "note"])
    plain = capsys.readouterr().out
    assert plain == (
        "state      minutes  code          note\n"
        "-------  ---------  ------------  ------\n"
        "late            45  \\x1b[1mADV\\n\n"
        "on time          7  0123          1e5\n"
    )
    output.follow(Wishes("always"))
    output.table(rows, ["state", "minutes", "code", "note"])
    assert capsys.readouterr().out.replace("\x1b[31mlate\x1b[0m", "late") == plain


def test_a_table_of_nothing_is_its_headers(capsys):
    output.table([], ["state", "code"])
    assert capsys.readouterr().out.split() == ["state", "code", "-------", "------"]


def test_a_table_cuts_nothing_off_and_keeps_indentation(capsys):
    output.table([["  " + "x" * 300]], ["tree"])
    assert capsys.readouterr().out.splitlines()[2] == "  " + "x" * 300


def test_progress_is_drawn_on_a_terminal_only(monkeypatch, capsys):
    with output.progress(10, "import") as advance:
        advance(10)
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys, "stderr", Terminal())
    with output.progress(10, "import\x1b") as advance:
        advance(5)
        advance(5)
    assert "100%" in sys.stderr.getvalue()
    assert "import\\x1b" in sys.stderr.getvalue()


def test_progress_is_quiet_when_asked(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    output.follow(Wishes(verbosity=-1))
    with output.progress(10, "import") as advance:
        advance(10)
    assert sys.stderr.getvalue() == ""


def test_a_missing_stdout_is_an_error_only_when_it_is_written_to(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    output.flush()
    output.silence(sys.stdout)
    with pytest.raises(OSError, match="Bad file descriptor"):
        output.text("answer")

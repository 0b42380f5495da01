"""Server-sent events: every kind of line end, chunks that end anywhere, fields by the standard."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.cli.remote import sse
from taskwatch.cli.remote.sse import ServerEvent, SseReader
from taskwatch.errors import Unavailable

LINE = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=8)
END, NEVER_LF = st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["\r\n", "\r"])


@st.composite
def streams(draw):
    """(bytes, the events in them, their chunks): every line with its own end, comments anywhere."""
    text, expected, last_id = draw(st.sampled_from(["", "\ufeff"])), [], ""
    for _ in range(draw(st.integers(0, 5))):
        name, data = draw(LINE), draw(st.lists(LINE, max_size=3))
        fields = [f"event:{draw(st.sampled_from(['', ' ']))}{name}" if name[:1] != " " else f"event: {name}"]
        fields += [f"data: {line}" for line in data]
        if draw(st.booleans()):
            last_id = draw(LINE)
            fields.append(f"id: {last_id}")
        fields = draw(st.permutations(fields)) if len(data) < 2 else fields
        for field in fields:
            if draw(st.booleans()):
                text += f":{draw(LINE)}{draw(END)}"
            text += field + draw(END)
        text += draw(END if text[-1:] != "\r" else NEVER_LF)  # CR and LF would be one end
        if data:
            expected.append(ServerEvent(name or "message", "\n".join(data), last_id))
    content = text.encode()
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=6)))
    places = [0, *cuts, len(content)]
    return expected, last_id, [content[a:b] for a, b in itertools.pairwise(places)]


@given(streams())
def test_events_are_the_same_wherever_chunks_end(stream):
    expected, last_id, chunks = stream
    reader = SseReader()
    assert [event for chunk in chunks for event in reader.feed(chunk)] == expected
    assert reader.last_id == last_id


@given(st.binary(max_size=200), st.integers(0, 200))
def test_no_bytes_break_it_and_a_cut_changes_nothing(content, place):
    whole, parts = SseReader(), SseReader()
    assert whole.feed(content) == parts.feed(content[:place]) + parts.feed(content[place:])
    assert (whole.last_id, whole.retry_ms) == (parts.last_id, parts.retry_ms)


def test_carriage_return_and_line_feed_are_one_end_in_two_chunks_as_well():
    reader, content = SseReader(), b"event: a\r\ndata: x\r\n\r\n" * 2
    found = [event for byte in content for event in reader.feed(bytes([byte]))]
    assert found == [ServerEvent("a", "x", "")] * 2


def read(text, reader=None):
    return (reader or SseReader()).feed(text.encode())


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("data: x\n\n", [("message", "x", "")]),
        ("data:x\n\n", [("message", "x", "")]),
        ("data:  x\n\n", [("message", " x", "")]),
        ("data\n\n", [("message", "", "")]),
        ("data:\ndata\n\n", [("message", "\n", "")]),
        ("data: a\ndata: b\ndata:\n\n", [("message", "a\nb\n", "")]),
        ("event: x\n\ndata: y\n\n", [("message", "y", "")]),
        ("data: x: y\n\n", [("message", "x: y", "")]),
        (": only a comment\n\n", []),
        ("data: not ended\n", []),
        (" data: x\n\n", []),
        ("Data: x\n\n", []),
        ("nonsense: x\ndata: y\n\n", [("message", "y", "")]),
        ("id: 1\ndata: a\n\ndata: b\n\n", [("message", "a", "1"), ("message", "b", "1")]),
        ("id: 1\ndata: a\n\nid\ndata: b\n\n", [("message", "a", "1"), ("message", "b", "")]),
        ("id: 1\0\ndata: a\n\n", [("message", "a", "")]),
        ("\r\n\r\r\ndata: x\r\r", [("message", "x", "")]),
        ("\ufeff\ufeffdata: x\n\n", []),
    ],
)
def test_fields_are_read_by_the_standard(text, events):
    assert read(text) == [ServerEvent(*event) for event in events]


def test_an_id_without_data_moves_the_place_but_one_that_is_cut_off_does_not():
    reader = SseReader("e-1")
    read("id: e-2\n\nid: e-3\ndata: x\n", reader)
    assert reader.last_id == "e-2"


@pytest.mark.parametrize(
    ("text", "retry"),
    [("retry: 250\n", 250), ("retry: 1.5\n", None), ("retry: -1\n", None), ("retry: ²\n", None),
     ("retry\n", None), ("retry: " + "9" * 5000 + "\n", 999_999_999)],
)  # fmt: skip
def test_only_digits_are_a_time_to_retry(text, retry):
    reader = SseReader()
    read(text, reader)
    assert reader.retry_ms == retry


def test_bytes_that_are_no_utf_8_are_replaced_and_a_letter_may_be_cut():
    reader = SseReader()
    snow = "data: ☃\n\n".encode()
    assert reader.feed(snow[:7]) == []
    assert reader.feed(snow[7:]) == [ServerEvent("message", "☃", "")]
    assert reader.feed(b"data: \xff\n\n") == [ServerEvent("message", "\ufffd", "")]


@pytest.mark.parametrize("chunk", [b"x" * 64, b"data: xxxxxxxxxxxxxxxxxxxxxxxx\n"])
def test_an_event_without_an_end_is_refused(monkeypatch, chunk):
    monkeypatch.setattr(sse, "LARGEST", 1024)
    reader = SseReader()
    assert reader.feed(chunk) == []
    with pytest.raises(Unavailable):
        list(map(reader.feed, [chunk] * 100))

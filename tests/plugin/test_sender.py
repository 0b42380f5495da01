"""A sender of a channel in this process: it never raises, keeps its deadline, and tidies what it is given."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskwatch.errors import InvalidInput
from taskwatch.plugin import Channel, Outcome, ok
from taskwatch.plugin.sender import Inline, Sender
from taskwatch.plugin.wording import fit
from taskwatch.testing import HandClock, sample


class Small(Channel):
    name = "small"
    max_title = 20
    max_text = 30


def sender(send=None, *, now=None, secrets=(), **methods):
    channel = type("Own", (Small,), {"send": send or Channel.send, **methods})
    runner = Inline(channel({}, None))
    return Sender(
        "own",
        channel,
        runner,
        secrets=secrets,
        seconds=0.2,
        room=1,
        now=now or (lambda: sample().deadline - 10_000),
    )


def told(send, **more):
    return asyncio.run(sender(send, **more).send(sample()))


def test_what_a_channel_raises_is_an_outcome():
    async def send(self, message):
        raise RuntimeError("s3cret is wrong")

    assert told(send, secrets=("s3cret",)) == Outcome("retry", "RuntimeError: *** is wrong")


def test_one_that_hangs_is_ended():
    async def send(self, message):
        await asyncio.Event().wait()

    assert told(send) == Outcome("unknown", "no answer within 0.2 s")


def test_a_timeout_of_its_own_is_not_known_to_have_failed():
    async def send(self, message):
        raise TimeoutError

    assert told(send).kind == "unknown"


def test_being_cancelled_is_passed_on():
    started = asyncio.Event()

    async def send(self, message):
        started.set()
        await asyncio.Event().wait()

    async def scenario():
        task = asyncio.create_task(sender(send).send(sample()))
        await started.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(scenario())


def test_the_deadline_is_read_on_the_clock_that_it_was_set_on():
    clock, seen = HandClock(), []

    async def send(self, message):
        seen.append(message.deadline)
        return ok()

    own = sender(send, now=lambda: clock.now)
    first = asyncio.run(own.send(sample(deadline=clock.now + 100)))
    clock.advance(seconds=1)
    second = asyncio.run(own.send(sample(deadline=clock.now - 900)))
    assert (first.kind, second.kind, len(seen)) == ("ok", "retry", 1)
    assert abs(seen[0] - sample().deadline + 9_900) < 5_000


@pytest.mark.parametrize("after", [float("nan"), float("inf"), -1.0, "7", None])
def test_a_wait_that_is_none_is_left_out(after):
    async def send(self, message):
        return Outcome("rate_limited", "slow", after)

    assert told(send) == Outcome("rate_limited", "slow", None)


def test_a_kind_that_there_is_not_is_tried_again():
    async def send(self, message):
        return Outcome("fine", "")

    assert told(send).kind == "retry"


def test_a_channel_is_given_what_fits_it():
    async def send(self, message):
        return ok(detail=f"{message.title}|{message.text}")

    said = asyncio.run(sender(send).send(sample(title="a\nb\x1b", text="y" * 99)))
    assert said.detail == "a b|" + "y" * 29 + "…"


def test_closing_never_raises():
    async def close(self):
        raise OSError("broken pipe")

    asyncio.run(sender(close=close).close())


def test_an_address_that_a_channel_refuses_is_invalid_input():
    def check_address(self, address):
        raise ValueError("dana\x1b has no room")

    with pytest.raises(InvalidInput, match="dana  has no room"):
        sender(check_address=check_address).check_address("x")


def test_a_test_says_so_and_what_is_cut_is_marked():
    fitted = fit(sample(is_test=True, title="x" * 99, text="y" * 99), Small)
    assert fitted.title == "[TEST] xxxxxxxxxxxx…"
    assert fitted.text == "y" * 29 + "…"
    assert fit(fitted, Small) == fitted


@given(st.text(), st.text())
def test_no_title_has_more_than_one_line_and_no_text_a_control(title, text):
    fitted = fit(sample(title=title, text=text), Small)
    assert len(fitted.title) <= 20
    assert len(fitted.text) <= 30
    assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in fitted.title)
    controls = {letter for letter in fitted.text if ord(letter) < 32 or 127 <= ord(letter) < 160}
    assert controls <= {"\n", "\t"}
    (fitted.title + fitted.text).encode()

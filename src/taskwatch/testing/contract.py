"""What every channel has to pass. Subclass it, name the channel and its settings, and let pytest run it."""

import asyncio
import logging
import re
from collections.abc import Awaitable, Callable
from inspect import iscoroutinefunction
from typing import Any, ClassVar
from urllib.parse import unquote_plus

import pytest

from taskwatch.plugin import Channel, Message, Outcome, Services
from taskwatch.plugin.calling import call, take
from taskwatch.plugin.judging import judge_channel
from taskwatch.plugin.sender import Inline
from taskwatch.plugin.wording import fit
from taskwatch.testing.receiver import Receiver, answer
from taskwatch.testing.samples import HOSTILE, sample

_SECRET_NAMES = re.compile(r"(^|_)(password|passwd|secret|token|api_?key|key)($|_)")
_SHORT = 0.5
_GRACE = 1.0
_LONGEST_BLOCK = 0.1

Work = Callable[[Channel, Receiver], Awaitable[Any]]


class ChannelContract:
    """The tests that every channel passes.

        class TestContract(ChannelContract):
            channel = Matrix
            settings = {"url": "{server}/hooks", "token": "canary"}
            address = "room"

    `settings` are the values a channel is made with, secrets themselves among them. `{server}` in a text
    becomes the address of an HTTP server that the contract plays; without it the tests about answers are
    skipped. `answers` are the outcomes that may follow a status; `shows_id` is whether what is sent holds the
    id of the message, `shows_title` whether it holds the title as plain text, in JSON or in a URL.
    """

    channel: ClassVar[type[Channel]]
    settings: ClassVar[dict[str, Any]] = {}
    address: ClassVar[str] = "dana@example.org"
    wrong_addresses: ClassVar[tuple[str, ...]] = ()
    success: ClassVar[bytes] = b'{"ok": true, "id": "1"}'
    shows_id: ClassVar[bool] = True
    shows_title: ClassVar[bool] = True
    answers: ClassVar[dict[int, set[str]]] = {
        200: {"ok"},
        302: {"permanent", "misconfigured"},
        400: {"permanent", "misconfigured"},
        401: {"misconfigured"},
        403: {"misconfigured", "permanent"},
        404: {"permanent", "misconfigured", "gone"},
        410: {"gone", "permanent", "misconfigured"},
        429: {"rate_limited"},
        500: {"retry"},
        503: {"retry"},
    }

    def test_the_class_can_be_used(self) -> None:
        """Name, version of the door, options and limits are in order, and `settings` are of these options."""
        judge_channel(self.channel)
        unknown = sorted(set(self.settings) - {option.name for option in self.channel.options})
        _expect(not unknown, f"settings has what is no option: {', '.join(unknown)}")

    def test_options_that_sound_secret_are_marked_so(self) -> None:
        """A secret is written as a reference, and shown nowhere."""
        open_ones = [
            option.name
            for option in self.channel.options
            if option.type not in ("secret", "switch", "number") and _SECRET_NAMES.search(option.name)
        ]
        _expect(not open_ones, f"these options should have the type secret: {', '.join(open_ones)}")

    def test_an_address_is_kept_as_it_is_kept(self) -> None:
        """Checking what was checked changes nothing."""
        if not self.address:
            pytest.skip("nobody has an address of their own")
        channel = self._make("http://127.0.0.1:9")
        once = channel.check_address(self.address)
        _expect(
            channel.check_address(once) == once, f"{self.address!r} becomes {once!r}, and that something else"
        )

    def test_what_is_no_address_is_refused(self) -> None:
        """`wrong_addresses` raise ValueError with a sentence."""
        channel = self._make("http://127.0.0.1:9")
        for address in self.wrong_addresses:
            with pytest.raises(ValueError, match=r"\w+ \w+"):
                channel.check_address(address)

    def test_it_can_be_closed_twice_and_unused(self) -> None:
        """Closing lets go of what there is, which may be nothing."""

        async def scenario(channel: Channel, receiver: Receiver) -> None:
            del receiver
            await call(channel.close)

        self._play(scenario)

    @pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
    def test_whatever_people_write_ends_in_an_outcome(self, text: str) -> None:
        """Scripts, directions, line breaks, controls and lengths raise nothing."""
        outcome = self._play(self._sending(title=text, text=text))
        _expect(take(outcome) == outcome, f"it answered {outcome!r}, which is no tidy outcome")

    def test_each_answer_has_its_outcome(self) -> None:
        """A status decides whether it is tried again."""
        self._need_server()
        for status, kinds in self.answers.items():
            reply = answer(status, self.success, Location="http://127.0.0.1:9/", Retry_After="7")
            outcome = self._play(self._sending(), reply)
            _expect(outcome.kind in kinds, f"HTTP {status} became {outcome.kind}, not {' or '.join(kinds)}")
            if outcome.kind == "rate_limited":
                _expect(outcome.after == 7, f"Retry-After: 7 became a wait of {outcome.after}")

    def test_a_redirect_is_not_followed(self) -> None:
        """Where a message goes is for the configuration to say, not for a server."""
        self._need_server()

        async def scenario(channel: Channel, receiver: Receiver) -> int:
            async with Receiver(answer(200, self.success)) as other:
                receiver.reply = answer(307, Location=other.url)
                await call(channel.send, self._message())
                return len(other.requests)

        _expect(self._play(scenario) == 0, "it followed a redirect")

    def test_garbage_and_a_broken_line_end_in_an_outcome(self) -> None:
        """Whatever a server does, a message is neither lost nor taken for sent when the line broke."""
        self._need_server()
        garbled = self._play(self._sending(), answer(200, b"\xff\x00<garbage" * 9))
        _expect(isinstance(garbled, Outcome), f"garbage became {garbled!r}")
        broken = self._play(self._sending(), reset=True)
        _expect(broken.kind in ("retry", "unknown"), f"a connection that was reset became {broken.kind}")

    def test_it_ends_when_its_time_is_over(self) -> None:
        """A server that says nothing holds it no longer than a second beyond its time, and blocks nobody."""
        self._need_server()
        if not iscoroutinefunction(self.channel.send):
            pytest.skip("a plain function is ended with its process")
        outcome, longest = self._play(self._waiting, silent=True)
        kind = outcome if isinstance(outcome, str) else outcome.kind
        _expect(kind in ("unknown", "retry"), f"silence became {kind}")
        _expect(longest <= _SHORT + _GRACE, f"it took {longest:.1f} s, its time was {_SHORT} s")

    def test_nobody_waits_for_it(self) -> None:
        """A send gives way: the loop is never blocked over 100 ms."""
        if not iscoroutinefunction(self.channel.send):
            pytest.skip("a plain function runs in a thread")

        async def scenario(channel: Channel, receiver: Receiver) -> float:
            del receiver
            await call(channel.send, self._message())
            return await _longest_block(call(channel.send, self._message()))

        longest = min(self._play(scenario) for _ in range(3))
        _expect(longest <= _LONGEST_BLOCK, f"it blocked the loop for {longest:.2f} s")

    def test_every_try_has_the_id_of_the_message(self) -> None:
        """So that a receiver can drop what it has."""
        self._need_server()
        if not self.shows_id:
            pytest.skip("the receiver has no place for an id")
        for request in self._requests(self._message(), self._message(attempt=2)):
            _expect(self._message().id in request, "the id of the message is not in what is sent")

    def test_a_test_can_be_seen_to_be_one(self) -> None:
        """Its title says so."""
        self._need_server()
        if not self.shows_title:
            pytest.skip("the receiver has no place for a title")
        for request in self._requests(fit(self._message(is_test=True), self.channel)):
            _expect("[TEST]" in request, "a test message looks like any other")

    def test_a_probe_has_an_outcome(self) -> None:
        """Whether it would work can be asked."""

        async def scenario(channel: Channel, receiver: Receiver) -> Any:
            del receiver
            return await Inline(channel).probe(self.channel.seconds)

        outcome = self._play(scenario)
        _expect(isinstance(outcome, Outcome), f"the probe answered {outcome!r}")

    def test_secrets_show_nowhere(self, caplog: pytest.LogCaptureFixture) -> None:
        """Neither an outcome, an error, the log nor the object itself tells them."""
        names = [option.name for option in self.channel.options if option.type == "secret"]
        unset = [name for name in names if not self.settings.get(name)]
        _expect(not unset, f"settings need a secret to look for, of the right form: {', '.join(unset)}")
        with caplog.at_level(logging.DEBUG):
            said = [repr(self._play(self._sending(), answer(status))) for status in (200, 401, 500)]
        said += [repr(self._make("http://127.0.0.1:9")), caplog.text]
        for name in names:
            told = any(str(self.settings[name]) in text for text in said)
            _expect(not told, f"the secret {name} is in an outcome, a repr or the log")

    def _play(self, work: Work, reply: bytes | None = None, **manner: bool) -> Any:
        """Do some work with an open channel and the receiver it is set up for; close the channel twice."""

        async def scenario() -> Any:
            async with Receiver(answer(200, self.success) if reply is None else reply, **manner) as receiver:
                channel = self._make(receiver.url)
                try:
                    return await work(channel, receiver)
                finally:
                    await call(channel.close)
                    await call(channel.close)

        return asyncio.run(scenario())

    def _sending(self, **changes: Any) -> Work:
        async def work(channel: Channel, receiver: Receiver) -> Any:
            del receiver
            return await call(channel.send, fit(self._message(**changes), self.channel))

        return work

    async def _waiting(self, channel: Channel, receiver: Receiver) -> tuple[Any, float]:
        """What became of a send into silence, and how long it took."""
        del receiver
        loop = asyncio.get_running_loop()
        begun = loop.time()
        try:
            outcome = await Inline(channel).send(self._message(), _SHORT)
        except TimeoutError:
            outcome = "unknown"
        return outcome, loop.time() - begun

    def _requests(self, *messages: Message) -> list[str]:
        """What the receiver is sent, as text."""

        async def work(channel: Channel, receiver: Receiver) -> list[bytes]:
            for message in messages:
                await call(channel.send, message)
            return receiver.requests

        return [unquote_plus(request.decode(errors="replace")) for request in self._play(work)]

    def _message(self, **changes: Any) -> Message:
        return sample(**{"address": self.address, **changes})

    def _make(self, server: str) -> Channel:
        defaults = {option.name: option.default for option in self.channel.options}
        values = {**defaults, **self.settings}
        services = Services("https://tasks.example.org", ("127.0.0.0/8",))
        return self.channel({name: _placed(value, server) for name, value in values.items()}, services)

    def _need_server(self) -> None:
        if not any("{server}" in str(value) for value in (*self.settings.values(), self.address)):
            pytest.skip("it does not speak HTTP, or not with a server of ours")


def _placed(value: Any, server: str) -> Any:
    return value.replace("{server}", server) if isinstance(value, str) else value


def _expect(held: object, otherwise: str) -> None:
    if not held:
        pytest.fail(otherwise, pytrace=False)


async def _longest_block(work: Awaitable[Any]) -> float:
    """The longest that the loop was kept from others while the work was done, in seconds."""
    loop, longest = asyncio.get_running_loop(), 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = loop.time()
            await asyncio.sleep(0.005)
            longest = max(longest, loop.time() - before - 0.005)

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)
    await work
    await asyncio.sleep(0.01)
    watching.cancel()
    return longest

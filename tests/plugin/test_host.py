"""Whatever a plugin does in its process, its message has an outcome in time, and nothing of it is left."""

import asyncio
import os
import time
from contextlib import suppress
from pathlib import Path

import pytest

from taskwatch.errors import InvalidInput
from taskwatch.plugin import Message, gone, ok, rate_limited
from taskwatch.testing import sample

SENDS = "async def send(self, message):\n    "


def run(sender, *titles, seconds=5.0):
    """The outcomes of messages that are sent one after the other, and how long each took."""

    async def scenario():
        outcomes = []
        for title in titles:
            begun = time.monotonic()
            deadline = sample().deadline - 10_000 + round(seconds * 1000)
            outcome = await sender.send(sample(title=title, deadline=deadline))
            outcomes.append((outcome, time.monotonic() - begun))
        await sender.close()
        return outcomes

    return asyncio.run(scenario())


def outcome(sender, **more):
    ((outcome, _),) = run(sender, "Late", **more)
    return outcome


def alive(pid):
    """Whether a process is there and no zombie."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def gone_soon(pid):
    end = time.monotonic() + 5
    while alive(pid) and time.monotonic() < end:
        os.sched_yield()
    return not alive(pid)


def test_an_outcome_comes_back_as_it_was_given(plug):
    send = (
        SENDS
        + "return {'a': ok('7', 'sent'), 'b': gone('moved'), 'c': rate_limited('slow', 9)}[message.title]"
    )
    answers = [outcome for outcome, _ in run(plug(send), "a", "b", "c")]
    assert answers == [ok("7", "sent"), gone("moved"), rate_limited("slow", 9.0)]


def test_a_message_arrives_whole(plug):
    send = SENDS + "return ok(detail=repr(message) if message.title == 'whole' else '')"
    ((said, _),) = run(plug(send), "whole")
    assert said.detail.startswith("Message(id='0b6f9d1c-5c0e-5d5b-9d35-6b0a4d0c7f11', recipient=Recipient(")
    assert len(Message._fields) == 18


def test_it_runs_in_another_process_and_is_used_again(plug):
    (first, _), (second, _) = run(plug(SENDS + "return ok(str(os.getpid()))"), "a", "b")
    assert first.provider_id == second.provider_id != str(os.getpid())
    assert gone_soon(int(first.provider_id))


def test_a_plain_function_may_send(plug):
    assert outcome(plug("def send(self, message):\n    time.sleep(0.05); return ok('1')")) == ok("1")


@pytest.mark.parametrize(
    ("body", "kind", "detail"),
    [
        ("raise RuntimeError('no')", "retry", "RuntimeError: no"),
        ("raise SystemExit(3)", "retry", "SystemExit: 3"),
        ("raise asyncio.CancelledError('x')", "retry", "CancelledError: x"),
        ("return True", "retry", "the channel answered with bool, which is no outcome"),
        ("return None", "retry", "the channel answered with NoneType, which is no outcome"),
        ("return retry('x' * 9_999)", "retry", "x" * 500),
        ("return retry('a\\n\\x1b[31mb')", "retry", "a  [31mb"),
        ("return bytearray(2**31) and ok()", "retry", "MemoryError:"),
        ("os._exit(3)", "unknown", "the process of the plugin mine ended before it had answered"),
        ("os.kill(os.getpid(), 9)", "unknown", "the process of the plugin mine ended before it had answered"),
    ],
)
def test_what_it_does_wrong_is_an_outcome_and_the_next_message_is_sent(plug, body, kind, detail):
    sender = plug(SENDS + f"if message.title == 'ok': return ok()\n    {body}")
    answers = [outcome for outcome, _ in run(sender, "bad", "ok")]
    assert [(each.kind, each.detail) for each in answers] == [(kind, detail), ("ok", "")]


@pytest.mark.parametrize(
    "flood", ["print('hello')", "os.write(1, b'{}' + bytes([10]))", "os.system('echo {}')"]
)
def test_what_it_prints_is_no_answer(plug, flood):
    assert outcome(plug(SENDS + f"{flood}; return ok('1')")) == ok("1")


def test_a_flood_of_prints_blocks_nothing(plug):
    assert outcome(plug(SENDS + "print('x' * 5_000_000); return ok('1')")) == ok("1")


def test_one_that_waits_for_ever_is_ended_at_its_deadline(plug):
    ((said, took),) = run(plug(SENDS + "await asyncio.sleep(99)"), "a", seconds=0.3)
    assert said.kind == "unknown"
    assert 0.2 < took < 1.0


@pytest.mark.parametrize(
    "body",
    [
        SENDS + "if message.title == 'ok': return ok()\n    time.sleep(99)",
        "def send(self, message):\n    return ok() if message.title == 'ok' else time.sleep(99)",
        SENDS + "while message.title != 'ok':\n        try: await asyncio.sleep(99)\n"
        "        except BaseException: pass\n    return ok()",
    ],
    ids=["blocks", "thread", "stubborn"],
)
def test_one_that_hangs_is_killed_a_second_after_its_deadline_and_the_next_is_sent(plug, body):
    (said, took), (after, _) = run(plug(body), "a", "ok", seconds=0.6)
    assert said.kind == "unknown"
    assert "killed" in said.detail
    assert 1.5 < took < 2.8
    assert after == ok()


def test_others_of_the_process_that_is_killed_have_an_outcome_too(plug):
    sender = plug(SENDS + "time.sleep(99)")

    async def scenario():
        messages = [sample(deadline=sample().deadline - 9_700) for _ in range(3)]
        outcomes = await asyncio.gather(*map(sender.send, messages))
        await sender.close()
        return outcomes

    assert {outcome.kind for outcome in asyncio.run(scenario())} == {"unknown"}


def test_several_messages_are_under_way_at_a_time(plug):
    body = (
        SENDS
        + "self.n = getattr(self, 'n', 0) + 1\n    while self.n < 3: await asyncio.sleep(0)\n    return ok()"
    )
    sender = plug(body)

    async def scenario():
        outcomes = await asyncio.gather(*(sender.send(sample()) for _ in range(3)))
        await sender.close()
        return outcomes

    assert asyncio.run(scenario()) == [ok(), ok(), ok()]


def test_what_it_forks_dies_with_it(plug):
    body = SENDS + "pid = os.fork()\n    if not pid: time.sleep(99)\n    return ok(str(pid))"
    assert gone_soon(int(outcome(plug(body)).provider_id))


def test_a_fork_that_comes_back_answers_nothing_and_spoils_nothing(plug):
    answers = run(plug(SENDS + "os.fork(); return ok('1')"), *"abcdefghijklmnopqrst")
    assert [said for said, _ in answers] == [ok("1")] * 20


def test_a_fork_that_outlives_it_does_not_hide_its_end(plug):
    ((said, took),) = run(plug(SENDS + "if os.fork(): os._exit(3)\n    time.sleep(99)"), "a")
    assert said.detail == "the process of the plugin mine ended before it had answered"
    assert took < 4


def test_what_it_forked_ends_when_we_are_killed(plug):
    sender = plug(SENDS + "pid = os.fork()\n    if not pid: time.sleep(99)\n    return ok(str(pid))")

    async def scenario():
        pid = int((await sender.send(sample())).provider_id)
        sender._runner._line._process.stdin.close()  # what becomes of the pipe when its owner dies
        ended = await asyncio.to_thread(gone_soon, pid)
        await sender.close()
        return ended

    assert asyncio.run(scenario())


def test_it_ends_when_we_are_killed_even_while_it_hangs(plug):
    sender = plug(SENDS + "if message.title == 'hang': time.sleep(99)\n    return ok(str(os.getpid()))")

    async def scenario():
        pid = int((await sender.send(sample())).provider_id)
        hanging = asyncio.create_task(sender.send(sample(title="hang")))
        await asyncio.sleep(0)
        sender._runner._line._process.stdin.close()  # what becomes of the pipe when its owner dies
        return await asyncio.to_thread(gone_soon, pid), await hanging

    ended, said = asyncio.run(scenario())
    assert ended
    assert said.kind == "unknown"


def test_a_channel_that_cannot_be_made_is_misconfigured(plug):
    sender = plug("def __init__(self, *args):\n    raise RuntimeError('no library')")
    said = outcome(sender)
    assert said.kind == "misconfigured"
    assert said.detail == "the plugin cannot be opened: RuntimeError: no library"


def test_secrets_reach_it_through_the_pipe_alone(plug, monkeypatch):
    monkeypatch.setenv("MY_SECRET", "canary-4711")
    body = """
        async def send(self, message):
            seen = open('/proc/self/cmdline').read() + repr(os.environ)
            return ok(self.settings['password'], f'{"canary" in seen}')
    """
    sender = plug(body, password="env:MY_SECRET")
    assert outcome(sender) == ok("***", "False")


def test_an_error_that_holds_a_secret_does_not_tell_it(plug, monkeypatch, caplog):
    monkeypatch.setenv("MY_SECRET", "canary/47 11")
    body = """
        async def send(self, message):
            from urllib.parse import quote
            word = self.settings['password']
            print(word)
            raise OSError(f'https://x/{quote(word)} {word!r}')
    """
    with caplog.at_level("DEBUG"):
        said = outcome(plug(body, password="env:MY_SECRET"))
    assert said.detail == "OSError: https://x/*** '***'"
    assert "canary" not in caplog.text


def test_an_address_is_judged_in_a_process_too(plug):
    sender = plug(SENDS + "return ok()")
    assert sender.check_address(" Room ") == "room"
    with pytest.raises(InvalidInput, match="an address is one word"):
        sender.check_address("two words")


@pytest.mark.parametrize("address", ["", "   ", "a\nb", "a\x00b", "x" * 1_001])
def test_what_can_be_no_address_anywhere_is_refused_before(plug, address):
    with pytest.raises(InvalidInput, match="an address cannot be"):
        plug(SENDS + "return ok()").check_address(address)


def test_a_probe_is_asked_of_the_process(plug):
    sender = plug("async def probe(self):\n    return ok(str(os.getpid()))")

    async def scenario():
        said = await sender.probe()
        await sender.close()
        await sender.close()
        return said

    assert asyncio.run(scenario()).provider_id != str(os.getpid())


def test_a_message_whose_time_is_over_is_not_sent(plug):
    sender = plug(SENDS + "return ok()")
    said = asyncio.run(sender.send(sample(deadline=0)))
    assert (said.kind, said.detail) == ("retry", "its time ran out before its turn came")


@pytest.mark.parametrize(
    "line",
    [
        "[1]", "{}", '{"id": [1]}', '{"id": "x"}', "not json", "[" * 60_000, "x" * 200_000,
        '{"id": 1, "outcome": {"kind": ["ok"], "detail": "", "after": 1e999, "provider_id": 5}}',
        '{"id": 1, "outcome": 5}', '{"id": 1}',
    ],
    ids=range(10),
)  # fmt: skip
def test_a_forged_answer_is_no_success_and_harms_nobody_after(plug, line):
    body = f"""
        async def send(self, message):
            if message.title == 'ok':
                return ok()
            folder = '/proc/self/fd/'
            pipes = [fd for fd in os.listdir(folder) if 'pipe' in os.readlink(folder + fd)]
            os.write(max(map(int, pipes)), {line!r}.encode() + bytes([10]))
            await asyncio.sleep(99)
    """
    (bad, _), (good, _) = run(plug(body), "bad", "ok", seconds=0.4)
    assert bad.kind in ("unknown", "retry")
    assert good == ok()

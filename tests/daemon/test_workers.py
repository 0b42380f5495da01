"""Several worker processes: one port, one bus, and nobody missed for long. All processes are real."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager

import pytest

from taskwatch.config import Sources
from taskwatch.daemon.workers import Crew
from taskwatch.errors import InvalidConfig, TaskwatchError, TimedOut, Unavailable

CHATTER = (sys.executable, os.path.join(os.path.dirname(__file__), "chatter.py"))


@pytest.fixture
def hire(tmp_path):
    """A crew of so many workers, ended in the end."""

    @asynccontextmanager
    async def hire(count, **how):
        environ = {"HOME": str(tmp_path), "TASKWATCH_DB": str(tmp_path / "t.db"), "PATH": ""}
        flags = {"server.port": "0", "server.workers": str(count)}
        environ |= how.pop("environ", {})
        crew = Crew(Sources(flags, str(tmp_path)), environ, count, verbosity=-1, **how)
        async with asyncio.timeout(60):
            await crew.start()
            try:
                yield crew
            finally:
                await crew.stop()

    return hire


async def until(question):
    """Wait until a question is answered with something true."""
    async with asyncio.timeout(20):
        while not (answer := await question()):  # noqa: ASYNC110  the facts are in other processes
            await asyncio.sleep(0.01)
        return answer


async def ask(crew, number, what):
    return await crew._members[number].ask(what)


async def heard(crew, number):
    return (await ask(crew, number, "heard"))["heard"]


def test_a_message_reaches_all_others_in_order(hire):
    async def main():
        async with hire(3, program=CHATTER) as crew:
            await ask(crew, 0, "say 2000 10")
            for other in (1, 2):
                got = await until(lambda other=other: having(crew, other, 2000))
                assert got == [[0, number, None] for number in range(2000)]
            assert await heard(crew, 0) == []

    async def having(crew, number, count):
        got = await heard(crew, number)
        return got if len(got) == count else None

    asyncio.run(main())


def test_a_large_message_arrives_whole(hire):
    async def main():
        async with hire(2, program=CHATTER) as crew:
            await ask(crew, 1, "say 1 3000000")
            assert await until(lambda: heard(crew, 0)) == [[1, 0, None]]

    asyncio.run(main())


def test_a_worker_that_died_is_mourned_by_the_others_and_replaced(hire):
    async def main():
        async with hire(3, program=CHATTER) as crew:
            first = crew._members[1].process.pid
            os.kill(first, signal.SIGKILL)
            for other in (0, 2):
                assert await until(lambda other=other: heard(crew, other)) == [[1, None, True]]
            await until(lambda: replaced(crew, first))
            await ask(crew, 1, "say 1 1")
            assert await until(lambda: having_two(crew)) == [[1, None, True], [1, 0, None]]

    async def replaced(crew, first):
        try:
            return crew._members[1].process.pid != first and await heard(crew, 1) == []
        except TaskwatchError:
            return False

    async def having_two(crew):
        got = await heard(crew, 0)
        return got if len(got) == 2 else None

    asyncio.run(main())


def test_a_worker_that_does_not_read_is_ended_and_the_others_go_on(hire):
    async def main():
        async with hire(3, program=CHATTER) as crew:
            stuck = crew._members[2]
            os.kill(stuck.process.pid, signal.SIGSTOP)
            for said in range(1, 41):  # no faster than those who read can follow
                await ask(crew, 0, "say 1 500000")
                await until(lambda said=said: has_heard(crew, said))
            assert await stuck.ended() == -signal.SIGKILL
            assert [2, None, True] in await until(lambda: mourned(crew))

    async def has_heard(crew, count):
        return len(await heard(crew, 1)) >= count

    async def mourned(crew):
        got = await heard(crew, 1)
        return got if len(got) == 41 else None

    asyncio.run(main())


def test_a_worker_that_ends_before_it_serves_is_told_with_its_code(hire):
    async def main():
        async with hire(2, program=(sys.executable, "-c", "raise SystemExit(7)")):
            pass

    with pytest.raises(TimedOut, match="worker 0 ended with code 7"):
        asyncio.run(main())


def test_a_question_to_a_worker_that_dies_meanwhile_is_answered_by_an_error(hire):
    async def main():
        async with hire(1, program=CHATTER) as crew:
            member = crew._members[0]
            os.kill(member.process.pid, signal.SIGSTOP)
            asked = asyncio.create_task(member.ask("heard"))
            await asyncio.sleep(0)
            os.kill(member.process.pid, signal.SIGKILL)
            with pytest.raises(TimedOut):
                await asked

    asyncio.run(main())


def test_workers_serve_one_port_and_number_0_alone_minds_the_sla_also_after_its_death(hire):
    async def main():
        async with hire(2) as crew:
            states = await crew.states()
            assert [state["sla"] for state in states] == [True, False]
            assert {state["address"] for state in states} == {crew.address}
            assert len({state["pid"] for state in states} | {os.getpid()}) == 3
            os.kill(states[0]["pid"], signal.SIGKILL)
            again = await until(lambda: whole_crew(crew, states[0]["pid"]))
            assert [state["sla"] for state in again] == [True, False]
            assert again[1]["pid"] == states[1]["pid"]

    async def whole_crew(crew, dead):
        states = await crew.states()
        return states if len(states) == 2 and states[0]["pid"] != dead else None

    asyncio.run(main())


def test_a_fault_in_the_configuration_is_the_crew_s_own_at_start_and_changes_nothing_later(hire, tmp_path):
    secret = tmp_path / "secret"
    environ = {"TASKWATCH_PUSHER__SECRET_FILE": str(secret)}

    async def main():
        async with hire(1, environ=environ) as crew:
            await crew.reload()
            secret.chmod(0o644)
            with pytest.raises(InvalidConfig, match="other users"):
                await crew.reload()
            assert len(await crew.states()) == 1

    with pytest.raises(InvalidConfig, match=r"pusher.secret_file"):
        asyncio.run(main())
    secret.write_text("a secret\n")
    secret.chmod(0o600)
    asyncio.run(main())


def test_a_port_in_use_is_told_before_any_worker_is_started(hire, tmp_path):
    async def main():
        async with hire(1, program=CHATTER) as crew:
            port = crew.address.rpartition(":")[2]
            sources = Sources({"server.port": port}, str(tmp_path))
            other = Crew(sources, {"HOME": str(tmp_path)}, 2, program=("/nowhere",))
            with pytest.raises(Unavailable, match=f"port {port}"):
                await other.start()

    asyncio.run(main())

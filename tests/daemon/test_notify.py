"""The daemon tells people at once, its workers share the work, and a reload swaps channels."""

import asyncio
import json

import pytest

from live import configured, serving
from outbox import put
from taskwatch.actions import people, tasks
from taskwatch.actions.people import NewUser
from taskwatch.actions.tasks import NewTask
from taskwatch.errors import InvalidConfig
from taskwatch.model.assignment import Assignment

RULE = """\
[[notify.rule]]
name = "all"
kinds = ["task.became.ready"]
to = ["assigned"]
channels = ["database", "sink"]

[channel.sink]
type = "exec"
command = ["sh", "-c", 'printf "%%s\\n\\n" "$(cat)" >> %s/sink.ndjson']
"""


@pytest.fixture
def sink(tmp_path):
    """A rule that tells the assigned by a program; what it got."""
    (tmp_path / "taskwatch.toml").write_text(RULE % tmp_path)

    async def got(count, seconds=30):
        file = tmp_path / "sink.ndjson"
        async with asyncio.timeout(seconds):
            while not file.exists() or len(file.read_text().split("\n\n")) <= count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return [json.loads(line) for line in file.read_text().splitlines() if line]

    return got


def ready(store, clock, code):
    tasks.add(store, [NewTask(code, assignments=(Assignment("user", 1, None),))], clock.change())


def test_who_is_assigned_is_told_within_a_moment(store, clock, tmp_path, sink):
    people.add(store, NewUser("dana"), clock.change())

    async def main():
        async with serving(tmp_path / "taskwatch.db", clock=clock):
            await asyncio.sleep(0.1)
            ready(store, clock, "A")
            (message,) = await sink(1, seconds=10)
            assert message["data"]["task_code"] == "A"

    asyncio.run(main())


def test_every_worker_delivers_and_one_alone_plans(store, clock, tmp_path, sink):
    people.add(store, NewUser("dana"), clock.change())

    async def main():
        async with serving(tmp_path / "taskwatch.db", clock=clock, number=1):
            put(store, clock, 2, channel="sink", address="")
            assert len(await sink(2)) == 2
            ready(store, clock, "A")
            await asyncio.sleep(0.3)
        assert store.connection.execute("SELECT count(*) FROM notifications").fetchone()[0] == 2

    asyncio.run(main())


def test_what_is_under_way_ends_before_the_daemon_does(store, clock, tmp_path, sink):
    slow = (tmp_path / "taskwatch.toml").read_text().replace("'printf", "'touch begun; sleep 0.5; printf")
    (tmp_path / "taskwatch.toml").write_text(slow.replace("begun", str(tmp_path / "begun")))
    put(store, clock, 1, channel="sink", address="")

    async def main():
        async with serving(tmp_path / "taskwatch.db", clock=clock):
            while not (tmp_path / "begun").exists():  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    asyncio.run(main())
    assert store.connection.execute("SELECT state FROM deliveries").fetchall() == [("sent",)]


def test_a_reload_swaps_channels_and_a_wrong_one_changes_nothing(store, clock, tmp_path, sink):
    right = (tmp_path / "taskwatch.toml").read_text()
    path = tmp_path / "taskwatch.db"

    async def main():
        (tmp_path / "taskwatch.toml").write_text("")
        async with serving(path, clock=clock) as daemon:
            put(store, clock, 1, channel="sink", address="")
            (tmp_path / "taskwatch.toml").write_text('[channel.sink]\ntype = "nonsense"\n')
            with pytest.raises(InvalidConfig):
                await daemon.reload(configured(path))
            (tmp_path / "taskwatch.toml").write_text(right)
            await daemon.reload(configured(path))
            assert len(await sink(1)) == 1

    asyncio.run(main())


def test_a_channel_that_is_set_up_wrong_keeps_the_daemon_from_starting(store, clock, tmp_path):
    (tmp_path / "taskwatch.toml").write_text('[channel.sink]\ntype = "nonsense"\n')

    async def main():
        with pytest.raises(InvalidConfig):
            async with serving(tmp_path / "taskwatch.db", clock=clock):
                pass

    asyncio.run(main())

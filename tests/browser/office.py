"""A daemon with two weeks of work behind it, and the command line as a process beside it."""

import shutil
import subprocess
import sys

from front.daemon import Daemon
from outbox import put
from taskwatch import clock
from taskwatch.actions.deliveries import claim, record
from taskwatch.cli.demo import play
from taskwatch.cli.demo.team import Team
from taskwatch.plugin import permanent
from taskwatch.store import open_store
from taskwatch.testing import HandClock

YOU, OTHER = 1, 3  # an admin, and somebody with a role
CHANNEL = "mail"  # nobody has set it up: what waits for it stays
LETTERS = 9


def rehearse(path):
    """Make a database of a team that has worked for two weeks; some messages could not be delivered."""
    now = clock.now()
    store = open_store(str(path))
    with play.in_one_go(store) as past:
        play.set_stage(past, now)
        play.rehearse(past, Team(1, play.arrivals(1, now)), now)
    put(store, HandClock(now), LETTERS, channel=CHANNEL, user_id=OTHER)
    for claimed in claim(store, "w", {CHANNEL: LETTERS}, now, 1000):
        record(store, claimed, permanent("550 no such user"), now)
    store.close()


class Office(Daemon):
    """A daemon on a copy of a database, with `you` and `other` as people who have tokens."""

    def __init__(self, folder, database, settings=None):
        self.folder = folder
        shutil.copy(database, folder / "taskwatch.db")
        super().__init__(folder, settings or {})
        self.cookies = {}
        for name, number in (("you", YOU), ("other", OTHER)):
            self.tokens[name] = self.ask("token", "create", "--user", str(number))["secret"]

    def run(self, *command):
        """Run a command, as a process of its own; it has ended when this returns."""
        words = [sys.executable, "-m", "taskwatch", "-q", *command]
        told = subprocess.run(
            words, env=self._environment(), cwd=self.folder, capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stderr

    def order(self):
        """A new order: where its page is, and its tasks (id and code) in their order."""
        topic, codes = self.workflow()
        tasks = [(self.ask("task", "show", code)["id"], code) for code in codes]
        return "/" + topic.replace("workflow", "workflows", 1).replace(".", "/"), tasks

    def new_subject(self):
        """The number of an order that has not begun."""
        return str(next(self._subjects))

    def views(self, order=None, task=None):
        """The path of every view, by name."""
        if order is None:
            order, ((task, _), *_) = self.order()
        return {
            "board": "/",
            "workflows": "/workflows",
            "workflow": order,
            "inbox": "/inbox",
            "task": f"/admin/tasks/{task}",
            "operations": "/admin/operations",
        }

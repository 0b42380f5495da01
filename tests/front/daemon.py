"""A daemon as a process of its own, on a socket that outlives it, as systemd holds one; and the command line
beside it, which is how its data change."""

import contextlib
import http.client
import io
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest

from taskwatch.cli import main, output

DEFINITION = Path(__file__).parents[1] / "data" / "bc.toml"
PATIENCE = 20  # seconds
# What systemd does between fork and exec: LISTEN_PID must name the process that takes the socket.
ON_SOCKET = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@contextlib.contextmanager
def running(daemon):
    """A daemon while it runs."""
    try:
        daemon.start()
        yield daemon
    finally:
        daemon.close()


class Daemon:
    """A daemon with a database in a folder. `url` answers for as long as this object is open.

    `settings` are keys of the configuration, such as `server.port`, and their values as text.
    """

    def __init__(self, folder, settings):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._options = [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]
        self._subjects = itertools.count(114)
        self._process = None
        self.tokens = {}
        self.ask("workflow", "define", str(DEFINITION))

    def start(self):
        """Run it, and wait until it is ready."""
        number = self._socket.fileno()
        launch = [sys.executable, "-c", ON_SOCKET, str(number), "-m", "taskwatch", *self._options, "daemon"]
        with (self._folder / "daemon.log").open("ab") as log:
            self._process = subprocess.Popen(
                launch,
                env=self._environment(),
                pass_fds=[number],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        self._await_readiness()

    def stop(self):
        """Let it end as a service does; what comes in meanwhile waits at the socket."""
        self._process.send_signal(signal.SIGTERM)
        assert self._process.wait(PATIENCE) == 0, self.log()

    def restart(self):
        """Stop it and run it again."""
        self.stop()
        self.start()

    def close(self):
        """Stop it, and let go of the socket."""
        try:
            if self._process and self._process.poll() is None:
                self.stop()
        finally:
            if self._process:
                self._process.kill()
                self._process.wait()
            self._socket.close()

    def log(self):
        """What it has said so far."""
        return (self._folder / "daemon.log").read_text()

    def ask(self, *command):
        """The JSON answer of a command on the same database, run in this process."""
        out = io.StringIO()
        with (
            mock.patch.dict(os.environ, self._environment(), clear=True),
            contextlib.chdir(self._folder),
            contextlib.redirect_stdout(out),
            pytest.raises(SystemExit) as left,
        ):
            main(["--json", *command])
        output.follow()
        assert left.value.code == 0
        return json.loads(out.getvalue() or "null")

    def admit(self, name, number, *options):
        """Add a user and a token of theirs, kept in `tokens` by name."""
        self.ask("user", "add", name, "--id", str(number), *options)
        self.tokens[name] = self.ask("token", "create", "--user", str(number))["secret"]

    def workflow(self, *options):
        """A new workflow: its topic, and the codes of its tasks in their order."""
        number = str(next(self._subjects))
        self.ask("workflow", "start", "bc", "Order", number, *options)
        codes = [f"{code}_BC{number}" for code in ("ADV_REVIEW", "CONVERT_TO_BL", "DELIVER")]
        return f"workflow.bc.{number}", codes

    def _await_readiness(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request("GET", "/readyz")
            try:
                answer = connection.getresponse()
            except OSError:
                pytest.fail(f"the daemon does not answer: {self.log()}", pytrace=False)
            assert answer.status == 200, answer.read()

    def _environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TASKWATCH_")}
        home = {"HOME": str(self._folder), "TASKWATCH_DB": str(self._folder / "taskwatch.db")}
        return {**kept, **home}

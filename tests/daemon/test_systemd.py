"""What systemd hears, hands over and is given to run."""

import os
import re
import shutil
import socket
import subprocess
import sys

import pytest

from taskwatch.config import load
from taskwatch.daemon.systemd import Notifier, listen_fds, without_systemd
from taskwatch.daemon.unit import own_command, service_unit, socket_unit

ANALYZE = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not here")


@pytest.fixture(params=["file", "abstract"])
def manager(request, tmp_path):
    """A socket that hears what the service manager would, and the variable that leads to it."""
    name = f"@taskwatch-test-{os.getpid()}" if request.param == "abstract" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind("\0" + name[1:] if name.startswith("@") else name)
        listener.settimeout(5)
        yield listener, {"NOTIFY_SOCKET": name}


def test_every_message_is_one_datagram(manager):
    listener, environ = manager
    notifier = Notifier(environ)
    notifier.ready("serving\nhttp://127.0.0.1:8000")
    assert listener.recv(999) == b"READY=1\nSTATUS=serving http://127.0.0.1:8000"
    notifier.reloading()
    assert re.fullmatch(rb"RELOADING=1\nMONOTONIC_USEC=\d{6,}", listener.recv(999))
    notifier.status("busy")
    assert listener.recv(999) == b"STATUS=busy"
    notifier.alive()
    assert listener.recv(999) == b"WATCHDOG=1"
    notifier.stopping("bye")
    assert listener.recv(999) == b"STOPPING=1\nSTATUS=bye"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/notify", "@nobody-listens-there"])
def test_where_nobody_listens_nothing_happens(address):
    Notifier({"NOTIFY_SOCKET": address}).ready("serving")
    Notifier({}).ready("serving")


@pytest.mark.parametrize(
    ("environ", "seconds"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 15.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
    ],
)
def test_the_watchdog_is_fed_twice_a_period_by_the_process_it_watches(environ, seconds):
    assert Notifier(environ).watchdog_seconds == seconds


def test_sockets_are_taken_over_and_not_passed_on():
    script = (
        "import os, sys\nfrom taskwatch.daemon.systemd import listen_fds\n"
        "os.dup2(int(sys.argv[1]), 3)\n"
        "environ = {'LISTEN_PID': str(os.getpid()), 'LISTEN_FDS': '1'}\n"
        "(taken,) = listen_fds(environ)\n"
        "print(taken.getsockname()[1], taken.get_inheritable(), taken.getblocking())"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        words = [sys.executable, "-c", script, str(listener.fileno())]
        done = subprocess.run(words, pass_fds=[listener.fileno()], capture_output=True, text=True, check=True)
        assert done.stdout.split() == [str(listener.getsockname()[1]), "False", "False"]


@pytest.mark.parametrize(
    "environ", [{}, {"LISTEN_FDS": "1"}, {"LISTEN_FDS": "1", "LISTEN_PID": "1"}, {"LISTEN_PID": "me"}]
)
def test_sockets_for_another_process_are_left_alone(environ):
    assert listen_fds(environ) == []


def test_children_do_not_speak_to_systemd():
    assert without_systemd({"NOTIFY_SOCKET": "/x", "LISTEN_FDS": "1", "HOME": "/h"}) == {"HOME": "/h"}


def config(**flags):
    named = {name.replace("__", "."): text for name, text in flags.items()}
    return load(flags=named, environ={}, cwd="/", config_path="/dev/null")


def test_the_socket_unit_listens_where_the_configuration_says():
    assert "\nListenStream=127.0.0.1:8000\n" in socket_unit(config())
    assert "\nListenStream=[::1]:90\n" in socket_unit(config(server__host="::1", server__port="90"))


def test_the_command_of_the_unit_is_written_as_systemd_reads_it():
    assert "\nExecStart=/usr/bin/taskwatch daemon\n" in service_unit(["/usr/bin/taskwatch"])
    odd = service_unit(["/opt/a b/%h/$x", "-m", "taskwatch"])
    assert '\nExecStart="/opt/a b/%%h/$$x" -m taskwatch daemon\n' in odd


def test_a_taskwatch_in_a_home_can_be_run():
    assert "\nProtectHome=read-only\n" in service_unit(["/home/dana/bin/taskwatch"])
    assert "\nProtectHome=yes\n" in service_unit(["/usr/bin/taskwatch"])


@ANALYZE
def test_systemd_understands_the_units(tmp_path):
    (tmp_path / "taskwatch.service").write_text(service_unit(own_command()))
    (tmp_path / "taskwatch.socket").write_text(socket_unit(config()))
    words = ["systemd-analyze", "verify", "./taskwatch.service", "./taskwatch.socket"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@ANALYZE
def test_the_unit_is_little_exposed(tmp_path):
    (tmp_path / "taskwatch.service").write_text(service_unit(own_command()))
    words = ["systemd-analyze", "security", "--offline=true", "--threshold=15", "./taskwatch.service"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-200:] + done.stderr

"""`taskwatch daemon` as a process among others: started, asked, reloaded, stopped, and badly treated."""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from taskwatch.daemon.asking import ask_all
from taskwatch.errors import InvalidConfig

PATIENCE = 30


@pytest.fixture
def place(tmp_path):
    """The environment of a user with an empty home and a database in it."""
    environ = {"HOME": str(tmp_path), "TASKWATCH_DB": str(tmp_path / "t.db"), "PATH": os.environ["PATH"]}
    return environ, tmp_path


@pytest.fixture
def serve(place):
    """Start daemons in the foreground, as processes; what is still there in the end is killed."""
    environ, folder = place
    started = []

    def serve(*words, ready="serving ", **more):
        process = subprocess.Popen(
            [sys.executable, "-m", "taskwatch", "daemon", "--port", "0", *words],
            env=environ | more,
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process, await_line(process, ready)

    yield serve
    for process in started:
        if process.poll() is None:
            process.kill()
        process.stderr.close()
        process.wait(PATIENCE)


def await_line(process, part):
    """The first line on stderr that has this part; without one, all that was said is the failure."""
    lines = []
    for line in process.stderr:
        lines.append(line)
        if part in line:
            return line
    raise AssertionError("".join(lines))


def ask(place, *words):
    environ, folder = place
    return subprocess.run(
        [sys.executable, "-m", "taskwatch", "daemon", *words],
        env=environ,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def status(place):
    (answer,) = json.loads(ask(place, "status", "--json").stdout)
    return answer


def is_reachable(address):
    with urllib.request.urlopen(f"{address}/healthz", timeout=PATIENCE) as answer:
        return answer.status == 200


def test_it_serves_tells_how_it_does_and_stops_when_asked(serve, place):
    process, _ = serve()
    found = status(place)
    assert found["pid"] == process.pid
    assert (found["workers"], found["config_error"], found["cut_off"]) == (1, None, 0)
    assert found["clients"] == {"sse": 0, "websocket": 0, "pusher": 0}
    assert is_reachable(found["address"])
    shown = ask(place, "status").stdout
    assert found["address"] in shown
    assert "0 sse, 0 websocket, 0 pusher" in shown
    stopped = ask(place, "stop")
    assert stopped.stdout == f"daemon {process.pid} at {found['address']} has ended\n"
    assert process.wait(PATIENCE) == 0
    assert os.listdir(place[1] / "t.db.live") == []


@pytest.mark.parametrize("verb", ["status", "stop", "reload"])
def test_without_a_daemon_the_answer_is_exit_3_and_how_to_start_one(place, verb):
    done = ask(place, verb)
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == (
        f"error: no daemon serves {place[1]}/t.db\nhint: start one with: taskwatch daemon\n"
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_signal_lets_it_say_goodbye_and_end_well(serve, number, workers):
    process, _ = serve("--workers", workers)
    process.send_signal(number)
    assert process.wait(PATIENCE) == 0


def test_several_daemons_of_a_database_are_all_listed_and_stopped(serve, place):
    pids = sorted(serve()[0].pid for _ in range(2))
    assert sorted(each["pid"] for each in json.loads(ask(place, "status", "--json").stdout)) == pids
    assert ask(place, "stop").returncode == 0
    assert ask(place, "status").returncode == 3


def test_a_killed_daemon_leaves_no_trace_that_matters(serve, place):
    process, _ = serve()
    process.kill()
    process.wait(PATIENCE)
    assert ask(place, "status").returncode == 3
    assert [name for name in os.listdir(place[1] / "t.db.live") if name.startswith("control-")] == []
    serve()
    assert len(ask_all(str(place[1] / "t.db"), "status")) == 1


def test_workers_end_with_the_process_that_started_them(serve, place):
    process, _ = serve("--workers", "2")
    states = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    watched = [os.pidfd_open(int(pid)) for pid in states.split()]
    assert len(watched) == 2
    process.kill()
    process.wait(PATIENCE)
    for descriptor in watched:
        ended, _, _ = select.select([descriptor], [], [], PATIENCE)
        os.close(descriptor)
        assert ended


def test_a_reload_takes_what_is_right_and_refuses_what_is_wrong(serve, place):
    process, _ = serve()
    file = place[1] / "taskwatch.toml"
    file.write_text("pusher.client_events = true\n")
    done = ask(place, "reload")
    assert (done.returncode, done.stderr) == (0, "")
    file.write_text("pusher.client_events = 7\n")
    assert ask_error(place) == (78, f"error: {file}:1: pusher.client_events must be true or false, got 7")
    await_line(process, "the old configuration stays in force")
    process.send_signal(signal.SIGHUP)
    await_line(process, "the old configuration stays in force")
    file.unlink()
    found = status(place)
    assert found["config_error"] == f"{file}:1: pusher.client_events must be true or false, got 7"
    process.send_signal(signal.SIGHUP)
    await_line(process, "was read again")
    assert status(place)["config_error"] is None


def ask_error(place):
    with pytest.raises(InvalidConfig) as refused:
        ask_all(str(place[1] / "t.db"), "reload")
    return refused.value.exit_code, f"error: {refused.value.message}"


def test_what_needs_a_restart_is_told_at_a_reload(serve, place):
    process, _ = serve()
    (place[1] / "taskwatch.toml").write_text("server.workers = 3\n")
    assert ask(place, "reload").returncode == 0
    assert "a restart is needed for server.workers" in await_line(process, "restart")


def test_a_port_in_use_is_told_in_a_sentence(place):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ask(place, "--port", str(port))
        several = ask(place, "--port", str(port), "--workers", "2")
    assert (
        done.stderr.splitlines()[0]
        == f"error: cannot listen on 127.0.0.1 port {port}: Address already in use"
    )
    assert (done.returncode, several.returncode) == (5, 5)
    assert several.stderr == done.stderr


def test_other_machines_are_let_in_only_with_tokens(place):
    for workers in ("1", "2"):
        done = ask(place, "--host", "0.0.0.0", "--port", "0", "--workers", workers)
        assert done.returncode == 4
        assert "there are no tokens" in done.stderr
        assert "hint: run: taskwatch token create" in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["-o", "server.allowed_hosts=a b"], 78),
        (["--port", "70000"], 2),
        (["-o", "pusher.secret_file=/no"], 78),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_is_served(place, words, code):
    done = ask(place, *words)
    assert done.returncode == code
    assert done.stderr.startswith("error: ")


def test_systemd_hears_of_start_reload_and_end_and_of_life_only_while_the_sla_loop_moves(serve, place):
    path = str(place[1] / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(PATIENCE)
        process, _ = serve(NOTIFY_SOCKET=path, WATCHDOG_USEC="2400000")
        hear(manager, b"READY=1\nSTATUS=serving http://127.0.0.1:")
        hear(manager, b"WATCHDOG=1")
        hear(manager, b"WATCHDOG=1")
        process.send_signal(signal.SIGHUP)
        hear(manager, b"RELOADING=1\nMONOTONIC_USEC=")
        hear(manager, b"READY=1")
        process.terminate()
        hear(manager, b"STOPPING=1")
        assert process.wait(PATIENCE) == 0


def hear(manager, beginning):
    while not manager.recv(999).startswith(beginning):
        pass


def test_a_socket_of_systemd_is_served(place):
    environ, folder = place
    script = (
        "import os, sys\nos.dup2(int(sys.argv[1]), 3)\nos.environ['LISTEN_PID'] = str(os.getpid())\n"
        "os.environ['LISTEN_FDS'] = '1'\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'taskwatch', 'daemon'])"
    )
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(listener.fileno())],
            env=environ, cwd=folder, pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with process:
            try:
                line = await_line(process, "serving ")
                address = f"http://127.0.0.1:{listener.getsockname()[1]}"
                assert address in line
                assert is_reachable(address)
                process.terminate()
                assert process.wait(PATIENCE) == 0
            finally:
                process.kill()


def test_the_units_are_printed(place):
    assert "\n[Service]\n" in ask(place, "unit").stdout
    assert "\nListenStream=127.0.0.1:9\n" in ask(place, "--port", "9", "unit", "--socket").stdout

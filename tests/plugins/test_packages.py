"""The packages in `plugins/`: what they import, what they register, and that they work once installed."""

import ast
import importlib
import importlib.util
import json
import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import tomli

from taskwatch.plugin.judging import judge_channel

ROOT = Path(__file__).parents[2]
PACKAGES = sorted(path.parent for path in (ROOT / "plugins").glob("*/pyproject.toml"))
NAMES = [package.name for package in PACKAGES]
LIBRARY = {"ntfy": "aiohttp", "apprise": "apprise", "desktop": "dbus_fast"}


def project(package):
    return tomli.loads((package / "pyproject.toml").read_text())["project"]


def entry_points(package):
    return project(package)["entry-points"]["taskwatch"]


@pytest.fixture
def sources(monkeypatch):
    """The sources of the packages on the path."""
    for package in PACKAGES:
        monkeypatch.syspath_prepend(str(package / "src"))


def test_the_packages_are_there():
    assert NAMES == ["taskwatch-apprise", "taskwatch-desktop", "taskwatch-ntfy"]


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_a_package_is_whole(package):
    about = project(package)
    assert about["name"] == package.name
    assert "taskwatch" in about["dependencies"]
    assert list(package.glob("tests/test_*.py"))
    assert list(package.glob("src/*/py.typed"))
    assert f"pip install {package.name}" in (package / "README.md").read_text()
    assert f"({package.name})" in (ROOT / "plugins" / "README.md").read_text()


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_a_package_goes_through_the_door_and_nowhere_else(package):
    for path in package.glob("src/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("taskwatch"):
                assert node.module == "taskwatch.plugin", path
            if isinstance(node, ast.Import):
                assert not [name for name in node.names if name.name.startswith("taskwatch")], path


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_what_an_entry_point_names_registers_channels_that_can_be_used(package, sources):
    for target in entry_points(package).values():
        channels = []
        importlib.import_module(target).taskwatch_register_channels(channels.append)
        assert [judge_channel(channel) for channel in channels] == channels != []


@pytest.mark.parametrize("package", PACKAGES, ids=NAMES)
def test_importing_a_package_imports_no_library(package):
    (target,) = entry_points(package).values()
    library = LIBRARY[package.name.removeprefix("taskwatch-")]
    code = f"import sys, {target}; sys.exit({library!r} in sys.modules or 'asyncio' in sys.modules)"
    paths = os.pathsep.join([str(package / "src"), str(ROOT / "src")])
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": paths}, check=False)
    assert done.returncode == 0


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with the packages installed as pip does it, and nothing else."""
    if not importlib.util.find_spec("hatchling"):
        pytest.skip("hatchling is not installed")
    folder = tmp_path_factory.mktemp("site")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*pip, "--target", str(folder), *map(str, PACKAGES)], check=True, capture_output=True)
    return folder


@pytest.fixture
def run(installed, tmp_path):
    """Run taskwatch in a process with the packages installed; its standard output."""

    def run(*args):
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join([str(installed), str(ROOT / "src")]),
            "TASKWATCH_PLUGINS": "apprise,desktop,ntfy",
        }
        command = [sys.executable, "-m", "taskwatch", *args]
        done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def test_an_installed_package_is_found_by_its_name_and_told_of(run):
    found = {each["name"]: each for each in json.loads(run("plugins", "list", "--json"))}
    assert {name: found[name]["channels"] for name in ("apprise", "desktop", "ntfy")} == {
        "apprise": ["apprise", "apprise-room"],
        "desktop": ["desktop"],
        "ntfy": ["ntfy"],
    }
    assert {found[name]["state"] for name in ("apprise", "desktop", "ntfy")} == {"enabled"}


def test_what_happens_reaches_people_through_an_installed_package(run, tmp_path):
    with listening() as (port, had):
        (tmp_path / "taskwatch.toml").write_text(
            f"[channel.phone]\ntype = 'ntfy'\nurl = 'http://127.0.0.1:{port}'\n"
            "[[notify.rule]]\nkinds = ['task.became.ready']\nto = ['assigned']\nchannels = ['phone']\n"
        )
        run("user", "add", "dana", "--id", "5")
        run("user", "contact", "add", "5", "phone", "dana-tasks")
        run("notify", "run", "--once")
        run("task", "add", "REVIEW", "--name", "Review <b>", "--assign", "user:5")
        done = json.loads(run("notify", "run", "--once", "--json"))
    assert done["sent"] == 1
    assert [(each["topic"], each["title"]) for each in had] == [("dana-tasks", "Task Ready - Review <b>")]


@contextmanager
def listening():
    """An ntfy server; gives its port and what was published."""
    had = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            had.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = b'{"id": "1"}'
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server.server_port, had
        server.shutdown()

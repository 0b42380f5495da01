"""The real front-end parts: node with npm's packages, Chromium, and pages bundled for both.

Where one is missing its tests are skipped, or fail if the environment says `CI_PARTS=required`. The packages
are installed once per lock file, outside the checkout.
"""

import contextlib
import functools
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
OLDEST_NODE = 18
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def lacking(reason):
    """Skip what cannot be run here, or fail where all parts are required."""
    if os.environ.get("CI_PARTS") == "required":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@functools.cache
def trouble_with_node():
    """Why the tests cannot use node, or None."""
    if not shutil.which("node") or not shutil.which("npm"):
        return "node and npm are not installed"
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    if not (major := re.match(r"v(\d+)", version)) or int(major[1]) < OLDEST_NODE:
        return f"node {OLDEST_NODE} or newer is needed, not {version.strip() or 'this one'}"
    return None


def find_chromium():
    """The path of a Chromium, or None."""
    return next(filter(None, map(shutil.which, BROWSERS)), None)


def packages():
    """The folder of npm's packages; the test is skipped without them."""
    if reason := trouble_with_node():
        lacking(reason)
    try:
        return install()
    except subprocess.SubprocessError as error:
        lacking(f"npm could not install the packages: {error}")


def install():
    """The folder of the packages, installed if they are not there yet.

    Raises:
        subprocess.SubprocessError: npm failed, or took too long.
    """
    lock = (HERE / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "taskwatch-tests"
    place = cache / hashlib.sha256(lock).hexdigest()[:16]
    if not place.exists():
        cache.mkdir(parents=True, exist_ok=True)
        _install_into(Path(tempfile.mkdtemp(dir=cache)), place)
    return place / "node_modules"


def bundle(entry, modules, folder):
    """The path of a page's script with all that it imports, as one file."""
    script = folder / f"{entry.stem}.js"
    command = [modules / ".bin/esbuild", entry, "--bundle", f"--outfile={script}", "--log-level=warning"]
    options = ["--charset=utf8", "--jsx=automatic", '--define:process.env.NODE_ENV="production"']
    subprocess.run([*command, *options], check=True, timeout=60, env=environment(modules))
    return script


def environment(modules):
    """The environment in which node finds the packages."""
    return {**os.environ, "NODE_PATH": str(modules)}


def _install_into(folder, place):
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        subprocess.run(command, cwd=folder, check=True, timeout=90, capture_output=True)
        with contextlib.suppress(OSError):  # another run was first
            folder.rename(place)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

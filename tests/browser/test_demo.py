"""`taskwatch demo`, as one shows it to a colleague: the board moves by itself."""

import os
import re
import signal
import subprocess
import sys

import pytest

from browser.chrome import Visitor, await_state
from front.daemon import PATIENCE

MOVES = """() => {
  window.moves = 0;
  let shown = document.querySelector("main").innerText;
  new MutationObserver(() => {
    const now = document.querySelector("main").innerText;
    if (now !== shown) moves++;
    shown = now;
  }).observe(document.querySelector("main"), { attributeFilter: ["data-cursor"] });
}"""


@pytest.fixture
def demo(tmp_path):
    """The address of a demo."""
    environ = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]}
    environ["PYTHONPATH"] = os.environ.get("PYTHONPATH", "")
    words = [sys.executable, "-m", "taskwatch", "demo", "--speed", "10"]
    process = subprocess.Popen(
        words, env=environ, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield next(found[0] for line in process.stdout if (found := re.search(r"http://[\w.:]+", line)))
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.communicate()


def test_the_demo_comes_up_and_moves_by_itself(demo, chromium):
    visitor = Visitor(chromium, demo)
    page = visitor.visit("/")
    await_state(page, "live")
    page.evaluate(MOVES)
    page.wait_for_function("() => window.moves >= 3", timeout=20_000)
    assert page.locator("#late tbody tr[data-key^=task]").count() >= 3
    page.click("nav a:has-text('Workflows')")
    page.click("#runs tbody a >> nth=0")
    await_state(page, "live")
    assert page.locator(".tile").count() >= 3
    assert visitor.trouble() == []
    visitor.close()

"""What the frequent commands load: nothing heavy, whatever the machine's speed."""

import subprocess
import sys

import pytest

from taskwatch.actions import tasks
from taskwatch.testing import HandClock, new_store

HEAVY = {
    "aiohttp", "asyncio", "importlib.metadata", "msgspec", "pluggy", "psycopg", "sqlite_utils", "tabulate",
    "tomli",
}  # fmt: skip
SCRIPT = """
import sys
from taskwatch.cli import main
try:
    main(sys.argv[1:])
finally:
    print("\\n" + " ".join(sorted(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "words", [["--help"], ["sla", "stats", "--json"], ["task", "complete", "PACK"], ["check"]], ids=" ".join
)
def test_a_frequent_command_loads_nothing_heavy(tmp_path, words):
    store = new_store(tmp_path)
    tasks.add(store, [tasks.NewTask("PACK", timeout_minutes=30)], HandClock().change())
    store.close()
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *words],
        env={"TASKWATCH_DB": str(tmp_path / "taskwatch.db"), "HOME": str(tmp_path), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(done.stderr.splitlines()[-1].split())
    assert "taskwatch.cli" in loaded
    assert loaded & HEAVY == set()

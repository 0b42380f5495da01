"""The manual pages are those of the program: regenerate them with `python man/generate.py`."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
import tomli

from taskwatch.cli.command import shared_options
from taskwatch.cli.tree import walk
from taskwatch.config import KEYS

ROOT = Path(__file__).parents[2]
MAN = ROOT / "man"
PAGES = sorted(path.name for path in MAN.glob("*.[157]"))


@pytest.fixture(scope="module")
def generated():
    spec = importlib.util.spec_from_file_location("generate", MAN / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.pages()


def read(name):
    return (MAN / name).read_text(encoding="utf-8").replace("\\-", "-").replace("\\(dq", '"')


def test_there_is_a_page_for_everything_and_no_other(generated):
    assert sorted(generated) == PAGES


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_program_is_now(generated, name):
    assert (MAN / name).read_text(encoding="utf-8") == generated[name], "run: python man/generate.py"


def test_every_command_and_option_is_described():
    for leaf in walk():
        page = read(f"taskwatch-{leaf.words[0]}.1")
        assert " ".join(leaf.words) in page
        for param in leaf.command.params:
            if isinstance(param, click.Option) and not param.hidden:
                assert f".B {', '.join(param.opts)}" in page or param.opts[-1] in page, param.opts
    page = read("taskwatch.1")
    assert [option.opts for option in shared_options() if option.opts[-1] not in page] == []


def test_every_key_and_variable_is_described():
    keys, variables = read("taskwatch.toml.5"), read("taskwatch.1")
    assert [name for name in KEYS if f".B {name} = " not in keys] == []
    assert [key.environ for key in KEYS.values() if f".B {key.environ}\n" not in variables] == []


def test_every_reference_leads_to_a_page():
    for page in PAGES:
        for title, section in re.findall(r"(taskwatch[\w.-]*) ?\((\d)\)", read(page)):
            assert f"{title}.{section}" in PAGES, f"{page} refers to {title}({section})"


def test_the_wheel_installs_every_page():
    project = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shared = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"]
    assert shared == {f"man/{name}": f"share/man/man{name[-1]}/{name}" for name in PAGES}


@pytest.mark.skipif(not shutil.which("mandoc"), reason="mandoc is not installed")
@pytest.mark.parametrize("name", PAGES)
def test_mandoc_finds_nothing_to_warn_of(name):
    command = ["mandoc", "-T", "lint", "-W", "warning", str(MAN / name)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout + done.stderr == ""

"""A group made from a table imports the one command that is asked for."""

import sys

import click
import pytest
from click.testing import CliRunner

from taskwatch.cli.lazy import LazyGroup

TABLE = {
    "run": ("lazy_toy_run:run", "Run it.", "Motion"),
    "rest": ("lazy_toy_rest:rest", "Rest a while.", "Pause"),
    "nap": ("lazy_toy_rest:nap", "Take a nap.", "Pause"),
}


@pytest.fixture
def group(tmp_path, monkeypatch):
    verb = "from taskwatch.cli.command import command\n@command()\ndef {0}():\n    print('{0}!')\n"
    (tmp_path / "lazy_toy_run.py").write_text(verb.format("run"))
    (tmp_path / "lazy_toy_rest.py").write_text(verb.format("rest") + verb.format("nap"))
    monkeypatch.syspath_prepend(tmp_path)
    yield LazyGroup("toy", TABLE, help="Toys.")
    for name in toys_loaded():
        del sys.modules[name]


def toys_loaded():
    return [name for name in sys.modules if name.startswith("lazy_toy_")]


def invoke(group, *args):
    return CliRunner().invoke(group, args, prog_name="toy")


def test_running_a_command_loads_its_module_alone(group):
    assert invoke(group, "run").output == "run!\n"
    assert toys_loaded() == ["lazy_toy_run"]


@pytest.mark.parametrize("args", [["--help"], ["-h"], ["rnu"], ["--bogus"], []])
def test_help_and_mistakes_load_nothing(group, args):
    assert invoke(group, *args).output
    assert toys_loaded() == []


def test_help_shows_sections_and_commands_in_table_order_and_one_column(group):
    shown = invoke(group, "--help").output
    assert "\nMotion:\n  run   Run it.\n\nPause:\n  rest  Rest a while.\n  nap   Take a nap.\n" in shown


def test_a_mistyped_command_is_compared_with_the_table(group):
    with pytest.raises(click.exceptions.NoSuchCommand) as refused:
        group.main(["rnu"], standalone_mode=False)
    assert refused.value.possibilities == ["run"]


def test_a_command_is_loaded_once(group):
    ctx = click.Context(group)
    assert group.get_command(ctx, "nap") is group.get_command(ctx, "nap")
    assert group.get_command(ctx, "none") is None
    assert group.list_commands(ctx) == ["run", "rest", "nap"]


def test_completing_names_reads_the_table_alone(group):
    items = group.shell_complete(click.Context(group), "r")
    assert [(item.value, item.help) for item in items] == [("run", "Run it."), ("rest", "Rest a while.")]
    assert toys_loaded() == []


def test_groups_nest(group):
    outer = LazyGroup("outer", {"toy": ("", "Toys.", "All")})
    outer.commands["toy"] = group
    assert invoke(outer, "toy", "nap").output == "nap!\n"
    assert "Usage: toy toy nap" in invoke(outer, "toy", "nap", "-h").output

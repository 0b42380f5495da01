"""The shared options mean the same before and after the verb."""

import click
import pytest
from click.testing import CliRunner

from taskwatch.cli import command as module
from taskwatch.cli.command import Command, command
from taskwatch.cli.lazy import LazyGroup
from taskwatch.cli.session import Session, pass_session


@command("list", examples=["toy list --all", "", "  # indented,   and wide " + "x" * 90])
@click.argument("config", required=False)
@click.option("--all", "everything", is_flag=True, help="Show all.")
@pass_session
def list_(session, config, everything):
    """List it."""
    session.seen = (config, everything)


@pytest.fixture
def flags():
    noun = LazyGroup("noun", {"list": ("", "List.", "Verbs")})
    noun.commands["list"] = list_
    root = LazyGroup("toy", {"noun": ("", "Noun.", "Nouns")})
    root.commands["noun"] = noun

    def flags(line):
        session = Session({})
        root.main(line.split(), obj=session, standalone_mode=False)
        return session.flags

    return flags


@pytest.mark.parametrize("line", ["{} noun list", "noun {} list", "noun list {}"])
@pytest.mark.parametrize(
    ("given", "noted"),
    [
        ("--json", {"json": True}),
        ("--db a.db", {"db": "a.db"}),
        ("--config c.toml", {"config": "c.toml"}),
        ("--color never", {"color": "never"}),
        ("-vv", {"verbose": 2}),
        ("-q", {"quiet": 1}),
        ("--utc --debug", {"utc": True, "debug": True}),
        ("-o a.b=1 --option c=d=e", {"option": (("a.b", "1"), ("c", "d=e"))}),
    ],
)
def test_a_shared_option_may_stand_anywhere(flags, line, given, noted):
    assert flags(line.format(given)) == noted


def test_the_value_nearest_to_the_verb_wins(flags):
    assert flags("--db root noun --db noun list --db verb") == {"db": "verb"}
    assert flags("--db root noun --db noun list") == {"db": "noun"}
    assert flags("--color always noun list --color never") == {"color": "never"}


def test_repeatable_options_add_up_and_the_nearest_comes_last(flags):
    assert flags("-v noun -v list -v") == {"verbose": 3}
    assert dict(flags("-o k=root noun list -o k=verb")["option"]) == {"k": "verb"}


@pytest.mark.parametrize("pair", ["x", "=x", ""])
def test_an_option_that_is_no_pair_is_refused(flags, pair):
    with pytest.raises(click.BadParameter, match="KEY=VALUE"):
        flags(f"noun list -o={pair}" if pair else "noun list --option=")


def test_shared_options_reach_no_callback_and_leave_argument_names_free():
    session = Session({})
    list_.main(["--json", "--config", "c", "name", "--all"], obj=session, standalone_mode=False)
    assert session.seen == ("name", True)
    assert session.flags == {"json": True, "config": "c"}


def test_a_command_works_without_a_root():
    assert CliRunner().invoke(list_, ["--json"]).exit_code == 0


def test_shared_options_are_made_once_and_not_before_they_are_needed():
    module.shared_options.cache_clear()
    made = command("idle")(lambda: None)
    assert module.shared_options.cache_info().currsize == 0
    made.main([], standalone_mode=False)
    first = module.shared_options()
    list_.main([], standalone_mode=False)
    assert module.shared_options() is first


def test_a_verb_s_help_names_the_shared_options_and_the_root_explains_them():
    root = LazyGroup("toy", {"list": ("", "List.", "Verbs")})
    root.commands["list"] = list_
    verb = CliRunner().invoke(root, ["list", "--help"], prog_name="toy").output
    assert (
        "Options:\n  --all       Show all.\n  -h, --help  Show this message and exit.\n\nShared options:"
        in verb
    )
    assert "KEY=VALUE" not in verb
    assert "toy --help" in verb
    assert "KEY=VALUE" in CliRunner().invoke(root, ["--help"], prog_name="toy").output


def test_examples_are_shown_word_for_word_at_the_end():
    shown = CliRunner().invoke(list_, ["--help"]).output
    assert shown.endswith("\nExamples:\n  toy list --all\n\n    # indented,   and wide " + "x" * 90 + "\n")


def test_examples_may_be_one_indented_text():
    made = Command("x", examples="""
        toy a
          toy b
    """)  # fmt: skip
    assert list(made.examples) == ["toy a", "  toy b"]


def test_a_verb_s_own_option_takes_the_place_of_a_shared_one():
    got = []
    own = Command(
        "own", params=[click.Option(["-v", "--verdict"])], callback=lambda verdict: got.extend([verdict])
    )
    session = Session({})
    own.main(["-v", "ok", "--json"], obj=session, standalone_mode=False)
    assert got == ["ok"]
    assert session.flags == {"json": True}

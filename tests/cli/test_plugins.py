"""`taskwatch plugins`, and the commands that plugins bring."""

import subprocess
import sys

import pytest

MINE = '''
from taskwatch.plugin import Channel, Option, hookimpl
import click

class Horn(Channel):
    """Blows a horn."""
    name = "horn"
    options = (
        Option("volume", "number", "how loud", default=11),
        Option("key", "secret", "the key", required=True),
    )

@hookimpl
def taskwatch_register_channels(register):
    register(Horn)

@click.command()
def blow():
    """Blow it now."""
    click.echo("tooot")

@hookimpl
def taskwatch_register_commands(register):
    register("blow", "taskwatch_plugin_horn:blow", "Blow the horn.")
    register("task", "taskwatch_plugin_horn:blow", "Not ours to take.")
    register("silent", "taskwatch_plugin_horn:nothing", "Is not there.")
'''


@pytest.fixture
def folder(home):
    """A folder with a plugin that works and one that does not, named in the configuration."""
    folder = home / "plugins"
    folder.mkdir(mode=0o755)
    for name, text in (("horn", MINE), ("bad", "1 / 0"), ("idle", "")):
        (folder / f"{name}.py").write_text(text)
        (folder / f"{name}.py").chmod(0o644)
    (home / "taskwatch.toml").write_text('[plugins]\nenabled = "horn, bad"\nfolder = "plugins"\n')
    return folder


def test_our_own_channels_are_listed_without_any_plugin(ask):
    ours = ask("plugins", "list")[0]
    assert (ours["name"], ours["state"]) == ("taskwatch", "built in")
    assert ours["channels"] == ["database", "broadcast", "mail", "webhook", "exec"]


def test_the_list_tells_what_is_enabled_broken_or_only_there(ask, folder):
    found = {each["name"]: each for each in ask("plugins", "list")}
    assert {name: each["state"] for name, each in found.items() if name in ("horn", "bad", "idle")} == {
        "horn": "enabled", "bad": "broken", "idle": "not enabled",
    }  # fmt: skip
    assert (found["horn"]["channels"], found["horn"]["place"]) == (["horn"], str(folder / "horn.py"))
    assert found["horn"]["commands"] == ["blow", "task", "silent"]
    assert found["bad"]["reason"] == "ZeroDivisionError: division by zero"
    assert found["idle"]["hint"] == "add idle to plugins.enabled to use it"


def test_the_table_names_what_is_broken_on_stderr(run, folder):
    code, out, err = run("plugins", "list")
    assert code == 0
    assert "horn, taskwatch blow, taskwatch task, taskwatch silent" in out
    assert err == "bad: ZeroDivisionError: division by zero\n"


def test_a_plugin_is_shown_with_the_options_of_its_channels(run, ask, folder):
    found = ask("plugins", "show", "horn")
    (kind,) = found["channel_types"]
    assert (kind["type"], kind["about"], kind["needs_address"]) == ("horn", "Blows a horn.", True)
    assert [option["name"] for option in kind["options"]] == ["volume", "key", "timeout", "concurrency"]
    out = run("plugins", "show", "horn")[1]
    assert 'type = "horn"  Blows a horn.' in out
    assert "key secret required the key" in [" ".join(line.split()) for line in out.splitlines()]


@pytest.mark.parametrize(
    "name", ["taskwatch", "mail", "webhook", "exec", "database", "broadcast", "bad", "idle"]
)
def test_whatever_is_listed_can_be_shown(run, folder, name):
    code, out, _ = run("plugins", "show", name)
    assert code == 0
    assert out


def test_what_is_not_there_cannot_be_shown(run, folder):
    code, out, err = run("plugins", "show", "hron")
    assert (code, out) == (3, "")
    assert "there is no plugin 'hron'" in err
    assert "did you mean horn?" in err


def test_the_doctor_loads_each_apart_and_fails_if_one_does(run, folder):
    code, out, err = run("plugins", "doctor")
    assert (code, err) == (1, "")
    assert out.splitlines() == [
        "OK    horn: it can be loaded",
        "FAIL  bad: ZeroDivisionError: division by zero",
        "      upgrade or repair it, or take bad out of plugins.enabled",
    ]
    assert run("plugins", "doctor", "horn")[0] == 0


def test_the_doctor_says_so_if_nothing_is_enabled(run, home):
    assert run("plugins", "doctor") == (0, "", "No plugin is enabled.\n")


def test_without_any_plugin_nothing_of_them_is_loaded(run, folder):
    assert run("plugins", "doctor", "-o", "plugins.enabled=")[2] == "No plugin is enabled.\n"


def test_a_command_of_a_plugin_runs_like_one_of_ours(run, folder):
    assert run("blow") == (0, "tooot\n", "")
    assert "Blow the horn." in run("--help")[1]


def test_a_plugin_cannot_take_a_name_of_ours(run, folder):
    assert "Not ours to take." not in run("--help")[1]
    assert "tooot" not in run("task", "--help")[1]


def test_a_command_that_is_not_there_is_an_error_that_names_it(run, folder):
    code, out, err = run("silent")
    assert (code, out) == (1, "")
    assert "the plugin's command silent cannot be loaded: AttributeError" in err


def test_a_mistyped_command_is_compared_with_those_of_plugins_too(run, folder):
    code, _, err = run("bloww")
    assert code == 2
    assert "blow" in err


def test_without_a_plugin_enabled_its_command_is_unknown(run, folder):
    assert run("-o", "plugins.enabled=", "blow")[0] == 2


def test_the_configuration_is_checked_down_to_the_options_of_channels(run, folder, home, monkeypatch):
    with (home / "taskwatch.toml").open("a") as file:
        file.write('[channel.loud]\ntype = "horn"\nkey = "env:HORN_KEY"\nvolum = 3\n')
    code, _, err = run("config", "check")
    assert code == 78
    assert f"{home}/taskwatch.toml:7: a channel of type horn has no option 'volum'" in err
    assert "did you mean volume?" in err
    text = (home / "taskwatch.toml").read_text().replace("volum =", "volume =")
    (home / "taskwatch.toml").write_text(text)
    assert "channel.loud.key: the variable HORN_KEY is empty" in run("config", "check")[2]
    monkeypatch.setenv("HORN_KEY", "canary")
    assert run("config", "check", str(home / "taskwatch.toml"))[:2] == (
        0, f"{home}/taskwatch.toml: 3 settings, no fault\n",
    )  # fmt: skip


def test_a_new_plugin_passes_the_contract(run, home):
    code, out, err = run("plugins", "new", "my-chat")
    folder = home / "taskwatch-my-chat"
    assert code == 0
    assert sorted(out.split()) == sorted(str(path) for path in folder.rglob("*") if path.is_file())
    assert "pip install" in err
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error"],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "skipped" not in done.stdout


def test_a_new_plugin_overwrites_nothing(run, home):
    assert run("plugins", "new", "x")[0] == 0
    code, out, err = run("plugins", "new", "x")
    assert (code, out) == (6, "")
    assert "taskwatch-x is there already" in err


@pytest.mark.parametrize("name", ["mail", "Upper", "../x", "a b", "-x", "x" * 33])
def test_a_name_that_no_plugin_can_have_is_refused(run, home, name):
    code, _, err = run("plugins", "new", "--", name)
    assert code == 2
    assert "a plugin cannot be called" in err
    assert list(home.glob("taskwatch-*")) == []

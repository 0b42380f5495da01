"""Plugins are loaded one by one: what is wrong with one is told, and the others are there."""

import sys

import pytest

from taskwatch.plugin.host import examine
from taskwatch.plugin.loading import BUILT_IN, channel_class, home_of, load

GOOD = """
class {channel}(Channel):
    name = "{name}"

@hookimpl
def taskwatch_register_channels(register):
    register({channel})
"""


def reason(plugins):
    (broken,) = plugins.broken
    assert broken.hint
    return broken.reason


def registering(body, *, extra=""):
    return f"{extra}\n@hookimpl\ndef taskwatch_register_channels(register):\n    register({body})\n"


def channel(body):
    """A plugin whose channel A has this body."""
    return registering("A", extra=f"class A(Channel): {body}")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A plugin that pip installed."""
    info = tmp_path / "site" / "taskwatch_horn-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: taskwatch-horn\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[taskwatch]\nhorn = taskwatch_horn\nlost = no_such_module\n")
    (tmp_path / "site" / "taskwatch_horn.py").write_text(
        "from taskwatch.plugin import Channel, hookimpl\n" + GOOD.format(channel="Horn", name="horn")
    )
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    yield
    sys.modules.pop("taskwatch_horn", None)


def test_an_installed_plugin_is_loaded_by_its_name(installed):
    plugins = load(["horn"])
    assert (list(plugins.channels), plugins.broken) == (["horn"], [])
    found = plugins.loaded[0].found
    assert (found.package, found.version, found.place) == ("taskwatch-horn", "1.2", "taskwatch_horn")


def test_nothing_is_imported_that_is_not_named(installed):
    load([])
    assert "taskwatch_horn" not in sys.modules


def test_one_that_cannot_be_imported_leaves_the_others(installed):
    plugins = load(["lost", "horn", "nowhere", "horn"])
    assert list(plugins.channels) == ["horn"]
    assert [each.name for each in plugins.broken] == ["lost", "nowhere"]
    assert "ModuleNotFoundError" in plugins.broken[0].reason
    assert plugins.broken[1].reason == "it is not installed: pip install taskwatch-nowhere"


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("raise SystemExit(1)", "SystemExit: 1"),
        ("raise BaseException('gone')", "BaseException: gone"),
        ("1 / 0", "ZeroDivisionError"),
        ("x = 1", "it registers nothing; is @hookimpl missing"),
        ("@hookimpl\ndef taskwatch_unknown_hook(register): pass", "unknown hook"),
        ("@hookimpl\ndef taskwatch_register_channels(foo): pass", "PluginValidationError"),
        ("@hookimpl\ndef taskwatch_register_channels(register): 1 / 0", "ZeroDivisionError"),
        (registering("int"), "it registers int, which is not a subclass of taskwatch.plugin.Channel"),
        (registering("3"), "it registers a int, which is not a subclass"),
        (registering("Channel"), "Channel.name must be lower-case letters"),
        (channel("api = 2; name = 'a'"), "made for api 2, here is 1: upgrade taskwatch"),
        (channel("api = 0; name = 'a'"), "made for api 0, here is 1: upgrade it"),
        (channel("name = 'mail'"), "there is a channel mail already"),
        (channel("name = 'a'; seconds = 0"), "A.seconds must be a number above 0"),
        (channel("name = 'a'; tries = True"), "A.tries must be a number"),
        (channel("name = 'a'; options = ('x',)"), "is not an Option"),
        (
            channel("name = 'a'; options = (Option('x', 'int', 'x'),)"),
            "the option x needs a type that there is",
        ),
        (
            channel("name = 'a'; options = (Option('timeout', 'text', 'x'),)"),
            "the option timeout is there twice",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_nothing_of_it_is_kept(write, folder, body, fault):
    write("bad", body)
    write("good", GOOD.format(channel="Good", name="good"))
    plugins = load(["bad", "good"], str(folder))
    assert fault in reason(plugins)
    assert list(plugins.channels) == ["good"]


def test_two_plugins_cannot_bring_the_same_channel(write, folder):
    for name in ("one", "two"):
        write(name, GOOD.format(channel="Same", name="same"))
    plugins = load(["one", "two"], str(folder))
    assert reason(plugins) == "there is a channel same already"
    assert home_of("same", plugins).name == "one"


def test_what_a_plugin_prints_at_its_import_is_no_part_of_an_answer(write, folder, capsys):
    write("loud", "print('hello')" + GOOD.format(channel="Loud", name="loud"))
    assert load(["loud"], str(folder)).broken == []
    assert capsys.readouterr() == ("", "hello\n")


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_file_that_others_can_write_is_not_loaded(write, folder, mode):
    write("open", GOOD.format(channel="Open", name="open")).chmod(mode)
    assert "can be written by other users: run chmod go-w" in reason(load(["open"], str(folder)))


def test_a_folder_that_others_can_write_is_not_trusted(write, folder):
    write("mine", GOOD.format(channel="Mine", name="mine"))
    folder.chmod(0o777)
    assert "can be written by other users" in reason(load(["mine"], str(folder)))


def test_without_a_folder_no_file_is_loaded(write):
    write("mine", GOOD.format(channel="Mine", name="mine"))
    assert reason(load(["mine"])).startswith("it is not installed")


def test_filters_commands_and_recipients_are_gathered(write, folder):
    body = """
@hookimpl
def taskwatch_register_template_filters(register):
    register("shout", str.upper)
@hookimpl
def taskwatch_register_commands(register):
    register("oncall", "taskwatch_plugin_all:run", "Show who is on call.")
@hookimpl
def taskwatch_resolve_recipients(selector, at):
    return [at, 5, "x", True] if selector == "oncall:now" else None
"""
    write("all", body)
    write("bad", "@hookimpl\ndef taskwatch_resolve_recipients(selector, at): 1 / 0")
    plugins = load(["all", "bad"], str(folder))
    assert plugins.filters["shout"]("a") == "A"
    assert plugins.loaded[0].commands == {"oncall": ("taskwatch_plugin_all:run", "Show who is on call.")}
    assert plugins.recipients("oncall:now", 7) == [5, 7]
    assert plugins.recipients("else", 7) == []


@pytest.mark.parametrize(
    ("hook", "args", "fault"),
    [
        ("template_filters", "'two words', str", "the template filter 'two words' needs"),
        ("template_filters", "'x', 3", "the template filter 'x' needs"),
        ("commands", "'Bad Name', 'a:b', 'x'", "the command 'Bad Name' needs"),
        ("commands", "'fine', 'no_target', 'x'", "the command 'fine' needs"),
    ],
)
def test_what_cannot_be_registered_is_refused(write, folder, hook, args, fault):
    write("bad", f"@hookimpl\ndef taskwatch_register_{hook}(register): register({args})")
    assert fault in reason(load(["bad"], str(folder)))


@pytest.mark.parametrize("kind", BUILT_IN)
def test_our_own_channels_are_there_without_a_plugin(kind):
    plugins = load([])
    assert channel_class(kind, plugins).name == kind
    assert home_of(kind, plugins) is None


def test_a_type_that_nobody_brings_has_no_class():
    assert channel_class("nothing", load([])) is None


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("os._exit(1)", "its process ended while it was loaded"),
        ("time.sleep(99)", "it was not loaded within 5 s"),
        ("x = bytearray(2**31)", "MemoryError: "),
    ],
)
def test_one_that_would_take_us_along_is_found_out_apart(write, folder, body, fault):
    write("bad", body)
    write("good", GOOD.format(channel="Good", name="good"))
    plugins = load(["bad", "good"], str(folder), apart=True)
    assert reason(plugins) == fault.rstrip()
    assert list(plugins.channels) == ["good"]


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("x = 1", "it registers nothing; is @hookimpl missing"),
        ("raise SystemExit('bye')", "SystemExit: bye"),
        ("os._exit(9)", "its process ended while it was loaded"),
        ("os.kill(os.getpid(), 11)", "its process ended while it was loaded"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("def (", "SyntaxError: "),
    ],
)
def test_a_plugin_is_examined_apart(write, folder, body, fault):
    write("bad", body)
    assert fault in examine("bad", str(folder))


def test_a_plugin_in_order_has_no_fault(write, folder):
    write(
        "fine",
        "@hookimpl\ndef taskwatch_register_template_filters(register):\n    register('up', str.upper)\n",
    )
    assert examine("fine", str(folder)) is None

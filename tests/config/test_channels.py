"""The `[channel.NAME]` tables of the configuration files."""

import pytest

from taskwatch.config import load
from taskwatch.config.channels import channels
from taskwatch.config.plugins import enabled_plugins, plugin_folder
from taskwatch.errors import InvalidConfig

MAIL = '[channel.post]\ntype = "mail"\nhost = "a"\npassword = "file:secret"\n'


@pytest.fixture
def read(tmp_path, monkeypatch):
    """The channels of a project file, and perhaps of a system file below it."""
    monkeypatch.setattr("taskwatch.config.places.SYSTEM_FILE", str(tmp_path / "system.toml"))

    def read(text, system=""):
        (tmp_path / "taskwatch.toml").write_text(text)
        (tmp_path / "system.toml").write_text(system)
        config = load(flags={}, environ={"HOME": str(tmp_path)}, cwd=str(tmp_path))
        return {channel.name: channel for channel in channels(config)}

    return read


def test_the_inbox_and_open_pages_are_always_there(read):
    assert [(each.name, each.type, each.origin) for each in read("").values()] == [
        ("database", "database", "default"), ("broadcast", "broadcast", "default"),
    ]  # fmt: skip


def test_a_table_is_a_channel_with_the_lines_of_its_options(read, tmp_path):
    post = read(f"user = 5\n{MAIL}")["post"]
    file = f"{tmp_path}/taskwatch.toml"
    assert (post.type, post.options, post.origin) == (
        "mail",
        {"host": "a", "password": "file:secret"},
        f"{file}:2",
    )
    assert (post.where("host"), post.where("other")) == (f"{file}:4", f"{file}:2")


def test_a_stronger_file_replaces_a_whole_table_and_leaves_the_others(read):
    found = read(MAIL, '[channel.post]\ntype = "mail"\nport = 1\n[channel.hook]\ntype = "webhook"\n')
    assert list(found) == ["database", "broadcast", "post", "hook"]
    assert found["post"].options == {"host": "a", "password": "file:secret"}


def test_the_channels_that_are_always_there_can_have_options(read):
    assert read("[channel.database]\ntimeout = 2\n")["database"].options == {"timeout": 2}


def test_a_secret_file_starts_in_the_folder_of_the_configuration(read, tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("hunter2\n")
    (tmp_path / "secret").chmod(0o600)
    monkeypatch.chdir("/")
    assert read(MAIL)["post"].secret("password") == "hunter2"


def test_a_secret_that_others_can_read_is_refused(read, tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    (tmp_path / "secret").chmod(0o640)
    with pytest.raises(InvalidConfig, match=r"channel.post.password: .*secret can be read by other users"):
        read(MAIL)["post"].secret("password")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("channel = 5", "taskwatch.toml:1: channel must be a table"),
        ("[channel]\nmail = 5", "taskwatch.toml:2: channel.mail must be a table"),
        ("[channel.mail]\nhost = 'a'", "taskwatch.toml:1: channel.mail.type must be the type of a channel"),
        ("[channel.mail]\ntype = 5", "taskwatch.toml:2: channel.mail.type must be"),
        ("[channel.mail]\ntype = 'a b'", "taskwatch.toml:2: channel.mail.type must be"),
        ("\n[channel.'a b']\ntype = 'mail'", "taskwatch.toml:2: a channel cannot be called 'a b'"),
        ("[[channel.mail]]\ntype = 'mail'", "taskwatch.toml:1: channel.mail must be a table"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(read, text, fault):
    with pytest.raises(InvalidConfig) as caught:
        read(text)
    assert fault in caught.value.message
    assert caught.value.hint


def test_plugins_are_named_with_commas_and_their_folder_starts_beside_the_file(read, tmp_path):
    text = "[plugins]\nenabled = 'ntfy, my-chat,'\nfolder = 'plugins'\n"
    (tmp_path / "taskwatch.toml").write_text(text)
    environ = {"HOME": str(tmp_path)}
    config = load(flags={}, environ=environ, cwd=str(tmp_path))
    assert enabled_plugins(config) == ["ntfy", "my-chat"]
    assert plugin_folder(config, environ) == f"{tmp_path}/plugins"
    assert plugin_folder(load(flags={}, environ=environ, cwd="/"), environ) == ""


def test_a_name_of_a_plugin_is_a_plain_word(tmp_path):
    with pytest.raises(InvalidConfig, match=r"plugins.enabled must be names with commas"):
        load(flags={"plugins.enabled": "../evil"}, environ={"HOME": str(tmp_path)}, cwd=str(tmp_path))

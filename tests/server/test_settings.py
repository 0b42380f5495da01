"""The server's settings: from the configuration, the secret from a file that only its owner reads."""

import ipaddress

import pytest

from taskwatch.config import load
from taskwatch.errors import InvalidConfig
from taskwatch.server.settings import PusherApp, from_config


def settings(environ=(), address="http://127.0.0.1:8000", **flags):
    named = {name.replace("__", "."): text for name, text in flags.items()}
    config = load(flags=named, environ={}, cwd="/", config_path="/dev/null")
    return from_config(config, dict(environ), secret="kept", address=address)


@pytest.fixture
def secret_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    file.chmod(0o600)
    return file


def test_without_any_wish_everything_is_closed_and_local():
    found = settings()
    assert found.app == PusherApp("1", "taskwatch", b"kept")
    assert found.public_url == "http://127.0.0.1:8000"
    assert (found.allowed_hosts, found.allowed_origins, found.trusted_proxies) == (set(), set(), ())
    assert (found.client_events, found.subscription_counts, found.alert_on_rise) == (False, False, False)
    assert (found.acting_user, found.key_life_ms) == (None, 86_400_000)


def test_lists_are_split_and_brought_to_one_spelling():
    found = settings(
        server__allowed_hosts="Tasks.Example.ORG., [::1],10.0.0.7,",
        server__allowed_origins="HTTPS://App.example.org:443, http://localhost:5173",
        server__trusted_proxies="127.0.0.1, 10.1.2.3/8",
    )
    assert found.allowed_hosts == {"tasks.example.org", "::1", "10.0.0.7"}
    assert found.allowed_origins == {"https://app.example.org", "http://localhost:5173"}
    assert ipaddress.ip_address("10.200.0.1") in found.trusted_proxies[1]


@pytest.mark.parametrize(
    ("written", "address", "url"),
    [
        ("https://Example.org/tasks/", "http://127.0.0.1:8000", "https://example.org/tasks"),
        ("", "http://127.0.0.1:40123", "http://127.0.0.1:40123"),
        ("", "http://[::1]:8000", "http://[::1]:8000"),
        ("", "http://0.0.0.0:8000", "http://localhost:8000"),
        ("", "http://[::]:8000", "http://localhost:8000"),
    ],
)
def test_the_public_address_is_as_written_else_that_of_the_daemon(written, address, url):
    assert settings(server__public_url=written, address=address).public_url == url


def test_a_file_with_the_secret_is_stronger_than_the_kept_one(secret_file):
    assert settings(pusher__secret_file=str(secret_file)).app.secret == b"from the file"
    assert settings({"HOME": str(secret_file.parent)}, pusher__secret_file="~/secret").app.secret == (
        b"from the file"
    )


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_secret_that_others_can_reach_is_refused(secret_file, mode):
    secret_file.chmod(mode)
    with pytest.raises(InvalidConfig, match=r"pusher.secret_file: .* can be read by other users") as error:
        settings(pusher__secret_file=str(secret_file))
    assert error.value.hint == f"run: chmod 600 {secret_file}"
    assert "from the file" not in str(error.value.as_json())


def test_a_credential_of_the_unit_is_kept_private_by_its_folder(secret_file):
    secret_file.chmod(0o440)
    environ = {"CREDENTIALS_DIRECTORY": str(secret_file.parent)}
    assert settings(environ, pusher__secret_file=str(secret_file)).app.secret == b"from the file"
    with pytest.raises(InvalidConfig):
        settings({"CREDENTIALS_DIRECTORY": "/"}, pusher__secret_file=str(secret_file))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"one\ntwo", "is not one line of text"),
        (b"\xff\xfe", "is not one line of text"),
        (b"x" * 5000, "is not one line of text"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(secret_file, content, sentence):
    secret_file.write_bytes(content)
    with pytest.raises(InvalidConfig, match=sentence):
        settings(pusher__secret_file=str(secret_file))


def test_a_path_that_leads_to_no_file_is_refused(tmp_path):
    for path, sentence in ((tmp_path / "none", "No such file"), (tmp_path, "Is a directory")):
        with pytest.raises(InvalidConfig, match=sentence) as error:
            settings(pusher__secret_file=str(path))
        assert error.value.exit_code == 78

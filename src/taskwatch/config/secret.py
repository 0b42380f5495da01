"""Secrets in places of their own: files that nobody else can read, variables, systemd's credentials."""

import os
import stat
from collections.abc import Mapping

from taskwatch.config.places import beside, expand
from taskwatch.config.settings import Config
from taskwatch.errors import InvalidConfig

_LARGEST = 4096  # bytes


def read_secret(config: Config, name: str, environ: Mapping[str, str]) -> str | None:
    """The one line in the file that a key such as `pusher.secret_file` names; None if it names none.

    Raises:
        InvalidConfig: the file is missing, empty, not one line of text, or open to other users.
    """
    path = expand(config.text(name), environ)
    return _read_file(path, name, environ) if path else None


def resolve(reference: str, name: str, file: str, environ: Mapping[str, str]) -> str:
    """The secret that `file:PATH`, `env:NAME` or `cred:NAME` refers to, which the setting `name` says.

    A relative path starts in the folder of the configuration `file`.

    Raises:
        InvalidConfig: there is no such secret, or others can read it.
    """
    kind, _, place = reference.partition(":")
    if kind == "env":
        return _one_line(environ.get(place, "").encode(), name, f"the variable {place}")
    if kind == "cred":
        return _read_file(os.path.join(_credentials(name, environ), os.path.basename(place)), name, environ)
    return _read_file(expand(beside(file, place), environ), name, environ)


def _credentials(name: str, environ: Mapping[str, str]) -> str:
    folder = environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        hint = "use cred: in a systemd unit with LoadCredential, elsewhere file: or env:"
        raise InvalidConfig(f"{name}: there is no CREDENTIALS_DIRECTORY", hint=hint, key=name)
    return folder


def _read_file(path: str, name: str, environ: Mapping[str, str]) -> str:
    try:
        with open(path, "rb") as file:
            _judge_mode(file.fileno(), name, path, environ)
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise _refusal(name, path, f"cannot be read: {error.strerror}", "check the path") from None
    return _one_line(content, name, path)


def _judge_mode(descriptor: int, name: str, path: str, environ: Mapping[str, str]) -> None:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise _refusal(name, path, "is not a file", "name a regular file")
    if status.st_mode & 0o077 and not _is_credential(path, environ):
        raise _refusal(name, path, "can be read by other users", f"run: chmod 600 {path}")


def _is_credential(path: str, environ: Mapping[str, str]) -> bool:
    """Systemd shows its credentials as open to a group, but keeps their folder to the unit alone."""
    folder = environ.get("CREDENTIALS_DIRECTORY")
    return bool(folder) and os.path.dirname(os.path.realpath(path)) == os.path.realpath(str(folder))


def _one_line(content: bytes, name: str, path: str) -> str:
    text = content.decode("utf-8", "replace").strip()
    if not text:
        raise _refusal(name, path, "is empty", "write the secret into it, on one line")
    if len(content) > _LARGEST or not text.isprintable() or "\ufffd" in text:
        raise _refusal(name, path, "is not one line of text", "write the secret into it, on one line")
    return text


def _refusal(name: str, path: str, what: str, hint: str) -> InvalidConfig:
    return InvalidConfig(f"{name}: {path} {what}", hint=hint, key=name, path=path)

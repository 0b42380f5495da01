"""Signatures of the Pusher protocol: HMAC-SHA256 by the application's secret, compared in constant time.

a channel    socket_id:channel[:channel_data]
a sign-in    socket_id::user::user_data
a request    METHOD newline /path newline key=value&… (keys in lower case, sorted; values as they are)
"""

import hashlib
import hmac
from collections.abc import Iterable

from taskwatch.errors import Forbidden
from taskwatch.server.settings import PusherApp

WINDOW_MS = 600_000
AUTH_VERSION = "1.0"


class BadSignature(Forbidden):
    """The signature is not valid."""

    http_status = 401


def sign_channel(app: PusherApp, socket_id: str, channel: str, channel_data: str | None = None) -> str:
    """`key:signature` with which one socket may join one channel; `channel_data` is signed as it is."""
    return _credential(app, _channel_text(socket_id, channel, channel_data))


def is_signed_channel(
    app: PusherApp, auth: str, socket_id: str, channel: str, channel_data: str | None = None
) -> bool:
    """Whether `key:signature` lets this socket join this channel with exactly this `channel_data`."""
    return _equal(auth, sign_channel(app, socket_id, channel, channel_data))


def sign_user(app: PusherApp, socket_id: str, user_data: str) -> str:
    """`key:signature` with which one socket may sign in as the user of `user_data`."""
    return _credential(app, f"{socket_id}::user::{user_data}")


def is_signed_user(app: PusherApp, auth: str, socket_id: str, user_data: str) -> bool:
    """Whether `key:signature` lets this socket sign in with exactly this `user_data`."""
    return _equal(auth, sign_user(app, socket_id, user_data))


def sign_request(
    app: PusherApp, method: str, path: str, *, query: Iterable[tuple[str, str]], body: bytes, now: int
) -> dict[str, str]:
    """The whole query of a signed request to the HTTP API, made at `now` (ms UTC)."""
    signed = dict(query) | {
        "auth_key": app.key,
        "auth_timestamp": str(now // 1000),
        "auth_version": AUTH_VERSION,
    }
    if body:
        signed["body_md5"] = _md5(body)
    signed["auth_signature"] = _hmac(app, request_text(method, path, signed))
    return signed


def verify_request(
    app: PusherApp,
    method: str,
    paths: tuple[str, ...],
    *,
    query: Iterable[tuple[str, str]],
    body: bytes,
    now: int,
) -> None:
    """Let a signed request to the HTTP API through; its clock may be 600 s off ours (`now`, ms UTC).

    `paths` are the path as it came and, behind a proxy that shortens it, as its client wrote it: one of
    them must be the signed one. `query` holds decoded pairs.

    Raises:
        BadSignature: the key, the signature, the time or the digest of the body is wrong.
    """
    values = _lowered(query)
    if not _equal(values.get("auth_key", ""), app.key):
        raise BadSignature("no application has this key", hint="send the key of `taskwatch token pusher`")
    if values.get("auth_version") != AUTH_VERSION:
        raise BadSignature("the version of the signature is not 1.0", hint="send auth_version=1.0")
    _check_signature(app, [request_text(method, path, values) for path in paths], values)
    _check_time(values.get("auth_timestamp", ""), now)
    _check_body(values.get("body_md5"), body)


def request_text(method: str, path: str, query: dict[str, str]) -> str:
    """What is signed of a request: all of its query but the signature itself."""
    pairs = sorted((key.lower(), value) for key, value in query.items() if key.lower() != "auth_signature")
    return f"{method.upper()}\n{path}\n" + "&".join(f"{key}={value}" for key, value in pairs)


def _lowered(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for key, value in query:
        if key.lower() in values:
            raise BadSignature("the query says one thing twice", hint="send every parameter once")
        values[key.lower()] = value
    return values


def _check_signature(app: PusherApp, texts: list[str], values: dict[str, str]) -> None:
    signature = values.get("auth_signature", "")
    if not any(_equal(signature, _hmac(app, text)) for text in texts):
        raise BadSignature("the signature does not fit the request", hint=f"sign exactly {texts[0]!r}")


def _check_time(timestamp: str, now: int) -> None:
    number = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 15
    if not number or abs(now - int(timestamp) * 1000) > WINDOW_MS:
        raise BadSignature(
            "the time of the request is more than 600 s off", hint=f"set the clock: it is {now // 1000}"
        )


def _check_body(digest: str | None, body: bytes) -> None:
    # The Python SDK signs the digest of nothing on a GET; others leave it out when there is no body.
    if digest is None and not body:
        return
    if digest is None or not _equal(digest.lower(), _md5(body)):
        raise BadSignature(
            "the body is not the signed one", hint="sign body_md5, the hexadecimal MD5 of the body"
        )


def _channel_text(socket_id: str, channel: str, channel_data: str | None) -> str:
    return f"{socket_id}:{channel}" if channel_data is None else f"{socket_id}:{channel}:{channel_data}"


def _credential(app: PusherApp, text: str) -> str:
    return f"{app.key}:{_hmac(app, text)}"


def _hmac(app: PusherApp, text: str) -> str:
    return hmac.digest(app.secret, _bytes(text), "sha256").hex()


def _md5(body: bytes) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _equal(given: str, wanted: str) -> bool:
    return hmac.compare_digest(_bytes(given), _bytes(wanted))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")

"""Signatures of Standard Webhooks 1.0: HMAC-SHA256 over id, time and the very bytes of the body."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable

PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes


def sign(keys: Iterable[bytes], message_id: str, seconds: int, body: bytes) -> dict[str, str]:
    """The headers of a request sent `seconds` after 1970: one signature for each key, none without a key.

    While a secret is replaced there are two keys, and a receiver takes what fits the one it knows.
    """
    content = f"{message_id}.{seconds}.".encode() + body
    headers = {"webhook-id": message_id, "webhook-timestamp": str(seconds)}
    signatures = " ".join(_signature(key, content) for key in keys)
    return {**headers, "webhook-signature": signatures} if signatures else headers


def parse_secret(text: str) -> bytes:
    """The key in `whsec_…`: base64 of 24 to 64 random bytes; ValueError for anything else."""
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError(f"a webhook's secret is {PREFIX} and the base64 of {_SHORTEST} to {_LONGEST} bytes")
    return key


def _signature(key: bytes, content: bytes) -> str:
    digest = hmac.new(key, content, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"

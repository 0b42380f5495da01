"""Encrypted channels: the secret that the publisher and the subscribers of one channel share.

The server hands it out and relays what it cannot read. NaCl's secretbox is theirs; only the key is made here.
"""

import base64
import hashlib
import hmac

from taskwatch.server.settings import PusherApp


def master_key(secret: bytes) -> bytes:
    """The 32 bytes that a publishing SDK is given as `encryption_master_key`; they follow from the secret."""
    return hmac.new(secret, b"taskwatch: encrypted channels", hashlib.sha256).digest()


def shared_secret(app: PusherApp, channel: str) -> str:
    """The key of one channel in base64, as SDKs derive it: SHA-256 of its name and the master key."""
    return base64.b64encode(hashlib.sha256(channel.encode() + master_key(app.secret)).digest()).decode()

"""Mail and programs pass the contract that plugins pass."""

import base64

from taskwatch.channels.exec import Exec
from taskwatch.channels.mail import Mail
from taskwatch.testing import ChannelContract


class TestMail(ChannelContract):
    channel = Mail
    settings = {  # noqa: RUF012  as authors write it
        "host": "127.0.0.1",
        "port": 9,
        "sender": "watch@example.org",
        "user": "watch",
        "password": base64.b64encode(b"canary").decode(),
    }
    wrong_addresses = ("", "dana", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example")


class TestExec(ChannelContract):
    channel = Exec
    settings = {"command": ["/bin/true"]}  # noqa: RUF012  as authors write it
    address = "room 5"

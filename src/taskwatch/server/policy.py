"""What a route asks of whoever comes: every route names one of these."""

from enum import Enum


class Policy(Enum):
    """Who may call a route; what an identity may see of the answer is checked where the answer is made."""

    ANYONE = "anyone"
    KNOWN = "an identity"
    SEES_ALL = "an identity that may see every type of workflow"
    ADMIN = "an admin"
    SIGNED = "a request signed with the secret of the Pusher app"
    SOCKET = "a WebSocket: refused after the upgrade, by a close code"

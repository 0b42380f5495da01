"""Why a frame is not served: raised inside of the protocol, and answered by it."""

REJECTED = 4301  # a client event
WATCHLIST = 4302


class Refused(Exception):
    """Answered by `pusher:error`; a code is known for client events and watchlists only."""

    def __init__(self, message: str, code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class Denied(Exception):
    """A channel is not joined: answered by `pusher:subscription_error`; the status is like that of HTTP."""

    def __init__(self, channel: str, message: str, status: int) -> None:
        super().__init__(message)
        self.channel = channel
        self.message = message
        self.status = status

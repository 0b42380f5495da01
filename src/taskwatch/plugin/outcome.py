"""How a try to send ended: never a bare yes or no, since what follows depends on why it failed."""

from typing import Literal, NamedTuple

Kind = Literal["ok", "retry", "rate_limited", "permanent", "gone", "misconfigured", "unknown"]


class Outcome(NamedTuple):
    """The end of a try.

    `detail` is for people, without secrets, and cut to 500 characters; `after` is how many seconds the
    receiver asks to wait; `provider_id` is what it calls the message.
    """

    kind: Kind
    detail: str = ""
    after: float | None = None
    provider_id: str | None = None


def ok(provider_id: str | None = None, detail: str = "") -> Outcome:
    """It was taken over."""
    return Outcome("ok", detail, provider_id=provider_id)


def retry(detail: str, after: float | None = None) -> Outcome:
    """It failed for now: the network, a busy receiver."""
    return Outcome("retry", detail, after)


def rate_limited(detail: str, after: float | None = None) -> Outcome:
    """The receiver wants fewer; this does not count as a try."""
    return Outcome("rate_limited", detail, after)


def permanent(detail: str) -> Outcome:
    """This message will never be taken."""
    return Outcome("permanent", detail)


def gone(detail: str) -> Outcome:
    """The address is no more: nothing is sent there again."""
    return Outcome("gone", detail)


def misconfigured(detail: str) -> Outcome:
    """The channel is set up wrong: it pauses, and its messages wait."""
    return Outcome("misconfigured", detail)


def unknown(detail: str) -> Outcome:
    """The time ran out: it may have arrived, and is sent again with the same id."""
    return Outcome("unknown", detail)

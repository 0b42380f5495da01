"""What the answer of an HTTP server means for a message."""

from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from taskwatch.plugin import Outcome, gone, misconfigured, ok, permanent, rate_limited, retry

_BUSY = frozenset((HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY))
_LONGEST_WAIT = 86_400.0


def judge(status: int, headers: Mapping[str, str]) -> Outcome:
    """The outcome of a status code."""
    detail = f"HTTP {status}"
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return rate_limited(detail, wait_of(headers))
    if status in _BUSY or status >= 500 or status < 200:
        return retry(detail, wait_of(headers))
    if status < 300:
        return ok(detail=detail)
    return _judge_refusal(status, detail)


def _judge_refusal(status: int, detail: str) -> Outcome:
    if status < 400:
        return permanent(f"{detail}: redirects are not followed, give the final address")
    if status == HTTPStatus.GONE:
        return gone(f"{detail}: the address is no more")
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return misconfigured(f"{detail}: the server refuses our credentials")
    return permanent(detail)


def wait_of(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After asks for, a day at most; a date is read against the answer's own Date."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return min(float(text[:9]), _LONGEST_WAIT)
    until, sent = _moment(text), _moment(headers.get("Date", ""))
    if until is None or sent is None:
        return None
    return min(max((until - sent).total_seconds(), 0.0), _LONGEST_WAIT)


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else None

"""Call what a channel offers, be it a coroutine or a plain function, and take whatever it gives back."""

import asyncio
import inspect
import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, get_args

from taskwatch.plugin.outcome import Kind, Outcome, retry

_LONGEST_DETAIL = 500
_LONGEST_ID = 200
_KINDS = frozenset(get_args(Kind))
_SHORTEST_SECRET = 4


async def call(function: Callable[..., Any], *args: Any) -> Any:
    """The result of a coroutine function, or of a plain one that runs in a thread of its own."""
    if inspect.iscoroutinefunction(function):
        return await function(*args)
    result = await asyncio.to_thread(function, *args)
    return await result if inspect.isawaitable(result) else result


def take(answer: object, secrets: Iterable[str] = ()) -> Outcome:
    """What a channel answered as a tidy outcome: short, printable, and without its secrets."""
    if not isinstance(answer, Outcome) or answer.kind not in _KINDS:
        return retry(f"the channel answered with {type(answer).__name__}, which is no outcome")
    after = answer.after
    waits = isinstance(after, int | float) and math.isfinite(after) and after >= 0
    return Outcome(
        answer.kind,
        tidy(answer.detail, secrets),
        float(after) if waits and after is not None else None,
        tidy(answer.provider_id, secrets)[:_LONGEST_ID] if answer.provider_id else None,
    )


def failed(error: BaseException, secrets: Iterable[str] = ()) -> Outcome:
    """The outcome of a try that raised."""
    return retry(tidy(f"{type(error).__name__}: {error}", secrets))


def tidy(text: object, secrets: Iterable[str] = ()) -> str:
    """A text on one line of 500 characters at most, printable, with `***` for each secret."""
    plain = hide(str(text), secrets)
    return "".join(letter if letter.isprintable() else " " for letter in plain)[:_LONGEST_DETAIL].strip()


def hide(text: str, secrets: Iterable[str]) -> str:
    """The text with `***` for each secret, also where it is written as in a URL, in JSON or in base64."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            for form in _forms(secret):
                text = text.replace(form, "***")
    return text


@lru_cache(maxsize=256)
def _forms(secret: str) -> tuple[str, ...]:
    from base64 import b64encode
    from json import dumps
    from urllib.parse import quote, quote_plus

    coded = b64encode(secret.encode()).decode().rstrip("=")
    return secret, quote(secret), quote(secret, safe=""), quote_plus(secret), dumps(secret)[1:-1], coded

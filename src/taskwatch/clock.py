"""The only file that reads the time. Everything else is told what time it is."""

import time


def now() -> int:
    """The wall clock in integer milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds on a clock that never jumps, for time limits."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait; a command that polls is the only caller."""
    time.sleep(seconds)

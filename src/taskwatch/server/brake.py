"""A brake on guessing: who fails too often waits for a minute. Its memory does not grow with who comes."""

import secrets

SLOTS = 256
MOST_FAILURES = 10
WINDOW_MS = 60_000


class Brake:
    """Counts failures by address; addresses that share one of 256 slots share its count."""

    def __init__(self) -> None:
        self._salt = secrets.randbits(64)
        self._failures = [0] * SLOTS
        self._began = [0] * SLOTS

    def wait_ms(self, address: str, now: int) -> int:
        """How long an address has to wait before it may try again; 0 is not at all."""
        slot = self._slot(address)
        left = self._began[slot] + WINDOW_MS - now
        return left if self._failures[slot] >= MOST_FAILURES and 0 < left <= WINDOW_MS else 0

    def fail(self, address: str, now: int) -> None:
        """Note a failure."""
        slot = self._slot(address)
        if not self._failures[slot] or not 0 <= now - self._began[slot] < WINDOW_MS:
            self._failures[slot], self._began[slot] = 0, now
        self._failures[slot] += 1

    def _slot(self, address: str) -> int:
        return hash((self._salt, address)) % SLOTS

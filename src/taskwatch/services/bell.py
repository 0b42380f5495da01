"""What the relay's thread waits on: commits of other processes, and calls from this one."""

import select
import socket

from taskwatch.store import wake


class Bell:
    """Rung by whoever commits to a database, by `ring`, or not at all: then a wait ends by itself."""

    def __init__(self, url: str) -> None:
        self.ear = wake.listen(url)
        self._hand, self._gong = socket.socketpair()
        self._hand.setblocking(False)
        self._gong.setblocking(False)

    def ring(self) -> None:
        """End the wait; from any thread."""
        try:
            self._hand.send(b"\0")
        except BlockingIOError:  # rung often enough
            return

    def wait(self, seconds: float) -> None:
        """Wait until it rings, so long at most."""
        if self.ear and self.ear.mend():
            return
        # The ear's descriptor may be another one every time.
        poll = select.poll()
        poll.register(self._gong, select.POLLIN)
        if self.ear and self.ear.fileno() >= 0:
            poll.register(self.ear.fileno(), select.POLLIN)
        for descriptor, _ in poll.poll(seconds * 1000):
            if descriptor == self._gong.fileno():
                self._gong.recv(4096)
            elif self.ear:
                self.ear.drain()

    def close(self) -> None:
        """Take it down."""
        if self.ear:
            self.ear.close()
        self._hand.close()
        self._gong.close()

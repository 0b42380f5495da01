"""Asking the daemons of a database something, by the sockets in the folder beside it."""

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from taskwatch.daemon.failure import unwrap
from taskwatch.errors import TimedOut
from taskwatch.store.live import LiveFolder

CONTROL = "control-"  # what the names of the sockets begin with
PATIENCE = 15.0
CHUNK = 64 * 1024

Answer = dict[str, Any]


def ask_all(url: str, what: str, *, until_end: bool = False) -> list[Answer]:
    """The answers of every daemon of a database; with `until_end`, once all of them have ended.

    Raises:
        TimedOut: a daemon does not answer or end.
        TaskwatchError: what a daemon could not do; all were asked.
    """
    try:
        folder = LiveFolder.open(url)
    except OSError:
        return []
    with closing(folder):
        calls = list(_call_all(folder))
        try:
            answers = [_ask(call, what) for call in calls]
            if until_end:
                for call in calls:
                    _await_end(call)
        finally:
            for call in calls:
                call.close()
    return [_unwrap(answer) for answer in answers if answer is not None]


def _call_all(folder: LiveFolder) -> Iterator[socket.socket]:
    for name in folder.names(CONTROL):
        call = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        call.settimeout(PATIENCE)
        try:
            call.connect(folder.address(name))
        except OSError as error:
            call.close()
            if isinstance(error, ConnectionRefusedError):  # its process is gone without a word
                folder.remove(name)
            continue
        yield call


def _ask(call: socket.socket, what: str) -> Answer | None:
    """The answer, or None of a daemon that ended meanwhile."""
    try:
        call.sendall(json.dumps({"do": what}).encode() + b"\n")
        with call.makefile("rb") as lines:
            answer = lines.readline()
    except TimeoutError:
        raise TimedOut(f"a daemon does not answer within {PATIENCE:.0f} seconds") from None
    except OSError:
        return None
    reply: Answer | None = json.loads(answer) if answer else None
    return reply


def _await_end(call: socket.socket) -> None:
    try:
        while call.recv(CHUNK):
            pass
    except TimeoutError:
        raise TimedOut(f"a daemon has not ended within {PATIENCE:.0f} seconds") from None
    except OSError:
        return


def _unwrap(reply: Answer) -> Answer:
    if failure := reply.get("error"):
        raise unwrap(failure)
    answer: Answer = reply["answer"]
    return answer

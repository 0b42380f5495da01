"""The address the daemon listens on."""

import ipaddress
import socket

from taskwatch.config import Config
from taskwatch.errors import Unavailable

# Deep enough for everybody who comes back at once after a restart.
BACKLOG = 4096


def bind(config: Config) -> socket.socket:
    """A listening socket on the configured address.

    Raises:
        Unavailable: the address is in use, or not this machine's.
    """
    host, port = config.text("server.host"), config.number("server.port")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, proto)
    except OSError as error:
        raise Unavailable(
            f"{host} is no address to listen on: {error.strerror}", hint="see --host"
        ) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        raise Unavailable(
            f"cannot listen on {host} port {port}: {error.strerror}",
            hint="give another port with --port, or run: taskwatch daemon status",
        ) from error
    listener.setblocking(False)
    return listener


def url(listener: socket.socket) -> str:
    """The base URL that leads to a listening socket from this machine."""
    if listener.family == socket.AF_UNIX:
        return f"unix:{listener.getsockname()}"
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Whether only this machine can reach it."""
    if listener.family == socket.AF_UNIX:
        return True
    return ipaddress.ip_address(listener.getsockname()[0].partition("%")[0]).is_loopback

"""Outgoing connections reach the public internet alone, unless a network is allowed by name.

The address is judged where the socket is opened: after every lookup, for literal addresses too, in whatever
spelling a URL has them. A name that answers first with one address and then with another gains nothing.
"""

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# An answer is short. One that is not comes in small pieces, so that reading it holds up nothing else.
_WINDOW = 16_384

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# Not the public internet, although Python calls some of them global.
_SPECIAL = tuple(
    ipaddress.ip_network(text)
    for text in (
        "100.64.0.0/10",  # shared by carriers; the metadata of some clouds
        "168.63.129.16/32",  # a cloud's own host, at a public address
        "192.0.0.0/24",  # protocol assignments; the metadata of another cloud
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",  # benchmarks
        "::/96",  # IPv4 in the obsolete spelling
        "64:ff9b:1::/48",  # NAT64 of a local network
        "100::/64",  # discarded
        "2001::/23",  # Teredo, which holds any IPv4 address, and other assignments
        "2002::/16",  # 6to4, the same
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
    )
)


class Refused(Exception):
    """A connection that is not made; the sentence names the address and the setting."""


class Guard:
    """Judges addresses; `allowed` are networks such as `10.0.0.0/8` to be reached although not public."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = tuple(ipaddress.ip_network(text, strict=False) for text in allowed)

    def open_socket(self, where: tuple[Any, ...]) -> socket.socket:
        """A socket for one answer of `getaddrinfo`, about to be connected to that very address.

        Raises:
            Refused: the address is not public, and not allowed.
        """
        family, kind, protocol, _, target = where
        if not self.permits(str(target[0])):
            hint = "list its network in allow_private to reach it"
            raise Refused(f"{target[0]} is not an address of the public internet; {hint}")
        opened = socket.socket(family, kind, protocol)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW)
        return opened

    def permits(self, text: str) -> bool:
        """Whether an address may be connected to."""
        address = _unwrap(ipaddress.ip_address(text.partition("%")[0]))
        return any(address in network for network in self._allowed) or is_public(address)


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet, and to one machine."""
    special = any(address in network for network in _SPECIAL)
    return address.is_global and not address.is_multicast and not address.is_reserved and not special


def _unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address in _NAT64:
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address

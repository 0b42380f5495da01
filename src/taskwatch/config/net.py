"""Hosts, origins, networks and addresses as a configuration spells them; InvalidInput says what is wrong."""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit

from taskwatch.errors import InvalidInput

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?", re.ASCII)
_LONGEST_NAME = 253
_ALL_ADDRESSES = re.compile(r"://(0\.0\.0\.0|\[::\])(?=:)")
_USUAL_PORTS = {"http": 80, "https": 443}


def parse_host(text: str) -> str:
    """A name or an address in lower case, without port and brackets: `tasks.example.org`, `::1`."""
    host = text.strip().lower().removeprefix("[").removesuffix("]")
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not _NAME.fullmatch(host) or len(host) > _LONGEST_NAME:
        raise InvalidInput(f"{text!r} is not a host", hint="write a host name or an address, without a port")
    return host.removesuffix(".")


def parse_hosts(text: str) -> frozenset[str]:
    """The hosts of a list with commas."""
    return frozenset(map(parse_host, _items(text)))


def parse_origins(text: str) -> frozenset[str]:
    """The origins of a list with commas, as browsers send them: `https://app.example.org:8443`."""
    return frozenset(map(_parse_origin, _items(text)))


def parse_networks(text: str) -> tuple[Network, ...]:
    """The networks of a list with commas: `127.0.0.1, 10.0.0.0/8`."""
    return tuple(map(_parse_network, _items(text)))


def parse_url(text: str) -> str:
    """The http or https address of a server, perhaps with a path, without a slash at its end."""
    hint = "write an address such as https://tasks.example.org"
    parts = _split(text, hint)
    if parts.query or parts.fragment:
        raise InvalidInput(f"{text!r} is not the address of a server", hint=hint)
    return _origin(parts) + parts.path.rstrip("/")


def reachable(address: str) -> str:
    """A daemon's own address; one that stands for all addresses of a machine becomes localhost."""
    return _ALL_ADDRESSES.sub("://localhost", address, count=1)


def _parse_origin(text: str) -> str:
    hint = "write scheme and host such as https://app.example.org, without a path"
    parts = _split(text, hint)
    if parts.path or parts.query or parts.fragment:
        raise InvalidInput(f"{text!r} is not an origin", hint=hint)
    return _origin(parts)


def _parse_network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        hint = "write addresses or networks such as 127.0.0.1 or 10.0.0.0/8"
        raise InvalidInput(f"{text!r} is not an address or a network", hint=hint) from None


def _split(text: str, hint: str) -> SplitResult:
    try:
        parts = urlsplit(text.strip())
        fits = parts.scheme in _USUAL_PORTS and parts.hostname and "@" not in parts.netloc and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise InvalidInput(f"{text!r} is not an http or https address", hint=hint)
    return parts


def _origin(parts: SplitResult) -> str:
    host = _bracket(parse_host(parts.hostname or ""))
    usual = parts.port is None or parts.port == _USUAL_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{parts.port}"


def _bracket(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _items(text: str) -> list[str]:
    return [item for item in map(str.strip, text.split(",")) if item]

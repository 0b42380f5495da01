"""Where a request comes from and where it wants to go: hosts, origins, addresses, proxies."""

import ipaddress
import re
from contextlib import suppress
from functools import lru_cache
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from taskwatch.config.net import Network, parse_host
from taskwatch.errors import InvalidInput
from taskwatch.server.house import house

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
FORWARDING = ("Forwarded", "X-Forwarded-For", "X-Real-IP")

_HOST = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9_.-]{1,253})(?::[0-9]{1,5})?", re.IGNORECASE)


def is_for_us(request: web.Request) -> bool:
    """Whether the one Host header names this machine, its address, its public name or one we were told of.

    A page of `evil.example` whose name was made to point here says so in that header.
    """
    hosts = request.headers.getall(hdrs.HOST, [])
    host = _read_host(hosts[0]) if len(hosts) == 1 else None
    settings = house(request).settings
    return host is not None and (
        host in LOCAL_NAMES
        or host in settings.allowed_hosts
        or host == _public(settings.public_url)[1]
        or host == _own_address(request)
    )


def base(request: web.Request) -> str:
    """The path that a proxy puts before all of ours and takes off again, such as `/taskwatch`; "" if none."""
    return urlsplit(house(request).settings.public_url).path


def origin_allowed(request: web.Request) -> bool:
    """Whether no page asks, or one of this host, of the public address, or of an allowed origin."""
    origins = request.headers.getall(hdrs.ORIGIN, [])
    if not origins:
        # Every browser of today tells where an unsafe request comes from, one way or another.
        return request.headers.get("Sec-Fetch-Site") not in {"cross-site", "same-site"} or _is_visit(request)
    settings = house(request).settings
    public_origin, public_host = _public(settings.public_url)
    if len(origins) > 1:
        return False
    if origins[0] == public_origin or origins[0] in settings.allowed_origins:
        return True
    host = request.headers.get(hdrs.HOST, "").lower()
    schemes = (
        ("https",) if _read_host(host) == public_host and public_origin[:6] == "https:" else ("http", "https")
    )
    return bool(host) and origins[0] in {f"{scheme}://{host}" for scheme in schemes}


def is_local(request: web.Request) -> bool:
    """Whether it comes from this very machine, and not by way of a proxy for somebody else."""
    forwarded = any(name in request.headers for name in FORWARDING)
    if forwarded and not _is_trusted(_peer(request), house(request).settings.trusted_proxies):
        return False
    address = _parse(client_address(request))
    return address is not None and address.is_loopback


def client_address(request: web.Request) -> str:
    """The address of who asks; of proxies that we trust, the one they tell. "" where there is none."""
    trusted, address = house(request).settings.trusted_proxies, _peer(request)
    told = ",".join(request.headers.getall("X-Forwarded-For", []))
    hops = [hop.strip() for hop in told.split(",") if hop.strip()]
    while hops and _is_trusted(address, trusted):
        address = hops.pop()
    return address


def _is_visit(request: web.Request) -> bool:
    """A link that was followed, a picture, a script: they ask, change nothing and cannot read the answer."""
    return request.method in {hdrs.METH_GET, hdrs.METH_HEAD}


@lru_cache(maxsize=256)
def _read_host(header: str) -> str | None:
    found = _HOST.fullmatch(header)
    with suppress(InvalidInput):
        return parse_host(found[1]) if found else None
    return None


@lru_cache(maxsize=16)
def _public(url: str) -> tuple[str, str]:
    """The origin and the host of the public address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}", parts.hostname or ""


def _peer(request: web.Request) -> str:
    return _address_of(request, "peername")


def _own_address(request: web.Request) -> str:
    """The address that the client reached: no name that somebody else could point here."""
    address = _parse(_address_of(request, "sockname"))
    return str(address) if address else ""


def _address_of(request: web.Request, end: str) -> str:
    found = request.transport.get_extra_info(end) if request.transport else None
    return str(found[0]) if isinstance(found, tuple) and found else ""


def _is_trusted(address: str, trusted: tuple[Network, ...]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in trusted)


@lru_cache(maxsize=1024)
def _parse(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address

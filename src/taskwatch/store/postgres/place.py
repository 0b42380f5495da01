"""Where a PostgreSQL database is: its schema, and whether the way to it leaves this machine."""

import os
from collections.abc import Mapping
from typing import Any

SCHEMA = "taskwatch"
ROOT_CERTIFICATES = "~/.postgresql/root.crt"  # where libpq looks by itself


def is_local(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> bool:
    """Whether every host of a connection's parameters is a socket or this machine's own address.

    Libpq takes from the environment, or from a service's file, what is not given.
    """
    address = given.get("hostaddr") or environ.get("PGHOSTADDR")
    host = address or given.get("host") or environ.get("PGHOST")
    if not host:
        return not (given.get("service") or environ.get("PGSERVICE"))
    return all(_is_local(each) for each in str(host).split(","))


def security(given: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """How a connection is secured where its parameters do not say: wholly, if it leaves this machine."""
    if is_local(given, environ) or "sslmode" in given or "PGSSLMODE" in environ:
        return {}
    wanted = {"sslmode": "verify-full"}
    if "sslrootcert" in given or "PGSSLROOTCERT" in environ:
        return wanted
    if os.path.exists(os.path.expanduser(ROOT_CERTIFICATES)):
        return wanted
    return wanted | {"sslrootcert": _authorities()}


def _is_local(host: str) -> bool:
    return host in {"", "localhost", "::1"} or host.startswith(("/", "@", "127."))


def _authorities() -> str:
    """The file of this machine; the libpq that comes with psycopg does not know where `system` is."""
    import ssl

    return ssl.get_default_verify_paths().cafile or "system"

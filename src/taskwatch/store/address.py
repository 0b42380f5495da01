"""What a database is called by: the path of a SQLite file, or a `postgresql://` URL without its password."""

import os
import re

from taskwatch.errors import InvalidConfig

SCHEMES = ("postgresql://", "postgres://")
_SECRETS = {"password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"}

# Greedy up to the last @: what is written wrong hides too much sooner than too little.
_USERINFO = re.compile(r"(?<=//)([^:/@?#]*):.*@", re.DOTALL)
_PARAMETER = re.compile(r"([?&])([^=&]*)=([^&]*)")
# A / or an @ in a password: libpq would take what follows for the host, and tell it.
_MALFORMED = re.compile(r"//[^:/@?#]*:(?!\d*[/?])(?:[^@/]*@[^/?]*@|[^@]*/[^@]*@)", re.DOTALL)
# The other ways of libpq and of a slip of the hand, which would be taken for a path.
_OTHERWISE = re.compile(r"postgres(ql)?:|(.*\s)?(password|host|dbname|user)\s*=", re.IGNORECASE | re.DOTALL)


def is_postgres(url: str) -> bool:
    """Whether it is a PostgreSQL server's."""
    return url.startswith(SCHEMES)


def shown(url: str) -> str:
    """The address as people and logs may see it: without its password."""
    if "://" not in url:
        return url
    return _PARAMETER.sub(_masked, _USERINFO.sub(r"\1:***@", url))


def located(url: str) -> str:
    """The same wherever one stands: an absolute path, or the URL without its password."""
    return shown(url) if is_postgres(url) else os.path.abspath(url)


def check(url: str) -> None:
    """Refuse what is no address, before libpq quotes it.

    Raises:
        InvalidConfig: the message quotes nothing that may be secret.
    """
    if is_postgres(url):
        if _MALFORMED.search(url):
            raise unreadable(url)
    elif _OTHERWISE.match(url):
        raise InvalidConfig(
            "the database is neither a path nor a URL", hint="write it as postgresql://USER@HOST/DATABASE"
        )


def unreadable(url: str) -> InvalidConfig:
    """The error for an address that cannot be taken apart."""
    return InvalidConfig(
        f"the address {shown(url)} cannot be read",
        hint="in a name or password write % as %25, @ as %40, : as %3A, / as %2F, ? as %3F and # as %23",
    )


def _masked(found: re.Match[str]) -> str:
    from urllib.parse import unquote

    mark, name, value = found.groups()
    return f"{mark}{name}={'***' if unquote(name).strip().lower() in _SECRETS else value}"

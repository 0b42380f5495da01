"""What the server is told by the configuration, read once and swapped whole on a reload."""

from collections.abc import Mapping
from typing import NamedTuple

from taskwatch.config import Config, acting_user
from taskwatch.config.net import Network, parse_hosts, parse_networks, parse_origins, parse_url, reachable
from taskwatch.config.secret import read_secret


class PusherApp(NamedTuple):
    """The one application of the Pusher protocol: `id` is numeric, as server SDKs want it."""

    id: str
    key: str
    secret: bytes


class Settings(NamedTuple):
    """The server's settings. Hosts and origins are lower-case; `public_url` has no slash at its end.

    `acting_user` is who acts in single-user mode; `events_days` says how long events are kept, 0 for ever.
    """

    app: PusherApp
    public_url: str = "http://localhost:8000"
    allowed_hosts: frozenset[str] = frozenset()
    allowed_origins: frozenset[str] = frozenset()
    client_events: bool = False
    subscription_counts: bool = False
    alert_on_rise: bool = False
    acting_user: int | None = None
    key_life_ms: int = 24 * 3_600_000
    trusted_proxies: tuple[Network, ...] = ()


def from_config(
    config: Config, environ: Mapping[str, str], *, secret: str, address: str = "http://localhost:8000"
) -> Settings:
    """The settings of a configuration.

    Args:
        config: every value in it is of its kind already.
        environ: says where `~` and systemd's credentials are.
        secret: the Pusher secret of the database, for a configuration that names no file.
        address: the base URL that the daemon listens on.

    Raises:
        InvalidConfig: the secret's file is missing, empty or open to other users.
    """
    return Settings(
        app=_app(config, read_secret(config, "pusher.secret_file", environ) or secret),
        public_url=parse_url(config.text("server.public_url") or reachable(address)),
        allowed_hosts=parse_hosts(config.text("server.allowed_hosts")),
        allowed_origins=parse_origins(config.text("server.allowed_origins")),
        client_events=config.flag("pusher.client_events"),
        subscription_counts=config.flag("pusher.subscription_counts"),
        alert_on_rise=config.flag("sla.alert_on_rise"),
        acting_user=acting_user(config),
        key_life_ms=config.number("retention.idempotency_hours") * 3_600_000,
        trusted_proxies=parse_networks(config.text("server.trusted_proxies")),
    )


def _app(config: Config, secret: str) -> PusherApp:
    return PusherApp(config.text("pusher.app_id"), config.text("pusher.key"), secret.encode())

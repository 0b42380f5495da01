"""Which plugins are wanted: nothing is loaded that the configuration does not name."""

from collections.abc import Mapping

from taskwatch.config.places import expand
from taskwatch.config.settings import Config


def enabled_plugins(config: Config) -> list[str]:
    """The names in `plugins.enabled`, in their order."""
    return [name for name in map(str.strip, config.text("plugins.enabled").split(",")) if name]


def plugin_folder(config: Config, environ: Mapping[str, str]) -> str:
    """The folder of single-file plugins; empty if there is none."""
    return expand(config.text("plugins.folder"), environ)

"""What the commands share that decide and send nothing: the rules of the configuration, and the instant."""

from typing import TYPE_CHECKING

from taskwatch.cli.session import Session

if TYPE_CHECKING:
    from taskwatch.actions.planner import Planner


def planner(session: Session) -> "Planner":
    """How messages are planned here; InvalidConfig if a rule or a channel is wrong."""
    from taskwatch.actions import planner
    from taskwatch.config.plugins import enabled_plugins, plugin_folder
    from taskwatch.plugin.loading import load

    plugins = load(enabled_plugins(session.config), plugin_folder(session.config, session.environ))
    return planner.planner(session.config, plugins)


def ahead(session: Session, text: str | None) -> int:
    """The instant (ms) to decide at.

    Raises:
        InvalidInput: it is no time, or lies in the past.
    """
    from taskwatch.errors import InvalidInput

    at = session.at(text)
    if at < session.now:
        raise InvalidInput("--now lies in the past", hint="what was is in: taskwatch notify why TASK USER")
    return at

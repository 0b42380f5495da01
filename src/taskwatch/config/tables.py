"""The files that are in force, for those who read tables of any number out of them."""

from taskwatch.config.files import read
from taskwatch.config.settings import Config
from taskwatch.tomlfile import Document


def documents(config: Config) -> list[Document]:
    """The configuration files that are there, the weakest first, so that later ones replace earlier ones."""
    return [read(path) for path, found in reversed(config.files) if found]

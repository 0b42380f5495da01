"""taskwatch watches workflow tasks: what is ready, who holds it, how late it will be."""

__version__ = "0.1.0"

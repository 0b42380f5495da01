"""The record: all SQL, synchronous, one transaction object. `open_store` is the door."""

from taskwatch.errors import InvalidConfig
from taskwatch.store.base import Description, Finding, Store, Tx

__all__ = ["Description", "Finding", "Store", "Tx", "open_store"]


def open_store(url: str, *, create: bool = True, patience: float = 10.0) -> Store:
    """Open the database at a path, creating and migrating it when `create`.

    Args:
        url: a file path.
        create: make a missing database; without it a missing one is `NotFound`.
        patience: seconds to wait for another process's transaction.

    Raises:
        Unavailable: locked, disk full or an I/O error.
        Forbidden: the file or its directory may not be read or written.
        NotFound: there is none, and it may not be made.
        StoreUnusable: not a taskwatch database, a newer one, a damaged one, or no possible path.
        InvalidConfig: an address of a kind that is not known.
    """
    scheme, separator, _ = url.partition("://")
    if separator:
        raise InvalidConfig(
            f"databases of kind {scheme!r} are not known", hint="give a path to a SQLite file"
        )
    from taskwatch.store.sqlite import SqliteStore

    return SqliteStore.open(url, create=create, patience=patience)

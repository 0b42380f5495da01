"""The record: all SQL, synchronous, one transaction object. `open_store` is the door."""

from taskwatch.errors import InvalidConfig
from taskwatch.store.address import check, is_postgres
from taskwatch.store.base import EVERYTHING, Description, Finding, Store, Tx

__all__ = ["EVERYTHING", "Description", "Finding", "Store", "Tx", "open_store"]


def open_store(url: str, *, create: bool = True, patience: float = 10.0) -> Store:
    """Open a database, creating and migrating it when `create`.

    Args:
        url: the path of a SQLite file, or the `postgresql://` URL of a server.
        create: make a missing database; without it a missing one is `NotFound`.
        patience: seconds to wait for another process's transaction.

    Raises:
        Unavailable: locked, disk full, an I/O error, or a server that cannot be reached.
        Forbidden: the file or its directory may not be read or written, or the server lets nobody in.
        NotFound: there is none, and it may not be made.
        StoreUnusable: not a taskwatch database, a newer one, a damaged one, or no possible path.
        InvalidConfig: an address of a kind that is not known, or an engine that is not installed.
    """
    check(url)
    if is_postgres(url):
        return _open_postgres(url, create=create, patience=patience)
    scheme, separator, _ = url.partition("://")
    if separator:
        raise InvalidConfig(
            f"databases of kind {scheme!r} are not known",
            hint="give a path to a SQLite file, or postgresql://HOST/DATABASE",
        )
    from taskwatch.store.sqlite import SqliteStore

    return SqliteStore.open(url, create=create, patience=patience)


def _open_postgres(url: str, *, create: bool, patience: float) -> Store:
    try:
        from taskwatch.store.postgres.store import PostgresStore
    except ImportError as error:
        raise InvalidConfig(
            "PostgreSQL needs psycopg, which is not installed", hint="pip install 'taskwatch[postgres]'"
        ) from error
    return PostgresStore.open(url, create=create, patience=patience)

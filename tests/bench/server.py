"""A PostgreSQL server of the benchmarks' own, durable as one in service is, and databases on it."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from rig import SERVER_CORE, Process, free_port

sys.path.insert(0, str(Path(__file__).parents[1]))

from postgres import Cluster


@contextmanager
def serving(*settings: str) -> Iterator[Cluster]:
    """A server while the block runs."""
    cluster = Cluster(tempfile.mkdtemp(prefix="taskwatch-bench-"))
    try:
        cluster.start(*settings)
        yield cluster
    finally:
        cluster.remove()


def database(cluster: Cluster, name: str, *, template: str = "template1") -> str:
    """The URL of a database that is what its template was, whatever it was before."""
    with psycopg.connect(cluster.url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        connection.execute("CHECKPOINT")
    return cluster.url.replace("/postgres?", f"/{name}?")


def node(url: str, home: Path, *, core: int = SERVER_CORE) -> Process:
    """A daemon on a database, with a home of its own."""
    home.mkdir()
    port = free_port()
    command = (sys.executable, "-m", "taskwatch", "-o", f"server.port={port}", "daemon")
    at_home = {"HOME": str(home), "XDG_STATE_HOME": str(home), "TASKWATCH_DB": url}
    return Process(*command, port=port, core=core, **at_home)

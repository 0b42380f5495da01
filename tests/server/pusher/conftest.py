"""What tests of the Pusher endpoints share."""

import pytest

from server.pusher.loopback import Server, sdk_of, served
from taskwatch.actions import people


@pytest.fixture
def server(store, clock):
    people.add(store, people.NewUser("dana", id=7, roles=("dispatcher", "packer")), clock.change())
    made = Server(store, clock)
    with served(made):
        yield made


@pytest.fixture
def sdk(server, monkeypatch):
    """Pusher's own Python SDK, as a client of the server; its clock is the server's."""
    monkeypatch.setattr("time.time", lambda: server.clock.now / 1000)
    client = sdk_of(server.port)
    yield client
    client._pusher_client.http.session.close()
    client._authentication_client.http.session.close()

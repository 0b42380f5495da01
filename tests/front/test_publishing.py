"""What other applications publish by Pusher's own Python SDK, as Echo hears it."""

import pusher
import pytest

pytestmark = pytest.mark.parametrize("browser", ["jsdom"], indirect=True)


@pytest.fixture
def sdk(daemon):
    """Pusher's SDK, set up for the daemon."""
    app = daemon.ask("token", "pusher")
    client = pusher.Pusher(**app, host="127.0.0.1", port=daemon.port, ssl=False)
    yield client
    client._pusher_client.http.session.close()


@pytest.fixture
def dana(daemon, visit):
    """A page of dana's that follows orders."""
    page = visit(daemon, "dana")
    page.do("follow", "channel", "orders", ".order.paid", "OrderShipped")
    page.wait(heard="subscribed", on="orders")
    return page


def test_an_event_reaches_the_page(dana, sdk):
    sdk.trigger("orders", "order.paid", {"order": 114})
    assert dana.wait(heard=".order.paid", on="orders")["data"] == {"order": 114}


def test_an_event_with_a_class_name_is_heard_under_its_short_one(dana, sdk):
    sdk.trigger("orders", "App\\Events\\OrderShipped", {"order": 114})
    assert dana.wait(heard="OrderShipped", on="orders")["data"] == {"order": 114}


def test_the_page_that_caused_an_event_is_left_out(dana, sdk):
    sdk.trigger("orders", "order.paid", {"order": 1}, dana.do("socketId"))
    sdk.trigger("orders", "order.paid", {"order": 2})
    assert dana.wait(heard=".order.paid")["data"] == {"order": 2}


def test_who_signed_in_gets_what_is_sent_to_them(dana, sdk, daemon, visit):
    eli = visit(daemon, "eli")
    assert (dana.do("signin", "greeting"), eli.do("signin", "greeting")) == ("5", "6")
    sdk.send_to_user("6", "greeting", {"text": "hello eli"})
    assert eli.wait(heard="greeting", on="me")["data"] == {"text": "hello eli"}
    sdk.send_to_user("5", "greeting", {"text": "hello dana"})
    assert dana.wait(heard="greeting", on="me")["data"] == {"text": "hello dana"}


def test_a_terminated_user_is_out_for_good_and_the_others_stay(dana, sdk, daemon, visit):
    eli = visit(daemon, "eli")
    eli.do("follow", "channel", "orders", ".order.paid")
    eli.wait(heard="subscribed", on="orders")
    assert (dana.do("signin", "greeting"), eli.do("signin", "greeting")) == ("5", "6")
    sdk.terminate_user_connections("5")
    dana.wait(heard="trouble", error={"code": 4009})
    dana.wait(heard="state", state="disconnected")
    sdk.trigger("orders", "order.paid", {"order": 114})
    eli.wait(heard=".order.paid")

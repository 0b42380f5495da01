"""Links in messages over a real server: looking does nothing, the button does it, and no other page can."""

import re

from server.rest.served import begin, play
from taskwatch.actions import acknowledgements
from taskwatch.actions.links import ack_url, link_secret, unsubscribe_url
from taskwatch.server import links

HTML = {"Accept": "text/html,application/xhtml+xml"}


def late(served):
    """A task 45 minutes into its 30, and the path of its holder's link."""
    begin(served)
    served.clock.advance(minutes=45)
    return ack_url(link_secret(served.store), "", (1, 1), 5, served.clock.now)


def acked(served):
    with served.store.read() as tx:
        return len(acknowledgements.standing(tx, 1, served.clock.now))


def test_looking_shows_a_button_and_does_nothing(tmp_path):
    async def scene(served):
        path = late(served)
        page = await served.get(path, as_=None, headers=HTML)
        text = page.content.decode()
        assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert '<form method="post"><button>' in text
        assert "form-action 'self'" in page.headers["Content-Security-Policy"]
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert (await served.get(path, as_=None)).json["subject"] == "ADV Review"
        assert acked(served) == 0

    play(tmp_path, scene, more_routes=links.ROUTES)


def test_the_button_does_it_once(tmp_path):
    async def scene(served):
        path = late(served)
        form = {"data": b"", "headers": {**HTML, "Content-Type": "application/x-www-form-urlencoded"}}
        done = await served.post(path, as_=None, **form)
        assert "ADV_REVIEW_BC114 is taken care of until" in done.content.decode()
        assert acked(served) == 1
        served.clock.advance(minutes=1)
        again = await served.post(path, as_=None, **form)
        assert again.content == done.content

    play(tmp_path, scene, more_routes=links.ROUTES)


def test_one_click_unsubscribes_without_a_page(tmp_path):
    async def scene(served):
        secret = link_secret(served.store)
        path = unsubscribe_url(secret, "", ("task.became.ready", "mail"), 5, served.clock.now)
        done = await served.post(path, as_=None, data={"List-Unsubscribe": "One-Click"})
        assert done.json["unsubscribed"] == ["task.became.ready", "mail"]
        kept = (await served.get("/api/v1/users/5/preferences", as_="eli")).json["preferences"]
        assert kept == [{"kind": "task.became.ready", "channel": "mail", "wanted": False}]

    play(tmp_path, scene, more_routes=links.ROUTES)


def test_a_page_elsewhere_and_a_wrong_link_do_nothing(tmp_path):
    async def scene(served):
        path = late(served)
        foreign = {"Origin": "https://evil.example"}
        assert (await served.post(path, as_=None, headers=foreign)).status == 403
        wrong = path[:-1] + ("A" if path[-1] != "A" else "B")
        assert (await served.post(wrong, as_=None)).status == 422
        assert (await served.get(wrong, as_=None)).status == 422
        served.clock.advance(minutes=24 * 60)
        assert (await served.post(path, as_=None)).status == 422
        assert acked(served) == 0

    play(tmp_path, scene, more_routes=links.ROUTES)


def test_hostile_names_stay_text_on_the_page(tmp_path):
    async def scene(served):
        path = late(served)
        with served.store.write() as tx:
            row = {"email": None, "timezone": None, "admin": 0}
            tx.run("people.edit", id=5, name="<script>alert(1)</script>", **row)
        text = (await served.get(path, as_=None, headers=HTML)).content.decode()
        assert "&lt;script&gt;" in text
        assert not re.search(r"<script", text)

    play(tmp_path, scene, more_routes=links.ROUTES)

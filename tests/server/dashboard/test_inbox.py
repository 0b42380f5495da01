"""The inbox as a page: one's own, an admin's view of any, pages, what is unread in the title."""

from posts import post
from server.dashboard.looking import visit
from taskwatch.actions import inbox
from taskwatch.server.dashboard.inbox import PER_PAGE


def test_everybody_reads_their_own_and_an_admin_any(store, clock):
    async def scene(office):
        post(store, clock, 5, title="Task ready: for eli")
        post(store, clock, 6, title="Task ready: for kim")
        mine = await office.look("/inbox", as_="eli")
        assert "for eli" in mine.text
        assert "for kim" not in mine.text
        assert "Inbox of eli" in (await office.look("/inbox?user=5")).text
        assert (await office.look("/inbox?user=5", as_="kim")).status == 403
        assert (await office.look("/inbox", as_="limited")).status == 403

    visit(store, clock, scene)


def test_what_is_unread_stands_in_the_title_and_in_the_navigation_of_every_page(store, clock):
    async def scene(office):
        for _ in range(3):
            post(store, clock, 5)
        for path in ("/inbox", "/admin/tasks/1"):
            page = await office.look(path, as_="eli")
            assert page.title.startswith("(3) ")
            assert any(each.get("id") == "unread" and "hidden" not in each for _, each in page.tags)
        inbox.mark(store, 5, inbox.READ, None, clock.change())
        page = await office.look("/inbox", as_="eli")
        assert page.title.startswith("Inbox")
        assert "Everything is read" in page.text

    visit(store, clock, scene)


def test_entries_are_read_and_archived_one_and_all(store, clock):
    async def scene(office):
        first, second = post(store, clock, 5, title="one"), post(store, clock, 5, title="two")
        page = await office.look("/inbox", as_="eli")
        everything, newest, _ = [each for path, each in page.acts if path.endswith("/read")]
        assert (await office.act(newest, as_="eli"))[1]["notifications"] == [second]
        assert (await office.act(everything, as_="eli"))[1]["notifications"] == [first]
        page = await office.look("/inbox?show=unread", as_="eli")
        assert "Nothing is unread." in page.text
        assert (await office.act((await office.look("/inbox", as_="eli")).offers("archive"), as_="eli"))[
            0
        ] == 200
        page = await office.look("/inbox?show=archived", as_="eli")
        assert "two" in page.text
        assert page.offers("archive") is None

    visit(store, clock, scene)


def test_pages_hold_every_entry_once(store, clock):
    async def scene(office):
        for number in range(PER_PAGE + 2):
            post(store, clock, 5, title=f"entry {number};")
        first = await office.look("/inbox", as_="eli")
        (older,) = [each["href"] for tag, each in first.tags if each.get("rel") == "next"]
        second = await office.look(older, as_="eli")
        assert [f"entry {number};" in first.text for number in (PER_PAGE + 1, 2, 1)] == [True, True, False]
        assert [f"entry {number};" in second.text for number in (2, 1, 0)] == [False, True, True]
        assert "Newest" in second.text

    visit(store, clock, scene)


def test_where_nobody_in_particular_looks_an_admin_chooses_whose(store, clock):
    async def scene(office):
        assert "Sign in with a token of a user" in (await office.look("/inbox", as_="program")).text
        assert (await office.look("/inbox?user=99")).status == 404

    visit(store, clock, scene)


def test_what_users_typed_stays_text(store, clock):
    async def scene(office):
        post(store, clock, 5, title="<script>alert(1)</script>\"'><b>")
        page = await office.look("/inbox", as_="eli")
        assert not [tag for tag, each in page.tags if tag == "b" or (tag == "script" and "src" not in each)]
        assert "&lt;script&gt;" in page.html

    visit(store, clock, scene)


def test_what_is_on_other_channels_alone_is_not_in_the_inbox(store, clock):
    async def scene(office):
        post(store, clock, 5, title="mail alone", in_inbox=0)
        assert "mail alone" not in (await office.look("/inbox", as_="eli")).text

    visit(store, clock, scene)

"""Links in messages: a page with a button, which alone does something; looking ahead does no harm."""

from html import escape
from typing import Any

from aiohttp import web

from taskwatch.actions import links
from taskwatch.actions.links import Followed, Offer
from taskwatch.model.link import ACK
from taskwatch.server.answer import answer
from taskwatch.server.call import segment
from taskwatch.server.house import house
from taskwatch.server.html import HEADERS, html, wants_html
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route

_CSP = "Content-Security-Policy"
_BUTTON = '<form method="post"><button>{}</button></form>'


async def show(request: web.Request) -> web.Response:
    """What a link would do, with the button that does it."""
    offer = await house(request).database.read(links.look, segment(request, "link"), house(request).now())
    if not wants_html(request):
        return answer(offer)
    title, line, button = _words(offer)
    return _page(title, f"<p>{escape(line)}</p>{_BUTTON.format(escape(button))}")


async def follow(request: web.Request) -> web.Response:
    """Do what a link says; once, however often it is asked."""
    done = await house(request).database.write(links.follow, segment(request, "link"), house(request).now())
    if not wants_html(request):
        return answer(done)
    return _page("Done", f"<p>{escape(_outcome(done))}</p>")


def _words(offer: Offer) -> tuple[str, str, str]:
    """The title, a sentence and the button."""
    if offer["action"] == ACK:
        line = f"{offer['user_name']} takes care of {offer['subject']} until {offer['until']}."
        return offer["subject"], line, "Take care of it"
    return "Unsubscribe", f"{offer['user_name']} is no longer told of {offer['subject']}.", "Unsubscribe"


def _outcome(done: Followed) -> str:
    if done["ack"] is not None:
        return f"{done['ack']['task_code']} is taken care of until {done['ack']['until']}."
    kind, channel = done["unsubscribed"] or ("*", "*")
    return f"There will be no more {kind} on {channel}."


def _page(title: str, body: str) -> web.Response:
    response = html(title, body)
    response.headers[_CSP] = HEADERS[_CSP].replace("form-action 'none'", "form-action 'self'")
    return response


def _route(method: str, path: str, handler: Any, summary: str) -> Route:
    return Route(method, f"/{path}/{{link}}", handler, Policy.ANYONE, summary, "Links", hidden=True)


ROUTES = [
    _route("GET", "ack", show, "Show what a link in a message would do"),
    _route("POST", "ack", follow, "Take care of the task that a message told of"),
    _route("GET", "unsubscribe", show, "Show what a link in a message would do"),
    _route("POST", "unsubscribe", follow, "Want no more messages of that kind"),
]

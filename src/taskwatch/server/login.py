"""Coming in with a browser: a page that takes a token and gives a session, and tickets for streams."""

import base64
import hashlib
import re
from html import escape
from typing import TypedDict
from urllib.parse import parse_qs

from aiohttp import web

from taskwatch.actions import entry
from taskwatch.errors import InvalidInput, TooManyRequests, Unauthorized
from taskwatch.model.times import rfc3339
from taskwatch.server import gate, place
from taskwatch.server.call import read_bytes
from taskwatch.server.house import house
from taskwatch.server.policy import Policy
from taskwatch.server.route import Route

_STYLE = """
:root {
  color-scheme: light dark; --ink: light-dark(#1a2230, #e6eaf1); --muted: light-dark(#566074, #9ba6b7);
  --ground: light-dark(#f4f6f8, #0f1319); --surface: light-dark(#fff, #171c24);
  --line: light-dark(#8993a5, #5a6678); --accent: light-dark(#2f5bd3, #86a8ff);
}
* { box-sizing: border-box }
body { margin: 0; min-height: 100vh; padding: 16px; display: grid; place-items: center;
  background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif }
main { width: min(100%, 24rem); padding: 32px; background: var(--surface); border-radius: 12px;
  box-shadow: 0 1px 2px #0002, 0 8px 24px #0001 }
h1 { margin: 0; font-size: 1.5rem; letter-spacing: -.01em }
p { margin: 4px 0 24px; color: var(--muted) }
label { color: var(--muted); font-size: .875rem }
input, button { display: block; width: 100%; min-height: 44px; padding: 8px 12px; font: inherit;
  border: 1px solid var(--line); border-radius: 8px }
input { margin: 4px 0 16px; background: var(--surface); color: var(--ink) }
button { border-color: #2f5bd3; background: #2f5bd3; color: #fff; font-weight: 620; cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.wrong { color: light-dark(#b00020, #ff8a80) }
"""
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in to taskwatch</title>
<style>{style}</style>
<main>
<h1>taskwatch</h1>
{note}
<form method="post" action="{base}/login">
<input type="hidden" name="next" value="{next}">
<label for="token">Token, from <code>taskwatch token create</code></label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button>Sign in</button>
</form>
</main>
</html>
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_CSP = (
    f"default-src 'none'; style-src 'sha256-{_HASH}'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# A path of this site: `//host`, `/\\host` and what browsers make of tabs in them lead elsewhere.
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_HOME = "/"
_LONGEST_PATH = 2_000
_LARGEST_FORM = 8_192


class TicketShape(TypedDict):
    """A ticket goes into an address as `?ticket=…`, once, before it expires."""

    ticket: str
    expires_at: str


async def show_form(request: web.Request) -> web.Response:
    """The page to sign in on."""
    return _page(request, _next(request.query.get("next")))


async def sign_in(request: web.Request) -> web.Response:
    """A token for a session, kept in a cookie that scripts cannot read and other sites cannot send."""
    here, address = house(request), place.client_address(request)
    if wait := here.keeper.brake.wait_ms(address, here.now()):
        hint = f"wait {wait // 1000 + 1} seconds"
        raise TooManyRequests("too many tokens were wrong", hint=hint)
    form = await _read_form(request)
    goal = _next(form.get("next"))
    try:
        session = await here.database.write(entry.open_session, form.get("token", "").strip(), here.now())
    except Unauthorized:
        here.keeper.brake.fail(address, here.now())
        return _page(request, goal, "This token is not known here, or no longer.", status=401)
    response = _redirect(request, goal)
    response.set_cookie(
        gate.COOKIE,
        session.secret,
        max_age=(session.expires_at - here.now()) // 1000,
        path=_cookie_path(request),
        secure=here.settings.public_url.startswith("https://"),
        httponly=True,
        samesite="Strict",
    )
    return response


async def sign_out(request: web.Request) -> web.Response:
    """End the session of the cookie."""
    here = house(request)
    if session := request.cookies.get(gate.COOKIE):
        await here.database.write(entry.close_session, session, here.now())
    response = _redirect(request, "/login")
    response.del_cookie(gate.COOKIE, path=_cookie_path(request))
    return response


async def issue_ticket(request: web.Request) -> web.Response:
    """A ticket for EventSource and WebSocket, which cannot send headers."""
    here = house(request)
    secret = gate.secret_of(request)
    if request[gate.IDENTITY].credential is None:
        secret = None  # single-user mode: a cookie of former days does not count
    issued = await here.database.write(entry.issue_ticket, secret, here.now())
    shape: TicketShape = {"ticket": issued.secret, "expires_at": rfc3339(issued.expires_at)}
    return web.json_response(shape, headers={"Cache-Control": "no-store"})


async def _read_form(request: web.Request) -> dict[str, str]:
    content = await read_bytes(request)
    if request.content_type != "application/x-www-form-urlencoded" or len(content) > _LARGEST_FORM:
        raise InvalidInput("this is not the form of /login", hint="send token=… as a form")
    try:
        fields = parse_qs(content.decode("ascii"), max_num_fields=10)
    except ValueError:
        raise InvalidInput("the form cannot be read", hint="send token=… as a form") from None
    return {name: values[0] for name, values in fields.items()}


def _next(path: str | None) -> str:
    """Where to go on to, never to another site."""
    return path if path and len(path) <= _LONGEST_PATH and _PATH.fullmatch(path) else _HOME


def _page(request: web.Request, goal: str, wrong: str = "", status: int = 200) -> web.Response:
    note = f'<p class="wrong" role="alert">{escape(wrong)}</p>' if wrong else "<p>Sign in with a token.</p>"
    return web.Response(
        text=_PAGE.format(style=_STYLE, note=note, next=escape(goal), base=escape(place.base(request))),
        status=status,
        content_type="text/html",
        headers={"Content-Security-Policy": _CSP, "Cache-Control": "no-store"},
    )


def _redirect(request: web.Request, path: str) -> web.Response:
    headers = {"Location": place.base(request) + path, "Cache-Control": "no-store"}
    return web.Response(status=303, headers=headers)


def _cookie_path(request: web.Request) -> str:
    """Other applications behind the same proxy do not get to see the session."""
    return place.base(request) or "/"


ROUTES = [
    Route("GET", "/login", show_form, Policy.ANYONE, "Show the page to sign in on", "Access", hidden=True),
    Route("POST", "/login", sign_in, Policy.ANYONE, "Sign in with a token", "Access", hidden=True),
    Route("POST", "/logout", sign_out, Policy.ANYONE, "Sign out", "Access", hidden=True),
    Route(
        "POST",
        "/api/v1/tickets",
        issue_ticket,
        Policy.KNOWN,
        "Make a ticket for a stream",
        "Access",
        answer=TicketShape,
    ),
]

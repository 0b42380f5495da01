"""Plain pages for browsers: no script, nothing from elsewhere, everything escaped."""

import base64
import hashlib
from html import escape

from aiohttp import web

STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h2 { border-bottom: 1px solid #8884; margin-top: 2.5rem }
h3 { font: 600 1rem/1.5 ui-monospace, monospace; margin: 2rem 0 0 }
table { border-collapse: collapse; margin: .5rem 0 }
th, td { border-bottom: 1px solid #8883; padding: .2rem 1rem .2rem 0; text-align: left; vertical-align: top }
pre { background: #8881; overflow-x: auto; padding: .7rem }
code { font: .9em ui-monospace, monospace }
summary { cursor: pointer }
.method { display: inline-block; min-width: 4.5rem }
""".strip()
_DIGEST = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_DIGEST}'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def html(title: str, body: str) -> web.Response:
    """A page; `title` is a text, `body` is markup whose texts are escaped."""
    text = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n{body}\n</body></html>\n"
    )
    return web.Response(
        body=text.encode("utf-8", "replace"), content_type="text/html", charset="utf-8", headers=HEADERS
    )


def wants_html(request: web.Request) -> bool:
    """Whether a browser asks: HTML is named, and before JSON."""
    accepted = request.headers.get("Accept", "")
    page, data = accepted.find("text/html"), accepted.find("application/json")
    return page >= 0 and (data < 0 or page < data)

"""Plain pages: nothing that was typed becomes markup, and nothing on them can run."""

import base64
import hashlib
import re

from taskwatch.server.html import HEADERS, STYLE, html

HOSTILE = """</td><script>alert("1")</script>"""


def test_a_title_stays_a_text():
    page = html(HOSTILE, "").body.decode()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 2


def test_half_a_character_does_not_upset_the_page():
    assert b"?" in html("\ud800", "").body


def test_the_policy_allows_the_page_s_own_style_alone():
    policy = HEADERS["Content-Security-Policy"]
    (digest,) = re.findall(r"style-src 'sha256-([^']+)'", policy)
    assert base64.b64decode(digest) == hashlib.sha256(STYLE.encode()).digest()
    assert f"<style>{STYLE}</style>".encode() in html("x", "").body
    assert policy.startswith("default-src 'none'")

"""Style sheets and scripts: kept for ever under their version, and nothing else is to be had."""

import asyncio
import re

import pytest
from yarl import URL

from live import serving, visiting
from taskwatch.server.dashboard.assets import assets, version


def get(path, *targets, **headers):
    """Status, headers and body of each target."""

    async def main():
        async with serving(path) as daemon, visiting(daemon, **headers) as session:
            found = []
            for target in targets:
                async with session.get(URL(target, encoded=True)) as response:
                    found.append((response.status, response.headers, await response.text()))
            return found

    return asyncio.run(main())


def test_a_file_is_kept_for_ever_under_its_version_only(path):
    (status, headers, text), (_, other, same) = get(
        path, f"/assets/{version()}/base.css", "/assets/before/base.css"
    )
    assert (status, headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert other["Cache-Control"] == "no-cache"
    assert text == same
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_who_has_a_file_is_not_sent_it_again(path):
    tag = f'"{assets()["start.js"].etag}"'
    (found,) = get(path, f"/assets/{version()}/start.js", **{"If-None-Match": f'"x", {tag}'})
    assert (found[0], found[1]["ETag"], found[2]) == (304, tag, "")


@pytest.mark.parametrize(
    "name",
    ["../page.py", "..%2Fpage.py", "%2e%2e%2fpage.py", "..%5cpage.py", "%2Fetc%2Fpasswd", "base.css%00.js",
     "nothing.css", "templates", "__init__.py", "base.css/", ".", "%2e%2e", "BASE.CSS"],
)  # fmt: skip
def test_nothing_outside_of_the_folder_is_served(path, name):
    ((status, _, text),) = get(path, f"/assets/{version()}/{name}")
    assert status == 404
    assert "def " not in text


def test_scripts_import_what_exists_and_nothing_from_elsewhere():
    for name, asset in assets().items():
        text = asset.content.decode()
        assert not re.search(r"https?://(?!www\.w3\.org)", text), name
        for imported in re.findall(r'(?:from|new URL\() ?"([^"]+)"', text):
            assert imported.removeprefix("./") in assets(), (name, imported)


def test_no_script_builds_markup_from_texts():
    for name, asset in assets().items():
        assert not re.search(
            rb"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", asset.content
        ), name

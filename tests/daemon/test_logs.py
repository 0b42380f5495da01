"""What the daemon says on stderr, for people, the journal and programs."""

import asyncio
import io
import json
import logging
import os
import re
import sys

import pytest
from aiohttp import ClientSession, web

from taskwatch.daemon import logs


@pytest.fixture
def written(monkeypatch, tmp_path):
    """What is logged, after `logs.set_up`; the loggers are put back in the end."""
    names = ("", "taskwatch", "taskwatch.access")
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    handlers = logging.getLogger().handlers[:]

    def written(form, environ=(), verbosity=0, say=lambda log: log.info("hello")):
        with (tmp_path / "stderr").open("w+") as stderr:
            monkeypatch.setattr(sys, "stderr", stderr)
            status = os.fstat(stderr.fileno())
            named = {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"} if environ == "journal" else {}
            logs.set_up(form, named, verbosity=verbosity)
            say(logging.getLogger("taskwatch.test"))
            stderr.seek(0)
            return stderr.read()

    yield written
    logging.getLogger().handlers[:] = handlers
    for logger, level in before:
        logger.setLevel(level)


def fail(log):
    try:
        int("two\nlines")
    except ValueError:
        log.exception("it failed")


def test_people_read_when_how_bad_and_what(written):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\S+Z info: hello\n", written("text"))


def test_the_journal_reads_a_priority_on_every_line_and_no_time(written):
    assert written("text", "journal") == "<6>hello\n"
    lines = written("text", "journal", say=fail).splitlines()
    assert lines[0] == "<3>it failed"
    assert len(lines) > 3
    assert all(line.startswith("<3>") for line in lines)


def test_a_stream_that_leads_elsewhere_is_not_the_journal(written, monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    logs.set_up("text", {"JOURNAL_STREAM": "1:2"})
    logging.getLogger("taskwatch").warning("hello")
    assert sys.stderr.getvalue().endswith("Z warning: hello\n")


def test_programs_read_one_object_a_line(written):
    (line,) = written("json", say=fail).splitlines()
    found = json.loads(line)
    assert {key: found[key] for key in ("level", "logger", "message")} == {
        "level": "error", "logger": "taskwatch.test", "message": "it failed",
    }  # fmt: skip
    assert "ValueError" in found["traceback"]


def test_hostile_text_cannot_forge_a_line_nor_paint(written):
    text = written("text", "journal", say=lambda log: log.info("a\n<0>forged \x1b[31m \u202e"))
    assert text == "<6>a\\n<0>forged \\x1b[31m \\u202e\n"


@pytest.mark.parametrize(
    ("verbosity", "levels"),
    [(-2, ""), (-1, "warning"), (0, "info warning"), (1, "info warning"), (2, "debug info warning")],
)
def test_verbosity_decides_what_is_told(written, verbosity, levels):
    def say(log):
        for level in ("debug", "info", "warning"):
            getattr(log, level)(level)

    told = written("text", verbosity=verbosity, say=say)
    assert [line.split()[1].rstrip(":") for line in told.splitlines()] == levels.split()


def test_a_request_is_told_without_its_query_and_only_when_asked_for(written):
    def request_with(log):
        del log
        asyncio.run(request())

    async def request():
        async def answer(request):
            return web.Response(text="hello")

        app = web.Application()
        app.router.add_get("/{name}", answer)
        runner = web.AppRunner(app, access_log=logs.ACCESS, access_log_class=logs.AccessLog)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        async with (
            ClientSession() as session,
            session.get(f"http://127.0.0.1:{port}/a?ticket=tw_secret") as got,
        ):
            await got.read()
        await runner.cleanup()

    told = written("text", verbosity=1, say=request_with)
    assert re.search(r"info: 127.0.0.1 GET /a 200 \d+ bytes \d\.\d+ s\n$", told)
    assert "secret" not in told
    assert written("text", verbosity=0, say=request_with) == ""

"""What the OpenAPI document promises, held against requests made up from it."""

import asyncio
import threading
from urllib.parse import urlencode

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.specs.openapi import checks as promises

from server.rest.served import ROUTES, serving

EXAMPLES = 5
LONGEST_QUERY = 7_000  # a line of 8 KiB is refused before anybody can read what it asks for
CHECKS = [
    checks.not_a_server_error,
    promises.status_code_conformance,
    promises.content_type_conformance,
    promises.response_headers_conformance,
    promises.response_schema_conformance,
    promises.negative_data_rejection,
]
SHOWN = sorted((route for route in ROUTES if not route.hidden), key=lambda route: (route.method, route.path))
# What takes nothing cannot be sent anything wrong.
TAKING = [route for route in SHOWN if "{" in route.path or route.params or route.body]
CASES = [(route, GenerationMode.POSITIVE) for route in SHOWN] + [
    (route, GenerationMode.NEGATIVE) for route in TAKING
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The server in a thread of its own: its address and an admin's headers."""
    started, ended, found = threading.Event(), asyncio.Event(), {}

    async def serve():
        found["loop"] = asyncio.get_running_loop()
        async with serving(tmp_path_factory.mktemp("record")) as here:
            found["url"], found["secret"] = here.url, here.secrets["admin"]
            started.set()
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert started.wait(20)
    yield found["url"], {"Authorization": f"Bearer {found['secret']}"}
    found["loop"].call_soon_threadsafe(ended.set)
    thread.join()


@pytest.fixture(scope="module")
def schema(served):
    url, headers = served
    return schemathesis.openapi.from_url(f"{url}/openapi.json", headers=headers)


@pytest.mark.parametrize(
    ("route", "mode"), CASES, ids=[f"{route.method} {route.path} {mode.value}" for route, mode in CASES]
)
def test_every_answer_is_as_the_document_says(schema, served, route, mode):
    _, headers = served

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=schema[route.path][route.method].as_strategy(generation_mode=mode))
    def hold(case):
        assume(len(urlencode(case.query or {}, doseq=True)) < LONGEST_QUERY)
        case.call_and_validate(headers=headers, checks=CHECKS)

    hold()

"""The OpenAPI document and the page made from it."""

import re

import pytest
from openapi_spec_validator import validate

from server.rest.served import ROUTES, play
from taskwatch.model.task import VERBS
from taskwatch.server import app
from taskwatch.server.openapi import Document
from taskwatch.server.policy import Policy


@pytest.fixture(scope="module")
def tree():
    return Document(ROUTES).tree


def test_the_document_is_valid(tree):
    validate(tree)


def test_the_document_of_the_whole_application_is_valid_and_is_served():
    validate(Document(app.ROUTES).tree)


def test_every_route_that_is_not_hidden_is_described(tree):
    described = {(method.upper(), path) for path, methods in tree["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES if not route.hidden}
    for verb in VERBS.values():
        assert (("POST", f"/api/v1/tasks/{{task}}/{verb.name}") in described) == (not verb.automatic)


def test_every_operation_has_a_summary_its_parameters_and_problems(tree):
    operations = [operation for methods in tree["paths"].values() for operation in methods.values()]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    for path, methods in tree["paths"].items():
        for operation in methods.values():
            assert operation["summary"]
            assert all(each["description"] for each in operation["parameters"])
            assert not any("null" in str(each["schema"]) for each in operation["parameters"])
            placed = [p["name"] for p in operation["parameters"] if p["in"] == "path"]
            assert placed == re.findall(r"{(\w+)}", path)
            assert "application/problem+json" in operation["responses"]["default"]["content"]


def test_who_may_call_is_told(tree):
    for route in ROUTES:
        operation = tree["paths"][route.path][route.method.lower()]
        wanted = [] if route.policy is Policy.ANYONE else [{"bearer": []}, {"cookie": []}]
        assert operation["security"] == wanted
        if wanted:
            assert {"401", "403"} <= operation["responses"].keys()


def test_changes_take_a_key_and_moves_take_a_condition(tree):
    start = tree["paths"]["/api/v1/tasks/{task}/start"]["post"]
    assert {"Idempotency-Key", "If-Match", "X-Socket-ID"} <= {each["name"] for each in start["parameters"]}
    assert not start["requestBody"]["required"]
    assert tree["paths"]["/api/v1/tasks"]["post"]["requestBody"]["required"]


def test_the_document_and_the_page_are_served_to_anyone(tmp_path):
    async def scene(served):
        document = await served.get("/openapi.json", as_=None)
        assert document.json["openapi"].startswith("3.1")
        page = await served.get("/docs", as_=None)
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        return page.content.decode(), page.headers["Content-Security-Policy"], document.json

    text, policy, tree = play(tmp_path, scene)
    assert "default-src 'none'" in policy
    assert "<script" not in text
    assert not re.search(r"""(?:src|href)=["']?https?:""", text)
    for path in tree["paths"]:
        assert path in text
    ids = re.findall(r'id="([^"]+)"', text)
    assert set(re.findall(r'href="#([^"]+)"', text)) <= set(ids)


def test_the_page_holds_each_name_once(tree):
    from taskwatch.server.docs import page

    ids = re.findall(r'id="([^"]+)"', page(tree))
    assert len(ids) == len(set(ids))

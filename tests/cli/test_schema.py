"""`taskwatch schema`: what a command answers, as JSON Schema."""

import json

import jsonschema
import pytest

from taskwatch.cli.schema import resolve
from taskwatch.cli.tree import walk


def test_a_schema_names_its_command_and_major_version(run):
    code, out, err = run("schema", "db", "info")
    assert (code, err) == (0, "")
    schema = json.loads(out)
    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$id"] == "urn:taskwatch:schema:1:db-info"
    assert schema["title"] == "taskwatch db info"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"path": 5}, schema)


def test_a_list_s_schema_is_of_a_list(run):
    schema = json.loads(run("schema", "doctor")[1])
    jsonschema.validate([], schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate([{"name": "x", "status": "bad", "message": "", "fix": None}], schema)


def test_an_error_fits_its_schema(run):
    schema = json.loads(run("schema", "error")[1])
    code, out, err = run("schema", "nothing", "--json")
    assert (code, out) == (3, "")
    jsonschema.validate(json.loads(err), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"error": {"code": "x"}}, schema)


@pytest.mark.parametrize("words", ["nothing", "db nothing", "db", "db info more"])
def test_what_has_no_answer_has_no_schema(run, words):
    code, out, _ = run("schema", *words.split())
    assert (code, out) == (3, "")


def test_a_shape_is_found_by_its_name():
    assert resolve("builtins:int") is int
    assert resolve("list[builtins:int]") == list[int]


def test_without_a_command_every_command_is_listed(run):
    listed = json.loads(run("schema", "--json")[1])
    assert {"command": "db info", "json": True} in listed
    groups = {" ".join(leaf.words) for leaf in walk() if hasattr(leaf.command, "table")}
    assert groups.isdisjoint(entry["command"] for entry in listed)
    assert "db info" in run("schema")[1]

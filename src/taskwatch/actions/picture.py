"""Drawing a workflow: as a tree for people, or in the language of a tool."""

from typing import TypedDict

from taskwatch.actions.progress import nodes
from taskwatch.errors import InvalidInput
from taskwatch.model import drawing, names
from taskwatch.store import Store

FORMS = ("tree", "mermaid", "dot")


class Drawing(TypedDict):
    """A drawn workflow: `text` is what the format says."""

    format: str
    text: str


def draw(store: Store, ref: str, form: str) -> Drawing:
    """A workflow as one of the `FORMS`.

    Raises:
        NotFound: there is no such workflow.
        InvalidInput: two subjects share the id, or there is no such form.
    """
    if form not in FORMS:
        raise InvalidInput(f"there is no form {names.shown(form)}", hint=f"use {', '.join(FORMS)}")
    return {"format": form, "text": "\n".join(_lines(nodes(store, ref), form))}


def _lines(found: list[drawing.Node], form: str) -> list[str]:
    if form == "tree":
        return drawing.text_tree(found, _label)
    return (drawing.mermaid(found) if form == "mermaid" else drawing.dot(found)).splitlines()


def _label(node: drawing.Node) -> str:
    timeout = "" if node.timeout_minutes is None else f", {node.timeout_minutes} min"
    return f"{node.code}  {node.name}  [{node.status}{timeout}]"

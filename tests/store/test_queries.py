"""Every question the code asks exists, every question there is is asked, and the database understands it."""

import re
from pathlib import Path

import pytest

import taskwatch
from taskwatch.config import KEYS
from taskwatch.store import open_store
from taskwatch.store.queries import FOLDER, headings, question

SOURCE = Path(taskwatch.__file__).parent
FILES = sorted(path.stem for path in Path(FOLDER).glob("*.sql"))
QUESTIONS = sorted(f"{file}.{heading}" for file in FILES for heading in headings(file))
# What another engine alone is asked: see test_postgres_queries.
ELSEWHERE = {
    f"{path.stem}.{heading}"
    for path in Path(FOLDER).glob("*/*.sql")
    for heading in headings(f"{path.parent.name}/{path.stem}")
}
# A composed name such as f"dump.add_{table}" asks for every question that begins so.
ASKED = {
    found
    for path in SOURCE.rglob("*.py")
    for found in re.findall(rf'"((?:{"|".join(FILES)})\.\w*(?:\{{|"))', path.read_text(encoding="utf-8"))
}
# A page of the same name is a template.
NAMED = {found.rstrip('"') for found in ASKED if found.endswith('"') and ".html" not in found} - set(KEYS)
COMPOSED = tuple(found.rstrip("{") for found in ASKED if found.endswith("{"))


@pytest.fixture(scope="module")
def connection(tmp_path_factory):
    store = open_store(str(tmp_path_factory.mktemp("queries") / "taskwatch.db"))
    yield store.connection
    store.close()


def test_every_question_asked_exists():
    assert sorted(NAMED - set(QUESTIONS) - ELSEWHERE) == []


def test_every_question_is_asked():
    assert [name for name in QUESTIONS if name not in NAMED and not name.startswith(COMPOSED)] == []


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_database_understands_every_question(connection, name):
    sql = question(name)
    values = [0] * sql.count("?") or dict.fromkeys(re.findall(r":(\w+)", sql), 0)
    connection.execute(f"EXPLAIN {sql}", values).fetchall()


def test_an_unknown_question_is_a_lookup_error():
    with pytest.raises(LookupError):
        question("tasks.nonsense")

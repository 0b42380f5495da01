"""Named questions: every SQL statement lives in `sql/*.sql` under a heading `-- name: by_id`."""

import os
import re
from functools import cache

FOLDER = os.path.join(os.path.dirname(__file__), "sql")


@cache
def question(name: str) -> str:
    """The SQL of `file.heading`.

    Raises:
        LookupError: there is no such question.
    """
    file, _, heading = name.partition(".")
    return headings(file)[heading]


@cache
def headings(file: str) -> dict[str, str]:
    """All questions of one file, by heading; none where there is no such file."""
    path = os.path.join(FOLDER, f"{file}.sql")
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as stream:
        parts = re.split(r"^-- name: (\w+)\n", stream.read(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], (sql.strip() for sql in parts[2::2]), strict=True))

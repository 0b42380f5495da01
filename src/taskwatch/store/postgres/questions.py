"""The named questions as PostgreSQL reads them: those of `sql/`, unless `sql/postgres/` says otherwise."""

import re
from functools import cache

from taskwatch.store.queries import headings

# A named value, but neither a cast (`::text`) nor what stands in a literal or a remark.
_VALUE = re.compile(r"('(?:[^']|'')*'|--[^\n]*|::)|:([a-z_]\w*)|(\?)")


@cache
def question(name: str) -> str:
    """The SQL of `file.heading`, with `%(name)s` for its values.

    Raises:
        LookupError: there is no such question.
    """
    file, _, heading = name.partition(".")
    own = headings(f"postgres/{file}")
    return _VALUE.sub(_rewritten, (own.get(heading) or headings(file)[heading]).replace("%", "%%"))


def _rewritten(found: re.Match[str]) -> str:
    kept, value, place = found.groups()
    if value:
        return f"%({value})s"
    return "%s" if place else str(kept)

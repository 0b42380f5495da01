"""Reading JSON that anybody may have sent."""

from typing import Any

import msgspec

MAX_DEPTH = 32


def read_object(text: str) -> dict[str, Any]:
    """The JSON object of a text.

    Raises:
        ValueError: it is no JSON, no object, or nested deeper than 32 levels.
    """
    try:
        value = _OBJECT.decode(text)
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if _is_deeper(value, MAX_DEPTH):
        raise ValueError(_TOO_DEEP)
    return value


_OBJECT = msgspec.json.Decoder(dict[str, Any])
_TOO_DEEP = f"it is nested deeper than {MAX_DEPTH} levels"


def _is_deeper(value: Any, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return inner is not None and (levels == 0 or any(_is_deeper(each, levels - 1) for each in inner))

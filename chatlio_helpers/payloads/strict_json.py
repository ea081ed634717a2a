"""JSON as the platform will read it: strict, with words for what is wrong.

Python's own parser takes more than JSON allows (NaN, half of a surrogate pair, a repeated key). What no valid JSON
text can carry is refused here; what is merely odd is noted.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

DEEPEST = 100  # levels; the documented payloads have three
_HALF = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """The text is not JSON that could be sent on; the message says why, without any of the text itself."""


def decoded(raw: bytes) -> tuple[str, list[str]]:
    """Give the text of *raw* and notes on its encoding (UTF-8, UTF-16 or UTF-32, with or without byte order mark)."""
    if not raw.strip():
        raise NotJson("empty")
    encoding = json.detect_encoding(raw)
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise NotJson(f"not {encoding.upper()} text (byte {error.start})") from error
    if encoding == "utf-8":
        return text, []
    return text, ["starts with a byte order mark" if encoding == "utf-8-sig" else f"encoded as {encoding.upper()}"]


def parsed(text: str) -> tuple[Any, list[str]]:
    """Give the value of *text* and notes on it; raises :class:`NotJson`."""
    notes: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) < len(found):
            notes.append("a key stands twice in one object; the last one counts")
        return made

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_constant, parse_float=_number)
    except json.JSONDecodeError as error:
        raise NotJson(f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from error
    except RecursionError as error:
        raise NotJson("nested too deeply") from error
    except NotJson:
        raise
    except ValueError as error:  # a whole number with thousands of digits
        raise NotJson("a number is too long") from error
    _walk(value)
    return value, sorted(set(notes))


def _no_constant(name: str) -> Any:
    raise NotJson(f"{name} is not JSON")


def _number(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise NotJson("a number is too large")
    return value


def _walk(value: Any) -> None:
    level = [value]
    for _ in range(DEEPEST):
        texts = [one for one in level if isinstance(one, str)]
        texts += [key for one in level if isinstance(one, dict) for key in one]
        if any(_HALF.search(text) for text in texts):
            raise NotJson("half of a surrogate pair: no text encoding can carry it")
        level = [inner for one in level if isinstance(one, dict | list) for inner in _inside(one)]
        if not level:
            return
    raise NotJson(f"nested more than {DEEPEST} levels deep")


def _inside(one: dict[str, Any] | list[Any]) -> list[Any]:
    return list(one.values()) if isinstance(one, dict) else one

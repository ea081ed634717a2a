"""A sample record of a schema: always the same one, and one that the platform's own validation lets pass.

The values look like those that Adobe prints (``string``, ``/uri-reference``, ``2018-11-12T20:20:39+00:00``). For each
field the first value is taken that is valid there: what the schema itself proposes, then the usual one, then what its
pattern and bounds leave open. A field for which nothing is found is left out, unless it is required.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from ..xdm.validation import Validator
from . import pattern_samples

_TEXTS = {
    "date-time": "2018-11-12T20:20:39+00:00", "date": "2018-01-12", "uri-reference": "/uri-reference",
    "uri": "https://ns.adobe.com/xdm/common/uri", "email": "john.smith@abc.com", "time": "20:20:39",
    "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "hostname": "example.com",
}  # fmt: skip
_NUMBER, _LETTER, _KEY = 4862, "a", "key"
_REPEATS = (0, 1, 2, 4, 8, 16, 32, 64)
Schema = dict[str, Any]


class NoSample(ValueError):
    """A required field has no value that its schema lets pass; says which."""


def record(schema: Schema) -> dict[str, Any]:
    """Give a record for a resolved *schema*; raises NoSample."""
    found = _object(schema, "")
    wrong = Validator(schema).violations(found)
    if wrong:
        raise NoSample(f"{wrong[0]['pointerToViolation']}: {wrong[0]['message']}")
    return found


def _object(schema: Schema, path: str) -> dict[str, Any]:
    required = schema.get("required", ())
    result: dict[str, Any] = {}
    for name, field in schema.get("properties", {}).items():
        where = f"{path}/{name}"
        try:
            result[name] = _value(field, where)
        except NoSample:
            if name in required:
                raise
    return result


def _value(field: Schema, path: str) -> Any:
    check = Validator(field)
    for candidate in _candidates(field, path):
        if not check.violations(candidate):
            return candidate
    raise NoSample(f"No valid value was found for {path}.")


def _candidates(field: Schema, path: str) -> Iterator[Any]:
    examples, allowed = field.get("examples"), field.get("enum")
    yield from allowed if isinstance(allowed, list) else ()
    if "default" in field:
        yield field["default"]
    yield from examples if isinstance(examples, list) else ()
    yield from field["meta:enum"] if isinstance(field.get("meta:enum"), dict) else ()
    kind = field.get("type")
    if kind == "string":
        yield from _texts(field)
    elif kind in ("integer", "number"):
        yield from _numbers(field, whole=kind == "integer")
    elif kind == "boolean":
        yield False
    elif kind == "array":
        yield _array(field, path)
    elif kind == "object" or "properties" in field:
        yield _map(field, path) if isinstance(field.get("additionalProperties"), dict) else _object(field, path)
    else:
        yield "string"


def _texts(field: Schema) -> Iterator[str]:
    usual = _TEXTS.get(str(field.get("format")), "string")
    yield usual
    if isinstance(field.get("pattern"), str):
        for repeats in _REPEATS:
            try:
                yield pattern_samples.sample(field["pattern"], repeats)
            except pattern_samples.NoSample:
                continue
    least, most = _length(field, "minLength", 0), _length(field, "maxLength", 10_000)
    yield usual[:most]
    yield usual.ljust(min(least, 10_000), _LETTER)


def _length(field: Schema, name: str, default: int) -> int:
    value = field.get(name)
    return max(0, int(value)) if isinstance(value, int | float) and math.isfinite(value) else default


def _numbers(field: Schema, *, whole: bool) -> Iterator[int | float]:
    bounds = [field.get(name) for name in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")]
    known = [one for one in bounds if isinstance(one, int | float) and not isinstance(one, bool) and math.isfinite(one)]
    middle = (min(known) + max(known)) / 2 if known else 0.0
    steps = [_NUMBER, *known, middle, *(one + 1 for one in known), *(one - 1 for one in known)]
    for step in steps:
        yield from (math.floor(step), math.ceil(step)) if whole else (float(step), step)


def _array(field: Schema, path: str) -> list[Any]:
    items = field.get("items")
    if not isinstance(items, dict):
        return []
    return [_value(items, f"{path}/0")] * min(max(1, _length(field, "minItems", 1)), 1000)


def _map(field: Schema, path: str) -> dict[str, Any]:
    return {**_object(field, path), _KEY: _value(field["additionalProperties"], f"{path}/{_KEY}")}

"""Batch ingestion's conversions: a value of another type than its field becomes one of the field's type.

Documented (the table of conversions in the batch ingestion guide): texts and numbers into each other, whole numbers
(epoch milliseconds) into dates and date-times; truth values and arrays into nothing else. A null counts as missing
(documented with the error of a required field). What cannot be converted stays as it is, and the validation names it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from ..xdm.validation_rules import is_date, is_date_time
from ..xdm.xdm_shapes import Schema, merged

Coerce = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE = re.compile(r"[+-]?\d{1,19}", re.ASCII)


def coercion(schema: Schema) -> Coerce:
    """Give a function that makes a copy of a value with every part converted where that is possible."""
    whole = merged(schema)
    kind = whole.get("type")
    if kind == "object" or "properties" in whole:
        return _object(whole)
    if kind == "array":
        return _array(whole.get("items"))
    if kind == "string":
        return _TEXTS.get(str(whole.get("format")), _text)
    return {"integer": _integer, "number": _number}.get(str(kind), _same)


def _object(schema: Schema) -> Coerce:
    fields = {name: coercion(node) for name, node in (schema.get("properties") or {}).items()}
    free = schema.get("additionalProperties")
    other = coercion(free) if isinstance(free, dict) else _same

    def coerce(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: fields.get(name, other)(one) for name, one in value.items() if one is not None}

    return coerce


def _array(items: Any) -> Coerce:
    inner = coercion(items) if isinstance(items, dict) else _same
    return lambda value: [inner(one) for one in value] if isinstance(value, list) else value


def _same(value: Any) -> Any:
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: Any) -> Any:
    return str(value) if _is_number(value) else value


def _integer(value: Any) -> Any:
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and math.isfinite(value) and value.is_integer():
        return int(value)
    return value


def _number(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        number = float(value)
    except ValueError:
        return value
    return number if math.isfinite(number) else value


def _date_time(value: Any) -> Any:
    moment = _moment(value)
    return value if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _date(value: Any) -> Any:
    if isinstance(value, str) and not is_date(value) and is_date_time(value):
        return value[:10]
    moment = _moment(value)
    return value if moment is None else moment.date().isoformat()


def _moment(value: Any) -> datetime | None:
    """Give what a whole number of milliseconds, or a text of nothing but digits, means; None for other values."""
    milliseconds = _integer(value) if isinstance(value, str) else value
    if type(milliseconds) is not int:
        return None
    try:
        return _EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


_TEXTS: dict[str, Coerce] = {"date-time": _date_time, "date": _date}

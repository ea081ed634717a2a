"""The rules behind ``validation``: each part of a schema becomes a function ``value -> violations or None``."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from regex import error as NotAPattern

from ..prep import java_regex
from .xdm_shapes import Schema, merged


@dataclass
class Found:
    """A violation; ``pointer`` grows from the value outwards while it is handed up."""

    location: str
    keyword: str
    message: str
    pointer: list[str] = field(default_factory=list)


Check = Callable[[Any], list[Found] | None]
Rule = Callable[[Any], tuple[str, str] | None]  # keyword and message

_JAVA: Final = ((bool, "Boolean"), (str, "String"), (int, "Long"), (float, "Double"), (dict, "JSONObject"),
                (list, "JSONArray"))  # fmt: skip
_TYPES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "string": ("String", lambda value: isinstance(value, str)),
    "integer": ("Integer", lambda value: type(value) is int),
    "number": ("Number", lambda value: type(value) is int or type(value) is float),
    "boolean": ("Boolean", lambda value: isinstance(value, bool)),
    "object": ("JSONObject", lambda value: isinstance(value, dict)),
    "array": ("JSONArray", lambda value: isinstance(value, list)),
    "null": ("Null", lambda value: value is None),
}


def java_name(value: Any) -> str:
    """The type of a value as the validator names it."""
    return next((name for kind, name in _JAVA if isinstance(value, kind)), "Null")


def compile_schema(schema: Schema, location: str) -> Check:
    """The check of one schema; ``location`` is its place in the whole schema."""
    whole = merged(schema)
    names = whole.get("type")
    types = [names] if isinstance(names, str) else list(names or ())
    if not types and "properties" in whole:
        types = ["object"]
    right = _type_rule([name for name in types if name in _TYPES])
    rules = _rules(whole)
    inner = _inner(whole, types, location)

    def check(value: Any) -> list[Found] | None:
        wrong = right(value) if right else None
        if wrong:
            return [Found(location, *wrong)]
        found = [Found(location, *broken) for rule in rules if (broken := rule(value))]
        return [*found, *(inner(value) or ())] if inner else found or None

    def check_inner(value: Any) -> list[Found] | None:
        wrong = right(value) if right else None
        return [Found(location, *wrong)] if wrong else inner(value)  # type: ignore[misc]

    def check_type(value: Any) -> list[Found] | None:
        wrong = right(value) if right else None
        return [Found(location, *wrong)] if wrong else None

    return check if rules else check_inner if inner else check_type


def _type_rule(names: list[str]) -> Rule | None:
    if not names:
        return None
    expected = " or ".join(_TYPES[name][0] for name in names)
    tests = [_TYPES[name][1] for name in names]
    only = tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)

    def rule(value: Any) -> tuple[str, str] | None:
        return None if only(value) else ("type", f"expected type: {expected}, found: {java_name(value)}")

    return rule


def _inner(schema: Schema, types: list[str], location: str) -> Check | None:
    if "object" in types:
        return _object_check(schema, location)
    if "array" in types:
        return _array_check(schema, location)
    return None


def _object_check(schema: Schema, location: str) -> Check | None:
    properties = schema.get("properties") or {}
    more = schema.get("additionalProperties", not properties)  # assumed: an object without fields is free
    required = [name for name in schema.get("required", ()) if isinstance(name, str)]
    if not properties and not required and more is True:
        return None
    checks = {name: compile_schema(child, f"{location}/properties/{name}") for name, child in properties.items()}
    other = compile_schema(more, f"{location}/additionalProperties") if isinstance(more, Mapping) else None
    closed = more is False
    ready = {name: _ready(child) for name, child in properties.items()}

    def check(value: dict[str, Any]) -> list[Found] | None:
        found: list[Found] = []
        for name in required:
            if name not in value:
                found.append(Found(location, "required", f"required key [{name}] not found"))
        for name, child in value.items():
            if type(child) is ready.get(name):
                continue
            rule = checks.get(name, other)
            if rule is not None:
                inside = rule(child)
                if inside:
                    found += _under(str(name), inside)
            elif closed:
                words = f"extraneous key [{name}] is not permitted"
                found.append(Found(location, "additionalProperties", words))
        return found or None

    return check


_READY: Final = {"string": str, "integer": int, "number": float, "boolean": bool}


def _ready(schema: Schema) -> type | None:
    """The Python type whose values are all valid, so that no check need be called; None when there is no such type."""
    whole = merged(schema)
    name = whole.get("type")
    return _READY.get(name) if isinstance(name, str) and not _rules(whole) else None


def _array_check(schema: Schema, location: str) -> Check | None:
    items = schema.get("items")
    if not isinstance(items, Mapping):
        return None
    rule = compile_schema(items, f"{location}/items")

    def check(value: list[Any]) -> list[Found] | None:
        found: list[Found] = []
        for index, child in enumerate(value):
            inside = rule(child)
            if inside:
                found += _under(str(index), inside)
        return found or None

    return check


def _under(step: str, found: list[Found]) -> list[Found]:
    escaped = step.replace("~", "~0").replace("/", "~1")  # JSON Pointer
    for one in found:
        one.pointer.append(escaped)
    return found


def _rules(schema: Schema) -> list[Rule]:
    return [make(schema[keyword]) for keyword, make in _KEYWORDS.items() if schema.get(keyword) is not None]


def _enum(allowed: list[Any]) -> Rule:
    def rule(value: Any) -> tuple[str, str] | None:
        if any(value == one and type(value) is type(one) for one in allowed):
            return None
        return "enum", f"{_shown(value)} is not a valid enum value"

    return rule


def _pattern(pattern: str) -> Rule:
    try:
        java_regex.compiled(pattern)
    except NotAPattern as problem:
        words = f"the schema's pattern {pattern} cannot be read: {problem}"
        return lambda _value: ("pattern", words)

    def rule(value: Any) -> tuple[str, str] | None:
        try:
            if not isinstance(value, str) or java_regex.search(pattern, value):
                return None
        except java_regex.SlowPattern as problem:
            return "pattern", f"string [{_shown(value)}] could not be held against pattern {pattern}: {problem}"
        return "pattern", f"string [{_shown(value)}] does not match pattern {pattern}"

    return rule


def _length(keyword: str, bound: int, fits: Callable[[int], bool]) -> Rule:
    def rule(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, str) or fits(len(value)):
            return None
        return keyword, f"expected {keyword}: {bound}, actual: {len(value)}"

    return rule


def _bound(keyword: str, bound: float, fits: Callable[[float], bool], words: str) -> Rule:
    def rule(value: Any) -> tuple[str, str] | None:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or fits(value):
            return None
        return keyword, f"{_shown(value)} is not {words} {bound}"

    return rule


def _count(keyword: str, bound: int, fits: Callable[[int], bool], words: str) -> Rule:
    def rule(value: Any) -> tuple[str, str] | None:
        if not isinstance(value, list) or fits(len(value)):
            return None
        return keyword, f"expected {words} item count: {bound}, found: {len(value)}"

    return rule


# Documented (ingestion/quality/streaming-validation.md): seconds always, one to nine fraction digits, Z or an offset.
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d{1,9})?(?:Z|[+-](\d\d):(\d\d))\Z", re.A)
_DATE = re.compile(r"\d{4}-\d\d-\d\d\Z", re.A)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]*\Z")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\Z")


def is_date_time(text: str) -> bool:
    """Whether a text is one of the documented date-time forms and a day and time that exist."""
    found = _DATE_TIME.match(text)
    if not found:
        return False
    day, hour, minute, second, zone_hour, zone_minute = found.groups()
    in_range = int(hour) < 24 and int(minute) < 60 and int(second) < 60
    return in_range and int(zone_hour or 0) <= 18 and int(zone_minute or 0) < 60 and is_date(day)


def is_date(text: str) -> bool:
    """Whether a text is a day that exists, as ``yyyy-MM-dd``."""
    if not _DATE.match(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_FORMATS: Final[dict[str, tuple[Callable[[str], bool], str]]] = {
    "date-time": (is_date_time, "is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ, "
                                "yyyy-MM-dd'T'HH:mm:ss.[0-9]{1,9}Z]"),
    "date": (is_date, "is not a valid date. Expected [yyyy-MM-dd]"),
    "uri": (lambda text: bool(_URI.match(text)), "is not a valid URI"),
    "uri-reference": (lambda text: not re.search(r"\s", text), "is not a valid URI reference"),
    "email": (lambda text: bool(_EMAIL.match(text)), "is not a valid email address"),
}  # fmt: skip


def _format(name: str) -> Rule:
    known = _FORMATS.get(name)
    if known is None:
        return lambda _value: None
    valid, words = known

    def rule(value: Any) -> tuple[str, str] | None:
        return None if not isinstance(value, str) or valid(value) else ("format", f"[{_shown(value)}] {words}")

    return rule


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) and value.bit_length() > 1400:
        return "a very large number"
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else text[:197] + "..."


_KEYWORDS: Final[dict[str, Callable[[Any], Rule]]] = {
    "enum": _enum,
    "format": _format,
    "pattern": _pattern,
    "minLength": lambda bound: _length("minLength", bound, lambda size: size >= bound),
    "maxLength": lambda bound: _length("maxLength", bound, lambda size: size <= bound),
    "minimum": lambda bound: _bound("minimum", bound, lambda value: value >= bound, "greater or equal to"),
    "maximum": lambda bound: _bound("maximum", bound, lambda value: value <= bound, "less or equal to"),
    "exclusiveMinimum": lambda bound: _bound("exclusiveMinimum", bound, lambda value: value > bound, "greater than"),
    "exclusiveMaximum": lambda bound: _bound("exclusiveMaximum", bound, lambda value: value < bound, "less than"),
    "minItems": lambda bound: _count("minItems", bound, lambda size: size >= bound, "minimum"),
    "maxItems": lambda bound: _count("maxItems", bound, lambda size: size <= bound, "maximum"),
}

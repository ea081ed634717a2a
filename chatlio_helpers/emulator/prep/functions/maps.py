"""Map functions (documented on the functions page; an older page says that maps are not supported)."""

from __future__ import annotations

from typing import Any

from ..expression_errors import EvaluationError
from .objects import paired
from .registry import category
from .values import array, mapping, text

function = category("Hierarchies - Map")


def _keys(key: Any) -> list[str]:
    return [text(one) for one in (key if isinstance(key, list) else [key]) if one is not None]


@function("map_get_values", "Object", "The value of a key, or the distinct values of several keys.",
          ("Map map: the map", "Object key: a key or an array of keys"),
          'map_get_values({"a": "x", "b": "x", "c": "y"}, ["a", "b", "c"])', '["x","y"]')  # fmt: skip
def map_get_values(source: dict[str, Any], key: Any) -> Any:
    """One value for one key, a list without repeats for several."""
    if not isinstance(key, list):
        return source.get(text(key)) if key is not None else None
    values: list[Any] = []
    for name in _keys(key):
        if name in source and source[name] not in values:
            values.append(source[name])
    return values


@function("map_has_keys", "Boolean", "Whether the map has the key, or at least one of several keys.",
          ("Map map: the map", "Object key: a key or an array of keys"),
          'map_has_keys({"a": 1}, ["z", "a"])', "true")  # fmt: skip
def map_has_keys(source: dict[str, Any], key: Any) -> bool:
    """True at the first hit."""
    return any(name in source for name in _keys(key))


@function("add_to_map", "Map", "Maps put together; the first value of a key wins.",
          ("Map map: the first map", "Map maps...: the other maps"),
          'add_to_map({"a": 1}, {"a": 2, "b": 3})', '{"a":1,"b":3}')  # fmt: skip
def add_to_map(source: dict[str, Any], *others: dict[str, Any] | None) -> dict[str, Any]:
    """Merge."""
    merged: dict[str, Any] = {}
    for one in reversed((source, *others)):
        merged = {**(one or {}), **{k: v for k, v in merged.items() if k not in (one or {})}}
    return merged


@function("object_to_map", "Map", "A map from keys and values, from an object, or from objects and the key field.",
          ("Object input...: key, value ...; an object; or an array of objects and the name of a field",),
          'object_to_map("firstName", "John", "lastName", "Doe")', '{"firstName":"John","lastName":"Doe"}')  # fmt: skip
def object_to_map(*arguments: Any) -> dict[str, Any] | None:
    """The three documented forms; null for null."""
    if not arguments or arguments[0] is None:
        return None
    if len(arguments) == 1:
        return dict(mapping(arguments[0]))
    if len(arguments) == 2 and isinstance(arguments[0], list):
        return array_to_map(arguments[0], text(arguments[1]))
    return paired(arguments, "object_to_map")


@function("array_to_map", "Map", "A map of objects, keyed by one of their fields.",
          ("Array objects: array of objects", "String key: the field"),
          'array_to_map([{"id": "a", "n": 1}], "id")', '{"a":{"id":"a","n":1}}')  # fmt: skip
def array_to_map(objects: list[Any], key: str) -> dict[str, Any]:
    """Objects by a field; objects without it are left out (assumed)."""
    owners = [mapping(one) for one in array(objects)]
    return {text(one[key]): one for one in owners if one.get(key) is not None}


@function("to_map", "Map", "A map from keys and values.", ("Object input...: key, value, key, value ...",),
          'to_map("firstName", "John", "lastName", "Doe")', '{"firstName":"John","lastName":"Doe"}')  # fmt: skip
def to_map(*arguments: Any) -> dict[str, Any]:
    """A map."""
    if not arguments:
        raise EvaluationError("to_map() needs a key and a value")
    return paired(arguments, "to_map")

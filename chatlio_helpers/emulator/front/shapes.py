"""Whether a JSON body has the shape that an endpoint reads: what is missing is left to the endpoint, what is of
another type is named here.
"""

from __future__ import annotations

from typing import Any

_WORDS = {dict: "an object", list: "an array", str: "a text", bool: "true or false", int: "a whole number"}
REFERENCE = {"id": str, "contentType": str, "version": (str, int, float)}
EVERY = "*"  # in a shape: the fields of any name


def misfit(value: Any, shape: Any, path: str = "The body") -> str:
    """Say what in *value* is not of *shape*, or give "" when all fits; fields that are null or absent fit everywhere.

    A shape is a type or several, an object ``{name: shape}`` whose other fields are free, or an array ``[shape]``.
    """
    if value is None:
        return ""
    if isinstance(shape, dict):
        return _misfit_object(value, shape, path)
    if isinstance(shape, list):
        if not isinstance(value, list):
            return f"{path} must be an array."
        if None in value:
            return f"{path} must not hold null."
        return next(filter(None, (misfit(one, shape[0], f"{path}[{at}]") for at, one in enumerate(value))), "")
    kinds = shape if isinstance(shape, tuple) else (shape,)
    if isinstance(value, kinds) and not (isinstance(value, bool) and bool not in kinds):
        return ""
    return f"{path} must be {' or '.join(dict.fromkeys(_WORDS.get(kind, 'a number') for kind in kinds))}."


def schema_misfit(node: Any, path: str = "The body") -> str:
    """Say what in *node* cannot be read as a JSON schema, or give "" when all can."""
    if not isinstance(node, dict):
        return f"{path} must be an object."
    empty = [key for key in _SCHEMA_NODE if key in node and node[key] is None]
    found = f"{path}.{empty[0]} must not be null." if empty else misfit(node, _SCHEMA_NODE, path)
    if found:
        return found
    inner = [(f"{path}.{key}.{name}", one) for key in _MAPS for name, one in node.get(key, {}).items()]
    inner += [(f"{path}.allOf[{at}]", one) for at, one in enumerate(node.get("allOf", ()))]
    inner += [(f"{path}.{key}", node[key]) for key in _NODES if isinstance(node.get(key), dict)]
    return next(filter(None, (schema_misfit(one, where) for where, one in inner)), "")


def _misfit_object(value: Any, shape: dict[str, Any], path: str) -> str:
    if not isinstance(value, dict):
        return f"{path} must be an object."
    for name, one in value.items():
        wanted = shape.get(name, shape.get(EVERY))
        if wanted is None or one is None or type(one) is wanted:  # most fields fit so; words cost more than looking
            continue
        found = misfit(one, wanted, f"{path}.{name}")
        if found:
            return found
    return ""


_MAPS = ("properties", "definitions")
_NODES = ("items", "additionalProperties")
_SCHEMA_NODE = {
    "$id": str, "$ref": str, "title": str, "description": str, "type": str, "format": str, "version": str,
    "properties": dict, "definitions": dict, "allOf": [dict], "required": [str], "items": dict,
    "additionalProperties": (dict, bool), "minimum": (int, float), "maximum": (int, float), "meta:immutableTags": [str],
    "meta:extends": list, "meta:registryMetadata": dict,
}  # fmt: skip

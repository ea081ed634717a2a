"""JSON Patch, the three operations that Adobe's services take: ``add``, ``replace``, ``remove``, in any letter case."""

from __future__ import annotations

import copy
import re
from typing import Any

from .depth import writable


class PatchRefused(ValueError):
    """An entry of the patch cannot be carried out; ``operation`` is its op in lower case."""

    def __init__(self, operation: str, why: str) -> None:
        super().__init__(why)
        self.operation = operation


class Unsupported(PatchRefused):
    """The operation is none of the three."""


def patched(document: dict[str, Any], entries: list[Any], *, strict: bool = False) -> dict[str, Any]:
    """Give a patched copy of *document*; raises PatchRefused, and then nothing has changed.

    *strict*: a field that is replaced has to be there, as the standard (RFC 6902) wants it.
    """
    result = copy.deepcopy(document)
    for entry in entries:
        _apply(result, entry, strict)
    if not writable(result):  # each patch may be shallow and put what it adds below what the last one added
        raise PatchRefused("", "the document would be nested too deeply")
    return result


def _apply(document: dict[str, Any], entry: Any, strict: bool) -> None:
    if not isinstance(entry, dict):
        raise PatchRefused("", "each entry of a patch must be an object")
    operation, path = str(entry.get("op", "")).lower(), entry.get("path")
    if not operation:
        raise PatchRefused("", "missing field op")
    if operation not in ("add", "replace", "remove"):
        raise Unsupported(operation, f"unsupported patch operation {operation!r}")
    if not isinstance(path, str) or not path.startswith("/"):
        raise PatchRefused(operation, f"a path must start with a slash; got {path!r}")
    if operation != "remove" and "value" not in entry:
        raise PatchRefused(operation, "missing field value")
    *parents, last = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]
    node: Any = document
    for step in parents:
        node = _child(node, step, operation, path)
    if strict and operation == "replace":
        _child(node, last, operation, path)
    _change(node, last, operation, entry.get("value"), path)


def _change(node: Any, step: str, operation: str, value: Any, path: str) -> None:
    if isinstance(node, dict):
        if operation == "remove":
            _child(node, step, operation, path)
            del node[step]
        else:
            node[step] = value
        return
    if not isinstance(node, list):
        raise PatchRefused(operation, f"there is nothing at {path}")
    if operation == "add" and step in ("-", str(len(node))):
        node.append(value)
        return
    _child(node, step, operation, path)
    if operation == "add":
        node.insert(int(step), value)
    elif operation == "replace":
        node[int(step)] = value
    else:
        del node[int(step)]


def _child(node: Any, step: str, operation: str, path: str) -> Any:
    if isinstance(node, dict) and step in node:
        return node[step]
    if isinstance(node, list) and re.fullmatch(r"[0-9]{1,9}", step) and int(step) < len(node):
        return node[int(step)]
    raise PatchRefused(operation, f"there is nothing at {path}")

"""The flat form of a resource: one entry for each field, named by its whole path.

Observed in Adobe's Python SDK (aepp), which asks for ``xdm-full-flat`` and reads the keys of ``properties`` as paths
with slashes. That objects themselves have no entry, and arrays and maps one, is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def flattened(body: dict[str, Any]) -> dict[str, Any]:
    """Give a resolved resource with its fields side by side, as ``{"person/name": {...}}``."""
    return body | {"properties": dict(_leaves(body.get("properties") or {}, ""))}


def _leaves(properties: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
    for name, field in properties.items():
        inner = field.get("properties") if isinstance(field, dict) else None
        if inner:
            yield from _leaves(inner, f"{before}{name}/")
        else:
            yield before + name, field

"""XDM validation of a record, in the words and shape of Adobe's streaming validator.

The words follow the printed samples and the JSON Schema library for Java that writes such messages (assumed where no
sample is printed). A schema is compiled once; a valid record costs one walk and makes no object.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from .validation_rules import Check, Found, compile_schema
from .xdm_shapes import Schema

__all__ = ["Validator", "violations"]


class Validator:
    """The compiled form of a resolved XDM schema."""

    def __init__(self, schema: Schema) -> None:
        self._check: Check = compile_schema(schema, "#")

    def violations(self, record: Any) -> list[dict[str, Any]]:
        """The entries of ``causingExceptions``, one for each violation; empty when the record is valid."""
        return [_entry(found) for found in self._check(record) or ()]

    def report(self, record: Any) -> dict[str, Any] | None:
        """One entry that holds all violations, as ``_streamingValidation`` prints it; None when there are none."""
        found = self.violations(record)
        if len(found) < 2:
            return found[0] if found else None
        return {
            "schemaLocation": "#",
            "pointerToViolation": "#",
            "causingExceptions": found,
            "message": f"{len(found)} schema violations found",
        }


def _entry(found: Found) -> dict[str, Any]:
    return {
        "schemaLocation": found.location,
        "pointerToViolation": "/".join(["#", *reversed(found.pointer)]),
        "causingExceptions": [],
        "keyword": found.keyword,
        "message": found.message,
    }


def violations(record: Any, schema: Schema) -> list[dict[str, Any]]:
    """As ``Validator(schema).violations(record)``; the compiled schema is kept for the next call."""
    return _validator(orjson.dumps(schema)).violations(record)


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> Validator:
    loaded: Mapping[str, Any] = orjson.loads(schema)
    return Validator(loaded)

"""What batch ingestion does to one row: conversion to the types of the schema, then validation."""

from __future__ import annotations

from typing import Any

from ..landing.pipeline import UNFIT, violation_reason
from ..landing.tally import Reason
from ..xdm.validation import Validator
from .coercion import coercion

MOST_FIELDS = 10_000  # of a row (documented)
MISSING = "INGEST-1555-400"


class Checker:
    """The conversion and validation of a dataset's schema."""

    def __init__(self, schema: dict[str, Any], *, validates: bool) -> None:
        self._coerce, self._validates = coercion(schema), validates
        self._validator = Validator(schema)

    def checked(self, record: dict[str, Any]) -> tuple[dict[str, Any], str, list[Reason]]:
        """Give the converted record, and of a failed one the kind of its errors and why."""
        if _fields(record) > MOST_FIELDS:
            return record, "validation", [Reason(UNFIT, f"The row has more than {MOST_FIELDS} fields.")]
        converted = self._coerce(record)
        violations = self._validator.violations(converted) if self._validates else []
        if not violations:
            return converted, "", []
        kind = "conversion" if any(one["keyword"] == "type" for one in violations) else "validation"
        return record, kind, [_reason(one) for one in violations]


def _reason(violation: dict[str, Any]) -> Reason:
    """Give a violation as a reason; batch ingestion has a code of its own for what is missing (documented)."""
    found = violation_reason(violation)
    return Reason(MISSING, found.message) if violation["keyword"] == "required" else found


def _fields(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_fields, value.values()))
    return sum(map(_fields, value)) if isinstance(value, list) else 0

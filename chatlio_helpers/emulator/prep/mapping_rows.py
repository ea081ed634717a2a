"""One row of a mapping set, read from either vocabulary and compiled.

``sourceType``: ATTRIBUTE or ``text/x.schema-path`` (a path), EXPRESSION or ``text/x.aep-xl``, STATIC (a literal).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from .expression_errors import ExpressionError
from .expressions import Expression, parse
from .paths import Path, parse_path

KINDS: Final = {"ATTRIBUTE": "ATTRIBUTE", "text/x.schema-path": "ATTRIBUTE", "EXPRESSION": "EXPRESSION",
                "text/x.aep-xl": "EXPRESSION", "STATIC": "STATIC"}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """What a mapping says: the kind of its source, the source as written and read, and where the value goes."""

    kind: str
    source: Any
    destination: str
    target: Path
    path: Path | None = None
    expression: Expression | None = None


def source_of(mapping: Mapping[str, Any]) -> Any:
    """The source in either vocabulary."""
    return mapping["source"] if mapping.get("source") is not None else mapping.get("sourceAttribute")


def destination_of(mapping: Mapping[str, Any]) -> str:
    """The destination in either vocabulary."""
    found = mapping.get("destination") or mapping.get("destinationXdmPath") or ""
    return found if isinstance(found, str) else str(found)


def kind_of_source(mapping: Mapping[str, Any]) -> str:
    """ATTRIBUTE, EXPRESSION or STATIC; the legacy body names none, so its source decides (assumed)."""
    named = mapping.get("sourceType")
    if named:
        found = KINDS.get(str(named)) or KINDS.get(str(named).upper())
        if found is None:
            raise ExpressionError(f"{named!r} is not a source type; use ATTRIBUTE, EXPRESSION or STATIC")
        return found
    return "ATTRIBUTE" if _reads_as_path(source_of(mapping)) else "EXPRESSION"


def _reads_as_path(source: Any) -> bool:
    try:
        parse_path(str(source), wrapped=True)
    except ExpressionError:
        return False
    return True


def read(mapping: Mapping[str, Any]) -> Row:
    """Read one mapping; raises ``ExpressionError`` with plain words."""
    destination, source, kind = destination_of(mapping), source_of(mapping), kind_of_source(mapping)
    if not destination.strip():
        raise ExpressionError("The mapping has no destination")
    target = parse_path(destination)
    if kind == "STATIC":
        return Row(kind, source, destination, target)
    if not isinstance(source, str) or not source.strip():
        raise ExpressionError("The mapping has no source")
    if kind == "EXPRESSION":
        return Row(kind, source, destination, target, expression=parse(source))
    return Row(kind, source, destination, target, path=_attribute(source))


def _attribute(source: str) -> Path:
    try:
        return parse_path(source, wrapped=True)
    except ExpressionError as problem:
        try:
            parse(source)
        except ExpressionError:
            raise problem from None
        raise ExpressionError(f"{source!r} is an expression, so its sourceType must be EXPRESSION") from None

"""Try a mapping set on real payloads before anything depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from .. import config
from ..aep import Platform
from ..cards import html_table
from ..connection import Connection
from ..errors import MappingError
from ..events import KINDS
from ..payloads import load
from ..results import Result, check
from ..tables import table
from .blueprint import mapping_body

if TYPE_CHECKING:
    import pandas

STAMPED = 4  # values of a record that do not come from the payload: _id, timestamp, eventType and our own kind


def run(platform: Platform, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Let the platform validate *body* and preview it on the sample payload of *kind*; gives the previewed record.

    Raises MappingError with the platform's words when a row is refused or the preview lacks an id or a time.
    """
    refused = [entry for entry in platform.mappings.validate(dict(body)) if entry.get("status") != "SUCCESS"]
    if refused:
        raise MappingError(
            f"The platform refuses {len(refused)} rows of the mapping for {kind}: {_words(refused[0])}",
            cause="a target path that the schema does not have, or an expression that cannot be parsed",
            next_step="compare `xdm.mapping(kind)` with the schema in the platform",
        )
    answer = platform.mappings.preview(dict(body), sample(kind))
    record = answer.get("data") or {}
    if answer.get("errors") or not record.get("_id") or not record.get("timestamp"):
        raise MappingError(
            f"The mapping for {kind} gives the sample payload no id or no time: {_words(answer)}",
            cause="an expression that works on paper and not on the real payload",
            next_step="read the preview with `aep.mappings.preview(...)` and mend the row",
        )
    return dict(record)


@dataclass(frozen=True)
class Trials:
    """The mapping of each kind, tried by the platform on the payload that Chatlio documents; nothing was stored."""

    rows: tuple[dict[str, Any], ...]

    def check(self) -> Result:
        """Say that every kind gets an id and a time; a mapping that does not was refused while trying."""
        says = f"{len(self.rows)} mappings give their sample payload an id and a time"
        return check("mappings", self.rows, says, found=len(self.rows))

    def __repr__(self) -> str:
        return "\n".join(f"{row['kind']:22}{row['values that arrive']} values" for row in self.rows)

    def _repr_html_(self) -> str:
        return html_table(self.rows, "Mappings tried on the documented payload of each kind")


def try_mappings(connection: Connection, schema_id: str) -> Trials:
    """Try the mapping of every kind; raises MappingError at the first that the platform cannot apply."""
    rows = []
    for kind in KINDS:
        record = run(connection, kind, _body(connection, kind, schema_id))
        stamps = {name: str(record[name]) for name in ("eventType", "timestamp")}
        rows.append({"kind": kind, **stamps, "values that arrive": values_in(record) - STAMPED})
    return Trials(tuple(rows))


def preview(connection: Connection, kind: str, schema_id: str) -> pandas.DataFrame:
    """Let the platform map the documented payload of *kind*: a table of target path and value; nothing is stored."""
    record = run(connection, kind, _body(connection, kind, schema_id))
    return table([{"target": path, "value": value} for path, value in _leaves(record).items()])


def _body(connection: Connection, kind: str, schema_id: str) -> dict[str, Any]:
    return mapping_body(f"{connection.prefix} mapping {kind}", kind, connection.schemas.tenant_id(), schema_id)


def values_in(value: Any) -> int:
    """Count the values of a payload or record that say something: Chatlio writes an empty text for "not known"."""
    return sum(leaf not in (None, "") for leaf in _leaves(value).values())


def _leaves(value: Any, path: str = "") -> dict[str, Any]:
    if isinstance(value, Mapping):
        inner = ((f"{path}.{name}".lstrip("."), part) for name, part in value.items())
    elif isinstance(value, list):
        inner = ((f"{path}[{index}]", part) for index, part in enumerate(value))
    else:
        return {path: value}
    return {leaf: found for name, part in inner for leaf, found in _leaves(part, name).items()}


@cache
def sample(kind: str) -> dict[str, Any]:
    """Give the documented payload of *kind*."""
    return dict(load(config.samples() / f"{kind}.json")[0].payload)


def _words(answer: Mapping[str, Any]) -> str:
    errors = answer.get("errors") or []
    first = errors[0] if isinstance(errors, list) and errors else errors
    return str(first.get("exception", first) if isinstance(first, Mapping) else first)[:300]

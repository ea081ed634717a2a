"""What landed in a dataset and what failed, found by event id; every batch is read once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..errors import PayloadError
from ..events import KINDS
from ..xdm import event_id

if TYPE_CHECKING:
    from ..aep.access import Access
    from ..aep.catalog import Catalog

CLOCKS_APART = 60.0  # seconds that Catalog's clock may be behind the inlet's
_READINGS = 5  # of a batch whose rows do not add up: its files may become visible a moment after it
_LANDED = "success"


@dataclass(frozen=True)
class Landing:
    """A row with an event id: the batch that holds it, and when that batch was complete (epoch seconds)."""

    batch: str
    at: float


class Landings:
    """Rows and failed rows of one dataset, of batches since *since* (epoch seconds), for the events asked about.

    ``landed`` holds the landings of each event (several are duplicates), ``failed`` the reasons, ``reads`` how often
    each batch was read.
    """

    def __init__(self, access: Access, catalog: Catalog, dataset_id: str, events: frozenset[str], since: float) -> None:
        self._access, self._catalog, self._dataset, self._events = access, catalog, dataset_id, events
        self._since = int((since - CLOCKS_APART) * 1000)
        self._finished: set[str] = set()
        self.landed: dict[str, list[Landing]] = {}
        self.failed: dict[str, str] = {}
        self.reads: dict[str, int] = {}

    def look(self) -> None:
        """Read the batches that are complete and were not read before; raises PlatformError and its kin."""
        for batch in self._catalog.batches(self._dataset, createdAfter=self._since):
            if batch["id"] not in self._finished and self._complete(batch):
                self._read(batch)

    def settled(self) -> int:
        """Count the events that landed or failed."""
        return len(self.landed.keys() | self.failed.keys())

    def _complete(self, batch: Mapping[str, Any]) -> bool:
        return batch.get("status") == _LANDED or self._catalog.failed(batch)

    def _read(self, batch: Mapping[str, Any]) -> None:
        name, at = str(batch["id"]), float(batch.get("completed") or batch.get("created") or 0) / 1000
        self.reads[name] = self.reads.get(name, 0) + 1
        rows = [] if self._catalog.failed(batch) else list(self._access.rows(self._dataset, [name]))
        failures = self._access.failed(name) if self._catalog.failed(batch) or _count(batch, "failed") else []
        if len(rows) < _count(batch, "output") and self.reads[name] < _READINGS:
            return  # not all there yet: the next look reads it again
        self._finished.add(name)
        for row in rows:
            if row.get("_id") in self._events:
                self.landed.setdefault(row["_id"], []).append(Landing(name, at))
        for failure in failures:
            for event in self._named(failure):
                self.failed[event] = reason(failure)

    def _named(self, failure: Mapping[str, Any]) -> set[str]:
        """Give the events that a failed record may be: by its ``_id`` when it was mapped, else by its payload."""
        found: set[str] = set()
        for record in _records(failure):
            found.add(str(record.get("_id")))
            found.update(filter(None, (_event_id(kind, record) for kind in KINDS)))
        return found & self._events


_ERRORS = ("_errors", "_mapperWarnings", "_validationErrors", "_streamingValidation")


def reason(failure: Mapping[str, Any]) -> str:
    """Give the errors of a failed record in one line, from any of the forms that Adobe documents."""
    return "; ".join(dict.fromkeys(_messages(failure))) or "the platform gives no reason"


def _messages(value: Any) -> Iterator[str]:
    """Walk the errors of a failed record down to the innermost messages."""
    if isinstance(value, list):
        for inner in value:
            yield from _messages(inner)
    elif isinstance(value, Mapping):
        inner = [value[name] for name in _ERRORS if name in value]
        inner += [value["causingExceptions"]] if value.get("causingExceptions") else []
        if inner:
            yield from _messages(inner)
        elif value.get("message"):
            place = value.get("pointerToViolation") or value.get("code") or ""
            yield " ".join(str(part) for part in (place, value["message"]) if part)


def _records(failure: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Give every form of the record that a failure may carry: itself, its body, its XDM entity, its text."""
    body = failure.get("body")
    corrupt = failure.get("_corrupt_record")
    entity = body.get("xdmEntity") if isinstance(body, Mapping) else None
    for candidate in (failure, _parsed(body), entity, _parsed(corrupt)):
        if isinstance(candidate, Mapping):
            yield candidate


def _parsed(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:  # a record that is no JSON names no event
        return None


def _event_id(kind: str, payload: Mapping[str, Any]) -> str | None:
    try:
        return event_id(kind, payload)
    except PayloadError:  # this kind needs other keys
        return None


def _count(batch: Mapping[str, Any], what: str) -> int:
    return int((batch.get("metrics") or {}).get(f"{what}RecordCount") or 0)

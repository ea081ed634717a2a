"""What dataflows do, as each stands at this moment: for the mapping process, and compiled for answers at once."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from ..collection import envelopes
from ..flowservice import flows
from ..platform import Platform
from ..prep import mappings
from ..registry import composition
from ..state.store import Scope
from .job import Definition
from .pipeline import MAPPING_FAILED, Pipeline, SchemaRef
from .tally import Reason

MOST_KEPT = 256

log = logging.getLogger(__name__)

Key = tuple[str, str, str, int, str, str]  # seat, sandbox, mapping set, its version, schema, dataset of XDM messages


class CannotMap(Exception):
    """The dataflow, its mapping set or its schema is gone, or it has no mapping: no row of it can land."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.reason = Reason(MAPPING_FAILED, why)


@dataclass
class _Kept:
    """What one state of a dataflow came to; compiled when it is first asked for."""

    schema: dict[str, Any]
    definition: Definition
    pipeline: Pipeline | None = None


class Pipelines:
    """Defines what a dataflow does, and keeps the result for as long as mapping set version and schema stay."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, scope: Scope, flow_id: str, dataset_id: str) -> Pipeline:
        """Give the pipeline of a dataflow into a dataset, as both are now; raises CannotMap."""
        kept = self._found(scope, flow_id, dataset_id)
        if kept.pipeline is None:
            kept.pipeline = _compiled(kept.definition)
        return kept.pipeline

    def definition(self, scope: Scope, flow_id: str, dataset_id: str) -> Definition:
        """Give what a dataflow into a dataset does, as both are now; raises CannotMap."""
        return self._found(scope, flow_id, dataset_id).definition

    def _found(self, scope: Scope, flow_id: str, dataset_id: str) -> _Kept:
        reference = _schema_reference(scope, dataset_id)
        id, version, rows = self._mappings(scope, flow_id)
        schema = _resolved(scope, reference.id)
        dataset = dataset_id if rows is None else ""  # which XDM messages must name
        key = (scope.seat, scope.sandbox, id, version, reference.id, dataset)
        with self._lock:
            kept = self._kept.get(key)
            if kept is None or kept.schema != schema:
                kept = self._kept[key] = _Kept(schema, _defined(rows, schema, reference, dataset))
            self._kept.move_to_end(key)
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return kept

    def _mappings(self, scope: Scope, flow_id: str) -> tuple[str, int, list[dict[str, Any]] | None]:
        """Give id, version and rows of the mapping set that the dataflow points to now (no rows: XDM as it is)."""
        flow = flows.current(self._platform, scope, flow_id)
        if flow is None:
            raise CannotMap(f"The dataflow {flow_id} was deleted before its events landed.")
        if envelopes.takes_envelopes(flow):
            return "", 0, None
        params = next((one.get("params", {}) for one in flow.get("transformations") or []), {})
        id, version = str(params.get("mappingId", "")), int(params.get("mappingVersion", 0))
        found = mappings.load(scope, id, version)
        if found is None:
            raise CannotMap(f"The mapping set [{id}] version [{version}] of the dataflow does not exist.")
        return id, version, found["mappings"]


def _defined(
    rows: list[dict[str, Any]] | None, schema: dict[str, Any], reference: SchemaRef, dataset: str
) -> Definition:
    content = orjson.dumps({"mappings": rows, "schema": schema, "ref": tuple(reference), "dataset": dataset})
    return Definition(sha256(content).hexdigest(), content)


def _compiled(definition: Definition) -> Pipeline:
    try:
        return Pipeline.of(orjson.loads(definition.content))
    except Exception as error:
        log.exception("the mapping and the schema of a dataflow could not be compiled")
        raise CannotMap(f"The local platform cannot compile mapping and schema: {error}") from error


def _schema_reference(scope: Scope, dataset_id: str) -> SchemaRef:
    row = scope.get("dataSets", dataset_id)
    reference = (row.body.get("schemaRef") if row else None) or {}
    return SchemaRef(str(reference.get("id", "")), str(reference.get("contentType", "")))


def _resolved(scope: Scope, schema_id: str) -> dict[str, Any]:
    try:
        return composition.resolved(scope, schema_id)
    except (composition.Unresolved, composition.Conflict) as problem:
        raise CannotMap(f"The schema [{schema_id}] of the dataset cannot be resolved: {problem}.") from problem

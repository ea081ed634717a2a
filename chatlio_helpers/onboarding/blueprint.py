"""What should exist: one schema and one dataset for all kinds; four Flow Service and Data Prep objects for each kind.

The blueprint is a list in the order of making. Each entry knows its name and, given the ids of what came before it,
the body of the request that makes it. Ids of specifications: Adobe's Chatlio tutorial (platform facts of the docs).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from .. import xdm

Ids = Mapping[str, str]
Body = dict[str, Any]

PROVIDER = "521eee4d-8cbe-4906-bb48-fb6bd4450033"
CHATLIO_SOURCE_SPEC = {"id": "073127a3-26e3-496c-9d94-9f48fb93fba8", "version": "1.0"}
DATA_LAKE_SPEC = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
STREAMING_FLOW_SPEC = {"id": "e77fde5a-22a8-11ed-861d-0242ac120002", "version": "1.0"}
SCHEMA_CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"

FIELD_GROUP, SCHEMA, DATASET = "fieldgroups", "schemas", "dataSets"
SOURCE, TARGET, MAPPING, FLOW = "sourceConnections", "targetConnections", "mappingSets", "flows"
SHORT = {SOURCE: "source", TARGET: "target", MAPPING: "mapping", FLOW: "dataflow"}


@dataclass(frozen=True)
class Wanted:
    """One object that should exist: ``key`` names it in the ledger, ``resource`` is Adobe's noun."""

    key: str
    resource: str
    name: str
    body: Callable[[Ids], Body]
    kind: str = ""


def blueprint(kinds: Iterable[str], *, prefix: str, tenant: str) -> list[Wanted]:
    """List everything that should exist for *kinds*, in the order of making."""
    wanted = [
        Wanted(FIELD_GROUP, FIELD_GROUP, f"{prefix} fields", partial(_field_group, prefix, tenant)),
        Wanted(SCHEMA, SCHEMA, f"{prefix} events", partial(_schema, prefix)),
        Wanted(DATASET, DATASET, f"{prefix} dataset", partial(_dataset, prefix)),
    ]
    for kind in kinds:
        bodies = {SOURCE: _source, TARGET: _target, MAPPING: partial(_mapping, tenant), FLOW: _flow}
        for resource, body in bodies.items():
            name = f"{prefix} {SHORT[resource]} {kind}"
            wanted.append(Wanted(f"{resource}:{kind}", resource, name, partial(body, name, kind), kind))
    return wanted


def _field_group(prefix: str, tenant: str, _: Ids) -> Body:
    return {
        "title": f"{prefix} fields",
        "description": "Fields of a Chatlio live-chat event.",
        "type": "object",
        "meta:intendedToExtend": [xdm.EXPERIENCE_EVENT],
        "definitions": {"customFields": {"type": "object", "properties": xdm.fields(tenant)}},
        "allOf": [{"$ref": "#/definitions/customFields"}],
    }


def _schema(prefix: str, ids: Ids) -> Body:
    return {
        "title": f"{prefix} events",
        "description": "One Chatlio live-chat event: a transcript, an offline message, a start, a wait, a feedback.",
        "type": "object",
        "allOf": [{"$ref": xdm.EXPERIENCE_EVENT}, {"$ref": ids[FIELD_GROUP]}],
    }


def _schema_ref(ids: Ids) -> dict[str, str]:
    return {"id": ids[SCHEMA], "contentType": SCHEMA_CONTENT_TYPE}


def _dataset(prefix: str, ids: Ids) -> Body:
    return {
        "name": f"{prefix} dataset",
        "description": "Chatlio live-chat events of all kinds.",
        "schemaRef": _schema_ref(ids),
        "fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"},
        "enableErrorDiagnostics": True,
    }


def _source(name: str, kind: str, _: Ids) -> Body:
    return {
        "name": name,
        "description": f"Chatlio webhook: {kind}.",
        "providerId": PROVIDER,
        "connectionSpec": CHATLIO_SOURCE_SPEC,
        "data": {"format": "json"},
    }


def _target(name: str, kind: str, ids: Ids) -> Body:
    return {
        "name": name,
        "description": f"Data lake for the Chatlio webhook: {kind}.",
        "connectionSpec": DATA_LAKE_SPEC,
        # a media type, not a number: that is how Flow Service names the version of a schema here
        "data": {"format": "json", "schema": {"id": ids[SCHEMA], "version": SCHEMA_CONTENT_TYPE}},
        "params": {"dataSetId": ids[DATASET]},
    }


def _mapping(tenant: str, name: str, kind: str, ids: Ids) -> Body:
    return mapping_body(name, kind, tenant, ids[SCHEMA])


def mapping_body(name: str, kind: str, tenant: str, schema_id: str) -> Body:
    """Give the mapping set of *kind* into the schema *schema_id*."""
    reference = {"id": schema_id, "contentType": SCHEMA_CONTENT_TYPE}
    return {"name": name, "outputSchema": {"schemaRef": reference}, "mappings": xdm.mapping_bodies(kind, tenant)}


def _flow(name: str, kind: str, ids: Ids) -> Body:
    return {
        "name": name,
        "description": f"Chatlio webhook {kind} into the data lake.",
        "flowSpec": STREAMING_FLOW_SPEC,
        "sourceConnectionIds": [ids[f"{SOURCE}:{kind}"]],
        "targetConnectionIds": [ids[f"{TARGET}:{kind}"]],
        "transformations": [transformation(ids[f"{MAPPING}:{kind}"], 0)],
    }


def transformation(mapping_id: str, version: int) -> Body:
    """Give the transformation of a flow that uses *version* of a mapping set; its name must be ``Mapping``."""
    return {"name": "Mapping", "params": {"mappingId": mapping_id, "mappingVersion": version}}

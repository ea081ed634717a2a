"""A small chain of all objects, from schema to webhook URL, for the tests of what comes after it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chatlio_helpers.aep import Platform
from chatlio_helpers.secret import Secret

EXPERIENCE_EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
CONTENT_TYPE = "application/vnd.adobe.xed-full+json;version=1"
PROVIDER = "521eee4d-8cbe-4906-bb48-fb6bd4450033"
CHATLIO = {"id": "073127a3-26e3-496c-9d94-9f48fb93fba8", "version": "1.0"}
DATA_LAKE = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
STREAMING = {"id": "e77fde5a-22a8-11ed-861d-0242ac120002", "version": "1.0"}


@dataclass(frozen=True)
class Chain:
    """The ids of everything that was made, and the webhook URL."""

    tenant: str
    field_group: str
    schema: str
    dataset: str
    source: str
    target: str
    mapping: str
    flow: str
    webhook: Secret


def build(platform: Platform, name: str = "chain") -> Chain:
    """Make a whole chain called *name*, and wait until its dataflow is enabled."""
    tenant = platform.schemas.tenant_id()
    group = platform.schemas.create("fieldgroups", field_group(tenant, name))["$id"]
    schema = platform.schemas.create("schemas", schema_body(group, name))["$id"]
    dataset = platform.catalog.create_dataset(dataset_body(schema, name))
    source = platform.flows.create("sourceConnections", source_body(name))["id"]
    target = platform.flows.create("targetConnections", target_body(schema, dataset, name))["id"]
    mapping = platform.mappings.create(mapping_body(tenant, schema, name))["id"]
    flow = platform.flows.create("flows", flow_body(source, target, mapping, name))["id"]
    ready = platform.flows.wait_enabled(flow, timeout=20)
    webhook = Secret(f"{ready['options']['inletUrl']}?x-adobe-flow-id={flow}")
    return Chain(tenant, group, schema, dataset, source, target, mapping, flow, webhook)


def field_group(tenant: str, name: str) -> dict[str, Any]:
    """Give a field group with two texts and a number under the tenant's name."""
    visitor = {"type": "object", "properties": {"email": {"type": "string"}}}
    score = {"type": "integer", "minimum": -2147483648, "maximum": 2147483648}
    fields = {"message": {"title": "Message", "type": "string"}, "visitor": visitor, "score": score}
    return {
        "title": f"{name} fields",
        "description": "Fields of a test.",
        "type": "object",
        "meta:intendedToExtend": [EXPERIENCE_EVENT],
        "definitions": {
            "customFields": {"type": "object", "properties": {f"_{tenant}": {"type": "object", "properties": fields}}}
        },
        "allOf": [{"$ref": "#/definitions/customFields"}],
    }


def schema_body(group: str, name: str) -> dict[str, Any]:
    """Give an ExperienceEvent schema with one field group."""
    parts = [{"$ref": EXPERIENCE_EVENT}, {"$ref": group}]
    return {"title": f"{name} events", "description": "Events of a test.", "type": "object", "allOf": parts}


def dataset_body(schema: str, name: str) -> dict[str, Any]:
    """Give a dataset of *schema*."""
    reference = {"id": schema, "contentType": CONTENT_TYPE}
    return {"name": f"{name} dataset", "schemaRef": reference, "enableErrorDiagnostics": True}


def source_body(name: str) -> dict[str, Any]:
    """Give a Chatlio source connection."""
    return {"name": name, "providerId": PROVIDER, "connectionSpec": CHATLIO, "data": {"format": "json"}}


def target_body(schema: str, dataset: str, name: str) -> dict[str, Any]:
    """Give a target connection to the data lake."""
    data = {"format": "json", "schema": {"id": schema, "version": CONTENT_TYPE}}
    return {"name": name, "connectionSpec": DATA_LAKE, "data": data, "params": {"dataSetId": dataset}}


def mapping_body(tenant: str, schema: str, name: str) -> dict[str, Any]:
    """Give a mapping set that stamps id and time, and copies message, email and score."""
    rows = [
        ("ATTRIBUTE", "id", "_id"),
        ("EXPRESSION", "now()", "timestamp"),
        ("ATTRIBUTE", "message", f"_{tenant}.message"),
        ("ATTRIBUTE", "visitor.email", f"_{tenant}.visitor.email"),
        ("ATTRIBUTE", "score", f"_{tenant}.score"),
    ]
    return {
        "name": name,
        "outputSchema": {"schemaRef": {"id": schema, "contentType": CONTENT_TYPE}},
        "mappings": [{"sourceType": kind, "source": source, "destination": to} for kind, source, to in rows],
    }


def flow_body(source: str, target: str, mapping: str, name: str, version: int = 0) -> dict[str, Any]:
    """Give a streaming dataflow."""
    return {
        "name": name,
        "flowSpec": STREAMING,
        "sourceConnectionIds": [source],
        "targetConnectionIds": [target],
        "transformations": [transformation(mapping, version)],
    }


def transformation(mapping: str, version: int) -> dict[str, Any]:
    """Give the transformation that names a mapping set and its version."""
    return {"name": "Mapping", "params": {"mappingId": mapping, "mappingVersion": version}}

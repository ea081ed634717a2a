"""Requests as Adobe's public Postman collections write them: method, address, headers, query and form of the body.

The collections are those of the repository adobe/experience-platform-postman-samples, folder ``apis``. Taken from them
are facts only: which headers go along (``Content-Type`` on a GET too), slashes at the end, which query parameters a
list has, that a body is one variable. The bodies themselves, the order and the values are ours. Variables stand in
double braces, as there; what an answer keeps for later is named by ``keeps``: variable and where it is in the JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

IMS, SANDBOX, REGISTRY, CATALOG, PREP, FLOW, INGESTION, ACCESS, QUERY = (
    "Identity Management Service", "Sandbox API", "Schema Registry API", "Catalog Service API", "Data Prep API",
    "Flow Service API", "Data Ingestion API", "Data Access API", "Query Service API",
)  # fmt: skip
EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
XED_FULL = "application/vnd.adobe.xed-full+json;version=1"
ACCEPT = {INGESTION: "application/vnd.adobe.xed+json", QUERY: "application/vnd.adobe.xed+json"}
BASES = {
    SANDBOX: "/data/foundation/sandbox-management", REGISTRY: "/data/foundation/schemaregistry",
    CATALOG: "/data/foundation/catalog", PREP: "/data/foundation/conversion", FLOW: "/data/foundation/flowservice",
    INGESTION: "/data/foundation/import", ACCESS: "/data/foundation/export", QUERY: "/data/foundation/query",
}  # fmt: skip


@dataclass(frozen=True)
class PostmanRequest:
    """One request of a collection; *until* holds a variable's name and the value that it must get (asked again)."""

    collection: str
    name: str
    method: str
    path: str
    status: int
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    keeps: dict[str, str] = field(default_factory=dict)
    until: tuple[str, str] | None = None


def lists(**more: str) -> dict[str, str]:
    """Give the query of a list of Flow Service; parameters without a value are left out by the collection's script."""
    return more | {"count": "false"}


REFERENCE = {"id": "{{SCHEMA_ID}}", "contentType": XED_FULL}
FIELDS = {"type": "object", "properties": {"text": {"type": "string"}, "count": {"type": "integer"}}}
GROUP = {
    "title": "Postman fields", "description": "Fields of a chat", "type": "object", "meta:intendedToExtend": [EVENT],
    "definitions": {"chat": {"type": "object", "properties": {"_{{TENANT_ID}}": FIELDS}}},
    "allOf": [{"$ref": "#/definitions/chat"}],
}  # fmt: skip
SCHEMA = {
    "title": "Postman chats", "description": "Chats", "type": "object",
    "allOf": [{"$ref": EVENT}, {"$ref": "{{MIXIN_ID}}"}],
}  # fmt: skip
MAPPING = {
    "outputSchema": {"schemaRef": REFERENCE},
    "mappings": [
        {"sourceType": "ATTRIBUTE", "source": "id", "destination": "_id"},
        {"sourceType": "EXPRESSION", "source": "now()", "destination": "timestamp"},
        {"sourceType": "ATTRIBUTE", "source": "text", "destination": "_{{TENANT_ID}}.text"},
        {"sourceType": "ATTRIBUTE", "source": "count", "destination": "_{{TENANT_ID}}.count"},
    ],
}
HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
BASE = {
    "name": "Postman inlet", "connectionSpec": HTTP_API,
    "auth": {"specName": "Streaming Connection",
             "params": {"sourceId": "postman", "dataType": "raw", "name": "postman"}},
}  # fmt: skip
SOURCE = {
    "name": "Postman in", "baseConnectionId": "{{CONNECTION_ID}}", "connectionSpec": HTTP_API,
    "data": {"format": "json"},
}  # fmt: skip
TARGET = {
    "name": "Postman out", "connectionSpec": {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"},
    "data": {"format": "parquet_xdm", "schema": {"id": "{{SCHEMA_ID}}", "version": XED_FULL}},
    "params": {"dataSetId": "{{DATASET_ID}}"},
}  # fmt: skip
DATAFLOW = {
    "name": "Postman chats", "flowSpec": {"id": "c1a19761-d2c7-4702-b9fa-fe91f0613e81", "version": "1.0"},
    "sourceConnectionIds": ["{{SOURCE_CONNECTION_ID}}"], "targetConnectionIds": ["{{TARGET_CONNECTION_ID}}"],
    "transformations": [{"name": "Mapping", "params": {"mappingId": "{{MAPPING_SET_ID}}", "mappingVersion": 0}}],
}  # fmt: skip
ROW = {"_id": "uploaded", "timestamp": "2026-11-22T10:00:00Z", "_{{TENANT_ID}}": {"text": "up"}}
WORDS = [{"op": "add", "path": "/description", "value": "Words by Postman"}]
XED_ID = {"Accept": "application/vnd.adobe.xed-id+json"}
XED = {"Accept": "application/vnd.adobe.xed+json; version=1"}


JOURNEY: tuple[PostmanRequest, ...] = (
    PostmanRequest(IMS, "Token, version 2, all in the query and an empty body", "POST", "/ims/token/v2", 200,
                   query={"grant_type": "client_credentials", "client_id": "{{API_KEY}}",
                          "client_secret": "{{CLIENT_SECRET}}", "scope": "{{SCOPES}}"},
                   keeps={"ACCESS_TOKEN": "access_token"}),
    PostmanRequest(SANDBOX, "Sandboxes for this user", "GET", "/", 200),
    PostmanRequest(SANDBOX, "All sandboxes", "GET", "/sandboxes", 200, query={"limit": "10", "offset": "0"}),
    PostmanRequest(SANDBOX, "One sandbox", "GET", "/sandboxes/{{SANDBOX_NAME}}", 200),
    PostmanRequest(SANDBOX, "Types of sandboxes", "GET", "/sandboxTypes", 200),
    # Schema Registry
    PostmanRequest(REGISTRY, "Statistics", "GET", "/stats", 200, keeps={"TENANT_ID": "tenantId"}),
    PostmanRequest(REGISTRY, "Mixins as the collection has it, with a plain Accept", "GET", "/tenant/mixins/", 400),
    PostmanRequest(REGISTRY, "Mixins with the Accept of the guide", "GET", "/tenant/mixins/", 200,
                   query={"orderby": "title", "limit": "10"}, headers=XED_ID),
    PostmanRequest(REGISTRY, "Make a mixin", "POST", "/tenant/mixins/", 201, body=GROUP, keeps={"MIXIN_ID": "$id"}),
    PostmanRequest(REGISTRY, "Make a schema", "POST", "/tenant/schemas/", 201, body=SCHEMA,
                   keeps={"SCHEMA_ID": "$id", "SCHEMA_ALT_ID": "meta:altId"}),
    PostmanRequest(REGISTRY, "Schemas", "GET", "/tenant/schemas/", 200, query={"property": "title==Postman chats"},
                   headers=XED_ID),
    PostmanRequest(REGISTRY, "One schema", "GET", "/tenant/schemas/{{SCHEMA_ALT_ID}}", 200, headers=XED),
    PostmanRequest(REGISTRY, "Change a schema", "PATCH", "/tenant/schemas/{{SCHEMA_ALT_ID}}", 200,
                   body=[{"op": "replace", "path": "/description", "value": "Chats by Postman"}]),
    PostmanRequest(REGISTRY, "Make a descriptor", "POST", "/tenant/descriptors", 201,
                   body={"@type": "xdm:alternateDisplayInfo", "xdm:sourceSchema": "{{SCHEMA_ID}}",
                         "xdm:sourceVersion": 1, "xdm:sourceProperty": "/_{{TENANT_ID}}/text",
                         "xdm:title": {"en_us": "Words"}}, keeps={"DESCRIPTOR_ID": "@id"}),
    PostmanRequest(REGISTRY, "One descriptor", "GET", "/tenant/descriptors/{{DESCRIPTOR_ID}}", 200,
                   headers={"Accept": "application/vnd.adobe.xdm+json"}),
    PostmanRequest(REGISTRY, "Sample of a schema", "GET", "/rpc/sampledata/{{SCHEMA_ALT_ID}}", 200, headers=XED),
    # Catalog
    PostmanRequest(CATALOG, "Make a dataset", "POST", "/dataSets", 201,
                   body={"name": "Postman chats", "schemaRef": REFERENCE}, keeps={"DATASET_REFERENCE": "0"}),
    PostmanRequest(CATALOG, "Datasets", "GET", "/dataSets", 200, query={"limit": "10", "name": "Postman chats"}),
    PostmanRequest(CATALOG, "One dataset", "GET", "/dataSets/{{DATASET_ID}}", 200,
                   keeps={"TABLE": "{{DATASET_ID}}|tags|adobe/pqs/table|0"}),
    PostmanRequest(CATALOG, "Change a dataset", "PATCH", "/dataSets/{{DATASET_ID}}", 200,
                   body={"description": "Chats by Postman"}),
    # Data Prep
    PostmanRequest(PREP, "Make a mapping set", "POST", "/mappingSets", 200, body=MAPPING,
                   keeps={"MAPPING_SET_ID": "id"}),
    PostmanRequest(PREP, "Mapping sets", "GET", "/mappingSets", 200, query={"limit": "10", "start": "0"}),
    PostmanRequest(PREP, "One mapping set", "GET", "/mappingSets/{{MAPPING_SET_ID}}", 200),
    PostmanRequest(PREP, "Validate a mapping set", "POST", "/mappingSets/validate", 200, body=MAPPING),
    PostmanRequest(PREP, "Preview a mapping set", "POST", "/mappingSets/preview", 200,
                   body={"data": {"id": "p", "text": "hello", "count": 1}, "mappingSet": MAPPING}),
    PostmanRequest(PREP, "Functions", "GET", "/languages/el/functions", 200),
    # Flow Service
    PostmanRequest(FLOW, "Connection specs", "GET", "/connectionSpecs", 200, query=lists()),
    PostmanRequest(FLOW, "Flow specs", "GET", "/flowSpecs", 200, query=lists()),
    PostmanRequest(FLOW, "Make a connection", "POST", "/connections", 201, body=BASE, keeps={"CONNECTION_ID": "id"}),
    PostmanRequest(FLOW, "One connection", "GET", "/connections/{{CONNECTION_ID}}", 200,
                   keeps={"INLET_ID": "items|0|auth|params|inletId"}),
    PostmanRequest(FLOW, "Test a connection", "GET", "/connections/{{CONNECTION_ID}}/test", 200),
    PostmanRequest(FLOW, "Connections", "GET", "/connections", 200, query=lists(limit="5", orderby="-name")),
    PostmanRequest(FLOW, "Make a source connection", "POST", "/sourceConnections", 201, body=SOURCE,
                   keeps={"SOURCE_CONNECTION_ID": "id"}),
    PostmanRequest(FLOW, "Make a target connection", "POST", "/targetConnections", 201, body=TARGET,
                   keeps={"TARGET_CONNECTION_ID": "id"}),
    PostmanRequest(FLOW, "Make a flow", "POST", "/flows", 201, body=DATAFLOW, keeps={"FLOW_ID": "id"}),
    PostmanRequest(FLOW, "One flow", "GET", "/flows/{{FLOW_ID}}", 200,
                   keeps={"FLOW_STATE": "items|0|state", "ETAG": "items|0|etag"}, until=("FLOW_STATE", "enabled")),
    PostmanRequest(FLOW, "Change a flow as the collection has it, with the etag in the query", "PATCH",
                   "/flows/{{FLOW_ID}}", 400, query={"if-match": "{{ETAG}}"}, body=WORDS),
    PostmanRequest(FLOW, "Change a flow with the etag in a header", "PATCH", "/flows/{{FLOW_ID}}", 200, body=WORDS,
                   headers={"If-Match": "{{ETAG}}"}),
    PostmanRequest(FLOW, "The changed flow", "GET", "/flows/{{FLOW_ID}}", 200,
                   keeps={"FLOW_STATE": "items|0|state"}, until=("FLOW_STATE", "enabled")),
    PostmanRequest(FLOW, "Flows", "GET", "/flows", 200, query=lists(property="state==enabled")),
    # streaming, in the collection of Data Ingestion too
    PostmanRequest("Streaming", "Send a message", "POST", "/collection/{{INLET_ID}}", 200,
                   body={"id": "one", "text": "hello", "count": 1}, headers={"x-adobe-flow-id": "{{FLOW_ID}}"}),
    PostmanRequest("Streaming", "Send messages", "POST", "/collection/batch/{{INLET_ID}}", 207,
                   body={"messages": [{"id": "two", "count": 2}, {"id": "three", "count": "many"}]},
                   headers={"x-adobe-flow-id": "{{FLOW_ID}}"}),
    # what landed
    PostmanRequest(CATALOG, "Batches of success", "GET", "/batches", 200,
                   query={"status": "success", "dataSet": "{{DATASET_ID}}"},
                   keeps={"BATCH_ID": "^", "LANDED": "^|status"}, until=("LANDED", "success")),
    PostmanRequest(CATALOG, "Failed batches", "GET", "/batches", 200,
                   query={"status": "failed", "dataSet": "{{DATASET_ID}}"},
                   keeps={"FAILED_BATCH_ID": "^", "LANDED": "^|status"}, until=("LANDED", "failed")),
    PostmanRequest(CATALOG, "One batch", "GET", "/batches/{{BATCH_ID}}", 200),
    PostmanRequest(CATALOG, "Last batches", "GET", "/lastBatches", 200, query={"dataSetId": "{{DATASET_ID}}"}),
    PostmanRequest(ACCESS, "Files of a batch", "GET", "/batches/{{BATCH_ID}}/files", 200,
                   keeps={"FILE_ID": "data|0|dataSetFileId"}),
    PostmanRequest(ACCESS, "One file", "GET", "/files/{{FILE_ID}}", 200, keeps={"FILE_NAME": "data|0|name"}),
    PostmanRequest(ACCESS, "First bytes of a file", "GET", "/files/{{FILE_ID}}", 206, query={"path": "{{FILE_NAME}}"},
                   headers={"Range": "bytes=0-99"}),
    PostmanRequest(ACCESS, "Failed files of a batch", "GET", "/batches/{{FAILED_BATCH_ID}}/failed", 200),
    PostmanRequest(ACCESS, "Diagnostics of a batch", "GET", "/batches/{{FAILED_BATCH_ID}}/meta", 200,
                   query={"path": "row_errors"}),
    PostmanRequest(FLOW, "Runs", "GET", "/runs", 200, query=lists(property="flowId=={{FLOW_ID}}"),
                   keeps={"RUN_ID": "items|0|id"}),
    PostmanRequest(FLOW, "One run", "GET", "/runs/{{RUN_ID}}", 200),
    # batch ingestion
    PostmanRequest(INGESTION, "Make a batch", "POST", "/batches", 201,
                   body={"datasetId": "{{DATASET_ID}}", "inputFormat": {"format": "json", "isMultiLineJson": True}},
                   keeps={"NEW_BATCH_ID": "id"}),
    PostmanRequest(INGESTION, "Upload a file as the collection has it, as JSON", "PUT",
                   "/batches/{{NEW_BATCH_ID}}/datasets/{{DATASET_ID}}/files/rows.json", 415, body=[ROW]),
    PostmanRequest(INGESTION, "Upload a file with the content type of the guide", "PUT",
                   "/batches/{{NEW_BATCH_ID}}/datasets/{{DATASET_ID}}/files/rows.json", 200, body=[ROW],
                   headers={"Content-Type": "application/octet-stream"}),
    PostmanRequest(INGESTION, "Complete a batch", "POST", "/batches/{{NEW_BATCH_ID}}", 200,
                   query={"action": "COMPLETE"}),
    PostmanRequest(CATALOG, "The completed batch", "GET", "/batches/{{NEW_BATCH_ID}}", 200,
                   keeps={"UPLOADED": "{{NEW_BATCH_ID}}|status"}, until=("UPLOADED", "success")),
    # Query Service
    PostmanRequest(QUERY, "Make a query", "POST", "/queries", 202,
                   body={"dbName": "{{SANDBOX_NAME}}:all", "sql": "SELECT _id FROM {{TABLE}}", "name": "Postman"},
                   keeps={"QUERY_ID": "id"}),
    PostmanRequest(QUERY, "One query", "GET", "/queries/{{QUERY_ID}}", 200, keeps={"QUERY_STATE": "state"},
                   until=("QUERY_STATE", "SUCCESS")),
    PostmanRequest(QUERY, "Queries", "GET", "/queries", 200, query={"orderby": "-created", "limit": "10"}),
    PostmanRequest(QUERY, "Delete a query softly", "PATCH", "/queries/{{QUERY_ID}}", 202, body={"op": "soft_delete"}),
    # the way back
    PostmanRequest(FLOW, "Delete a flow", "DELETE", "/flows/{{FLOW_ID}}", 204),
    PostmanRequest(FLOW, "Delete a source connection", "DELETE", "/sourceConnections/{{SOURCE_CONNECTION_ID}}", 204),
    PostmanRequest(FLOW, "Delete a target connection", "DELETE", "/targetConnections/{{TARGET_CONNECTION_ID}}", 204),
    PostmanRequest(FLOW, "Delete a connection", "DELETE", "/connections/{{CONNECTION_ID}}", 204),
    PostmanRequest(CATALOG, "Delete a dataset", "DELETE", "/dataSets/{{DATASET_ID}}", 200),
    PostmanRequest(REGISTRY, "Delete a descriptor", "DELETE", "/tenant/descriptors/{{DESCRIPTOR_ID}}", 204),
    PostmanRequest(REGISTRY, "Delete a schema", "DELETE", "/tenant/schemas/{{SCHEMA_ALT_ID}}", 204),
)  # fmt: skip

"""Schema Registry's descriptors over HTTP: every documented type, what each needs, lists, replacement."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from running import EXPERIENCE_EVENT, Client

TENANT = "/schemaregistry/tenant"
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
Body = dict[str, Any]


def schema(client: Client, title: str = "Orders") -> Body:
    """Make a schema with fields of several types under the tenant's root, two of them required."""
    fields = {
        "id": {"type": "string"}, "email": {"type": "string"}, "count": {"type": "integer"},
        "at": {"type": "string", "format": "date-time"}, "note": {"type": "string", "format": "date-time"},
    }  # fmt: skip
    root = {"type": "object", "properties": fields, "required": ["id", "at"]}
    body = {
        "title": f"{title} fields", "description": "d", "type": "object",
        "definitions": {"c": {"type": "object", "properties": {f"_{client.tenant}": root}}},
        "allOf": [{"$ref": "#/definitions/c"}],
    }  # fmt: skip
    group = client.made("POST", f"{TENANT}/fieldgroups", body)
    parts = [{"$ref": EXPERIENCE_EVENT}, {"$ref": group["$id"]}]
    body = {"title": title, "description": "d", "type": "object", "allOf": parts}
    return client.made("POST", f"{TENANT}/schemas", body)


def body(client: Client, source: Body, kind: str, name: str = "id", **more: Any) -> Body:
    """Give the body of a descriptor of one of the tenant's fields."""
    return {
        "@type": kind, "xdm:sourceSchema": source["$id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{client.tenant}/{name}", **more,
    }  # fmt: skip


def good(client: Client, source: Body, target: Body) -> dict[str, Body]:
    """Give a good body of each type."""
    to = {"xdm:destinationSchema": target["$id"]}
    found = {
        "xdm:descriptorIdentity": {"xdm:namespace": "Email", "xdm:property": "xdm:code", "xdm:isPrimary": False},
        "xdm:alternateDisplayInfo": {"xdm:title": {"en_us": "Number"}, "meta:enum": {"a": "A"}},
        "xdm:descriptorOneToOne": {**to, "xdm:destinationVersion": 1},
        "xdm:descriptorRelationship": {**to, "xdm:cardinality": "M:1",
                                       "xdm:destinationProperty": f"/_{client.tenant}/email"},
        "xdm:descriptorReferenceIdentity": {"xdm:identityNamespace": "Email"},
        "xdm:descriptorDeprecated": {},
        "xdm:descriptorPrimaryKey": {"xdm:sourceProperty": ["/_id", "/timestamp"]},
        "xdm:descriptorVersion": {},
        "xdm:descriptorTimestamp": {"xdm:sourceProperty": f"/_{client.tenant}/at"},
        "xdm:descriptorLabel": {"xdm:label": ["core/C1"]},
    }  # fmt: skip
    bodies = {kind: body(client, source, kind, **more) for kind, more in found.items()}
    bodies["xdm:descriptorTimeSeriesGranularity"] = {
        "@type": "xdm:descriptorTimeSeriesGranularity", "xdm:sourceSchema": source["$id"], "xdm:sourceVersion": 1,
        "xdm:granularity": "day", "xdm:ianaTimezone": "UTC",
    }  # fmt: skip
    return bodies


def test_every_type_is_made_looked_up_replaced_and_deleted(client: Client) -> None:
    """Each type comes back whole with what the registry adds; a replacement keeps id and time of creation."""
    source, target = schema(client), schema(client, "People")
    for kind, wanted in good(client, source, target).items():
        made = client.made("POST", f"{TENANT}/descriptors", wanted)
        assert wanted.items() <= made.items(), kind
        assert (made["imsOrg"], made["version"], made["meta:containerId"]) == (client.keys["org_id"], "1", "tenant")
        path = f"{TENANT}/descriptors/{made['@id']}"
        assert client.made("GET", path, None) == made
        answer = client.call("PUT", path, {**wanted, "xdm:description": {"en_us": "new"}})
        assert (answer.status_code, answer.json()) == (201, {"@id": made["@id"]})
        changed = client.made("GET", path, None)
        metadata = "meta:registryMetadata"
        assert changed["xdm:description"] == {"en_us": "new"}
        assert changed[metadata]["repo:createdDate"] == made[metadata]["repo:createdDate"]
        assert changed[metadata]["xdm:createdUserId"] == client.keys["tech_id"]
        assert client.call("DELETE", path).status_code == 204
        assert client.call("GET", path).status_code == 404


BAD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("xdm:descriptorIdentity", {"xdm:namespace": None}),
    ("xdm:descriptorIdentity", {"xdm:property": "code"}),
    ("xdm:descriptorIdentity", {"xdm:property": "xdm:id", "xdm:namespace": "Email"}),
    ("xdm:descriptorIdentity", {"xdm:sourceProperty": "/_id/"}),
    ("xdm:descriptorIdentity", {"xdm:sourceProperty": "_id"}),
    ("xdm:descriptorIdentity", {"xdm:sourceProperty": "/properties/_id"}),
    ("xdm:descriptorIdentity", {"xdm:sourceProperty": ["/_id"]}),
    ("xdm:descriptorIdentity", {"xdm:sourceProperty": "/identityMap"}),
    ("xdm:descriptorIdentity", {"xdm:isPrimary": "yes"}),
    ("xdm:descriptorIdentity", {"xdm:sourceVersion": 2}),
    ("xdm:descriptorIdentity", {"xdm:sourceSchema": EXPERIENCE_EVENT}),
    ("xdm:descriptorIdentity", {"xdm:sourceSchema": "https://ns.adobe.com/x/schemas/y"}),
    ("xdm:descriptorIdentity", {"@type": "xdm:descriptorNothing"}),
    ("xdm:descriptorIdentity", {"@type": 1}),
    ("xdm:alternateDisplayInfo", {"xdm:title": None, "meta:enum": None}),
    ("xdm:alternateDisplayInfo", {"xdm:sourceProperty": "/identityMap"}),
    ("xdm:alternateDisplayInfo", {"xdm:title": "Number"}),
    ("xdm:descriptorOneToOne", {"xdm:destinationSchema": None}),
    ("xdm:descriptorOneToOne", {"xdm:destinationSchema": "https://ns.adobe.com/x/schemas/y"}),
    ("xdm:descriptorOneToOne", {"xdm:destinationProperty": "/identityMap"}),
    ("xdm:descriptorRelationship", {"xdm:cardinality": "1:M"}),
    ("xdm:descriptorRelationship", {"xdm:destinationProperty": "/nothing"}),
    ("xdm:descriptorReferenceIdentity", {"xdm:identityNamespace": "Nope"}),
    ("xdm:descriptorReferenceIdentity", {"xdm:identityNamespace": None}),
    ("xdm:descriptorDeprecated", {"xdm:sourceProperty": ["/_id", "/nothing"]}),
    ("xdm:descriptorDeprecated", {"xdm:sourceProperty": []}),
    ("xdm:descriptorDeprecated", {"xdm:sourceProperty": [1]}),
    ("xdm:descriptorPrimaryKey", {"xdm:sourceProperty": None}),
    ("xdm:descriptorVersion", {"xdm:sourceProperty": "/eventType"}),
    ("xdm:descriptorTimestamp", {"xdm:sourceProperty": "/_id"}),
    ("xdm:descriptorTimestamp", {"xdm:sourceProperty": "/identityMap"}),
    ("xdm:descriptorLabel", {"xdm:label": []}),
    ("xdm:descriptorLabel", {"xdm:label": "core/C1"}),
    ("xdm:descriptorTimeSeriesGranularity", {"xdm:granularity": None}),
)


def test_what_a_type_is_refused_for(client: Client) -> None:
    """Each rule of a type is a 400 with words, for a new descriptor and for a replacement."""
    source, target = schema(client), schema(client, "People")
    bodies = good(client, source, target)
    made = {kind: client.made("POST", f"{TENANT}/descriptors", wanted)["@id"] for kind, wanted in bodies.items()}
    for kind, change in BAD:
        wrong = {key: value for key, value in {**bodies[kind], **change}.items() if value is not None}
        for method, path in (("POST", ""), ("PUT", f"/{made[kind]}")):
            answer = client.call(method, f"{TENANT}/descriptors{path}", wrong)
            assert (answer.status_code, len(answer.json()["detail"]) > 20) == (400, True), (kind, change, answer.text)


def test_a_descriptor_finds_its_schema_by_either_id(client: Client) -> None:
    """A schema named by its meta:altId is kept by its $id, so that its primary identity counts."""
    source = schema(client)
    wanted = body(client, source, "xdm:descriptorIdentity", "email", **{
        "xdm:namespace": 6, "xdm:property": "xdm:id", "xdm:isPrimary": True, "xdm:sourceSchema": source["meta:altId"],
    })  # fmt: skip
    assert client.made("POST", f"{TENANT}/descriptors", wanted)["xdm:sourceSchema"] == source["$id"]
    full = client.made("GET", f"{TENANT}/schemas/{source['meta:altId']}", None, headers=FULL)
    assert set(full["properties"][f"_{client.tenant}"]["required"]) == {"id", "at", "email"}
    assert client.call("POST", f"{TENANT}/descriptors", wanted).status_code == 400, "one primary identity at most"


@pytest.mark.parametrize("form", ["xdm-v2-id", "xdm-v2-link", "xdm-v2"])
def test_the_second_forms_page(client: Client, form: str) -> None:
    """The v2 forms give a list with pages, filtered by type and schema; the first forms are grouped by type."""
    source, target = schema(client), schema(client, "People")
    for wanted in good(client, source, target).values():
        client.made("POST", f"{TENANT}/descriptors", wanted)
    headers = {"Accept": f"application/vnd.adobe.{form}+json"}
    found, start = 0, ""
    while start is not None:
        more = f"&start={quote(start)}" if start else ""
        page = client.made("GET", f"{TENANT}/descriptors?orderby=%40type&limit=4{more}", None, headers=headers)
        found += len(page["results"])
        start = page["_page"]["next"]
    assert found == 11
    query = "property=@type==xdm:descriptorIdentity&property=xdm:sourceSchema=="
    only = client.made("GET", f"{TENANT}/descriptors?{query}{source['$id']}", None, headers=headers)["results"]
    assert len(only) == 1
    assert isinstance(only[0], dict if form == "xdm-v2" else str)
    grouped = client.made("GET", f"{TENANT}/descriptors", None, headers={"Accept": "application/vnd.adobe.xdm+json"})
    assert {kind: len(each) for kind, each in grouped.items()} == dict.fromkeys(good(client, source, target), 1)
    nothing = client.made("GET", "/schemaregistry/global/descriptors", None, headers=headers)
    assert nothing["results"] == []
    assert client.call("GET", "/schemaregistry/global/descriptors/abc").status_code == 404


def test_a_deprecated_field_says_so_where_it_is_asked(client: Client) -> None:
    """The deprecating form is resolved and marks fields of a descriptor and of the tenant's own; others do not."""
    source = schema(client)
    client.made("POST", f"{TENANT}/descriptors", body(client, source, "xdm:descriptorDeprecated", **{
        "xdm:sourceProperty": ["/eventMergeId", f"/_{client.tenant}/note"]}))  # fmt: skip
    path = f"{TENANT}/schemas/{source['meta:altId']}"
    marked = {"Accept": "application/vnd.adobe.xed-deprecatefield+json; version=1"}
    found = client.made("GET", path, None, headers=marked)["properties"]
    assert found["eventMergeId"]["meta:status"] == "deprecated"
    assert found[f"_{client.tenant}"]["properties"]["note"]["meta:status"] == "deprecated"
    assert "meta:status" not in found["_id"]
    assert "meta:status" not in client.made("GET", path, None, headers=FULL)["properties"]["eventMergeId"]


def test_the_form_with_descriptors_has_them(client: Client) -> None:
    """xed-full-desc is resolved and has the schema's descriptors; they go with their schema."""
    source, target = schema(client), schema(client, "People")
    made = client.made("POST", f"{TENANT}/descriptors", good(client, source, target)["xdm:alternateDisplayInfo"])
    path = f"{TENANT}/schemas/{source['meta:altId']}"
    headers = {"Accept": "application/vnd.adobe.xed-full-desc+json; version=1"}
    found = client.made("GET", path, None, headers=headers)
    assert found["meta:descriptors"] == [made]
    assert "timestamp" in found["properties"]
    assert client.call("DELETE", path).status_code == 204
    assert client.call("GET", f"{TENANT}/descriptors/{made['@id']}").status_code == 404

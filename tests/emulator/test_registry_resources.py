"""Schema Registry over HTTP: what is made, composed, listed, changed and refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from running import EXPERIENCE_EVENT, Client, make_chain, payload, wait_until

REGISTRY = "/schemaregistry"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
XED = {"Accept": "application/vnd.adobe.xed+json; version=1"}
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
IDS = {"Accept": "application/vnd.adobe.xed-id+json"}


def field_group(client: Client, title: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Make a field group with fields under the tenant's root."""
    own = {"type": "object", "properties": {f"_{client.tenant}": {"type": "object", "properties": fields}}}
    body = {
        "title": title, "description": title, "type": "object", "meta:intendedToExtend": [EXPERIENCE_EVENT],
        "definitions": {"customFields": own}, "allOf": [{"$ref": "#/definitions/customFields"}],
    }  # fmt: skip
    return client.made("POST", f"{REGISTRY}/tenant/fieldgroups", body)


def schema(client: Client, title: str, *parts: str, base: str = EXPERIENCE_EVENT) -> dict[str, Any]:
    """Make a schema of a class and field groups."""
    body = {"title": title, "description": title, "type": "object", "allOf": [{"$ref": id} for id in (base, *parts)]}
    return client.made("POST", f"{REGISTRY}/tenant/schemas", body)


def lookup(client: Client, resource: dict[str, Any], headers: dict[str, str] = FULL, kind: str = "schemas") -> Any:
    """Read one resource by its $id."""
    return client.made("GET", f"{REGISTRY}/tenant/{kind}/{quote(resource['$id'], safe='')}", None, headers=headers)


def code(answer: Any) -> str:
    """Give the code at the end of a refusal's type."""
    body = answer.json()
    assert body["status"] == answer.status_code
    assert body["report"]["detailed-message"] == body["detail"]
    return body["type"].rpartition("/")[2]


def test_stats_name_the_tenant(client: Client) -> None:
    """The statistics give the tenant id without an underscore and count what was made."""
    made = schema(client, "Events")
    stats = client.made("GET", f"{REGISTRY}/stats", None)
    assert (stats["imsOrg"], stats["tenantId"]) == (client.keys["org_id"], client.tenant)
    assert stats["counts"]["schemas"] == 1
    assert stats["recentlyCreatedResources"][0]["$id"] == made["$id"]
    assert stats["classUsage"][0]["$id"] == EXPERIENCE_EVENT


def test_a_schema_is_made_as_the_live_one(client: Client) -> None:
    """The 201 carries ids, class, what is extended, and the registry's metadata."""
    group = field_group(client, "Group", {"message": {"type": "string"}})
    made = schema(client, "Events", group["$id"])
    assert made["$id"].startswith(f"https://ns.adobe.com/{client.tenant}/schemas/")
    assert made["meta:altId"] == f"_{client.tenant}.schemas.{made['$id'].rpartition('/')[2]}"
    assert (made["version"], made["meta:class"], made["meta:containerId"]) == ("1.0", EXPERIENCE_EVENT, "tenant")
    assert {EXPERIENCE_EVENT, "https://ns.adobe.com/xdm/data/time-series", group["$id"]} <= set(made["meta:extends"])
    assert (made["meta:sandboxType"], made["meta:tenantNamespace"]) == ("development", f"_{client.tenant}")
    assert group["meta:resourceType"] == "mixins"
    assert "/mixins/" in group["$id"]


def test_full_form_resolves_everything(client: Client) -> None:
    """xed-full has the class's fields, the identity map's items and the tenant's fields, and no allOf."""
    fields = {
        "message": {"title": "Message", "type": "string"},
        "count": {"type": "integer"},
        "long": {"type": "integer", "minimum": -9007199254740991, "maximum": 9007199254740991},
        "at": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "traits": {"type": "object", "additionalProperties": {"type": "string"}},
    }
    group = field_group(client, "Group", fields)
    full = lookup(client, schema(client, "Events", group["$id"]))
    assert "allOf" not in full
    assert full["required"] == ["_id", "timestamp"]
    assert set(full["properties"]) == {
        "_id", "timestamp", "eventType", "eventMergeId", "producedBy", "identityMap", f"_{client.tenant}",
    }  # fmt: skip
    assert full["properties"]["timestamp"]["format"] == "date-time"
    item = full["properties"]["identityMap"]["additionalProperties"]["items"]
    assert set(item["properties"]) == {"id", "authenticatedState", "primary"}
    own = full["properties"][f"_{client.tenant}"]["properties"]
    types = {name: field["meta:xdmType"] for name, field in own.items()}
    assert types == {
        "message": "string", "count": "int", "long": "long", "at": "date-time", "tags": "array", "traits": "map",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("least", "most", "name"),
    [
        (-9007199254740991, 9007199254740991, "long"), (-9007199254740992, 9007199254740992, "long"),
        (-2147483649, 0, "long"), (-2147483648, 2147483648, "int"), (-2147483648, 2147483647, "int"),
        (0, 32769, "int"), (-32768, 32768, "short"), (-32768, 32767, "short"), (-129, 100, "short"),
        (-128, 128, "byte"), (-128, 127, "byte"), (0, 100, "byte"),
    ],
)  # fmt: skip
def test_the_sizes_of_whole_numbers(client: Client, least: int, most: int, name: str) -> None:
    """The documented bounds of each size, in both forms that the page prints, read back as that size."""
    group = field_group(client, "Group", {"n": {"type": "integer", "minimum": least, "maximum": most}})
    full = lookup(client, schema(client, "Events", group["$id"]))
    field = full["properties"][f"_{client.tenant}"]["properties"]["n"]
    assert (field["meta:xdmType"], field["minimum"], field["maximum"]) == (name, least, most)


def test_a_data_type_is_resolved_in_place(client: Client) -> None:
    """A field that refers to a data type takes over its properties and keeps its own title."""
    body = {"title": "Visitor", "description": "v", "type": "object", "properties": {"email": {"type": "string"}}}
    made = client.made("POST", f"{REGISTRY}/tenant/datatypes", body)
    group = field_group(client, "Group", {"visitor": {"title": "The visitor", "$ref": made["$id"]}})
    full = lookup(client, schema(client, "Events", group["$id"]))
    visitor = full["properties"][f"_{client.tenant}"]["properties"]["visitor"]
    assert visitor["title"] == "The visitor"
    assert set(visitor["properties"]) == {"email"}


def test_profile_has_no_required_fields(client: Client) -> None:
    """A schema of the profile class has the record's and the audit trail's fields and requires none."""
    full = lookup(client, schema(client, "People", base=PROFILE))
    assert {"_id", "_repo", "personID", "createdByBatchID"} <= set(full["properties"])
    assert "required" not in full


@pytest.mark.parametrize("path", ["schemas", "schemas?orderby=title"])
@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/vnd.adobe.xed-id+json; version=1"])
def test_a_wrong_accept_on_a_list(client: Client, path: str, accept: str) -> None:
    """Lists answer XDM-1006-400 to any other Accept header."""
    answer = client.call("GET", f"{REGISTRY}/tenant/{path}", headers={"Accept": accept})
    assert (answer.status_code, code(answer)) == (400, "XDM-1006-400")


def test_accept_on_a_lookup(client: Client) -> None:
    """Lookups answer XDM-1007-400 without a version, 404 for a version that is not, and know six forms."""
    made = schema(client, "Events")
    path = f"{REGISTRY}/tenant/schemas/{made['meta:altId']}"
    for accept in ("application/vnd.adobe.xed-full+json", "*/*", "application/vnd.adobe.xed-id+json;version=1"):
        answer = client.call("GET", path, headers={"Accept": accept})
        assert (answer.status_code, code(answer)) == (400, "XDM-1007-400")
    missing = client.call("GET", path, headers={"Accept": "application/vnd.adobe.xed-full+json; version=2"})
    assert (missing.status_code, code(missing)) == (404, "XDM-1012-404")
    notext = client.made("GET", path, None, headers={"Accept": "application/vnd.adobe.xed-full-notext+json; version=1"})
    assert "title" not in notext
    assert "title" not in notext["properties"]["timestamp"]
    raw = client.made("GET", path, None, headers={"Accept": "application/vnd.adobe.xed+json;version=1"})
    assert raw["allOf"][0]["$ref"] == EXPERIENCE_EVENT


def test_lists_filter_sort_and_page(client: Client) -> None:
    """``start`` is a value of the sort field; ``next`` leads through all pages; ``property`` filters."""
    for letter in "CABED":
        schema(client, f"Events {letter}")
    base = f"{REGISTRY}/tenant/schemas"
    titles, start = [], ""
    while start is not None:
        more = f"&start={quote(start)}" if start else ""
        page = client.made("GET", f"{base}?orderby=-title&limit=2{more}", None, headers=IDS)
        assert set(page["results"][0]) == {"title", "$id", "meta:altId", "version"}
        titles += [one["title"][-1] for one in page["results"]]
        start = page["_page"]["next"]
    assert titles == list("EDCBA")
    one = client.made("GET", f"{base}?property=title==Events B", None, headers=IDS)["results"]
    assert [found["title"] for found in one] == ["Events B"]
    some = client.made("GET", f"{base}?property=title~^Events [AB]$", None, headers=IDS)["results"]
    assert len(some) == 2
    assert client.call("GET", f"{base}?limit=501", headers=IDS).status_code == 400


def test_global_resources_are_read_only(client: Client) -> None:
    """Adobe's classes are listed under ``global``, found by $id and altId, and cannot be changed by ``tenant``."""
    listed = client.made("GET", f"{REGISTRY}/global/classes", None, headers=IDS)["results"]
    assert {one["$id"] for one in listed} == {PROFILE, EXPERIENCE_EVENT}
    for id in (quote(EXPERIENCE_EVENT, safe=""), "_xdm.context.experienceevent"):
        found = client.made("GET", f"{REGISTRY}/global/classes/{id}", None, headers=FULL)
        assert found["required"] == ["_id", "timestamp"]
    assert client.call("DELETE", f"{REGISTRY}/tenant/classes/_xdm.context.experienceevent").status_code == 404
    behaviors = client.made("GET", f"{REGISTRY}/global/behaviors", None, headers=IDS)["results"]
    assert len(behaviors) == 3


def test_titles_are_unique_over_all_kinds(client: Client) -> None:
    """A field group may not have a schema's title, nor a schema another's, also not by a patch."""
    schema(client, "Events")
    other = schema(client, "Other")
    body = {"title": "Events", "type": "object", "meta:intendedToExtend": [EXPERIENCE_EVENT]}
    assert code(client.call("POST", f"{REGISTRY}/tenant/fieldgroups", body)) == "XDM-1521-400"
    patch = [{"op": "replace", "path": "/title", "value": "Events"}]
    answer = client.call("PATCH", f"{REGISTRY}/tenant/schemas/{other['meta:altId']}", patch)
    assert code(answer) == "XDM-1521-400"
    schema(Client(client.server, seat=client.seat, sandbox="prod"), "Events")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"title": None}, "XDM-0000-400"),
        ({"description": None}, "XDM-0000-400"),
        ({"description": ""}, "XDM-0000-400"),
        ({"type": "string"}, "XDM-0000-400"),
        ({"allOf": [{"$ref": "https://ns.adobe.com/xdm/context/nothing"}]}, "XDM-0000-400"),
        ({"allOf": [{"$ref": "https://ns.adobe.com/xdm/context/identitymap"}]}, "XDM-0000-400"),
    ],
)
def test_a_schema_that_cannot_be(client: Client, change: dict, expected: str) -> None:
    """A schema without title or description, of another type, with a dead reference or without a class is refused."""
    body = {"title": "Events", "description": "d", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}], **change}
    answer = client.call("POST", f"{REGISTRY}/tenant/schemas", body)
    assert (answer.status_code, code(answer)) == (400, expected)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("fieldgroups", {}),
        ("fieldgroups", {"properties": {}}),
        ("mixins", {"meta:intendedToExtend": []}),
        ("classes", {}),
        ("classes", {"allOf": [{"$ref": EXPERIENCE_EVENT}]}),
        ("classes", {"allOf": [{"$ref": "https://ns.adobe.com/xdm/context/profile"}]}),
        ("classes", {"allOf": [{"$ref": "https://ns.adobe.com/xdm/context/identitymap"}]}),
    ],
)
def test_a_part_that_lacks_what_it_needs(client: Client, kind: str, body: dict) -> None:
    """A field group must say what it extends or have definitions; a class is made of a behavior, not of a class."""
    answer = client.call("POST", f"{REGISTRY}/tenant/{kind}", {"title": "P", "type": "object", **body})
    assert (answer.status_code, code(answer)) == (400, "XDM-0000-400")


def test_what_a_known_client_leaves_out_is_tolerated(client: Client) -> None:
    """Adobe's SDK sends a class without description, and a field group that has definitions and extends nothing."""
    body = {"title": "C", "type": "object", "allOf": [{"$ref": "https://ns.adobe.com/xdm/data/time-series"}]}
    client.made("POST", f"{REGISTRY}/tenant/classes", body)
    group = {"title": "G", "type": "object", "definitions": {"c": {"type": "object", "properties": {}}}}
    client.made("POST", f"{REGISTRY}/tenant/fieldgroups", group)


def test_fields_outside_the_tenants_root_are_refused(client: Client) -> None:
    """Custom fields stand under the tenant's root."""
    own = {"type": "object", "properties": {"message": {"type": "string"}}}
    body = {"title": "G", "type": "object", "definitions": {"c": own}, "allOf": [{"$ref": "#/definitions/c"}]}
    assert code(client.call("POST", f"{REGISTRY}/tenant/fieldgroups", body)) == "XDM-1021-400"


def test_parts_that_disagree_are_refused(client: Client) -> None:
    """Two field groups that give one path different types cannot be in one schema."""
    one = field_group(client, "One", {"n": {"type": "string"}})
    two = field_group(client, "Two", {"n": {"type": "integer"}, "m": {"type": "string"}})
    body = {"title": "S", "description": "s", "type": "object",
            "allOf": [{"$ref": id} for id in (EXPERIENCE_EVENT, one["$id"], two["$id"])]}  # fmt: skip
    assert code(client.call("POST", f"{REGISTRY}/tenant/schemas", body)) == "XDM-1413-400"


def test_patch_and_put_raise_the_version(client: Client) -> None:
    """Each change raises the minor version and keeps ids and creation time; mixins is another name of fieldgroups."""
    group = field_group(client, "Group", {"n": {"type": "string"}})
    made = schema(client, "Events")
    path = f"{REGISTRY}/tenant/schemas/{made['meta:altId']}"
    patched = client.made("PATCH", path, [{"op": "add", "path": "/allOf/-", "value": {"$ref": group["$id"]}}])
    assert (patched["version"], patched["$id"]) == ("1.1", made["$id"])
    assert f"_{client.tenant}" in lookup(client, made)["properties"]
    body = {"title": "Events", "description": "new", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
    replaced = client.made("PUT", path, body)
    assert (replaced["version"], replaced["description"]) == ("1.2", "new")
    created = "meta:registryMetadata"
    assert replaced[created]["repo:createdDate"] == made[created]["repo:createdDate"]
    assert lookup(client, group, XED, "mixins")["$id"] == group["$id"]


def test_what_is_in_use_is_not_deleted(client: Client) -> None:
    """A field group of a schema and a schema of a dataset stay; afterwards each can be deleted, once."""
    group = field_group(client, "Group", {"n": {"type": "string"}})
    made = schema(client, "Events", group["$id"])
    body = {"name": "d", "schemaRef": {"id": made["$id"], "contentType": "application/vnd.adobe.xed+json;version=1"}}
    dataset = client.made("POST", "/catalog/dataSets", body)[0].removeprefix("@/dataSets/")
    paths = [f"{REGISTRY}/tenant/schemas/{made['meta:altId']}", f"{REGISTRY}/tenant/fieldgroups/{group['meta:altId']}"]
    assert [client.call("DELETE", path).status_code for path in paths] == [400, 400]
    client.made("DELETE", f"/catalog/dataSets/{dataset}", None)
    assert [client.call("DELETE", path).status_code for path in paths] == [204, 204]
    assert [client.call("GET", path, headers=FULL).status_code for path in paths] == [404, 404]
    assert client.call("DELETE", paths[0]).status_code == 404


def test_breaking_changes_end_when_data_has_landed(client: Client) -> None:
    """Before data a field may go; once rows have landed only additions pass."""
    chain = make_chain(client)
    group = client.made("GET", f"{REGISTRY}/tenant/fieldgroups", None, headers=IDS)["results"][0]
    path = f"{REGISTRY}/tenant/fieldgroups/{group['meta:altId']}"
    fields = f"/definitions/customFields/properties/_{client.tenant}/properties"
    client.made("PATCH", path, [{"op": "remove", "path": f"{fields}/plan"}])
    chain.post(payload(1))
    wait_until(lambda: chain.counts() == (1, 0))
    assert client.call("PATCH", path, [{"op": "remove", "path": f"{fields}/text"}]).status_code == 400
    retyped = [{"op": "replace", "path": f"{fields}/count/type", "value": "string"}]
    assert client.call("PATCH", path, retyped).status_code == 400
    client.made("PATCH", path, [{"op": "add", "path": f"{fields}/more", "value": {"type": "string"}}])


def test_an_identity_descriptor_makes_its_field_required(client: Client) -> None:
    """A primary identity is required in the resolved schema; descriptors are listed by type and looked up."""
    group = field_group(client, "Group", {"email": {"type": "string"}})
    made = schema(client, "Events", group["$id"])
    body = {
        "@type": "xdm:descriptorIdentity", "xdm:sourceSchema": made["$id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{client.tenant}/email", "xdm:namespace": "Email", "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
    }  # fmt: skip
    descriptors = f"{REGISTRY}/tenant/descriptors"
    descriptor = client.made("POST", descriptors, body)
    assert lookup(client, made)["properties"][f"_{client.tenant}"]["required"] == ["email"]
    for form, expected in (("xdm-id", descriptor["@id"]), ("xdm-link", f"/tenant/descriptors/{descriptor['@id']}")):
        listed = client.made("GET", descriptors, None, headers={"Accept": f"application/vnd.adobe.{form}+json"})
        assert listed == {"xdm:descriptorIdentity": [expected]}
    assert code(client.call("GET", descriptors, headers={"Accept": "*/*"})) == "XDM-1008-400"
    one = f"{descriptors}/{descriptor['@id']}"
    accept = {"Accept": "application/vnd.adobe.xdm+json"}
    assert client.made("GET", one, None, headers=accept)["xdm:namespace"] == "Email"
    versioned = {"Accept": "application/vnd.adobe.xdm+json; version=1"}
    assert code(client.call("GET", one, headers=versioned)) == "XDM-1009-400"
    assert client.made("GET", one, None)["@id"] == descriptor["@id"], "a look-up needs no Accept header"
    assert client.call("POST", descriptors, body).status_code == 400, "a schema has one primary identity"
    assert code(client.call("POST", descriptors, {**body, "xdm:namespace": "Nope"})) == "XDM-1020-400"
    assert client.call("POST", descriptors, {**body, "xdm:sourceProperty": "/nope"}).status_code == 400
    assert client.call("DELETE", one).status_code == 204
    assert "required" not in lookup(client, made)["properties"][f"_{client.tenant}"]


def test_the_union_needs_an_identity(client: Client) -> None:
    """A schema without identity map or primary identity cannot be enabled for Profile; one with an identity map can."""
    patch = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    people = schema(client, "People", base=PROFILE)
    answer = client.call("PATCH", f"{REGISTRY}/tenant/schemas/{people['meta:altId']}", patch)
    assert code(answer) == "XDM-1528-400"
    events = schema(client, "Events")
    enabled = client.made("PATCH", f"{REGISTRY}/tenant/schemas/{events['meta:altId']}", patch)
    assert enabled["meta:immutableTags"] == ["union"]

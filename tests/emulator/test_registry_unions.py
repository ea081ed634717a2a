"""Schema Registry's unions over HTTP: what is in one, how it is listed and looked up."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from running import EXPERIENCE_EVENT, Client

REGISTRY = "/schemaregistry"
UNIONS = f"{REGISTRY}/tenant/unions"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
IDENTITY_MAP = "https://ns.adobe.com/xdm/context/identitymap"
IDS = {"Accept": "application/vnd.adobe.xed-id+json"}
XED = {"Accept": "application/vnd.adobe.xed+json; version=1"}
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
ENABLE = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]


def group(client: Client, title: str, **fields: str) -> str:
    """Make a field group with fields of these types; gives its id."""
    root = {"type": "object", "properties": {name: {"type": kind} for name, kind in fields.items()}}
    body = {
        "title": title, "description": "d", "type": "object",
        "definitions": {"c": {"type": "object", "properties": {f"_{client.tenant}": root}}},
        "allOf": [{"$ref": "#/definitions/c"}],
    }  # fmt: skip
    return client.made("POST", f"{REGISTRY}/tenant/fieldgroups", body)["$id"]


def enabled(client: Client, title: str, *parts: str, **more: Any) -> dict[str, Any]:
    """Make a schema and enable it."""
    body = {"title": title, "description": "d", "type": "object", "allOf": [{"$ref": id} for id in parts], **more}
    made = client.made("POST", f"{REGISTRY}/tenant/schemas", body)
    if not more:
        return client.made("PATCH", f"{REGISTRY}/tenant/schemas/{made['meta:altId']}", ENABLE)
    return made


def test_there_is_a_union_for_each_class_that_has_an_enabled_schema(client: Client) -> None:
    """Lists have one entry for a class; statistics count them; other sandboxes have none."""
    assert client.made("GET", UNIONS, None, headers=IDS)["results"] == []
    enabled(client, "A", EXPERIENCE_EVENT, group(client, "G", n="string"))
    enabled(client, "B", EXPERIENCE_EVENT)
    enabled(client, "C", PROFILE, IDENTITY_MAP)
    listed = client.made("GET", f"{UNIONS}?orderby=title", None, headers=IDS)["results"]
    assert listed == [
        {"title": "XDM ExperienceEvent", "$id": f"{EXPERIENCE_EVENT}__union",
         "meta:altId": "_xdm.context.experienceevent__union", "version": "1.0"},
        {"title": "XDM Individual Profile", "$id": f"{PROFILE}__union", "meta:altId": "_xdm.context.profile__union",
         "version": "1.0"},
    ]  # fmt: skip
    whole = client.made("GET", UNIONS, None, headers={"Accept": "application/vnd.adobe.xed+json"})["results"]
    assert [one["meta:class"] for one in whole] == [EXPERIENCE_EVENT, PROFILE]
    one = client.made("GET", f"{UNIONS}?property=meta:class=={PROFILE}", None, headers=IDS)["results"]
    assert [each["$id"] for each in one] == [f"{PROFILE}__union"]
    assert client.made("GET", f"{REGISTRY}/stats", None)["counts"]["unions"] == 2
    other = Client(client.server, seat=client.seat, sandbox="prod")
    assert other.made("GET", UNIONS, None, headers=IDS)["results"] == []


@pytest.mark.parametrize("path", ["unions", "schemas"])
@pytest.mark.parametrize("id", [f"{PROFILE}__union", "_xdm.context.profile__union"])
def test_a_union_is_found_by_either_id_among_unions_and_schemas(client: Client, path: str, id: str) -> None:
    """The raw form refers to all parts and names the schemas; the full one has the fields of all."""
    one = enabled(client, "A", PROFILE, IDENTITY_MAP, group(client, "G", n="string"))
    two = enabled(client, "B", PROFILE, IDENTITY_MAP, group(client, "H", m="integer", n="string"))
    url = f"{REGISTRY}/tenant/{path}/{quote(id, safe='')}"
    raw = client.made("GET", url, None, headers=XED)
    assert (raw["meta:resourceType"], raw["meta:class"], raw["meta:containerId"]) == ("unions", PROFILE, "tenant")
    references = [part["$ref"] for part in raw["allOf"] if "$ref" in part]
    assert {PROFILE, IDENTITY_MAP, *(part["$ref"] for part in two["allOf"])} <= set(references)
    assert len(references) == len(set(references))
    assert {one["$id"], two["$id"]} <= set(raw["meta:extends"])
    assert (raw["meta:sandboxType"], raw["imsOrg"]) == ("development", client.keys["org_id"])
    full = client.made("GET", url, None, headers=FULL)
    own = full["properties"][f"_{client.tenant}"]["properties"]
    assert {name: field["type"] for name, field in own.items()} == {"n": "string", "m": "integer"}
    assert {"identityMap", "segmentMembership", "timeSeriesEvents"} <= set(full["properties"])
    bare = client.made("GET", url, None, headers={"Accept": "application/vnd.adobe.xed-full-notext+json; version=1"})
    assert "title" not in bare


def test_a_union_of_a_class_of_the_tenants_own(client: Client) -> None:
    """A class of the tenant's has a union too; schemas with fields of their own are in it whole."""
    record = {"title": "Property", "description": "d", "type": "object", "allOf": [
        {"$ref": "https://ns.adobe.com/xdm/data/record"}, {"$ref": IDENTITY_MAP}]}  # fmt: skip
    own = client.made("POST", f"{REGISTRY}/tenant/classes", record)
    made = enabled(
        client, "Houses", own["$id"], group(client, "G", rooms="integer"), **{"meta:immutableTags": ["union"]}
    )
    found = client.made("GET", f"{UNIONS}/{quote(own['meta:altId'] + '__union')}", None, headers=FULL)
    assert (found["title"], found["$id"]) == ("Property", f"{own['$id']}__union")
    assert set(found["properties"][f"_{client.tenant}"]["properties"]) == {"rooms"}
    assert "timeSeriesEvents" in found["properties"]
    assert made["meta:immutableTags"] == ["union"]


def test_unions_are_read_only(client: Client) -> None:
    """A union is no resource that could be changed or deleted, and a class without enabled schema has none."""
    enabled(client, "A", EXPERIENCE_EVENT)
    url = f"{REGISTRY}/tenant/schemas/_xdm.context.experienceevent__union"
    assert client.call("DELETE", url).status_code == 404
    assert client.call("PATCH", url, ENABLE).status_code == 404
    assert client.call("GET", f"{UNIONS}/_xdm.context.profile__union", headers=FULL).status_code == 404
    assert client.call("GET", f"{UNIONS}/_xdm.context.experienceevent", headers=FULL).status_code == 404


@pytest.mark.parametrize(
    "patch",
    [
        ENABLE,
        [{"op": "add", "path": "/meta:immutableTags-", "value": "union"}],
        [{"op": "Add", "path": "/meta:immutableTags", "value": []},
         {"op": "add", "path": "/meta:immutableTags/-", "value": "union"}],
    ],
)  # fmt: skip
def test_a_schema_is_enabled_in_each_way_that_adobe_prints(client: Client, patch: list[dict[str, Any]]) -> None:
    """The guide's patch, the path of the API description and aepp, and one that adds to a list."""
    body = {"title": "A", "description": "d", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
    made = client.made("POST", f"{REGISTRY}/tenant/schemas", body)
    changed = client.made("PATCH", f"{REGISTRY}/tenant/schemas/{made['meta:altId']}", patch)
    assert (changed["meta:immutableTags"], changed["version"]) == (["union"], "1.1")

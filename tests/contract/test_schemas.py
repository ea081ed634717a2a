"""Schema Registry through the client."""

from __future__ import annotations

import time

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform

from . import chain


def test_the_tenant_id_has_no_underscore(platform: Platform) -> None:
    """Statistics give the tenant id, which becomes the root of our own fields."""
    assert platform.schemas.tenant_id()
    assert not platform.schemas.tenant_id().startswith("_")
    assert platform.schemas.stats()["imsOrg"] == platform.credentials.org_id


def test_a_schema_is_created_found_and_resolved(platform: Platform) -> None:
    """A schema of a class and a field group is found by its title, and its full form has the fields of both."""
    tenant = platform.schemas.tenant_id()
    group = platform.schemas.create("fieldgroups", chain.field_group(tenant, "a"))
    made = platform.schemas.create("schemas", chain.schema_body(group["$id"], "a"))
    assert platform.schemas.find("schemas", "a events") == platform.schemas.get("schemas", made["$id"])
    full = platform.schemas.get("schemas", made["meta:altId"], full=True)
    assert {"_id", "timestamp", f"_{tenant}"} <= full["properties"].keys()
    assert platform.schemas.find("schemas", "no such title") is None


def test_a_title_is_unique(platform: Platform) -> None:
    """A second resource with a taken title is a Conflict, with Adobe's code."""
    body = chain.field_group(platform.schemas.tenant_id(), "a")
    platform.schemas.create("fieldgroups", body)
    with pytest.raises(errors.Conflict) as caught:
        platform.schemas.create("fieldgroups", body)
    assert caught.value.code == "XDM-1521-400"


def test_lists_follow_their_pages(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of several pages is given whole, each resource once."""
    monkeypatch.setattr("chatlio_helpers.aep.schemas._PAGE", 2)
    tenant = platform.schemas.tenant_id()
    for name in "abcde":
        platform.schemas.create("fieldgroups", chain.field_group(tenant, name))
    assert [found["title"] for found in platform.schemas.list("fieldgroups")] == [f"{name} fields" for name in "abcde"]


def test_a_field_group_grows_by_a_patch(platform: Platform) -> None:
    """JSON Patch adds a field, and the version rises."""
    tenant = platform.schemas.tenant_id()
    group = platform.schemas.create("fieldgroups", chain.field_group(tenant, "a"))
    path = f"/definitions/customFields/properties/_{tenant}/properties/colour"
    change = {"op": "add", "path": path, "value": {"title": "Colour", "type": "string"}}
    changed = platform.schemas.patch("fieldgroups", group["$id"], [change])
    assert changed["version"] > group["version"]
    assert "colour" in changed["definitions"]["customFields"]["properties"][f"_{tenant}"]["properties"]


def test_adobes_own_classes_are_global(platform: Platform) -> None:
    """A class of Adobe's is read from the global container."""
    assert platform.schemas.get("classes", chain.EXPERIENCE_EVENT)["$id"] == chain.EXPERIENCE_EVENT


def test_a_deleted_resource_is_not_found(platform: Platform) -> None:
    """After a delete, reading and deleting again both raise NotFound."""
    group = platform.schemas.create("fieldgroups", chain.field_group(platform.schemas.tenant_id(), "a"))
    platform.schemas.delete("fieldgroups", group["$id"])
    for call in (platform.schemas.get, platform.schemas.delete):
        with pytest.raises(errors.NotFound):
            call("fieldgroups", group["$id"])


def test_no_role_means_forbidden(limited: Platform) -> None:
    """An account without a role is told that the permission is missing, and whom to ask."""
    with pytest.raises(errors.Forbidden) as caught:
        limited.schemas.create("fieldgroups", chain.field_group("x", "a"))
    assert "role" in caught.value.next_step
    assert caught.value.exit_code == 3


def test_a_descriptor_is_made_listed_and_deleted(platform: Platform) -> None:
    """An identity descriptor is made for a schema's field, listed, and deleted."""
    tenant = platform.schemas.tenant_id()
    group = platform.schemas.create("fieldgroups", chain.field_group(tenant, "a"))
    schema = platform.schemas.create("schemas", chain.schema_body(group["$id"], "a"))
    body = {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": schema["$id"],
        "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{tenant}/visitor/email",
        "xdm:namespace": "Email",
        "xdm:property": "xdm:code",
        "xdm:isPrimary": False,
    }
    made = platform.schemas.create("descriptors", body)
    assert [found["@id"] for found in platform.schemas.list("descriptors")] == [made["@id"]]
    platform.schemas.delete("descriptors", made["@id"])
    assert platform.schemas.list("descriptors") == []


def test_unions_export_import_sample_and_audit_are_as_described(platform: Platform) -> None:
    """What no step of the journey calls is there for other clients, and its answers are as Adobe describes them."""
    base, call = "/data/foundation/schemaregistry", platform.session.call
    group = platform.schemas.create("fieldgroups", chain.field_group(platform.schemas.tenant_id(), "a"))
    schema = platform.schemas.create("schemas", chain.schema_body(group["$id"], "a"))
    enable = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    platform.schemas.patch("schemas", schema["$id"], enable)
    ids = {"Accept": "application/vnd.adobe.xed-id+json"}
    raw = {"Accept": "application/vnd.adobe.xed+json; version=1"}
    (union,) = call("GET", f"{base}/tenant/unions", headers=ids).json["results"]
    found = call("GET", f"{base}/tenant/unions/{union['meta:altId']}", headers=raw).json
    assert found["meta:class"] == chain.EXPERIENCE_EVENT
    payload = call("GET", f"{base}/rpc/export/{schema['meta:altId']}").json
    assert [one["meta:resourceType"] for one in payload] == ["mixins", "schemas"]
    sample = call("GET", f"{base}/rpc/sampledata/{schema['meta:altId']}", headers=raw).json
    assert set(sample) >= {"_id", "timestamp"}
    log = call("GET", f"{base}/rpc/auditlog/{schema['meta:altId']}").json
    assert log[0]["updates"][0]["path"] == "/meta:immutableTags"
    platform.session.call("PUT", "/data/foundation/sandbox-management/sandboxes/dev", json={"action": "reset"})
    wait_for(platform, "dev")
    made = call("POST", f"{base}/rpc/import", json=payload).json
    assert [one["$id"] for one in made] == [group["$id"], schema["$id"]]
    with pytest.raises(errors.PlatformError) as caught:
        call("POST", f"{base}/rpc/import", json=payload)
    assert caught.value.code == "XDM-3005-400"


def wait_for(platform: Platform, sandbox: str) -> None:
    """Wait until a sandbox is active again."""
    end = time.monotonic() + 10
    while next(one for one in platform.sandboxes.list() if one["name"] == sandbox)["state"] != "active":
        assert time.monotonic() < end
        time.sleep(0.05)

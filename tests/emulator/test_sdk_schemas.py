"""What Adobe's Python SDK (aepp) sends to Schema Registry and the description does not have; tests/clients runs it."""

from __future__ import annotations

from urllib.parse import quote

from running import EXPERIENCE_EVENT, Client, make_chain

TENANT = "/schemaregistry/tenant"


def test_a_schema_without_a_type_is_an_object(client: Client) -> None:
    """The SDK's own way to make a schema leaves the type out; a type that is no object is still refused."""
    body = {"title": "Bare", "description": "d", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
    assert client.made("POST", f"{TENANT}/schemas", body)["type"] == "object"
    assert client.call("POST", f"{TENANT}/schemas", body | {"title": "Other", "type": "string"}).status_code == 400


def test_a_global_class_is_read_by_the_tenants_path(client: Client) -> None:
    """Reading finds it in both containers; changing finds the tenant's own only, and global has none of the tenant."""
    wanted = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
    path = f"{TENANT}/classes/{quote(EXPERIENCE_EVENT, safe='')}"
    assert client.made("GET", path, None, headers=wanted)["$id"] == EXPERIENCE_EVENT
    patch = [{"op": "add", "path": "/description", "value": "mine"}]
    assert client.call("PATCH", path, patch).status_code == 404
    assert client.call("DELETE", path).status_code == 404
    own = quote(make_chain(client).schema["id"], safe="")
    assert client.call("GET", f"/schemaregistry/global/schemas/{own}", headers=wanted).status_code == 404


def test_the_flat_form_names_each_field_by_its_path(client: Client) -> None:
    """``xdm-full-flat`` has the fields side by side, the tenant's too, and no entry for their parents."""
    path = f"{TENANT}/schemas/{quote(make_chain(client).schema['id'], safe='')}"
    flat = client.made("GET", path, None, headers={"Accept": "application/vnd.adobe.xdm-full-flat+json; version=1"})
    assert {"_id", "timestamp", f"_{client.tenant}/text", f"_{client.tenant}/count"} <= set(flat["properties"])
    assert f"_{client.tenant}" not in flat["properties"]
    assert flat["properties"][f"_{client.tenant}/count"]["type"] == "integer"


def test_the_parts_of_a_form_go_together(client: Client) -> None:
    """The SDK can ask for all four parts at once; parts in another order are refused."""
    path = f"{TENANT}/schemas/{quote(make_chain(client).schema['id'], safe='')}"
    form = "application/vnd.adobe.xdm-full-desc-flat-deprecated+json; version=1"
    found = client.made("GET", path, None, headers={"Accept": form})
    assert f"_{client.tenant}/text" in found["properties"]
    assert found["meta:descriptors"] == []
    turned = "application/vnd.adobe.xdm-flat-full+json; version=1"
    assert client.call("GET", path, headers={"Accept": turned}).status_code == 400

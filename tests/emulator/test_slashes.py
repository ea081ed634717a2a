"""A slash at the end of a path, as Adobe's Python SDK sends it."""

from __future__ import annotations

import pytest
from running import Client


@pytest.mark.parametrize(
    "path", ["/schemaregistry/stats", "/schemaregistry/global/behaviors", "/catalog/dataSets", "/flowservice/flows"]
)
def test_one_slash_at_the_end_changes_nothing(client: Client, path: str) -> None:
    """Schema Registry, Catalog and Flow Service answer the same with and without it."""
    wanted = {"Accept": "application/vnd.adobe.xed+json"}
    with_slash = client.call("GET", f"{path}/", headers=wanted)
    assert with_slash.status_code == 200
    assert with_slash.json() == client.call("GET", path, headers=wanted).json()


def test_two_slashes_are_another_path(client: Client) -> None:
    """Only one slash is taken off."""
    assert not client.call("GET", "/schemaregistry/stats//").ok


def test_other_services_mind_it(client: Client) -> None:
    """No client is known to send Data Prep such a path, so it is not taken there."""
    assert client.call("GET", "/conversion/mappingSets/").status_code != 200


def test_a_resource_is_created_and_changed_with_the_slash(client: Client) -> None:
    """POST and PATCH take it too."""
    body = {
        "title": "Slashed", "description": "d", "type": "object",
        "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/experienceevent"}],
    }  # fmt: skip
    made = client.made("POST", "/schemaregistry/tenant/schemas/", body)
    changes = [{"op": "add", "path": "/description", "value": "other words"}]
    changed = client.made("PATCH", f"/schemaregistry/tenant/schemas/{made['meta:altId']}/", changes)
    assert changed["description"] == "other words"

"""Data Prep through the client: mapping sets, validation, preview, the expression language."""

from __future__ import annotations

from typing import Any

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform

from . import chain

PAYLOAD = {"id": 1234, "message": "hello", "visitor": {"email": "a@example.com"}, "score": "5"}


@pytest.fixture
def body(platform: Platform) -> dict[str, Any]:
    """Give a mapping set for a schema that exists."""
    tenant = platform.schemas.tenant_id()
    group = platform.schemas.create("fieldgroups", chain.field_group(tenant, "a"))["$id"]
    schema = platform.schemas.create("schemas", chain.schema_body(group, "a"))["$id"]
    return chain.mapping_body(tenant, schema, "a mapping")


def test_a_mapping_set_is_created_and_found(platform: Platform, body: dict[str, Any]) -> None:
    """A mapping set is found by its name, whole, in both of Adobe's vocabularies."""
    made = platform.mappings.create(body)
    found = platform.mappings.find("a mapping")
    assert found is not None
    assert (found["id"], found["version"]) == (made["id"], 0)
    first = found["mappings"][0]
    assert (first["source"], first["sourceAttribute"]) == ("id", "id")
    assert (first["destination"], first["destinationXdmPath"]) == ("_id", "_id")
    assert platform.mappings.find("another") is None


def test_an_update_makes_the_next_version(platform: Platform, body: dict[str, Any]) -> None:
    """A PUT keeps the id and raises the version; the older one can still be read."""
    made = platform.mappings.create(body)
    changed = platform.mappings.update(made["id"], {**body, "mappings": body["mappings"][:3]})
    assert (changed["id"], changed["version"]) == (made["id"], 1)
    assert len(platform.mappings.get(made["id"])["mappings"]) == 3
    assert len(platform.mappings.get(made["id"], version=0)["mappings"]) == 5


def test_validation_names_the_wrong_row(platform: Platform, body: dict[str, Any]) -> None:
    """Each row has its verdict: a target that the schema lacks and a broken expression fail, the others do not."""
    rows = body["mappings"]
    rows[2] = {**rows[2], "destination": "_nobody.message"}
    rows[1] = {**rows[1], "source": "now("}
    verdicts = platform.mappings.validate(body)
    assert [verdict["status"] for verdict in verdicts] == ["SUCCESS", "FAILED", "FAILED", "SUCCESS", "SUCCESS"]


def test_a_preview_maps_one_payload_or_several(platform: Platform, body: dict[str, Any]) -> None:
    """A preview gives the record, numbers turned into text where the schema wants text, and stores nothing."""
    tenant = platform.schemas.tenant_id()
    preview = platform.mappings.preview(body, PAYLOAD)
    assert preview["data"]["_id"] == "1234"
    assert preview["data"][f"_{tenant}"]["visitor"] == {"email": "a@example.com"}
    assert len(platform.mappings.preview(body, [PAYLOAD, PAYLOAD])) == 2
    assert platform.mappings.list() == []


def test_the_language_is_listed_and_checked(platform: Platform) -> None:
    """Functions and operators are listed; an expression is checked without being run."""
    assert {"concat", "now", "sha256"} <= {function["function"] for function in platform.mappings.functions()}
    assert platform.mappings.operators()
    assert platform.mappings.check_expression('concat("a", "b")') == {"valid": True, "error": None}
    wrong = platform.mappings.check_expression("concat(")
    assert wrong["valid"] is False
    assert wrong["error"]


def test_a_deleted_mapping_set_is_not_found(platform: Platform, body: dict[str, Any]) -> None:
    """After a delete, reading and deleting again both raise NotFound."""
    made = platform.mappings.create(body)
    platform.mappings.delete(made["id"])
    for call in (platform.mappings.get, platform.mappings.delete):
        with pytest.raises(errors.NotFound):
            call(made["id"])

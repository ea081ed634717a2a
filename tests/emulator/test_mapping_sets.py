"""Data Prep over HTTP: mapping sets and their versions, validation, preview, the language."""

from __future__ import annotations

from typing import Any

import pytest
from running import EXPERIENCE_EVENT, Client

SETS = "/conversion/mappingSets"


@pytest.fixture
def reference(client: Client) -> dict[str, str]:
    """Make a schema with a text and a number under the tenant's root."""
    fields = {"message": {"type": "string"}, "count": {"type": "integer"}}
    own = {"type": "object", "properties": {f"_{client.tenant}": {"type": "object", "properties": fields}}}
    group = {"title": "G", "type": "object", "definitions": {"c": own}, "allOf": [{"$ref": "#/definitions/c"}]}
    id = client.made("POST", "/schemaregistry/tenant/fieldgroups", group)["$id"]
    body = {"title": "S", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}, {"$ref": id}]}
    made = client.made("POST", "/schemaregistry/tenant/schemas", body)
    return {"id": made["$id"], "contentType": "application/vnd.adobe.xed-full+json;version=1"}


def modern(client: Client, reference: dict[str, str], *rows: tuple[str, str, str]) -> dict[str, Any]:
    """Give the body of a mapping set in the newer vocabulary."""
    mappings = [
        {"sourceType": kind, "source": source, "destination": target.replace("ROOT", f"_{client.tenant}")}
        for kind, source, target in rows
    ]
    return {"outputSchema": {"schemaRef": reference}, "mappings": mappings}


def test_a_set_is_made_in_both_vocabularies(client: Client, reference: dict[str, str]) -> None:
    """The tutorial's hybrid body and the newer one are stored alike, with both vocabularies in each row."""
    root = f"_{client.tenant}"
    hybrid = {
        "outputSchema": {"schemaRef": reference},
        "mappings": [{"destinationXdmPath": f"{root}.message", "sourceAttribute": "visitor.name", "identity": False,
                      "version": 0}],
    }  # fmt: skip
    legacy = {"version": 0, "xdmSchema": reference["id"], "xdmVersion": "1.0", "mappings": hybrid["mappings"]}
    newer = modern(client, reference, ("text/x.schema-path", "visitor.name", "ROOT.message"))
    for body in (hybrid, legacy, newer):
        made = client.made("POST", SETS, body)
        assert len(made["id"]) == 32
        assert set(made) == {"id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy"}
        assert made["version"] == 0
        (row,) = client.made("GET", f"{SETS}/{made['id']}/mappings", None)
        assert (row["sourceType"], row["source"], row["destination"]) == (
            "ATTRIBUTE", "visitor.name", f"{root}.message",
        )  # fmt: skip
        assert (row["sourceAttribute"], row["destinationXdmPath"]) == (row["source"], row["destination"])
        assert client.made("GET", f"{SETS}/{made['id']}/mappings/{row['id']}", None) == row


def test_a_put_makes_the_next_version(client: Client, reference: dict[str, str]) -> None:
    """PUT keeps the id and raises the version; both versions can be read; DELETE takes all."""
    first = client.made("POST", SETS, modern(client, reference, ("ATTRIBUTE", "a", "ROOT.message")))
    path = f"{SETS}/{first['id']}"
    second = client.made("PUT", path, modern(client, reference, ("ATTRIBUTE", "b", "ROOT.message")))
    assert (second["id"], second["version"], second["createdDate"]) == (first["id"], 1, first["createdDate"])
    assert client.made("GET", path, None)["mappings"][0]["source"] == "b"
    assert client.made("GET", f"{path}?version=0", None)["mappings"][0]["source"] == "a"
    assert client.call("GET", f"{path}?version=7").status_code == 404
    assert client.call("DELETE", path).status_code == 204
    assert [client.call("GET", f"{path}{query}").status_code for query in ("", "?version=0")] == [404, 404]


def test_sets_are_listed_by_name_and_paged(client: Client, reference: dict[str, str]) -> None:
    """The list takes name, orderBy, limit and start, and links to the next page."""
    body = modern(client, reference, ("ATTRIBUTE", "a", "ROOT.message"))
    ids = [client.made("POST", SETS, {**body, "name": name})["id"] for name in ("x", "y", "y")]
    assert [one["id"] for one in client.made("GET", f"{SETS}?name=x&limit=10&start=0", None)["data"]] == ids[:1]
    page = client.made("GET", f"{SETS}?limit=2&start=0&orderBy=%2BcreatedDate", None)
    assert (len(page["data"]), page["_page"]) == (2, {"limit": 2, "count": 2})
    rest = client.made("GET", page["_links"]["next"]["href"], None)
    assert (len(rest["data"]), rest["_links"]) == (1, {})
    assert client.call("GET", f"{SETS}?limit=two").status_code == 400
    assert client.call("GET", f"{SETS}?orderBy=colour").status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"mappings": []},
        {"mappings": [{"source": "a"}]},
        {"mappings": [{"source": "a", "destination": "b", "sourceType": "MAGIC"}]},
        {"mappings": [{"source": "x" * 4097, "destination": "b", "sourceType": "EXPRESSION"}]},
        {"outputSchema": {"schemaRef": {"id": "https://ns.adobe.com/nothing"}}},
        {"outputSchema": None},
    ],
)
def test_a_set_that_cannot_be(client: Client, reference: dict[str, str], change: dict) -> None:
    """No rows, half a row, an unknown source type, an endless formula and no schema are refused."""
    body = modern(client, reference, ("ATTRIBUTE", "a", "ROOT.message")) | change
    answer = client.call("POST", SETS, body)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


def test_validation_tells_good_rows_from_bad(client: Client, reference: dict[str, str]) -> None:
    """One entry a row: SUCCESS with no errors, or FAILED with the destination named; ``validate=true`` refuses."""
    body = modern(
        client, reference,
        ("ATTRIBUTE", "message", "ROOT.message"),
        ("EXPRESSION", "concat(", "ROOT.message"),
        ("ATTRIBUTE", "message", "ROOT.nowhere"),
    )  # fmt: skip
    entries = client.made("POST", f"{SETS}/validate", body)["validationResponse"]
    assert [entry["status"] for entry in entries] == ["SUCCESS", "FAILED", "FAILED"]
    assert entries[0]["errors"] is None
    assert entries[2]["errors"][0]["destination"] == f"_{client.tenant}.nowhere"
    assert client.call("POST", f"{SETS}?validate=true", body).status_code == 400
    assert client.made("GET", f"{SETS}?limit=10&start=0", None)["data"] == []


def test_preview_takes_one_or_many(client: Client, reference: dict[str, str]) -> None:
    """The preview maps an object or an array of them and casts numbers to texts."""
    mapping_set = modern(client, reference, ("ATTRIBUTE", "n", "ROOT.message"), ("ATTRIBUTE", "n", "_id"))
    expected = {"_id": "1234", f"_{client.tenant}": {"message": "1234"}}
    for data in ({"n": 1234}, [{"n": 1234}]):
        body = {"data": data, "mappingSet": mapping_set}
        assert client.made("POST", f"{SETS}/preview", body) == [{"data": expected, "errors": None}]
    assert client.call("POST", f"{SETS}/preview", {"data": "text", "mappingSet": mapping_set}).status_code == 400


def test_the_language_is_checked_and_listed(client: Client) -> None:
    """A good expression succeeds, a bad one says where it fails; the catalogues have the documented fields."""
    check = "/conversion/languages/el/validate"
    assert client.made("POST", check, {"expression": 'concat("Hi", "there")'}) == {
        "validationStatus": "succeeded", "error": "none",
    }  # fmt: skip
    assert client.made("POST", check, {"expression": "concat("})["validationStatus"] == "failed"
    functions = client.made("GET", "/conversion/languages/el/functions", None)
    assert {"category", "function", "syntax", "params", "returnType"} <= set(functions[0])
    operators = client.made("GET", "/conversion/languages/el/operators", None)
    assert {"operatorSymbol", "methodName", "numberOfOperands"} <= set(operators[0])


def test_the_schema_can_be_shown_with_the_set(client: Client, reference: dict[str, str]) -> None:
    """``expandSchema=true`` adds the resolved schema."""
    id = client.made("POST", SETS, modern(client, reference, ("ATTRIBUTE", "a", "ROOT.message")))["id"]
    assert "jsonSchema" not in client.made("GET", f"{SETS}/{id}", None)["outputSchema"]
    expanded = client.made("GET", f"{SETS}/{id}?expandSchema=true", None)["outputSchema"]["jsonSchema"]
    assert f"_{client.tenant}" in expanded["properties"]

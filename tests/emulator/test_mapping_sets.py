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
    body = {"title": "S", "description": "s", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}, {"$ref": id}]}
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


def test_a_put_answers_the_whole_set(client: Client, reference: dict[str, str]) -> None:
    """PUT answers the set as it is read from then on, with what was sent along and made by the service."""
    body = modern(client, reference, ("ATTRIBUTE", "a", "ROOT.message"))
    id = client.made("POST", SETS, body)["id"]
    more = {"name": "n", "tags": [{"name": "t", "values": ["v"]}], "inputSchema": {"id": "i", "version": 0},
            "status": "DRAFT"}  # fmt: skip
    answer = client.made("PUT", f"{SETS}/{id}", body | more)
    assert answer == client.made("GET", f"{SETS}/{id}", None) == client.made("GET", f"{SETS}/{id}?version=1", None)
    assert {name: answer[name] for name in more} == more
    assert (answer["supportVersion"], answer["strictMapping"], answer["xdmSchema"]) == ("1.1", False, reference["id"])
    assert answer["outputSchema"]["schemaRef"] == answer["schemaRef"] == reference


def test_the_oldest_bodies_are_read(client: Client, reference: dict[str, str]) -> None:
    """A body with the schema at its top, as the guide's first edition prints it, is stored like any other."""
    row = {"destinationXdmPath": f"_{client.tenant}.message", "sourceAttribute": "a", "identity": True,
           "identityGroup": "g", "namespaceCode": "n", "id": "forged", "version": 9, "createdBy": "me"}  # fmt: skip
    body = {"id": "forged", "version": 9, "createdDate": "2020-11-25T19:40:24.123Z", "name": "old",
            "schemaRef": reference, "mappings": [row], "transformScript": "t"}  # fmt: skip
    made = client.made("POST", SETS, body)
    assert (made["version"], len(made["id"])) == (0, 32)
    item = client.made("GET", f"{SETS}/{made['id']}", None)
    assert (item["xdmSchema"], item["transformScript"], item["createdDate"]) == (
        reference["id"], "t", made["createdDate"],
    )  # fmt: skip
    (kept,) = item["mappings"]
    assert (kept["identity"], kept["namespaceCode"], kept["version"]) == (True, "n", 0)
    assert kept["id"] != "forged"
    assert kept["createdBy"] == made["createdBy"] != "me"


def test_single_mappings_are_added_replaced_and_deleted(client: Client, reference: dict[str, str]) -> None:
    """Each change of one mapping makes the next version of its set, and the versions before stay as they were."""
    set_id = client.made("POST", SETS, modern(client, reference, ("ATTRIBUTE", "a", "ROOT.message")))["id"]
    path = f"{SETS}/{set_id}/mappings"
    added = client.made("POST", path, {"sourceType": "ATTRIBUTE", "source": "b", "destination": "_id"})
    changed = client.made("PUT", f"{path}/{added['id']}", {"sourceAttribute": "c", "destinationXdmPath": "_id"})
    assert (changed["id"], changed["source"], changed["createdDate"]) == (added["id"], "c", added["createdDate"])
    assert client.made("GET", f"{path}/{added['id']}", None) == changed
    assert client.call("DELETE", f"{path}/{added['id']}").status_code == 204
    sources = [[row["source"] for row in client.made("GET", f"{path}?version={version}", None)] for version in range(4)]
    assert sources == [["a"], ["a", "b"], ["a", "c"], ["a"]]
    assert client.made("GET", f"{SETS}/{set_id}", None)["version"] == 3


def test_sets_are_filtered_and_ordered(client: Client, reference: dict[str, str]) -> None:
    """``property`` filters as Adobe's SDK sends it; each order has its field; the next page keeps the question."""
    body = modern(client, reference, ("ATTRIBUTE", "a", "ROOT.message"))
    for name, status in (("b", "DRAFT"), ("a", "PUBLISHED"), ("c", "PUBLISHED")):
        client.made("POST", SETS, body | {"name": name, "status": status})
    oldest = client.made("GET", f"{SETS}?orderBy=createdDate", None)["data"][0]
    client.made("PUT", f"{SETS}/{oldest['id']}", body | {"name": "b"})

    def names(**query: Any) -> list[str]:
        answer = client.call("GET", SETS, params=query)
        assert answer.ok, answer.text
        return [one["name"] for one in answer.json()["data"]]

    assert names(limit=100) == names(orderBy="-updatedDate") == ["b", "c", "a"]
    assert names(orderBy="-createdDate") == ["c", "a", "b"]
    assert names(orderBy="lastUpdateDate", start=0, limit=10) == ["a", "c", "b"]
    assert names(orderBy="+name") == ["a", "b", "c"]
    assert sorted(names(property=f"xdmSchema=={reference['id']}")) == ["a", "b", "c"]
    assert names(property=["status==PUBLISHED", "name!=c"], orderBy="name") == ["a", "b"]
    page = client.call("GET", SETS, params={"limit": 1, "property": "name!=c", "orderBy": "+name"}).json()
    rest = client.made("GET", page["_links"]["next"]["href"], None)
    assert [one["name"] for one in (*page["data"], *rest["data"])] == ["a", "b"]
    assert rest["_links"] == {}


def test_an_expression_is_tried_on_sample_data(client: Client) -> None:
    """With sample data, as JSON in a text or as an object, an expression that fails on it is told with its words."""
    check = "/conversion/languages/el/validate"
    for sample in ('{"a": "1"}', {"a": "1"}):
        good = {"expression": {"expression": "to_integer(a)"}, "sampleData": sample, "sampleDataType": "json"}
        assert client.made("POST", check, good)["validationStatus"] == "succeeded"
    bad = client.made("POST", check, {"expression": 'date(a, "yyyy-MM-dd")', "sampleData": '{"a": "soon"}'})
    assert (bad["validationStatus"], "soon" in bad["error"]) == ("failed", True)


def test_a_preview_names_what_failed(client: Client, reference: dict[str, str]) -> None:
    """An error of a preview has the fields of the description."""
    mapping_set = modern(client, reference, ("EXPRESSION", 'date(d, "yyyy")', "ROOT.message"), ("STATIC", "x", "_id"))
    (entry,) = client.made("POST", f"{SETS}/preview", {"data": {"d": "soon"}, "mappingSet": mapping_set})
    assert entry["data"] == {"_id": "x"}
    (error,) = entry["errors"]
    assert (error["destination"], error["sourceType"]) == (f"_{client.tenant}.message", "EXPRESSION")
    assert error["source"] == error["columnName"] == 'date(d, "yyyy")'
    assert error["exception"]


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

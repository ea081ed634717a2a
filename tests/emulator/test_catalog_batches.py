"""Catalog's batches over HTTP: told by a caller, changed, listed by every filter, and asked for in one request."""

from __future__ import annotations

from typing import Any

import pytest
from running import EXPERIENCE_EVENT, Client

BATCHES = "/catalog/batches"
PATCH = {"Content-Type": "application/json-patch+json"}


def told(client: Client, id: str = "", **body: Any) -> str:
    """Tell the Catalog of a batch; gives its id."""
    answer = client.call("POST", f"{BATCHES}/{id}".rstrip("/"), {"status": "success", **body})
    assert answer.status_code == 201, answer.text
    (reference,) = answer.json()
    assert answer.headers["location"].endswith(reference.removeprefix("@"))
    return reference.removeprefix("@/batches/")


def of(dataset: str) -> dict[str, Any]:
    """Give what makes a batch one of a dataset."""
    return {"relatedObjects": [{"type": "dataSet", "id": dataset}]}


def found(client: Client, **query: Any) -> list[str]:
    """Give the ids of the batches that a query finds."""
    return list(client.made("GET", BATCHES, None, params=query))


def dataset(client: Client, name: str = "d", **more: Any) -> str:
    """Make a dataset; gives its id."""
    body = {"title": name, "description": "d", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
    id = client.made("POST", "/schemaregistry/tenant/schemas", body)["$id"]
    reference = {"id": id, "contentType": "application/vnd.adobe.xed+json;version=1"}
    made = client.made("POST", "/catalog/dataSets", {"name": name, "schemaRef": reference, **more})
    return made[0].removeprefix("@/dataSets/")


def test_a_batch_is_told_replaced_changed_and_deleted(client: Client) -> None:
    """A new version for each change; what the Catalog manages stays; the etag guards."""
    id = told(client, "my-batch_1", recordCount=5, metrics={"foo": 1337})
    answer = client.call("GET", f"{BATCHES}/{id}")
    body, etag = answer.json()[id], answer.headers["etag"]
    assert (body["recordCount"], body["version"], body["externalId"]) == (5, "1.0.0", id)
    assert client.made("PATCH", f"{BATCHES}/{id}", {"status": "failed", "imsOrg": "x"}) == [f"@/batches/{id}"]
    replace = [{"op": "add", "path": "/tags/team", "value": ["a"]}]
    client.made("PATCH", f"{BATCHES}/{id}", replace, headers=PATCH)
    changed = client.made("GET", f"{BATCHES}/{id}", None)[id]
    assert (changed["status"], changed["recordCount"], changed["version"]) == ("failed", 5, "1.0.2")
    assert (changed["imsOrg"], changed["tags"]) == (body["imsOrg"], {"team": ["a"]})
    assert client.call("PUT", f"{BATCHES}/{id}", {"status": "stalled"}, headers={"If-Match": etag}).status_code == 412
    assert client.call("PUT", f"{BATCHES}/{id}", {"status": "stalled"}, headers={"If-Match": "1.0.2"}).ok
    body = client.made("GET", f"{BATCHES}/{id}", None)[id]
    assert (body["status"], "recordCount" in body, body["created"]) == ("stalled", False, changed["created"])
    assert client.made("DELETE", f"{BATCHES}/{id}", None) == [f"@/batches/{id}"]
    assert client.call("GET", f"{BATCHES}/{id}").status_code == 404


def test_a_told_batch_has_no_rows(client: Client) -> None:
    """What nobody landed cannot be read, whatever its status says."""
    id = told(client, **of(dataset(client)))
    assert client.made("GET", f"/export/batches/{id}/files", None)["data"] == []
    assert client.call("GET", f"/export/files/{id}-1").status_code == 404
    assert client.made("GET", f"/export/batches/{id}/failed", None)["data"] == []


def test_every_filter_finds_what_it_should(client: Client) -> None:
    """Each documented filter, alone."""
    first = told(client, "first", recordCount=7, failedRecordCount=1, size=100, started=10, completed=20,
                 externalId="ours", availableDates={"startDate": 100, "endDate": 200}, tags={"k": ["v1", "v2"]},
                 **of("dataset-a"))  # fmt: skip
    second = told(client, "second", status="failed", recordCount=70, availableDates={"startDate": 300, "endDate": 400},
                  **of("dataset-b"))  # fmt: skip
    body = client.made("GET", f"{BATCHES}/{first},{second}", None)
    assert list(body) == [first, second]
    own = {name: body[first][name] for name in ("createdClient", "createdUser", "updatedUser", "created", "version")}
    only_first = (
        {"recordCount": 7}, {"failedRecordCount": 1}, {"size": 100}, {"started": 10}, {"completed": 20},
        {"externalId": "ours"}, {"startBefore": 101}, {"endBefore": 300}, {"tags": "k:v*"}, {"tags": "k:v1,k:v2"},
        {"dataSet": "dataset-a"}, {"status": "success,active"}, {"status": "!failed"}, {"batch": "first"},
        {"property": "recordCount<10"}, {"property": "failedRecordCount"}, {"property": "externalId~^ou"},
        {"property": "status!=failed"}, {"createdBefore": body[second]["created"] + 1, "batch": "first"},
    )  # fmt: skip
    for query in only_first:
        assert found(client, **query) == [first], query
    only_second = ({"property": "!size"}, {"startAfter": 100}, {"endAfter": 399}, {"tags": "k:x"}, {"size": 101})
    assert [found(client, **query) for query in only_second] == [[second], [second], [second], [], []]
    for name, value in own.items():
        assert first in found(client, **{name: value})
    assert found(client, createdAfter=body[second]["created"] + 1) == []
    assert found(client, createdBefore=body[first]["created"]) == []


def test_lists_are_ordered_cut_and_paged(client: Client) -> None:
    """Several fields, each with its direction; rising when none is said; limit and start."""
    for number, (status, size) in enumerate((("success", 2), ("failed", 1), ("success", 1))):
        told(client, f"b{number}", status=status, size=size)
    assert found(client, orderBy="status,desc:size") == ["b1", "b0", "b2"]
    assert found(client, orderBy="desc:size,asc:status") == ["b0", "b1", "b2"]
    assert found(client, orderBy="asc:created", limit=2, start=1) == ["b1", "b2"]
    assert found(client) == ["b2", "b1", "b0"]
    cut = client.made("GET", BATCHES, None, params={"properties": "size,nope", "limit": 1})
    assert cut == {"b2": {"size": 1}}


def test_failed_and_failure_are_one(client: Client) -> None:
    """Adobe's pages have both words: each finds batches of either, and neither when it is excluded."""
    for id, status in (("a", "failed"), ("b", "success")):
        told(client, id, status=status)
    assert found(client, status="failure") == found(client, property="status==failure") == ["a"]
    told(client, "c", status="failure")
    for word in ("failed", "failure"):
        assert found(client, status=word) == found(client, property=f"status=={word}") == ["c", "a"]
        assert found(client, status=f"{word},success") == ["c", "b", "a"]
        assert found(client, status=f"!{word}") == ["b"]
    etag = client.call("GET", f"{BATCHES}/c").headers["etag"]
    assert client.call("GET", f"{BATCHES}/c", headers={"If-None-Match": etag}).status_code == 304


def test_unique_values(client: Client) -> None:
    """Each value of a field once, as text, over the batches that the query finds."""
    for id, status, size in (("a", "success", 1), ("b", "failed", 2), ("c", "failed", 1)):
        told(client, id, status=status, size=size, **of(f"of-{id}"))
    path = f"{BATCHES}/uniques"
    assert sorted(client.made("GET", f"{path}/status", None)) == ["failed", "success"]
    assert client.made("GET", f"{path}/size?status=failed", None) == ["1", "2"]
    assert client.made("GET", f"{path}/relatedObjects[].id?limit=1&start=1&status=failed", None) == ["of-b"]
    assert client.made("GET", f"{path}/nope", None) == []


def test_last_batches_of_each_dataset(client: Client) -> None:
    """The last batch, the last good one and the last failed one; filtered and paged like other lists."""
    four = (("1", "success", "x"), ("2", "failed", "x"), ("3", "processing", "x"), ("4", "failed", "y"))
    for id, status, name in four:
        told(client, id, status=status, **of(name))
    every = client.made("GET", "/catalog/lastBatches", None)
    assert list(every) == ["y", "x"]
    x = every["x"]
    assert (x["lastBatchId"], x["lastBatchStatus"]) == ("3", "processing")
    assert (x["lastSuccessfulBatchId"], x["lastFailedBatchId"]) == ("1", "2")
    assert "lastSuccessfulBatchId" not in every["y"]
    for query, names in (
        ("dataSetId=x,nope", ["x"]), ("lastBatchStatus=failed", ["y"]), ("lastFailedBatchId=2", ["x"]),
        ("orderBy=asc:created", ["x", "y"]), ("limit=1&start=1", ["x"]),
    ):  # fmt: skip
        assert list(client.made("GET", f"/catalog/lastBatches?{query}", None)) == names, query


def test_tags_and_who_has_them(client: Client) -> None:
    """All values of a tag over datasets and batches; a tag that nothing has is a 404."""
    id = dataset(client, tags={"team/a": ["support", "sales"]})
    told(client, "b", tags={"team/a": ["sales", "web"]})
    body = client.made("GET", "/catalog/tags/team/a", None)
    assert body["objectType"] == {"dataSets": [f"@/dataSets/{id}"], "batches": ["@/batches/b"]}
    assert body["team/a"] == ["support", "sales", "web"]
    for name in ("nope", 'a"b', "$.x"):
        assert client.call("GET", f"/catalog/tags/{name}").status_code == 404


def test_credentials_say_where_a_dataset_is(client: Client) -> None:
    """Names in place of keys, and a stage path only for a batch."""
    id = dataset(client)
    body = client.made("GET", f"/catalog/dataSets/{id}/credentials", None)
    assert (body["dataSetId"], "stagePath" in body) == (id, False)
    assert body["path"].endswith(f"/datasets/{id}/")
    assert client.made("GET", f"/catalog/dataSets/{id}/credentials?batchId=b", None)["stagePath"].endswith("/stage/b")


def test_nested_fields_are_set_by_the_second_version(client: Client) -> None:
    """PATCH v2 makes the objects on the way and leaves what stands beside."""
    id = dataset(client, tags={"keep": ["1"]})
    path = f"/catalog/v2/dataSets/{id}"
    expiry = {"extensions": {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "P3Y"}}}}
    assert client.made("PATCH", path, {**expiry, "tags": {"more": ["2"]}}) == [f"@/dataSets/{id}"]
    client.made("PATCH", path, {"extensions": {"adobe_lakeHouse": {"other": {"a": 1}}}})
    body = client.made("GET", f"/catalog/dataSets/{id}", None)[id]
    assert body["extensions"]["adobe_lakeHouse"] == {"rowExpiration": {"ttlValue": "P3Y"}, "other": {"a": 1}}
    assert (body["tags"]["keep"], body["tags"]["more"], body["version"]) == (["1"], ["2"], "1.0.2")
    client.made("PATCH", path, {"classification": {"dataBehavior": "record", "managedBy": "CUSTOMER"}})


@pytest.mark.parametrize("media", ["application/json-patch+json", "application/json+patch"])
def test_both_media_types_of_a_patch(client: Client, media: str) -> None:
    """The pages print both; operations in any letter case."""
    id = dataset(client)
    patch = [{"op": "ADD", "path": "/description", "value": "new"}]
    client.made("PATCH", f"/catalog/dataSets/{id}", patch, headers={"Content-Type": media})
    assert client.made("GET", f"/catalog/dataSets/{id}", None)[id]["description"] == "new"


def test_several_requests_in_one(client: Client) -> None:
    """Later requests use what earlier ones answered; a failing look-up hurts nobody."""
    id = dataset(client, "first")
    reference = client.made("GET", f"/catalog/dataSets/{id}", None)[id]["schemaRef"]
    asked = [
        {"id": "one", "resource": "/dataSets", "method": "post", "body": {"name": "second", "schemaRef": reference}},
        {"id": "two", "resource": "/batches", "method": "POST",
         "body": {"status": "loading", "relatedObjects": [{"type": "dataSet", "id": "<<one.id>>"}]}},
        {"id": "three", "resource": "/batches/<<two.id>>?properties=status", "method": "GET"},
        {"id": "four", "resource": "/dataSets/nope", "method": "GET"},
    ]  # fmt: skip
    for path in ("/catalog/", "/catalog"):
        one, two, three, four = client.made("POST", path, asked)
        batch = two["body"][0].removeprefix("@/batches/")
        assert [answer["id"] for answer in (one, two, three, four)] == ["one", "two", "three", "four"]
        assert [answer["code"] for answer in (one, two, three, four)] == [201, 201, 200, 404]
        assert three["body"] == {batch: {"status": "loading"}}
        made = one["body"][0].removeprefix("@/dataSets/")
        assert found(client, dataSet=made) == [batch]
    assert client.made("GET", "/catalog/", None) == {"dataSet": "@/dataSets", "batch": "@/batches"}


def test_one_refused_change_undoes_all(client: Client) -> None:
    """The answer names the request that was refused and why."""
    asked = [
        {"id": "good", "resource": "/batches/undone", "method": "POST", "body": {"status": "success"}},
        {"id": "stale", "resource": "/batches/undone", "method": "PATCH", "headers": {"If-Match": "7"}, "body": {}},
    ]
    answer = client.call("POST", "/catalog/", asked)
    assert (answer.status_code, "[stale]" in answer.json()["detail"]) == (412, True)
    assert found(client) == []

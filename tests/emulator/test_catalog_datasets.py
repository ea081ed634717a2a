"""Catalog's datasets over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from running import EXPERIENCE_EVENT, Client, make_chain, payload, wait_until

DATASETS = "/catalog/dataSets"


@pytest.fixture
def schema_ref(client: Client) -> dict[str, str]:
    """Make a schema and give a reference to it."""
    body = {"title": "Events", "description": "d", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
    id = client.made("POST", "/schemaregistry/tenant/schemas", body)["$id"]
    return {"id": id, "contentType": "application/vnd.adobe.xed+json;version=1"}


def make(client: Client, reference: dict[str, str], name: str, **more: Any) -> str:
    """Make a dataset; gives its id."""
    answer = client.call("POST", f"{DATASETS}?requestDataSource=true", {"name": name, "schemaRef": reference, **more})
    assert answer.status_code == 201
    (text,) = answer.json()
    assert answer.headers["location"].endswith(text.removeprefix("@"))
    return text.removeprefix("@/dataSets/")


def test_a_dataset_is_made_and_read(client: Client, schema_ref: dict[str, str]) -> None:
    """The answer is an array of one reference; reading gives an object keyed by id."""
    id = make(client, schema_ref, "Chatlio Events", tags={"team": ["support"]})
    assert len(id) == 24
    found = client.made("GET", f"{DATASETS}/{id}", None)
    assert list(found) == [id]
    body = found[id]
    assert (body["name"], body["schemaRef"], body["version"]) == ("Chatlio Events", schema_ref, "1.0.0")
    assert body["tags"] == {"adobe/pqs/table": ["chatlio_events"], "team": ["support"]}
    assert body["fileDescription"]["format"] == "parquet"
    assert body["basePath"] == client.made("GET", f"{DATASETS}/{id}/credentials", None)["path"]
    twin = make(client, schema_ref, "Chatlio Events")
    assert client.made("GET", f"{DATASETS}/{twin}", None)[twin]["tags"]["adobe/pqs/table"] != ["chatlio_events"]


def test_who_has_read_it_is_told_when_it_changed(client: Client, schema_ref: dict[str, str]) -> None:
    """``If-None-Match`` with the ETag gives 304 and no body, until the dataset changes or a batch joins it."""
    path = f"{DATASETS}/{make(client, schema_ref, 'd')}"
    seen = []
    for change in ({}, {"description": "new"}):
        client.made("PATCH", path, change)
        seen.append(client.call("GET", path).headers["etag"])
    client.made("POST", "/catalog/batches", {
        "status": "success", "relatedObjects": [{"type": "dataSet", "id": path.rsplit("/", 1)[-1]}]
    })  # fmt: skip
    seen.append(client.call("GET", path).headers["etag"])
    answers = [client.call("GET", path, headers={"If-None-Match": etag}) for etag in seen]
    assert [answer.status_code for answer in answers] == [200, 200, 304]
    assert (answers[2].content, answers[2].headers["etag"]) == (b"", seen[2])
    assert client.call("PATCH", path, {"name": "e"}, headers={"If-Match": seen[2]}).ok


@pytest.mark.parametrize("change", [{"name": ""}, {"schemaRef": {"id": "https://ns.adobe.com/nope"}}, {"tags": 1}])
def test_a_dataset_that_cannot_be(client: Client, schema_ref: dict[str, str], change: dict) -> None:
    """A dataset without a name, of no schema of the sandbox, or with tags of another shape is refused."""
    answer = client.call("POST", DATASETS, {"name": "d", "schemaRef": schema_ref, **change})
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


def test_validate_only_keeps_nothing(client: Client, schema_ref: dict[str, str]) -> None:
    """``Pragma: validate-only`` answers as a POST does and makes nothing."""
    headers = {"Pragma": "validate-only"}
    assert client.call("POST", DATASETS, {"name": "d", "schemaRef": schema_ref}, headers=headers).status_code == 201
    assert client.made("GET", DATASETS, None) == {}


def test_lists_filter_cut_and_page(client: Client, schema_ref: dict[str, str]) -> None:
    """Lists take name, tags with a star, property, orderBy, limit and start, and cut to the properties asked for."""
    ids = {name: make(client, schema_ref, name, tags={"kind": [f"k-{name}"]}) for name in ("b", "a", "c")}
    assert list(client.made("GET", f"{DATASETS}?name=a", None)) == [ids["a"]]
    assert set(client.made("GET", f"{DATASETS}?name=a,b", None)) == {ids["a"], ids["b"]}
    assert list(client.made("GET", f"{DATASETS}?tags=kind:k-c", None)) == [ids["c"]]
    assert len(client.made("GET", f"{DATASETS}?tags=kind:k-*", None)) == 3
    assert list(client.made("GET", f"{DATASETS}?property=name==b", None)) == [ids["b"]]
    assert len(client.made("GET", f"{DATASETS}?schemaRef.id={schema_ref['id']}", None)) == 3
    ordered = client.made("GET", f"{DATASETS}?orderBy=asc:name&limit=2&start=1&properties=name", None)
    assert list(ordered.values()) == [{"name": "b"}, {"name": "c"}]
    for wrong in ("limit=0", "limit=101", "limit=x", "orderBy=up:name"):
        assert client.call("GET", f"{DATASETS}?{wrong}").status_code == 400


def test_a_dataset_is_changed_and_replaced(client: Client, schema_ref: dict[str, str]) -> None:
    """PATCH merges keys or takes JSON Patch by its content type; a stale If-Match is a 412; the schema stays."""
    id = make(client, schema_ref, "d", tags={"keep": ["1"]})
    path = f"{DATASETS}/{id}"
    etag = client.call("GET", path).headers["etag"]
    assert client.made("PATCH", path, {"description": "new"}) == [f"@/dataSets/{id}"]
    patch = [{"op": "add", "path": "/tags/more", "value": ["2"]}]
    client.made("PATCH", path, patch, headers={"Content-Type": "application/json-patch+json"})
    body = client.made("GET", path, None)[id]
    assert (body["description"], body["tags"]["keep"], body["tags"]["more"]) == ("new", ["1"], ["2"])
    assert client.call("PATCH", path, {"description": "late"}, headers={"If-Match": etag}).status_code == 412
    assert client.call("PATCH", path, {"schemaRef": {"id": "https://ns.adobe.com/other"}}).status_code == 400
    client.made("PUT", path, {"name": "renamed", "schemaRef": schema_ref})
    assert client.made("GET", f"{DATASETS}?name=renamed&properties=name", None) == {id: {"name": "renamed"}}


def test_profile_needs_a_schema_of_the_union(client: Client, schema_ref: dict[str, str]) -> None:
    """The tag unifiedProfile is refused until the schema carries union."""
    tags = {"unifiedProfile": ["enabled:true"], "unifiedIdentity": ["enabled:true"]}
    body = {"name": "p", "schemaRef": schema_ref, "tags": tags}
    assert client.call("POST", DATASETS, body).status_code == 400
    alt = f"_{client.tenant}.schemas.{schema_ref['id'].rpartition('/')[2]}"
    union = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
    client.made("PATCH", f"/schemaregistry/tenant/schemas/{alt}", union)
    assert client.call("POST", DATASETS, body).status_code == 201


def test_a_dataset_tells_of_its_batches_and_goes_with_them(client: Client) -> None:
    """After a landing the dataset names its last batch; a delete takes the batches along; a second one is empty."""
    chain = make_chain(client)
    chain.post(payload(1))
    wait_until(lambda: chain.counts() == (1, 0))
    path = f"{DATASETS}/{chain.dataset}"
    body = client.made("GET", path, None)[chain.dataset]
    (batch,) = chain.batches()
    assert (body["lastBatchId"], body["lastBatchStatus"], body["lastSuccessfulBatch"]) == (batch, "success", batch)
    assert client.made("DELETE", path, None) == [f"@/dataSets/{chain.dataset}"]
    assert client.call("GET", path).status_code == 404
    assert client.made("GET", f"/catalog/batches?dataSet={chain.dataset}", None) == {}
    assert client.made("DELETE", path, None) == []


def test_the_files_of_a_dataset_are_where_it_says(client: Client) -> None:
    """Its one view lists a file for each landed batch; another view's id is not found."""
    chain = make_chain(client)
    chain.post(payload(1))
    wait_until(lambda: chain.counts() == (1, 0))
    path = f"{DATASETS}/{chain.dataset}"
    body = client.made("GET", path, None)[chain.dataset]
    (batch,) = chain.batches()
    files = client.made("GET", f"/catalog{body['files'].removeprefix('@')}", None)
    assert [(id, one["batchId"], one["dataSetViewId"]) for id, one in files.items()] == [
        (f"{batch}-1", batch, body["viewId"])
    ]
    (view,) = client.made("GET", f"{path}/views", None).items()
    assert client.made("GET", f"{path}/views/{body['viewId']}", None) == dict([view])
    assert (view[0], view[1]["dataSetId"]) == (body["viewId"], chain.dataset)
    for wrong in (f"{path}/views/nope", f"{path}/views/nope/files", f"{DATASETS}/nope/views"):
        assert client.call("GET", wrong).status_code == 404

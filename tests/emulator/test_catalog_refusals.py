"""Every refusal of Catalog that can be reached: status and problem form, by a table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from importing import Import
from running import EXPERIENCE_EVENT, Chain, Client

PATCH = {"Content-Type": "application/json-patch+json"}
WRONG: tuple[Any, ...] = (1, "x", [1], {"id": 1}, [None], True)


@pytest.fixture(scope="module")
def seat(shared_server: Any) -> str:
    """Give a seat for all tests of this file."""
    shared_server.control("POST", "/seats", {"names": ["catalog-refusals"]})
    return "catalog-refusals"


@pytest.fixture(scope="module")
def owner(shared_server: Any, seat: str) -> Client:
    """Give its full account."""
    return Client(shared_server, seat=seat)


@pytest.fixture(scope="module")
def dataset(owner: Client) -> str:
    """Make a dataset, with one batch of its own and the id ``told``."""
    body = {"title": "s", "description": "d", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
    id = owner.made("POST", "/schemaregistry/tenant/schemas", body)["$id"]
    reference = {"id": id, "contentType": "application/vnd.adobe.xed+json;version=1"}
    made = owner.made("POST", "/catalog/dataSets", {"name": "d", "schemaRef": reference})[0]
    owner.made("POST", "/catalog/batches/told", {"status": "success"})
    return made.removeprefix("@/dataSets/")


LISTS = ("/catalog/dataSets", "/catalog/batches", "/catalog/lastBatches", "/catalog/batches/uniques/status")
QUERIES = ("limit=0", "limit=101", "limit=-1", "limit=x", "limit=9999999999999999999999", "start=-1", "start=x",
           "orderBy=up:name", "orderBy=asc:na me", "orderBy=bad", "property=", "property=!", "property=~x",
           "property=name~(", "property=name~(a%2B)%2B%24&name=!x", "na%20me=x")  # fmt: skip
CALLS: tuple[tuple[str, str, Any, dict[str, str], int], ...] = (
    ("GET", "/catalog/dataSets/nope", None, {}, 404),
    ("PATCH", "/catalog/dataSets/nope", {"name": "x"}, {}, 404),
    ("PUT", "/catalog/dataSets/nope", {"name": "x"}, {}, 404),
    ("PATCH", "/catalog/v2/dataSets/nope", {"name": "x"}, {}, 404),
    ("GET", "/catalog/dataSets/nope/credentials", None, {}, 404),
    ("GET", "/catalog/tags/nope", None, {}, 404),
    ("POST", "/catalog/dataSets", {"name": "x"}, {}, 400),
    ("POST", "/catalog/dataSets", {"name": "", "schemaRef": {"id": "x"}}, {}, 400),
    ("POST", "/catalog/dataSets", {"name": "x", "schemaRef": {"id": "x"}}, {}, 400),
    ("PATCH", "/catalog/dataSets/{dataset}", {"schemaRef": {"id": "x"}}, {}, 400),
    ("PATCH", "/catalog/dataSets/{dataset}", {"name": "x"}, {"If-Match": "1"}, 412),
    ("PATCH", "/catalog/dataSets/{dataset}", {"name": "x"}, {"If-None-Match": "*"}, 412),
    ("PUT", "/catalog/dataSets/{dataset}", {"name": "x"}, {"If-Match": '"1"'}, 412),
    ("PATCH", "/catalog/dataSets/{dataset}", {}, PATCH, 400),
    ("PATCH", "/catalog/dataSets/{dataset}", [{"op": "move", "path": "/name"}], PATCH, 400),
    ("PATCH", "/catalog/dataSets/{dataset}", [{"op": "remove", "path": "/nope"}], PATCH, 400),
    ("PATCH", "/catalog/dataSets/{dataset}", [{"op": "remove", "path": "/name"}], PATCH, 400),
    ("PATCH", "/catalog/dataSets/{dataset}", {"tags": {"unifiedProfile": ["enabled:true"]}}, {}, 400),
    ("PATCH", "/catalog/v2/dataSets/{dataset}", {"classification": {"managedBy": "ME"}}, {}, 400),
    ("PATCH", "/catalog/v2/dataSets/{dataset}",
     {"extensions": {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "3 years"}}}}, {}, 400),
    ("PATCH", "/catalog/v2/dataSets/{dataset}", {"name": None}, {}, 400),
    ("GET", "/catalog/batches/nope", None, {}, 404),
    ("PUT", "/catalog/batches/nope", {"status": "success"}, {}, 404),
    ("PATCH", "/catalog/batches/nope", {"status": "success"}, {}, 404),
    ("DELETE", "/catalog/batches/nope", None, {}, 404),
    ("POST", "/catalog/batches", {}, {}, 400),
    ("POST", "/catalog/batches", {"status": "nice"}, {}, 400),
    ("POST", "/catalog/batches/told", {"status": "success"}, {}, 400),
    ("POST", "/catalog/batches/a.b", {"status": "success"}, {}, 400),
    ("POST", "/catalog/batches/..%2Fx", {"status": "success"}, {}, 404),
    ("POST", f"/catalog/batches/{'x' * 65}", {"status": "success"}, {}, 400),
    ("PUT", "/catalog/batches/told", {"recordCount": 1}, {}, 400),
    ("PATCH", "/catalog/batches/told", {"status": 5}, {}, 400),
    ("PATCH", "/catalog/batches/told", {"relatedObjects": [{"type": "dataSet", "id": "other"}]}, {}, 400),
    ("PATCH", "/catalog/batches/told", {"status": "failed"}, {"If-Match": "0"}, 412),
    ("PATCH", "/catalog/batches/told", [{"op": "remove", "path": "/status"}], PATCH, 400),
    ("PATCH", "/catalog/batches/told", [{"op": "replace", "path": "/tags", "value": None}], PATCH, 400),
    ("GET", "/catalog/batches?createdAfter=yesterday", None, {}, 400),
    ("GET", "/catalog/batches?startBefore=-1", None, {}, 400),
    ("GET", "/catalog/?limit=0", None, {}, 400),
    ("POST", "/catalog/", {}, {}, 400),
    ("POST", "/catalog/", [{"resource": "/batches"}], {}, 400),
    ("POST", "/catalog/", [{"method": "POST", "resource": "/", "body": []}], {}, 404),
    ("POST", "/catalog/", [{"method": "POST", "resource": "/nope", "body": {}}], {}, 404),
    ("POST", "/catalog/", [{"method": "POST", "resource": "/batches", "body": {"status": "<<a.id>>"}}], {}, 400),
    ("POST", "/catalog/", [{"method": "DELETE", "resource": "/batches/nope"}], {}, 404),
    ("POST", "/catalog/", [{"method": "GET", "resource": "/batches"}] * 101, {}, 400),
    ("POST", "/catalog/", ["x"], {}, 400),
    ("GET", "/catalog/nope", None, {}, 404),
)  # fmt: skip


def refused(answer: Any, status: int) -> None:
    """Check that an answer is a refusal in the problem form, with words."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert (body["status"], bool(body["title"]), bool(body["detail"])) == (status, True, True)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("path", LISTS)
def test_a_wrong_query_is_a_400(owner: Client, dataset: str, path: str, query: str) -> None:
    """Limits out of range, unknown directions, names that are none, expressions that cannot be read or never end."""
    if "%2B" in query:
        client_name = "a" * 40 + "b"
        owner.call("PATCH", f"/catalog/dataSets/{dataset}", {"name": client_name})
        owner.call("PATCH", "/catalog/batches/told", {"name": client_name})
        if path.startswith("/catalog/lastBatches"):
            return
    refused(owner.call("GET", f"{path}?{query}"), 400)


@pytest.mark.parametrize(("method", "path", "body", "headers", "status"), CALLS)
def test_a_refused_call(
    owner: Client, dataset: str, method: str, path: str, body: Any, headers: dict[str, str], status: int
) -> None:  # fmt: skip
    """What is not there, not whole, not ours or out of date is refused, and nothing changes."""
    before = owner.made("GET", "/catalog/batches/told", None)
    refused(owner.call(method, path.format(dataset=dataset), body, headers=headers), status)
    assert owner.made("GET", "/catalog/batches/told", None) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", path) for path in (*LISTS, "/catalog/dataSets/{dataset}", "/catalog/batches/told", "/catalog/",
                                "/catalog/tags/x", "/catalog/dataSets/{dataset}/credentials")]
    + [("POST", "/catalog/dataSets"), ("POST", "/catalog/batches"), ("POST", "/catalog/batches/x"),
       ("PUT", "/catalog/batches/told"), ("PATCH", "/catalog/batches/told"), ("DELETE", "/catalog/batches/told"),
       ("PUT", "/catalog/dataSets/{dataset}"), ("PATCH", "/catalog/dataSets/{dataset}"), ("POST", "/catalog/"),
       ("DELETE", "/catalog/dataSets/{dataset}"), ("PATCH", "/catalog/v2/dataSets/{dataset}")],
)  # fmt: skip
def test_an_account_without_a_role_is_refused(
    owner: Client, seat: str, dataset: str, method: str, path: str
) -> None:  # fmt: skip
    """The permission is asked for before anything else, and named."""
    limited = Client(owner.server, seat=seat, role="limited")
    answer = limited.call(method, path.format(dataset=dataset), {} if method in ("POST", "PUT", "PATCH") else None)
    refused(answer, 403)
    assert "datasets" in answer.json()["detail"]


def test_wrong_types_anywhere_are_a_400(owner: Client, dataset: str) -> None:
    """Each field of a batch and of a dataset with a value of another type is refused or harmless."""
    fields = {
        "/catalog/batches": ("externalId", "started", "errors", "size", "availableDates", "relatedObjects", "metrics",
                             "tags", "replay", "inputFormat", "recordCount"),
        f"/catalog/dataSets/{dataset}": ("name", "description", "schemaRef", "tags", "fileDescription", "extensions",
                                         "observableSchema", "enableErrorDiagnostics", "classification"),
    }  # fmt: skip
    for path, names in fields.items():
        method, base = ("POST", {"status": "success"}) if path.endswith("batches") else ("PATCH", {})
        for name in names:
            for value in WRONG:
                answer = owner.call(method, path, {**base, name: value})
                assert answer.status_code in (200, 201, 400), (name, value, answer.text)
    assert owner.call("GET", "/catalog/batches").status_code == 200
    assert owner.call("GET", f"/catalog/dataSets/{dataset}").status_code == 200


def test_another_seat_finds_nothing(owner: Client, dataset: str, take_seat: Callable[..., Client]) -> None:
    """Every id of one seat is not found by another, which may use the same ids itself."""
    other = take_seat()
    for path in (f"/catalog/dataSets/{dataset}", "/catalog/batches/told", f"/catalog/dataSets/{dataset}/credentials"):
        assert other.call("GET", path).status_code == 404
    assert other.made("GET", f"/catalog/lastBatches?dataSetId={dataset}", None) == {}
    assert other.made("DELETE", f"/catalog/dataSets/{dataset}", None) == []
    assert other.call("POST", "/catalog/batches/told", {"status": "failed"}).status_code == 201
    assert owner.made("GET", "/catalog/batches/told", None)["told"]["status"] == "success"
    batch = Import(Chain(other, dataset, "", "", "", {}), "told")
    assert batch.send("PUT", "x.json", b"{}").status_code == 404

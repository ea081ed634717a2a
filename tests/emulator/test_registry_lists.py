"""Schema Registry's lists over HTTP: operators, orders, pages that lose nothing, forms of an answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from running import EXPERIENCE_EVENT, Client

REGISTRY = "/schemaregistry"
TYPES = f"{REGISTRY}/tenant/datatypes"
IDS = {"Accept": "application/vnd.adobe.xed-id+json"}
PLACEHOLDER = "<XDM_TENANTID_PLACEHOLDER>"


def make(client: Client, *titles: str, **more: Any) -> None:
    """Make data types of these titles, all at once, so that they have one time."""
    payload = [
        {"$id": f"https://ns.adobe.com/{PLACEHOLDER}/datatypes/{title.replace(' ', '-')}", "title": title,
         "meta:resourceType": "datatypes", "type": "object", "description": f"about {title}",
         "properties": {"a": {"type": "string"}}, **more}
        for title in titles
    ]  # fmt: skip
    client.made("POST", f"{REGISTRY}/rpc/import", payload)


def titles(client: Client, query: str) -> list[str]:
    """Give the titles of one page."""
    return [one["title"] for one in client.made("GET", f"{TYPES}?{query}", None, headers=IDS)["results"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("property=title==b", ["b"]),
        ("property=title!=b", ["a", "c"]),
        ("property=title<b", ["a"]),
        ("property=title>b", ["c"]),
        ("property=title<=b", ["a", "b"]),
        ("property=title>=b", ["b", "c"]),
        ("property=title~[bc]", ["b", "c"]),
        ("property=title", ["a", "b", "c"]),
        ("property=meta:status", []),
        ("property=version==1.0&property=title!=a", ["b", "c"]),
        ("property=version<5", ["a", "b", "c"]),
        ("property=description==about c", ["c"]),
        ("property=properties.a.type==string", ["a", "b", "c"]),
        ("property=title==b&orderby=-title", ["b"]),
        ("orderby=-title", ["c", "b", "a"]),
        ("orderby=version,-title", ["c", "b", "a"]),
        ("orderby=title&start=a", ["b", "c"]),
        ("orderby=-title&start=c", ["b", "a"]),
        ("orderby=description&start=about a", ["b", "c"]),
        ("orderby=updated&start=0", ["a", "b", "c"]),
        ("orderby=title&limit=0", []),
        ("orderby=title&limit=2", ["a", "b"]),
    ],
)
def test_filters_and_orders(client: Client, query: str, expected: list[str]) -> None:
    """Every operator of Adobe's appendix, alone and together, and orders with a start."""
    make(client, "a", "b", "c")
    assert titles(client, query) == expected


@pytest.mark.parametrize(
    "query",
    ["limit=501", "limit=-1", "limit=x", "orderby=,", "orderby=-", "property=", "property===x", "property=title~[",
     "orderby=updated&start=yesterday", "orderby=updated&start=99999999999999999999"],
)  # fmt: skip
def test_parameters_that_cannot_be_read(client: Client, query: str) -> None:
    """A parameter of nonsense is a 400 that says which one."""
    answer = client.call("GET", f"{TYPES}?{query}", headers=IDS)
    assert (answer.status_code, "parameter" in answer.text or "filter" in answer.text) == (400, True), answer.text


@pytest.mark.parametrize("order", ["updated", "-updated", "created", "title", "version", ""])
def test_pages_lose_nothing_where_many_are_equal(client: Client, order: str) -> None:
    """Following ``_page.next`` gives each resource once, also when a page is full of one value of the sort field."""
    for number in range(3):
        make(client, *(f"t{number}{letter}" for letter in "abcde"))
    found: list[str] = []
    start: Any = ""
    while start is not None:
        query = f"limit=2{f'&orderby={order}' if order else ''}{f'&start={quote(str(start))}' if start else ''}"
        page = client.made("GET", f"{TYPES}?{query}", None, headers=IDS)
        assert page["_page"]["count"] == len(page["results"])
        assert page["_page"]["orderby"] == (order or "updated")
        found += [one["title"] for one in page["results"]]
        start = page["_page"]["next"]
    assert sorted(found) == sorted(f"t{number}{letter}" for number in range(3) for letter in "abcde")


def test_the_link_to_the_next_page_works(client: Client) -> None:
    """``_links.next`` has filter, order, start and limit."""
    make(client, *"abcdef")
    page = client.made("GET", f"{TYPES}?property=title!=b&orderby=-title&limit=2", None, headers=IDS)
    found = [one["title"] for one in page["results"]]
    while page["_links"]["next"]:
        page = client.made("GET", page["_links"]["next"], None, headers=IDS)
        found += [one["title"] for one in page["results"]]
    assert found == list("fedca")
    assert page["_links"]["global_datatypes"]["href"].endswith("/schemaregistry/global/datatypes")


def test_what_was_changed_last_comes_last(client: Client) -> None:
    """Without an order a list follows the last change, as a printed answer says."""
    for title in "abc":
        make(client, title)
    altered = client.made("GET", f"{TYPES}?property=title==a", None, headers=IDS)["results"][0]
    patch = [{"op": "replace", "path": "/description", "value": "new"}]
    client.made("PATCH", f"{TYPES}/{altered['meta:altId']}", patch)
    assert titles(client, "") == ["b", "c", "a"]


KINDS = ("schemas", "classes", "fieldgroups", "mixins", "datatypes", "behaviors")


@pytest.mark.parametrize("prefix", ["xed", "xdm"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_form_of_every_kind_of_adobes_own(client: Client, kind: str, prefix: str) -> None:
    """Lists know two forms and look-ups the documented ones, with either prefix and both kinds of id."""
    url = f"{REGISTRY}/global/{kind}"
    whole = client.made("GET", url, None, headers={"Accept": f"application/vnd.adobe.{prefix}+json"})["results"]
    short = client.made("GET", url, None, headers={"Accept": f"application/vnd.adobe.{prefix}-id+json"})["results"]
    assert [one["$id"] for one in whole] == [one["$id"] for one in short]
    assert bool(whole) is (kind != "schemas")
    for one in whole[:2]:
        for id in (one["meta:altId"], quote(one["$id"], safe="")):
            assert_forms(client, f"{url}/{id}", prefix)


def assert_forms(client: Client, url: str, prefix: str) -> None:
    """Read a resource in every form."""
    answers = {
        form: client.made("GET", url, None, headers={"Accept": f"application/vnd.adobe.{prefix}{form}+json; version=1"})
        for form in ("", "-full", "-notext", "-full-notext", "-full-desc", "-desc", "-deprecatefield")
    }
    for form, body in answers.items():
        resolved = "full" in form or "deprecate" in form
        assert ("allOf" in body, "properties" in body) == (not resolved, resolved), form
        assert ("title" in body) is ("notext" not in form), form
        assert ("meta:descriptors" in body) is ("desc" in form), form


@pytest.mark.parametrize("kind", ["schemas", "classes", "fieldgroups", "mixins", "datatypes"])
def test_the_tenants_own_has_every_verb(client: Client, kind: str) -> None:
    """Each kind is made, listed, looked up in every form, replaced, changed and deleted; global takes none of that."""
    parts = {"schemas": [EXPERIENCE_EVENT], "classes": ["https://ns.adobe.com/xdm/data/record"]}.get(kind, [])
    root = {f"_{client.tenant}": {"type": "object", "properties": {"a": {"type": "string"}}}}
    body: dict[str, Any] = {"title": "One", "description": "first", "type": "object"}
    if parts:
        body["allOf"] = [{"$ref": id} for id in parts]
    else:
        body |= {"definitions": {"c": {"type": "object", "properties": root}}, "allOf": [{"$ref": "#/definitions/c"}]}
    url = f"{REGISTRY}/tenant/{kind}"
    answer = client.call("POST", url, body)
    made = answer.json()
    assert (answer.status_code, made["version"], made["meta:containerId"]) == (201, "1.0", "tenant")
    assert made["meta:resourceType"] == {"fieldgroups": "mixins"}.get(kind, kind)
    one = f"{url}/{quote(made['$id'], safe='')}"
    assert_forms(client, one, "xed")
    replaced = client.made("PUT", one, {**body, "description": "second"})
    changed = client.made("PATCH", one, [{"op": "replace", "path": "/description", "value": "third"}])
    assert [each["version"] for each in (replaced, changed)] == ["1.1", "1.2"]
    assert changed["meta:registryMetadata"]["eTag"] != made["meta:registryMetadata"]["eTag"]
    listed = client.made("GET", f"{url}?property=description==third", None, headers=IDS)["results"]
    assert [each["$id"] for each in listed] == [made["$id"]]
    for method in ("PUT", "PATCH", "DELETE"):
        path = one.replace("/tenant/", "/global/")
        assert client.call(method, path, [] if method == "PATCH" else body).status_code in (404, 405)
    assert client.call("POST", url.replace("/tenant/", "/global/"), body).status_code in (404, 405)
    assert client.call("DELETE", one).status_code == 204
    assert client.call("GET", one, headers={"Accept": "application/vnd.adobe.xed+json; version=1"}).status_code == 404

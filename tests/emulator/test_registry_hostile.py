"""Bodies of Schema Registry and Sandbox management in which one part is of the wrong type: nothing breaks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from running import EXPERIENCE_EVENT, Client

WRONG: tuple[Any, ...] = (None, 1e308, "\x00", {}, [None], {"$ref": 1})
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
TENANT, RPC = "/schemaregistry/tenant", "/schemaregistry/rpc"
Way = tuple[Any, ...]


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    """Give the way to every part of a body, the body itself first."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from ways(one, (*way, key))


def replaced(value: Any, way: Way, new: Any) -> Any:
    """Give a body with one part replaced."""
    if not way:
        return new
    result = node = copy.deepcopy(value)
    for key in way[:-1]:
        node = node[key]
    node[way[-1]] = new
    return result


def prepared(client: Client) -> dict[tuple[str, str], Any]:
    """Make a schema with a descriptor; gives a good body for each call that changes something."""
    root = {"type": "object", "properties": {
        "s": {"type": "string", "pattern": "^a+$", "examples": ["a"], "meta:enum": {"a": "A"}},
        "n": {"type": "integer", "minimum": 1, "maximum": 4, "default": 2},
        "l": {"type": "array", "items": {"type": "string"}, "minItems": 1},
    }, "required": ["s"]}  # fmt: skip
    group = {
        "title": "G", "description": "d", "type": "object", "meta:intendedToExtend": [EXPERIENCE_EVENT],
        "definitions": {"c": {"type": "object", "properties": {f"_{client.tenant}": root}}},
        "allOf": [{"$ref": "#/definitions/c"}],
    }  # fmt: skip
    made = client.made("POST", f"{TENANT}/fieldgroups", group)
    schema = {"title": "S", "description": "d", "type": "object", "meta:immutableTags": ["union"],
              "allOf": [{"$ref": EXPERIENCE_EVENT}, {"$ref": made["$id"]}]}  # fmt: skip
    whole = client.made("POST", f"{TENANT}/schemas", schema)
    relation = {
        "@type": "xdm:descriptorRelationship", "xdm:sourceSchema": whole["$id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{client.tenant}/s", "xdm:destinationSchema": whole["$id"],
        "xdm:destinationVersion": 1, "xdm:destinationProperty": "/_id", "xdm:cardinality": "M:1",
        "xdm:destinationNamespace": "Email",
    }  # fmt: skip
    identity = {
        "@type": "xdm:descriptorIdentity", "xdm:sourceSchema": whole["$id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{client.tenant}/s", "xdm:namespace": "Email", "xdm:property": "xdm:code",
        "xdm:isPrimary": False,
    }  # fmt: skip
    kept = client.made("POST", f"{TENANT}/descriptors", identity)
    payload = client.made("GET", f"{RPC}/export/{whole['meta:altId']}", None)
    return {
        ("POST", f"{RPC}/import"): payload[:1],
        ("POST", f"{TENANT}/descriptors"): relation,
        ("PUT", f"{TENANT}/descriptors/{kept['@id']}"): identity,
        ("PUT", f"{TENANT}/schemas/{whole['meta:altId']}"): schema,
        ("PATCH", f"{TENANT}/schemas/{whole['meta:altId']}"): [
            {"op": "add", "path": "/meta:immutableTags-", "value": "union"}
        ],
        ("POST", "/sandbox-management/sandboxes"): {"name": "acme", "title": "Acme", "type": "development"},
        ("PUT", "/sandbox-management/sandboxes/finance"): {"action": "reset"},
        ("PATCH", "/sandbox-management/sandboxes/finance"): {"title": "Money"},
    }


def test_no_body_breaks_anything(client: Client) -> None:
    """Every part of every body of another type: the answer is good or a 4xx, and everything can still be read."""
    bodies = prepared(client)
    reads = [path for (method, path) in bodies if method == "PUT"]
    for (method, path), body in bodies.items():
        for way in ways(body):
            for wrong in WRONG:
                answer = client.call(method, path, replaced(body, way, wrong))
                assert answer.status_code < 500, (method, path, way, wrong, answer.text)
    for path in reads:
        answer = client.call("GET", path, headers={} if "descriptors" in path else FULL)
        assert answer.status_code in (200, 404), (path, answer.text)
    schema = next(path for path in reads if "/schemas/" in path).rpartition("/")[2]
    for call in ("export", "sampledata", "auditlog"):
        assert client.call("GET", f"{RPC}/{call}/{schema}").status_code < 500, call
    for accept in ("xed", "xed-id"):
        for kind in ("schemas", "fieldgroups", "unions"):
            headers = {"Accept": f"application/vnd.adobe.{accept}+json"}
            assert client.call("GET", f"{TENANT}/{kind}", headers=headers).status_code == 200
    assert client.call("GET", "/schemaregistry/stats").status_code == 200


def test_no_query_and_no_id_breaks_anything(client: Client) -> None:
    """Odd ids and parameters are refused or find nothing."""
    prepared(client)
    odd = ("%00", "%2e%2e%2f", "a" * 3000, "%F0%9F%92%A9", "_.", "_a.b.c.d", "__union", "https%3A%2F%2F", "%25")
    for kind in ("schemas", "unions", "descriptors"):
        for id in odd:
            assert client.call("GET", f"{TENANT}/{kind}/{id}", headers=FULL).status_code in (400, 404), (kind, id)
    for id in odd:
        for call in ("export", "sampledata", "auditlog"):
            assert client.call("GET", f"{RPC}/{call}/{id}", headers=FULL).status_code in (400, 404), (call, id)
        assert client.call("GET", f"/sandbox-management/sandboxes/{id}").status_code in (400, 404), id
    ids = {"Accept": "application/vnd.adobe.xed-id+json"}
    for name in ("orderby", "start", "limit", "property"):
        for value in (*odd, "-", ",", "title==", "==", "~(", "a.b[]==1", "title,-title", "1e400", "nan"):
            for kind in ("schemas", "unions"):
                url = f"{TENANT}/{kind}?{name}={value}&orderby=version"
                assert client.call("GET", url, headers=ids).status_code < 500, url


def data_type(client: Client, title: str, **fields: str) -> dict[str, Any]:
    """Make a data type whose fields refer to others."""
    body = {"title": title, "description": "d", "type": "object",
            "properties": {"a": {"type": "string"}, **{name: {"$ref": id} for name, id in fields.items()}}}  # fmt: skip
    return client.made("POST", f"{TENANT}/datatypes", body)


def test_resources_that_contain_themselves_are_refused(client: Client) -> None:
    """A data type within itself, two within each other, and a field group that extends itself: refused, not kept."""
    one = data_type(client, "One")
    two = data_type(client, "Two", one=one["$id"])
    path = f"{TENANT}/datatypes/{one['meta:altId']}"
    for id in (one["$id"], two["$id"]):
        answer = client.call("PATCH", path, [{"op": "add", "path": "/properties/b", "value": {"$ref": id}}])
        assert (answer.status_code, "contains itself" in answer.json()["detail"]) == (400, True)
    assert set(client.made("GET", path, None, headers=FULL)["properties"]) == {"a"}
    group = {"title": "G", "type": "object", "properties": {}, "meta:intendedToExtend": [EXPERIENCE_EVENT]}
    made = client.made("POST", f"{TENANT}/fieldgroups", group)
    patch = [{"op": "add", "path": "/allOf", "value": [{"$ref": made["$id"]}]}]
    assert client.call("PATCH", f"{TENANT}/fieldgroups/{made['meta:altId']}", patch).status_code == 400
    local = {"definitions": {"c": {"$ref": "#/definitions/c"}}, "allOf": [{"$ref": "#/definitions/c"}]}
    assert client.call("POST", f"{TENANT}/datatypes", {**group, **local, "title": "L"}).status_code == 400


def test_resources_that_grow_without_bound_are_refused(client: Client) -> None:
    """Data types that each contain the one before twice are refused before they fill the memory."""
    last = data_type(client, "T0")["$id"]
    for number in range(1, 20):
        body = {"title": f"T{number}", "description": "d", "type": "object",
                "properties": {"l": {"$ref": last}, "r": {"$ref": last}}}  # fmt: skip
        answer = client.call("POST", f"{TENANT}/datatypes", body)
        if answer.status_code == 400:
            break
        last = answer.json()["$id"]
    assert (answer.status_code, "more than" in answer.json()["detail"]) == (400, True)
    assert number > 8


def test_deep_bodies_are_refused(client: Client) -> None:
    """Objects within objects: those of usual depth are kept, others refused in words."""
    for depth, status in ((15, 201), (60, 400), (200, 400)):
        field: dict[str, Any] = {"type": "string"}
        for _ in range(depth):
            field = {"type": "object", "properties": {"a": field}}
        answer = client.call("POST", f"{TENANT}/datatypes", {**field, "title": f"D{depth}", "description": "d"})
        assert answer.status_code == status, (depth, answer.text[:200])

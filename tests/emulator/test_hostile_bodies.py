"""Bodies in which one part is of the wrong type: each gets a refusal or is harmless, and nothing breaks."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from running import (
    CHATLIO,
    DATA_LAKE,
    EXPERIENCE_EVENT,
    FLOW_SPEC,
    MAPPINGS,
    Chain,
    Client,
    make_chain,
    mapping_set,
    payload,
)

HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
WRONG: tuple[Any, ...] = (None, 1, "", [], {}, [None], [1], {"id": 1})
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Give the way to every part of a body, the body itself first."""
    yield way
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*way, key))


def replaced(value: Any, way: tuple[Any, ...], new: Any) -> Any:
    """Give a body with one part replaced."""
    if not way:
        return new
    result = node = copy.deepcopy(value)
    for key in way[:-1]:
        node = node[key]
    node[way[-1]] = new
    return result


def bodies(client: Client, chain: Chain) -> dict[tuple[str, str], Any]:
    """Give a good body for each call that takes one."""
    source = client.made("GET", "/flowservice/sourceConnections", None)["items"][0]["id"]
    target = client.made("GET", "/flowservice/targetConnections", None)["items"][0]["id"]
    fields = {
        "m": {"type": "string", "enum": ["a"], "meta:enum": {"a": "b"}},
        "i": {"type": "integer", "minimum": 1, "maximum": 4},
        "a": {"type": "array", "items": {"type": "string"}},
    }
    root = {"type": "object", "properties": {f"_{client.tenant}": {"type": "object", "properties": fields}}}
    mappings = mapping_set(chain.schema, client.tenant, MAPPINGS[:2])
    reference = {"id": chain.schema["id"], "version": chain.schema["contentType"]}
    return {
        ("POST", "/schemaregistry/tenant/fieldgroups"): {
            "title": "Group T", "type": "object", "definitions": {"c": root}, "allOf": [{"$ref": "#/definitions/c"}],
        },
        ("POST", "/schemaregistry/tenant/schemas"): {
            "title": "Schema T", "description": "d", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}],
            "meta:immutableTags": ["union"],
        },
        ("POST", "/schemaregistry/tenant/descriptors"): {
            "@type": "xdm:descriptorIdentity", "xdm:sourceSchema": chain.schema["id"], "xdm:sourceVersion": 1,
            "xdm:sourceProperty": f"/_{client.tenant}/text", "xdm:namespace": "Email", "xdm:property": "xdm:code",
        },
        ("POST", "/catalog/dataSets"): {
            "name": "d", "schemaRef": chain.schema, "tags": {"unifiedProfile": ["enabled:false"]},
        },
        ("PATCH", f"/catalog/dataSets/{chain.dataset}"): {"description": "d", "tags": {"a": ["b"]}},
        ("POST", "/flowservice/connections"): {
            "name": "n", "connectionSpec": HTTP_API,
            "auth": {"specName": "Streaming Connection", "params": {"dataType": "raw"}},
        },
        ("POST", "/flowservice/sourceConnections"): {
            "name": "n", "connectionSpec": CHATLIO, "data": {"format": "json"}, "params": {},
        },
        ("POST", "/flowservice/targetConnections"): {
            "name": "n", "connectionSpec": DATA_LAKE, "data": {"format": "json", "schema": reference},
            "params": {"dataSetId": chain.dataset},
        },
        ("POST", "/flowservice/flows"): {
            "name": "n", "flowSpec": FLOW_SPEC, "sourceConnectionIds": [source], "targetConnectionIds": [target],
            "transformations": [{"name": "Mapping", "params": {"mappingId": chain.mapping, "mappingVersion": 0}}],
        },
        ("POST", "/conversion/mappingSets"): mappings,
        ("POST", "/conversion/mappingSets/validate"): mappings,
        ("POST", "/conversion/mappingSets/preview"): {"data": [payload(1)], "mappingSet": mappings},
        ("POST", "/conversion/languages/el/validate"): {"expression": "now()"},
    }  # fmt: skip


def test_no_body_breaks_the_platform(client: Client) -> None:
    """Whatever part of whatever body is of the wrong type, the answer is below 500, and reading goes on."""
    broken = []
    for (method, path), body in bodies(client, make_chain(client)).items():
        assert client.call(method, path, body).ok, path
        for way in places(body):
            for number, wrong in enumerate(WRONG):
                spoilt = replaced(body, way, wrong)
                if isinstance(spoilt, dict) and spoilt.get("title") in ("Group T", "Schema T"):
                    spoilt["title"] = f"{path} {way} {number}"
                status = client.call(method, path, spoilt).status_code
                broken += [(path, way, wrong, status)] if status >= 500 else []
    assert broken == []
    for path in ("/catalog/dataSets", "/flowservice/flows", "/conversion/mappingSets", "/schemaregistry/stats"):
        assert client.call("GET", path).status_code == 200


def test_bodies_that_are_no_json(client: Client) -> None:
    """An empty body, cut JSON, NaN and a deep nest are refused in the service's own words."""
    headers = {**client.headers, "Content-Type": "application/json"}
    for content in (b"", b"{", b"[1", b'{"a": NaN}', b"\xff\xfe", b"[" * 100_000):
        for path, key in (("/flowservice/flows", "errorMessage"), ("/catalog/dataSets", "detail")):
            answer = client.http.post(
                f"{client.server.url}/data/foundation{path}", data=content, headers=headers, timeout=30
            )
            assert answer.status_code == 400, (path, content[:10])
            assert answer.json()[key]

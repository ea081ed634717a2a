"""Every code of Schema Registry that one of its operations can give: status, title and form of the refusal.

The codes, and the titles and words that are printed somewhere, are those of Adobe's troubleshooting guide for XDM and
of its API description; which code a kind or a fault has where the guide does not say so, the emulator assumes.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from running import EXPERIENCE_EVENT, Client

from chatlio_helpers import emulator

TENANT, RPC = "/schemaregistry/tenant", "/schemaregistry/rpc"
PROFILE = "https://ns.adobe.com/xdm/context/profile"
ENABLE = [{"op": "add", "path": "/meta:immutableTags", "value": ["union"]}]
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
UNREACHABLE = {
    "XDM-1024-400": "one of five codes for names and places of fields; no source says which fault it is for",
    "XDM-1406-422": "seen in Adobe's Python SDK only, which does not say what it is for",
}
Answer = requests.Response


def group(client: Client, title: str, properties: dict[str, Any], **more: Any) -> Answer:
    """Ask for a field group with these top-level fields."""
    own = {"type": "object", "properties": properties}
    body = {"title": title, "type": "object", "description": title, "definitions": {"c": own},
            "allOf": [{"$ref": "#/definitions/c"}], **more}  # fmt: skip
    return client.call("POST", f"{TENANT}/fieldgroups", body)


def own_group(client: Client, title: str, **fields: str) -> str:
    """Make a field group with fields of these types under the tenant's root; gives its id."""
    inner = {name: {"type": kind} for name, kind in fields.items()}
    answer = group(client, title, {f"_{client.tenant}": {"type": "object", "properties": inner}})
    assert answer.status_code == 201, answer.text
    return answer.json()["$id"]


def schema(client: Client, title: str, *parts: str) -> Answer:
    """Ask for a schema of these parts."""
    body = {"title": title, "description": title, "type": "object", "allOf": [{"$ref": id} for id in parts]}
    return client.call("POST", f"{TENANT}/schemas", body)


def profile_schema(client: Client, title: str, **fields: str) -> dict[str, Any]:
    """Make a profile schema with fields of these types."""
    return schema(client, title, PROFILE, own_group(client, f"{title} fields", **fields)).json()


def descriptor(client: Client, kind: str, source: dict[str, Any], name: str, **more: Any) -> Answer:
    """Ask for a descriptor of one of the tenant's fields."""
    body = {
        "@type": kind, "xdm:sourceSchema": source["$id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{client.tenant}/{name}", **more,
    }  # fmt: skip
    return client.call("POST", f"{TENANT}/descriptors", body)


def identity(client: Client, source: dict[str, Any], name: str, namespace: str, primary: bool = True) -> Answer:
    """Ask for an identity."""
    more = {"xdm:namespace": namespace, "xdm:property": "xdm:code", "xdm:isPrimary": primary}
    return descriptor(client, "xdm:descriptorIdentity", source, name, **more)


def enable(client: Client, source: dict[str, Any]) -> Answer:
    """Ask to enable a schema for Profile."""
    return client.call("PATCH", f"{TENANT}/schemas/{source['meta:altId']}", ENABLE)


def related(client: Client, *, reference: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make two schemas with identities and a relationship, whose reference identity (if any) is of a namespace."""
    orders = profile_schema(client, "Orders", buyer="string", key="string")
    people = profile_schema(client, "People", email="string")
    assert identity(client, orders, "key", "CRMID").status_code == 201
    assert identity(client, people, "email", "Email").status_code == 201
    target = {"xdm:destinationSchema": people["$id"], "xdm:destinationVersion": 1}
    assert descriptor(client, "xdm:descriptorOneToOne", orders, "buyer", **target).status_code == 201
    if reference:
        more = {"xdm:identityNamespace": reference}
        assert descriptor(client, "xdm:descriptorReferenceIdentity", orders, "buyer", **more).status_code == 201
    return orders, people


def looked_up(path: str) -> Callable[[Client], Answer]:
    """Give a look-up of an id that is not there."""
    return lambda client: client.call("GET", f"{TENANT.rpartition('/')[0]}{path}", headers=FULL)


def accepting(path: str, accept: str) -> Callable[[Client], Answer]:
    """Give a call with an Accept header."""
    return lambda client: client.call("GET", f"{TENANT}{path}", headers={"Accept": accept})


def outside_the_root(client: Client) -> Answer:
    """Put a field beside the tenant's root."""
    return group(client, "G", {"colour": {"type": "string"}})


def outside_in_a_class(client: Client) -> Answer:
    """Put a field of a class beside the tenant's root."""
    body = {"title": "C", "type": "object", "description": "c", "properties": {"colour": {"type": "string"}},
            "allOf": [{"$ref": "https://ns.adobe.com/xdm/data/record"}]}  # fmt: skip
    return client.call("POST", f"{TENANT}/classes", body)


def within_a_standard_object(client: Client) -> Answer:
    """Put a field into an object of Adobe's."""
    inner = {"_repo": {"type": "object", "properties": {"colour": {"type": "string"}}}}
    parts = [{"$ref": "https://ns.adobe.com/xdm/common/auditable"}, {"$ref": "#/definitions/c"}]
    return group(client, "G", inner, allOf=parts)


def badly_named(client: Client) -> Answer:
    """Name a field with a dot."""
    return group(client, "G", {f"_{client.tenant}": {"type": "object", "properties": {"a.b": {"type": "string"}}}})


def unknown_namespace(client: Client) -> Answer:
    """Use an identity namespace that nobody has."""
    return identity(client, profile_schema(client, "S", email="string"), "email", "Nope")


def parts_disagree(client: Client) -> Answer:
    """Compose a schema of two groups that give one path different types."""
    return schema(client, "S", PROFILE, own_group(client, "A", n="string"), own_group(client, "B", n="integer"))


def group_changes_apart(client: Client) -> Answer:
    """Change a group so that a schema with it cannot be composed any more."""
    one, two = own_group(client, "A", n="string"), own_group(client, "B", m="integer")
    assert schema(client, "S", PROFILE, one, two).status_code == 201
    path = f"/definitions/c/properties/_{client.tenant}/properties/n"
    alt = f"_{two.removeprefix('https://ns.adobe.com/').replace('/', '.')}"
    return client.call(
        "PATCH", f"{TENANT}/fieldgroups/{alt}", [{"op": "add", "path": path, "value": {"type": "number"}}]
    )


def union_does_not_fit(client: Client) -> Answer:
    """Enable two schemas of a class that give one path different types."""
    for title, kind in (("A", "string"), ("B", "integer")):
        made = profile_schema(client, title, n=kind, email="string")
        assert identity(client, made, "email", "Email").status_code == 201
        answer = enable(client, made)
    return answer


def title_taken(client: Client) -> Answer:
    """Give a schema the title of a field group."""
    own_group(client, "Taken", n="string")
    return schema(client, "Taken", PROFILE)


def relation_without_reference(client: Client) -> Answer:
    """Enable a schema with a relationship that no reference identity explains."""
    return enable(client, related(client, reference="")[0])


def namespaces_differ(client: Client) -> Answer:
    """Enable both ends of a relationship whose namespaces differ; the second is refused."""
    orders, people = related(client, reference="Phone")
    assert enable(client, orders).status_code == 200
    return enable(client, people)


def namespaces_differ_the_other_way(client: Client) -> Answer:
    """As before, the destination first."""
    orders, people = related(client, reference="Phone")
    assert enable(client, people).status_code == 200
    return enable(client, orders)


def without_identity(client: Client) -> Answer:
    """Enable a schema without any identity."""
    return enable(client, profile_schema(client, "S", n="string"))


def identity_taken_away(client: Client) -> Answer:
    """Delete the primary identity of a schema that is enabled."""
    made = profile_schema(client, "S", email="string")
    key = identity(client, made, "email", "Email").json()["@id"]
    assert enable(client, made).status_code == 200
    return client.call("DELETE", f"{TENANT}/descriptors/{key}")


def without_permission(client: Client) -> Answer:
    """Call as the account whose role has no permission."""
    return Client(client.server, seat=client.seat, role="limited").call("GET", f"{TENANT}/schemas")


def import_conflict(client: Client) -> Answer:
    """Import what is there."""
    made = profile_schema(client, "S", n="string")
    return client.call("POST", f"{RPC}/import", client.call("GET", f"{RPC}/export/{made['meta:altId']}").json())


ACCEPT, MISSING, PLACE, UNION = (
    "Accept header invalid", "Resource not found", "Namespace validation error", "Union descriptor validation error"
)  # fmt: skip
TABLE: tuple[tuple[str, str, Callable[[Client], Answer]], ...] = (
    ("XDM-1006-400", ACCEPT, accepting("/schemas", "application/vnd.adobe.xed+json;version=1")),
    ("XDM-1006-400", ACCEPT, accepting("/unions", "*/*")),
    ("XDM-1006-400", ACCEPT, accepting("/datatypes", "application/vnd.adobe.xed-full+json")),
    ("XDM-1007-400", ACCEPT, accepting("/schemas/_x.schemas.y", "application/vnd.adobe.xed+json")),
    ("XDM-1007-400", ACCEPT, accepting("/unions/_x.classes.y__union", "application/vnd.adobe.xed-id+json; version=1")),
    ("XDM-1007-400", ACCEPT, accepting("/classes/_x.classes.y", "application/vnd.adobe.abc+json; version=1")),
    ("XDM-1008-400", ACCEPT, accepting("/descriptors", "application/vnd.adobe.xed+json")),
    ("XDM-1008-400", ACCEPT, accepting("/descriptors", "application/vnd.adobe.xdm+json; version=1")),
    ("XDM-1009-400", ACCEPT, accepting("/descriptors/abc", "application/vnd.adobe.xed+json;version=1")),
    ("XDM-1010-404", MISSING, looked_up("/tenant/classes/_x.classes.y")),
    ("XDM-1011-404", MISSING, looked_up("/tenant/fieldgroups/_x.mixins.y")),
    ("XDM-1011-404", MISSING, looked_up("/global/mixins/_x.mixins.y")),
    ("XDM-1012-404", "Resource Not Found", looked_up("/tenant/schemas/_x.schemas.y")),
    ("XDM-1012-404", "Resource Not Found", looked_up("/rpc/export/_x.schemas.y")),
    ("XDM-1012-404", "Resource Not Found", looked_up("/rpc/sampledata/_x.schemas.y")),
    ("XDM-1013-404", MISSING, looked_up("/tenant/datatypes/_x.datatypes.y")),
    ("XDM-1014-404", MISSING, accepting("/descriptors/abc", "application/vnd.adobe.xdm+json")),
    ("XDM-1015-404", MISSING, looked_up("/tenant/unions/_xdm.context.profile__union")),
    ("XDM-1016-404", MISSING, looked_up("/global/behaviors/_xdm.data.nothing")),
    ("XDM-1017-404", MISSING, looked_up("/rpc/auditlog/_x.schemas.y")),
    ("XDM-1017-404", MISSING, looked_up("/elsewhere/schemas/_x.schemas.y")),
    ("XDM-1017-404", MISSING, looked_up("/elsewhere/classes")),
    ("XDM-1020-400", PLACE, unknown_namespace),
    ("XDM-1021-400", PLACE, outside_the_root),
    ("XDM-1021-400", PLACE, outside_in_a_class),
    ("XDM-1022-400", PLACE, within_a_standard_object),
    ("XDM-1023-400", PLACE, badly_named),
    ("XDM-1413-400", "Merge Schema Error", parts_disagree),
    ("XDM-1413-400", "Merge Schema Error", group_changes_apart),
    ("XDM-1413-400", "Merge Schema Error", union_does_not_fit),
    ("XDM-1521-400", "Title not unique", title_taken),
    ("XDM-1526-400", UNION, relation_without_reference),
    ("XDM-1527-400", UNION, namespaces_differ),
    ("XDM-1527-400", UNION, namespaces_differ_the_other_way),
    ("XDM-1528-400", UNION, without_identity),
    ("XDM-1528-400", UNION, identity_taken_away),
    ("XDM-2010-403", "Permission management access denied", without_permission),
    ("XDM-3005-400", "Import Resource Failed", import_conflict),
)


@pytest.mark.parametrize(
    ("code", "title", "ask"), TABLE, ids=[f"{row[0]}-{number}" for number, row in enumerate(TABLE)]
)
def test_a_code(client: Client, code: str, title: str, ask: Callable[[Client], Answer]) -> None:
    """The refusal has the code's status and title, and the form that Adobe prints, with a report."""
    answer = ask(client)
    assert answer.status_code == int(code[-3:]), answer.text
    body = answer.json()
    assert set(body) == {"type", "title", "status", "report", "detail"}
    assert body["type"] == f"http://ns.adobe.com/aep/errors/{code}"
    assert (body["title"], body["status"]) == (title, answer.status_code)
    report = body["report"]
    assert set(report) == {"registryRequestId", "timestamp", "detailed-message", "sub-errors"}
    assert uuid.UUID(report["registryRequestId"]).version == 4
    at = datetime.strptime(report["timestamp"], "%m-%d-%Y %H:%M:%S").replace(tzinfo=UTC)  # 24 hours, no AM or PM
    assert abs(datetime.now(UTC) - at) < timedelta(minutes=5)
    assert (report["detailed-message"], report["sub-errors"]) == (body["detail"], [])
    assert len(body["detail"]) > 20


def test_every_code_of_the_registry_is_in_the_table() -> None:
    """No module gives a code that the table does not drive, and none of the unreachable ones is given."""
    driven = {code for code, _, _ in TABLE}
    given: set[str] = set()
    for path in Path(emulator.__path__[0]).rglob("*.py"):
        given |= set(re.findall(r"\"(XDM-\d{4}-\d{3})\"", path.read_text(encoding="utf-8")))
    ours = "XDM-0000-400"  # stands where no source prints the live code
    assert given - {ours} == driven
    assert not driven & set(UNREACHABLE)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'"text"', b"\xff"])
def test_a_body_that_cannot_be_read_is_refused_in_the_same_form(client: Client, content: bytes) -> None:
    """No JSON, or JSON of another kind, gets a report as well."""
    headers = {**client.headers, "Content-Type": "application/json"}
    url = f"{client.server.url}/data/foundation{TENANT}/schemas"
    answer = client.http.post(url, data=content, headers=headers, timeout=30)
    assert answer.status_code == 400
    assert set(answer.json()) == {"type", "title", "status", "report", "detail"}


def test_a_refused_change_leaves_nothing_behind(client: Client) -> None:
    """A change that is refused only after it was written is taken back, with its entry in the audit log."""
    assert group_changes_apart(client).status_code == 400
    ids = {"Accept": "application/vnd.adobe.xed-id+json"}
    groups = client.made("GET", f"{TENANT}/fieldgroups?orderby=title", None, headers=ids)["results"]
    assert [one["version"] for one in groups] == ["1.0", "1.0"]
    log = client.made("GET", f"{RPC}/auditlog/{groups[1]['meta:altId']}", None)
    assert len(log) == 1


def test_an_enabled_schema_stays_enabled(client: Client) -> None:
    """The tag union is never taken away, not by a patch nor by a replacement, and the schema is not deleted."""
    events = schema(client, "Events", EXPERIENCE_EVENT).json()
    path = f"{TENANT}/schemas/{events['meta:altId']}"
    assert enable(client, events).status_code == 200
    assert client.call("PATCH", path, [{"op": "remove", "path": "/meta:immutableTags"}]).status_code == 400
    body = {"title": "Events", "description": "new", "type": "object", "allOf": [{"$ref": EXPERIENCE_EVENT}]}
    assert client.call("PUT", path, {**body, "meta:immutableTags": []}).status_code == 400
    assert client.made("PUT", path, body)["meta:immutableTags"] == ["union"]
    assert client.call("DELETE", path).status_code == 400

"""Schema Registry's procedures over HTTP: export and import, sample data, audit log."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import EXPERIENCE_EVENT, Client

from chatlio_helpers.emulator.registry import pattern_samples, sample_data
from chatlio_helpers.emulator.xdm.validation import Validator

REGISTRY = "/schemaregistry"
FULL = {"Accept": "application/vnd.adobe.xed-full+json; version=1"}
PLACEHOLDER = "<XDM_TENANTID_PLACEHOLDER>"
Fields = dict[str, Any]


def group_body(root: str, title: str, fields: Fields) -> dict[str, Any]:
    """Give the body of a field group with fields under the tenant's root."""
    own = {"type": "object", "properties": {root: {"type": "object", "properties": fields}}}
    return {
        "title": title, "description": title, "type": "object", "meta:intendedToExtend": [EXPERIENCE_EVENT],
        "definitions": {"customFields": own}, "allOf": [{"$ref": "#/definitions/customFields"}],
    }  # fmt: skip


def make_schema(client: Client, fields: Fields, title: str = "Events", group: str = "Group") -> tuple[Any, Any]:
    """Make a field group and a schema that has it."""
    body = group_body(f"_{client.tenant}", group, fields)
    part = client.made("POST", f"{REGISTRY}/tenant/fieldgroups", body)
    parts = [{"$ref": id} for id in (EXPERIENCE_EVENT, part["$id"])]
    schema = {"title": title, "description": title, "type": "object", "allOf": parts}
    return client.made("POST", f"{REGISTRY}/tenant/schemas", schema), part


def full(client: Client, id: str) -> Any:
    """Read a resolved schema."""
    return client.made("GET", f"{REGISTRY}/tenant/schemas/{quote(id, safe='')}", None, headers=FULL)


def code(answer: Any) -> str:
    """Give the code of a refusal."""
    return answer.json()["type"].rpartition("/")[2]


def stranger(client: Client) -> Client:
    """Give the full account of another organisation, which no other test uses."""
    name = f"{client.seat}-other"
    client.server.control("POST", "/seats", {"names": [name]})
    return Client(client.server, seat=name)


def visitor(client: Client) -> dict[str, Any]:
    """Make a data type."""
    body = {"title": "Visitor", "description": "v", "type": "object", "properties": {"email": {"type": "string"}}}
    return client.made("POST", f"{REGISTRY}/tenant/datatypes", body)


def test_an_export_holds_what_the_resource_is_made_of(client: Client) -> None:
    """Dependencies come first, the tenant id is a placeholder everywhere, the registry's own fields are left out."""
    data_type = visitor(client)
    schema, group = make_schema(client, {"visitor": {"$ref": data_type["$id"]}})
    answer = client.call("GET", f"{REGISTRY}/rpc/export/{schema['meta:altId']}")
    found = answer.json()
    assert [one["meta:resourceType"] for one in found] == ["datatypes", "mixins", "schemas"]
    keys = [one["$id"].rpartition("/")[2] for one in found]
    assert keys == [one["$id"].rpartition("/")[2] for one in (data_type, group, schema)]
    assert client.tenant not in answer.text
    assert found[1]["meta:altId"].startswith(f"_{PLACEHOLDER}.mixins.")
    assert f"_{PLACEHOLDER}" in found[1]["definitions"]["customFields"]["properties"]
    for one in found:
        assert not {"imsOrg", "refs", "meta:registryMetadata", "meta:tenantNamespace"} & set(one)
    assert client.made("GET", f"{REGISTRY}/rpc/export/_xdm.context.profile", None) == []


def test_an_export_arrives_in_another_organisation(client: Client) -> None:
    """What is imported has the other tenant's ids and root, the same fields, and can be exported again."""
    data_type = visitor(client)
    schema, _ = make_schema(client, {"visitor": {"$ref": data_type["$id"]}, "n": {"type": "integer"}})
    payload = client.made("GET", f"{REGISTRY}/rpc/export/{quote(schema['$id'], safe='')}", None)
    other = stranger(client)
    answer = other.call("POST", f"{REGISTRY}/rpc/import", list(reversed(payload)))
    assert answer.status_code == 200, answer.text
    made = answer.json()[0]
    assert made["$id"] == schema["$id"].replace(client.tenant, other.tenant)
    assert (made["imsOrg"], made["meta:tenantNamespace"]) == (other.keys["org_id"], f"_{other.tenant}")
    assert made["meta:class"] == EXPERIENCE_EVENT
    own = full(other, made["$id"])["properties"][f"_{other.tenant}"]["properties"]
    assert set(own) == {"visitor", "n"}
    assert set(own["visitor"]["properties"]) == {"email"}
    again = other.made("GET", f"{REGISTRY}/rpc/export/{made['meta:altId']}", None)
    sandboxes = ("meta:sandboxId", "meta:sandboxType")
    assert [{k: v for k, v in one.items() if k not in sandboxes} for one in again] == [
        {k: v for k, v in one.items() if k not in sandboxes} for one in payload
    ]


def test_an_import_is_made_whole_or_not_at_all(client: Client) -> None:
    """A taken title, a taken id or a missing part refuses everything, in the words that Adobe prints."""
    schema, _ = make_schema(client, {"n": {"type": "integer"}})
    payload = client.made("GET", f"{REGISTRY}/rpc/export/{schema['meta:altId']}", None)
    twice = client.call("POST", f"{REGISTRY}/rpc/import", payload)
    assert (twice.status_code, code(twice)) == (400, "XDM-3005-400")
    assert twice.json()["title"] == "Import Resource Failed"
    other = stranger(client)
    make_schema(other, {"m": {"type": "string"}}, title="Taken", group="G")
    taken = [payload[0], payload[1] | {"title": "Taken"}]
    answer = other.call("POST", f"{REGISTRY}/rpc/import", taken)
    assert code(answer) == "XDM-3005-400"
    assert answer.json()["detail"].startswith("Failed to import resources. Error: Object titles must be unique.")
    assert code(other.call("POST", f"{REGISTRY}/rpc/import", payload[1:])) == "XDM-3005-400", "a part is missing"
    assert other.made("GET", f"{REGISTRY}/stats", None)["counts"]["mixins"] == 1, "nothing of it was kept"
    assert other.call("POST", f"{REGISTRY}/rpc/import", payload).status_code == 200


@pytest.mark.parametrize(
    "entry",
    [
        1, None, {}, {"meta:resourceType": "schemas"}, {"meta:resourceType": ["schemas"], "$id": "x"},
        {"meta:resourceType": "mixins", "$id": "https://ns.adobe.com/other/mixins/abc", "title": "x"},
        {"meta:resourceType": "mixins", "$id": f"https://ns.adobe.com/{PLACEHOLDER}/mixins/abc"},
        {"meta:resourceType": "mixins", "$id": f"https://ns.adobe.com/{PLACEHOLDER}/mixins/a/b", "title": "x"},
        {"meta:resourceType": "mixins", "$id": f"https://ns.adobe.com/{PLACEHOLDER}/mixins/abc", "title": {}},
        {"meta:resourceType": "mixins", "$id": f"https://ns.adobe.com/{PLACEHOLDER}/mixins/abc", "title": "x",
         "type": "object", "properties": {"a": 1}},
    ],
)  # fmt: skip
def test_an_import_of_nonsense_is_refused(client: Client, entry: Any) -> None:
    """Whatever an entry of the payload is, the answer is XDM-3005-400."""
    answer = client.call("POST", f"{REGISTRY}/rpc/import", [entry])
    assert (answer.status_code, code(answer)) == (400, "XDM-3005-400"), answer.text
    assert client.call("POST", f"{REGISTRY}/rpc/import", {}).status_code == 400


RICH: Fields = {
    "plan": {"type": "string", "enum": ["free", "paid"]},
    "code": {"type": "string", "pattern": "^[A-Z]{3}-\\d{4}$"},
    "long": {"type": "string", "minLength": 40},
    "short": {"type": "string", "maxLength": 3},
    "at": {"type": "string", "format": "date-time"},
    "day": {"type": "string", "format": "date"},
    "link": {"type": "string", "format": "uri"},
    "mail": {"type": "string", "format": "email"},
    "byte": {"type": "integer", "minimum": -128, "maximum": 127},
    "over": {"type": "integer", "exclusiveMinimum": 9_000_000},
    "share": {"type": "number", "minimum": 0.25, "maximum": 0.5},
    "large": {"type": "number", "minimum": 9007199254740993, "maximum": 9007199254740995},
    "yes": {"type": "boolean"},
    "tags": {"type": "array", "items": {"type": "string", "pattern": "^a"}, "minItems": 2},
    "traits": {"type": "object", "additionalProperties": {"type": "integer"}},
    "inner": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string", "default": "kept"}}},
    "impossible": {"type": "string", "pattern": "^x{9}$", "maxLength": 2},
}


def test_a_sample_is_valid_and_always_the_same(client: Client) -> None:
    """Each field has a value of its type, pattern and bounds; what contradicts itself is left out."""
    schema, _ = make_schema(client, RICH)
    path = f"{REGISTRY}/rpc/sampledata/{quote(schema['$id'], safe='')}"
    forms = ("*/*", "application/vnd.adobe.xed+json; version=1", "application/vnd.adobe.xdm-full+json; version=1")
    answers = [client.made("GET", path, None, headers={"Accept": form}) for form in forms]
    assert answers[0] == answers[1] == answers[2]
    assert Validator(full(client, schema["$id"])).violations(answers[0]) == []
    own = answers[0][f"_{client.tenant}"]
    assert set(own) == set(RICH) - {"impossible"}
    assert (own["plan"], own["inner"], own["long"].startswith("string")) == ("free", {"k": "kept"}, True)
    assert re.fullmatch(r"[A-Z]{3}-\d{4}", own["code"])
    assert answers[0]["timestamp"] == "2018-11-12T20:20:39+00:00"
    wrong = client.call("GET", path, headers={"Accept": "application/vnd.adobe.xed+json"})
    assert (wrong.status_code, code(wrong)) == (400, "XDM-1007-400")
    assert code(client.call("GET", f"{REGISTRY}/rpc/sampledata/_x.schemas.y")) == "XDM-1012-404"


def test_a_sample_has_the_primary_identity(client: Client) -> None:
    """A primary identity is required, so the sample has it; a required field that cannot be is a refusal."""
    schema, group = make_schema(client, {"email": {"type": "string", "format": "email"}})
    body = {
        "@type": "xdm:descriptorIdentity", "xdm:sourceSchema": schema["$id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{client.tenant}/email", "xdm:namespace": "Email", "xdm:property": "xdm:code",
        "xdm:isPrimary": True,
    }  # fmt: skip
    client.made("POST", f"{REGISTRY}/tenant/descriptors", body)
    path = f"{REGISTRY}/rpc/sampledata/{schema['meta:altId']}"
    assert client.made("GET", path, None)[f"_{client.tenant}"] == {"email": "john.smith@abc.com"}
    field = f"/definitions/customFields/properties/_{client.tenant}/properties/email"
    client.made(
        "PATCH", f"{REGISTRY}/tenant/fieldgroups/{group['meta:altId']}",
        [{"op": "add", "path": f"{field}/maxLength", "value": 1}],
    )  # fmt: skip
    assert client.call("GET", path).status_code == 400


@pytest.mark.parametrize(
    "pattern",
    [
        "^[0-9]{4}-[0-9]{2}$", r"^\d+$", "^(a|b)+c?$", "^[^a-z]+$", r"^\+?[1-9]\d{1,14}$", "x*", "^.{3,5}$",
        "[0-1][0-9]",
        r"^[\w.-]+@[\w-]+\.\w{2,}$", r"^https?://\S+$", "(?i)^abc$", "^(?:ab){2,3}$", r"^[\s\S]{2}$", r"^\w+\W\w+$",
    ],
)  # fmt: skip
def test_a_text_is_found_for_usual_patterns(pattern: str) -> None:
    """The text fits the pattern, and stays the same."""
    assert re.search(pattern, pattern_samples.sample(pattern))
    assert pattern_samples.sample(pattern, 3) == pattern_samples.sample(pattern, 3)


@pytest.mark.parametrize("pattern", ["[", "(?=a)b", "x{100000}", "(((x{99}){99}){99})", "(?<=a)b$", r"(a)\1"])
def test_no_text_is_found_where_none_is_or_it_would_be_huge(pattern: str) -> None:
    """A pattern that cannot be read, met or written down is said to be so."""
    with pytest.raises(pattern_samples.NoSample):
        pattern_samples.sample(pattern)


@settings(max_examples=50, deadline=None)
@given(
    st.recursive(
        st.one_of(
            st.builds(
                lambda least, span: {"type": "integer", "minimum": least, "maximum": least + span},
                st.integers(-(2**53), 2**53), st.integers(0, 10**6),
            ),
            st.builds(
                lambda least, span: {"type": "string", "minLength": least, "maxLength": least + span},
                st.integers(0, 50), st.integers(0, 50),
            ),
            st.builds(lambda values: {"type": "string", "enum": values}, st.lists(st.text(), min_size=1, max_size=3)),
            st.sampled_from([{"type": "string", "format": name} for name in ("date-time", "date", "uri", "email")]),
            st.just({"type": "boolean"}),
        ),
        lambda inner: st.one_of(
            st.builds(lambda item, least: {"type": "array", "items": item, "minItems": least}, inner,
                      st.integers(0, 3)),
            st.builds(lambda item: {"type": "object", "additionalProperties": item}, inner),
            st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=4).map(
                lambda fields: {"type": "object", "properties": fields, "required": sorted(fields)}
            ),
        ),
        max_leaves=8,
    )
)  # fmt: skip
def test_samples_of_all_kinds_of_fields_are_valid(field: Fields) -> None:
    """For every field that can have a value, the sample is one that validation lets pass."""
    schema = {"type": "object", "properties": {"field": field}, "required": ["field"]}
    assert Validator(schema).violations(sample_data.record(schema)) == []


def test_the_audit_log_says_who_changed_what_and_when(client: Client) -> None:
    """Each change is there with place and value, the newest first, and a schema's log has its field group's changes."""
    schema, group = make_schema(client, {"n": {"type": "integer"}})
    path = f"{REGISTRY}/tenant/fieldgroups/{group['meta:altId']}"
    root = f"/definitions/customFields/properties/_{client.tenant}/properties"
    client.made("PATCH", path, [{"op": "add", "path": f"{root}/m", "value": {"type": "string"}}])
    client.made("PATCH", path, [{"op": "remove", "path": f"{root}/n"}])
    log = client.made("GET", f"{REGISTRY}/rpc/auditlog/{group['meta:altId']}", None)
    assert [one["updates"][0]["action"] for one in log] == ["remove", "add", "add"]
    newest, added, made = log
    assert newest["updates"] == [
        {"id": group["$id"], "xdmType": "mixins", "action": "remove", "path": f"{root}/n",
         "value": {"type": "integer", "meta:xdmType": "int"}}
    ]  # fmt: skip
    assert added["updates"][0]["path"] == f"{root}/m"
    assert {one["path"] for one in made["updates"]} >= {"/title", "/definitions", "/allOf"}
    assert newest["updatedUser"] == client.keys["tech_id"]
    assert newest["clientId"] == client.keys["client_id"]
    assert newest["imsOrg"] == client.keys["org_id"]
    assert re.fullmatch(r"\d\d-\d\d-\d{4} \d\d:\d\d:\d\d", newest["updatedTime"])
    assert len({one["requestId"] for one in log}) == 3
    of_schema = client.made("GET", f"{REGISTRY}/rpc/auditlog/{quote(schema['$id'], safe='')}", None)
    assert [one["id"] for one in of_schema] == [schema["$id"]] * 3
    assert of_schema[0]["updates"] == newest["updates"]
    assert client.made("GET", f"{REGISTRY}/rpc/auditlog/_xdm.context.profile", None) == []


def test_the_audit_log_outlives_its_resource(client: Client) -> None:
    """A change without effect is no entry, a deletion is one, and an id that never was is a 404."""
    data_type = visitor(client)
    path = f"{REGISTRY}/tenant/datatypes/{data_type['meta:altId']}"
    client.made("PATCH", path, [{"op": "replace", "path": "/title", "value": "Visitor"}])
    client.made("PATCH", path, [{"op": "replace", "path": "/title", "value": "Guest"}])
    assert client.call("DELETE", path).status_code == 204
    log = client.made("GET", f"{REGISTRY}/rpc/auditlog/{data_type['meta:altId']}", None)
    assert [(one["updates"][0]["action"], one["updates"][0]["value"]) for one in log[:2]] == [
        ("remove", "Guest"), ("replace", "Guest"),
    ]  # fmt: skip
    assert len(log) == 3
    assert code(client.call("GET", f"{REGISTRY}/rpc/auditlog/_x.schemas.y")) == "XDM-1017-404"


def test_nothing_of_another_organisation_is_exported_sampled_or_told(client: Client) -> None:
    """Ids of one seat are not found by another."""
    schema, _ = make_schema(client, {"n": {"type": "integer"}})
    other = stranger(client)
    for call in ("export", "sampledata", "auditlog"):
        assert other.call("GET", f"{REGISTRY}/rpc/{call}/{schema['meta:altId']}").status_code == 404
    limited = Client(client.server, seat=client.seat, role="limited")
    for call in ("export", "sampledata", "auditlog"):
        assert code(limited.call("GET", f"{REGISTRY}/rpc/{call}/{schema['meta:altId']}")) == "XDM-2010-403"
    assert code(limited.call("POST", f"{REGISTRY}/rpc/import", [])) == "XDM-2010-403"

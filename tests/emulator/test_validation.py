"""XDM validation: each rule in the words of Adobe's streaming validator, and never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlio_helpers.emulator.xdm.validation import Validator, violations
from chatlio_helpers.emulator.xdm.validation_rules import is_date_time

SCHEMA = {
    "type": "object",
    "required": ["_id", "timestamp"],
    "properties": {
        "_id": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
        "_acme": {
            "type": "object",
            "required": ["kind"],
            "properties": {
                "kind": {"type": "string", "enum": ["chat", "mail"]},
                "page": {"type": "string", "format": "uri"},
                "day": {"type": "string", "format": "date"},
                "code": {"type": "string", "pattern": "^[A-Z]+$", "minLength": 2, "maxLength": 4},
                "score": {"type": "number", "minimum": 0, "exclusiveMaximum": 10},
                "count": {"type": "integer", "minimum": -5, "maximum": 5},
                "active": {"type": "boolean"},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1, "maxItems": 3},
                "traits": {"type": "object", "additionalProperties": {"type": "integer"}},
                "free": {"type": "object"},
                "a/b~c": {"type": "string"},
            },
        },
    },
}
GOOD = {"_id": "1", "timestamp": "2020-01-01T00:00:00Z"}


def found(**fields):
    """Keyword, pointer, schema location and message of each violation of a tenant object."""
    record = {**GOOD, "_acme": {"kind": "chat", **fields}}
    entries = violations(record, SCHEMA)
    assert all(entry["causingExceptions"] == [] for entry in entries)
    return [(e["keyword"], e["pointerToViolation"], e["schemaLocation"], e["message"]) for e in entries]


def test_valid_record():
    """A record that keeps every rule has no violation and no report."""
    record = {
        **GOOD,
        "_acme": {
            "kind": "chat",
            "page": "https://example.com/a?b=c#d",
            "day": "2020-02-29",
            "code": "AB",
            "score": 9.5,
            "count": -5,
            "active": True,
            "tags": ["a"],
            "traits": {"x": 1},
            "free": {"any": ["thing"]},
            "a/b~c": "",
        },
    }
    assert violations(record, SCHEMA) == []
    assert Validator(SCHEMA).report(record) is None


def test_printed_sample():
    """The violations of Adobe's printed answer, entry by entry."""
    record = {"_id": 7, "workEmail": "a@b.c"}
    assert Validator(SCHEMA).report(record) == {
        "schemaLocation": "#",
        "pointerToViolation": "#",
        "causingExceptions": [
            {
                "schemaLocation": "#",
                "pointerToViolation": "#",
                "causingExceptions": [],
                "keyword": "required",
                "message": "required key [timestamp] not found",
            },
            {
                "schemaLocation": "#/properties/_id",
                "pointerToViolation": "#/_id",
                "causingExceptions": [],
                "keyword": "type",
                "message": "expected type: String, found: Long",
            },
            {
                "schemaLocation": "#",
                "pointerToViolation": "#",
                "causingExceptions": [],
                "keyword": "additionalProperties",
                "message": "extraneous key [workEmail] is not permitted",
            },
        ],
        "message": "3 schema violations found",
    }


def test_single_violation_is_not_wrapped():
    """One violation alone is the report."""
    report = Validator(SCHEMA).report({"_id": "1"})
    assert report["message"] == "required key [timestamp] not found"
    assert report["causingExceptions"] == []


@pytest.mark.parametrize(
    ("field", "value", "keyword", "message"),
    [
        ("kind", "fax", "enum", "fax is not a valid enum value"),
        ("kind", None, "type", "expected type: String, found: Null"),
        ("page", "no uri", "format", "[no uri] is not a valid URI"),
        ("day", "2020-02-30", "format", "[2020-02-30] is not a valid date. Expected [yyyy-MM-dd]"),
        ("code", "ab", "pattern", "string [ab] does not match pattern ^[A-Z]+$"),
        ("code", "A", "minLength", "expected minLength: 2, actual: 1"),
        ("code", "ABCDE", "maxLength", "expected maxLength: 4, actual: 5"),
        ("score", -1, "minimum", "-1 is not greater or equal to 0"),
        ("score", 10, "exclusiveMaximum", "10 is not less than 10"),
        ("score", "1", "type", "expected type: Number, found: String"),
        ("score", True, "type", "expected type: Number, found: Boolean"),
        ("count", 6, "maximum", "6 is not less or equal to 5"),
        ("count", 1.5, "type", "expected type: Integer, found: Double"),
        ("active", "true", "type", "expected type: Boolean, found: String"),
        ("tags", "a", "type", "expected type: JSONArray, found: String"),
        ("tags", [], "minItems", "expected minimum item count: 1, found: 0"),
        ("tags", ["a"] * 4, "maxItems", "expected maximum item count: 3, found: 4"),
        ("traits", [], "type", "expected type: JSONObject, found: JSONArray"),
    ],
)
def test_each_rule(field, value, keyword, message):
    """Each rule names the field, the keyword and what it found."""
    assert found(**{field: value}) == [(keyword, f"#/_acme/{field}", f"#/properties/_acme/properties/{field}", message)]


def test_places_inside_arrays_maps_and_odd_names():
    """Pointers reach elements and map keys, with JSON Pointer's escapes."""
    place = "#/properties/_acme/properties"
    words = "expected type: String, found: Long"
    assert found(tags=["a", 2]) == [("type", "#/_acme/tags/1", f"{place}/tags/items", words)]
    assert found(traits={"x": "1"}) == [
        ("type", "#/_acme/traits/x", f"{place}/traits/additionalProperties", "expected type: Integer, found: String")
    ]
    assert found(**{"a/b~c": 1})[0][1] == "#/_acme/a~1b~0c"
    assert found(unknown=1) == [
        ("additionalProperties", "#/_acme", "#/properties/_acme", "extraneous key [unknown] is not permitted")
    ]


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("2020-01-01T00:00:00Z", True),
        ("2020-01-01T00:00:00.1Z", True),
        ("2016-02-07T11:02:17.839766-08:00", True),
        ("2020-01-01T00:00:00.123456789+05:30", True),
        ("2020-01-01T00:00:00.1234567890Z", False),
        ("2020-01-01T00:00:00", False),
        ("2020-01-01T00:00Z", False),
        ("2020-01-01 00:00:00Z", False),
        ("2020-02-30T00:00:00Z", False),
        ("2020-01-01T24:00:00Z", False),
        ("2020-01-01T00:00:00+0100", False),
        ("2020-01-01", False),
        ("1571829875000", False),
        ("2020-01-01T00:00:00Z\n", False),
        ("٢٠٢٠-01-01T00:00:00Z", False),
    ],
)
def test_date_time_forms(text, valid):
    """Only the documented date-time forms pass: seconds, one to nine fraction digits, Z or an offset with a colon."""
    assert is_date_time(text) is valid


def test_date_time_message():
    """A wrong date-time is answered with the forms that are expected."""
    (entry,) = violations({**GOOD, "timestamp": "yesterday"}, SCHEMA)
    assert entry["keyword"] == "format"
    assert entry["message"].startswith("[yesterday] is not a valid date-time. Expected [yyyy-MM-dd'T'HH:mm:ssZ")


def test_all_of_is_folded_in():
    """Fields and required names of allOf parts count like the schema's own."""
    schema = {
        "allOf": [
            {
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"type": "string"}, "o": {"properties": {"x": {}}}},
            },
            {
                "required": ["b"],
                "properties": {"b": {"type": "integer"}, "o": {"properties": {"y": {"type": "string"}}}},
            },
        ]
    }
    assert violations({"a": "", "b": 1, "o": {"x": 1, "y": ""}}, schema) == []
    messages = [entry["message"] for entry in violations({"c": 1, "o": {"y": 2}}, schema)]
    assert messages == [
        "required key [a] not found",
        "required key [b] not found",
        "extraneous key [c] is not permitted",
        "expected type: String, found: Long",
    ]


def test_several_types_and_a_broken_pattern():
    """A field may have more than one type; a pattern that cannot be read is told instead of passed over."""
    schema = {"properties": {"n": {"type": ["string", "null"]}, "p": {"type": "string", "pattern": "("}}}
    assert violations({"n": None}, schema) == []
    messages = [entry["message"] for entry in violations({"n": 1, "p": "x"}, schema)]
    assert messages[0] == "expected type: String or Null, found: Long"
    assert "cannot be read" in messages[1]


def test_record_that_is_no_object():
    """Anything that is not an object is one violation at the root."""
    for record, name in ((None, "Null"), ([], "JSONArray"), ("x", "String"), (1, "Long")):
        (entry,) = violations(record, SCHEMA)
        assert entry["pointerToViolation"] == "#"
        assert entry["message"] == f"expected type: JSONObject, found: {name}"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["_id", "timestamp", "_acme", "kind", "tags", "traits", "page", "code", "score"])
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_validation_never_raises(record):
    """Whatever JSON is validated, the answer is a list of entries with words and a place."""
    for entry in violations(record, SCHEMA):
        assert entry["message"]
        assert entry["pointerToViolation"].startswith("#")

"""Mapping sets at work: both vocabularies, arrays, object copies, conversion, and what each failure does to a row."""

from __future__ import annotations

import copy
import re
from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlio_helpers.emulator.prep.mapper import Mapper, check_mappings
from chatlio_helpers.emulator.xdm.validation import Validator

NOW = datetime(2026, 3, 1, 12, 30, 15, 250_000, tzinfo=UTC)
TEXT, WHOLE = {"type": "string"}, {"type": "integer"}
WHEN = {"type": "string", "format": "date-time"}
SCHEMA = {
    "type": "object",
    "required": ["_id", "timestamp"],
    "properties": {
        "_id": TEXT,
        "timestamp": WHEN,
        "eventType": TEXT,
        "identityMap": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "object", "properties": {"id": TEXT, "primary": {"type": "boolean"}}},
            },
        },
        "_acme": {
            "type": "object",
            "properties": {
                "visitor": {
                    "type": "object",
                    "properties": {"email": TEXT, "name": TEXT, "visits": WHOLE, "since": WHEN},
                },
                "messages": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"text": TEXT, "at": WHEN, "words": WHOLE}},
                },
                "tags": {"type": "array", "items": TEXT},
                "traits": {"type": "object", "additionalProperties": TEXT},
                "score": {"type": "number"},
                "count": WHOLE,
                "active": {"type": "boolean"},
                "day": {"type": "string", "format": "date"},
                "text": TEXT,
                "when": WHEN,
            },
        },
    },
}


def row(source, destination, kind="ATTRIBUTE"):
    """A mapping in the modern vocabulary."""
    return {"sourceType": kind, "source": source, "destination": destination}


def mapped(rows, payload, schema=SCHEMA):
    """Map one payload."""
    return Mapper(rows, schema).apply(payload, NOW)


def put(source_value, field, kind="ATTRIBUTE", source="x"):
    """Map one value to one field of the tenant object."""
    return mapped([row(source, f"_acme.{field}", kind)], {"x": source_value})


def test_both_vocabularies_and_all_names_of_source_types():
    """The modern, the legacy and the stored spelling of a mapping do the same."""
    rows = [
        row("visitor.email", "_acme.visitor.email"),
        {"sourceAttribute": "visitor.name", "destinationXdmPath": "_acme.visitor.name", "identity": False},
        row("message", "_acme.text", "text/x.schema-path"),
        row("concat('c-', id)", "_id", "text/x.aep-xl"),
        row("now()", "timestamp", "EXPRESSION"),
        row("chatlio.transcript", "eventType", "STATIC"),
        {"sourceAttribute": "size_of(message)", "destinationXdmPath": "_acme.count"},
    ]
    found = mapped(rows, {"visitor": {"email": "a@b.c", "name": "Ann"}, "message": "hello", "id": 7})
    assert found.problems == []
    assert found.record == {
        "_id": "c-7",
        "timestamp": "2026-03-01T12:30:15.250Z",
        "eventType": "chatlio.transcript",
        "_acme": {"visitor": {"email": "a@b.c", "name": "Ann"}, "text": "hello", "count": 5},
    }
    assert Validator(SCHEMA).violations(found.record) == []


@pytest.mark.parametrize(
    ("field", "given_value", "expected"),
    [
        ("text", 1234, "1234"),
        ("text", 1.5, "1.5"),
        ("text", True, "true"),
        ("count", "42", 42),
        ("count", 42.0, 42),
        ("score", "2.5", 2.5),
        ("score", 3, 3),
        ("active", "yes", True),
        ("active", "OFF", False),
        ("active", True, True),
        ("when", "2019-10-23 11:24:35.120-0700", "2019-10-23T18:24:35.120Z"),
        ("when", "2019-10-23", "2019-10-23T00:00:00Z"),
        ("day", "10-23-2019", "2019-10-23"),
        ("tags", ["a", 1, None], ["a", "1", None]),
        ("traits", {"plan": "pro", "seats": 3, "gone": None}, {"plan": "pro", "seats": "3"}),
    ],
)
def test_automatic_conversion(field, given_value, expected):
    """A value becomes the type of its field, as documented for automatic conversion."""
    found = put(given_value, field)
    assert found.problems == []
    assert found.record["_acme"][field] == expected


@pytest.mark.parametrize(
    ("field", "given_value", "expected_type", "actual_type"),
    [
        ("text", {"a": 1}, "STRING", "MAP"),
        ("text", ["a"], "STRING", "LIST"),
        ("count", "many", "LONG", "STRING"),
        ("count", "", "LONG", "STRING"),
        ("count", 1.5, "LONG", "DOUBLE"),
        ("count", True, "LONG", "BOOLEAN"),
        ("count", 2**70, "LONG", "LONG"),
        ("score", "1e999", "DOUBLE", "STRING"),
        ("active", "maybe", "BOOLEAN", "STRING"),
        ("active", 1, "BOOLEAN", "LONG"),
        ("when", 1571829875000, "DATETIME", "LONG"),
        ("when", "2016-02-07T11:02:17.839766-08:00", "DATETIME", "STRING"),
        ("day", "soon", "DATE", "STRING"),
        ("tags", "a", "LIST", "STRING"),
        ("traits", "a", "MAP", "STRING"),
        ("visitor", ["a"], "MAP", "LIST"),
    ],
)
def test_type_mismatch_fails_the_row(field, given_value, expected_type, actual_type):
    """A value that cannot become the type of its field fails the row, in words that name path and types."""
    found = put(given_value, field)
    assert found.failed
    assert found.record == {}
    (problem,) = found.problems
    assert problem.code == "MAPPER-3700-400"
    assert (problem.source, problem.destination) == ("x", f"_acme.{field}")
    # The expressions by which Adobe's Python SDK takes such a message apart.
    taken_apart = [
        re.search(pattern, problem.message)[1]
        for pattern in (
            r"destination path (.+?)\. ",
            r"expected data type was: ([A-Z]+?), ",
            r"actual data type was: ([A-Z]+?)\. ",
            r"sourceField: (.+?) destinationField",
            r"destinationField: (.+?)$",
        )
    ]
    assert taken_apart == [f"_acme.{field}", expected_type, actual_type, "x", f"_acme.{field}"]


def test_absent_attribute_is_null_without_a_word():
    """A plain path that the payload lacks leaves its attribute out, with no problem and no empty parents."""
    assert mapped([row("visitor.phone", "_acme.visitor.name")], {"visitor": None}).record == {}
    assert mapped([row("visitor.phone", "_acme.visitor.name")], {"visitor": {"phone": None}}).problems == []


def test_absent_attribute_in_an_expression_fails_the_row():
    """An expression that names an attribute which the payload lacks is fatal; other attributes are still mapped."""
    found = mapped([row("lower(visitor.phone)", "_acme.text", "EXPRESSION"), row("id", "_id")], {"id": "e1"})
    assert found.failed
    assert "visitor.phone does not exist" in found.problems[0].message
    assert found.record == {"_id": "e1"}


def test_failing_mapping_is_a_warning():
    """Another failure leaves the one attribute null and warns; validation rejects the row if it is required."""
    rows = [
        row("date(created, 'yyyy-MM-dd')", "timestamp", "EXPRESSION"),
        row("1 / 0", "_acme.count", "EXPRESSION"),
        row("id", "_id"),
    ]
    found = mapped(rows, {"created": "07/02/2016", "id": "e1"})
    assert found.record == {"_id": "e1"}
    assert [problem.fatal for problem in found.problems] == [False, False]
    assert "does not fit the date pattern" in found.problems[0].message
    assert [v["message"] for v in Validator(SCHEMA).violations(found.record)] == ["required key [timestamp] not found"]


@pytest.mark.parametrize("source", ["to_bigint('" + "9" * 30 + "')", "[-9223372036854775809]", "1e308 * 1e308"])
def test_a_number_that_json_cannot_carry_is_a_warning(source):
    """A field that the schema lacks takes any value but one that no record can be written with."""
    found = mapped([row(source, "_x.nowhere", "EXPRESSION")], {})
    assert found.record == {}
    assert [problem.fatal for problem in found.problems] == [False]
    assert orjson.dumps(mapped([row("18446744073709551615", "_x.nowhere", "EXPRESSION")], {}).record)


def test_unreadable_mapping_fails_every_row():
    """A mapping with a syntax error does not stop the mapper from being made; it fails each row."""
    found = mapped([row("concat(", "_id", "EXPRESSION"), row("id", "_id")], {"id": "e1"})
    assert found.failed
    assert "ends too early" in found.problems[0].message
    assert found.record == {"_id": "e1"}


def test_looking_at_an_absent_path_is_allowed_where_that_is_the_purpose():
    """iif, coalesce, contains_key, is_empty, decode and a date with a default may look at what is not there."""
    rows = [
        row("iif(contains_key('visitor.email'), visitor.email, 'none')", "_acme.visitor.email", "EXPRESSION"),
        row("coalesce(visitor.name, nick, 'guest')", "_acme.visitor.name", "EXPRESSION"),
        row("iif(is_empty(message), 'no', 'yes')", "_acme.text", "EXPRESSION"),
        row("decode(state, 'a', '1', 'other')", "eventType", "EXPRESSION"),
        row("date(at, 'yyyy', now())", "timestamp", "EXPRESSION"),
        row("iif(score != null, score, 0)", "_acme.score", "EXPRESSION"),
    ]
    found = mapped(rows, {})
    assert found.problems == []
    assert found.record == {
        "_acme": {"visitor": {"email": "none", "name": "guest"}, "text": "no", "score": 0},
        "eventType": "other",
        "timestamp": "2026-03-01T12:30:15.250Z",
    }


def test_arrays_are_mapped_element_by_element():
    """[*] on both sides keeps elements together across rows; also in expressions, and with nulls in between."""
    payload = {"messages": [{"body": "Hi there", "n": 1}, {"n": 2}, {"body": "Bye", "n": "3"}]}
    rows = [
        row("messages[*].body", "_acme.messages[*].text"),
        row("messages[*].n * 10", "_acme.messages[*].words", "EXPRESSION"),
        row("messages[*].body", "_acme.tags"),
        row("messages[0].n", "_acme.count"),
        row("messages[*].n", "identityMap.Chat[*].id"),
        row("true", "identityMap.Chat[0].primary", "STATIC"),
    ]
    found = mapped(rows, payload)
    assert [(p.destination, p.fatal) for p in found.problems] == []
    assert found.record == {
        "_acme": {
            "messages": [{"text": "Hi there", "words": 10}, {"words": 20}, {"text": "Bye", "words": 30}],
            "tags": ["Hi there", "Bye"],
            "count": 1,
        },
        "identityMap": {"Chat": [{"id": "1", "primary": True}, {"id": "2"}, {"id": "3"}]},
    }


def test_one_failing_element_leaves_the_others():
    """An expression that fails for one element of an array warns, and the other elements keep their values."""
    rows = [row("date(list[*], 'yyyy-MM-dd')", "_acme.messages[*].at", "EXPRESSION")]
    found = mapped(rows, {"list": ["2020-01-01", "x", "2020-01-03"]})
    assert found.record["_acme"]["messages"] == [{"at": "2020-01-01T00:00:00Z"}, {}, {"at": "2020-01-03T00:00:00Z"}]
    assert [problem.fatal for problem in found.problems] == [False]


def test_many_failing_elements_give_few_problems():
    """A mapping that fails for each element of a long array reports ten times at most, fatal ones first."""
    payload = {"list": [{"n": "x"} for _ in range(50)] + [{}]}
    found = mapped([row("list[*].n * 2", "_acme.messages[*].words", "EXPRESSION")], payload)
    assert len(found.problems) == 10
    assert found.failed


def test_nested_arrays_keep_their_shape():
    """Two [*] on both sides keep the inner arrays apart; with fewer on the target they are laid flat."""
    payload = {"a": [{"b": [{"c": 1}, {"c": 2}]}, {"b": [{"c": 3}]}, {}]}
    rows = [row("a[*].b[*].c", "x[*].y[*].z"), row("a[*].b[*].c", "flat")]
    found = mapped(rows, payload, None)
    assert found.record == {"x": [{"y": [{"z": 1}, {"z": 2}]}, {"y": [{"z": 3}]}], "flat": [1, 2, 3]}


def test_a_list_is_laid_over_a_wildcard_target():
    """A whole list, or one value, can fill a [*] that the source does not name."""
    rows = [row("explode(csv)", "_acme.messages[*].text", "EXPRESSION"), row("one", "_acme.tags[*]")]
    found = mapped(rows, {"csv": "a,b", "one": "t"})
    assert found.record == {"_acme": {"messages": [{"text": "a"}, {"text": "b"}], "tags": ["t"]}}


def test_object_copy_takes_equal_names_and_single_rows_override():
    """An object copy takes equally named children only; other rows win, whatever their order, and may take away."""
    payload = {"v": {"email": "a@b.c", "name": "Ann", "visits": "3", "since": "2020-01-01", "extra": 1}}
    rows = [
        row("upper(v.name)", "_acme.visitor.name", "EXPRESSION"),
        row("nullify()", "_acme.visitor.email", "EXPRESSION"),
        row("v", "_acme.visitor"),
    ]
    found = mapped(rows, payload)
    assert found.problems == []
    assert found.record == {"_acme": {"visitor": {"name": "ANN", "visits": 3, "since": "2020-01-01T00:00:00Z"}}}


def test_mismatch_inside_a_copied_object_names_the_field():
    """The message of a mismatch points to the child that does not fit."""
    found = mapped([row("list", "_acme.messages")], {"list": [{"text": "a"}, {"words": "many"}]})
    assert "destination path _acme.messages[1].words. " in found.problems[0].message


def test_wrapped_and_escaped_names():
    """Names that are no identifiers are reached by ${} and by an escaped dot, on both sides."""
    rows = [row("${First Name}", "a"), row("address.street\\.name", "b"), row("${x.y}", "${c\\.d}.e")]
    found = mapped(rows, {"First Name": 1, "address": {"street.name": 2}, "x.y": 3}, None)
    assert found.record == {"a": 1, "b": 2, "c.d": {"e": 3}}


def test_two_rows_in_each_others_way():
    """A value where another row needs an object is a warning, and the first value stays."""
    found = mapped([row("a", "t"), row("b", "t.u")], {"a": 1, "b": 2}, None)
    assert found.record == {"t": 1}
    assert [problem.fatal for problem in found.problems] == [False]


def test_payload_is_never_changed_nor_shared():
    """The record holds copies: changing it leaves the payload as it was."""
    payload = {"v": {"email": "a", "list": [1, {"x": 2}]}, "t": ["a"]}
    before = copy.deepcopy(payload)
    for schema in (None, SCHEMA):
        rows = [row("v", "_acme.visitor"), row("t", "_acme.tags"), row("add_to_array(t, 'b')", "x", "EXPRESSION")]
        record = mapped(rows, payload, schema).record
        record["_acme"]["visitor"].clear()
        record["_acme"]["tags"].append("changed")
    assert payload == before


def test_numeric_id_to_text_as_in_the_printed_preview():
    """The printed preview sample: a numeric id mapped to the text _id comes back as text."""
    assert mapped([row("id", "_id")], {"id": 1234}).record == {"_id": "1234"}


def test_naive_now_is_utc():
    """A time without a zone counts as UTC."""
    found = Mapper([row("now()", "timestamp", "EXPRESSION")], SCHEMA).apply({}, datetime(2020, 1, 1))
    assert found.record == {"timestamp": "2020-01-01T00:00:00Z"}


def test_check_mappings_accepts():
    """Each good mapping has one SUCCESS entry, also without a schema."""
    rows = [row("id", "_id"), row("now()", "timestamp", "EXPRESSION"), row("a[*].b", "_acme.messages[*].text")]
    assert check_mappings(rows, SCHEMA) == [{"status": "SUCCESS", "errors": None}] * 3
    assert check_mappings([row("id", "any.where")]) == [{"status": "SUCCESS", "errors": None}]


@pytest.mark.parametrize(
    ("mapping", "words"),
    [
        (row("id", "_acme.nowhere"), "no field at _acme.nowhere"),
        (row("id", "_id.deeper"), "no field at _id.deeper"),
        (row("id", "_acme.text[*]"), "no field at _acme.text[*]"),
        (row("id", "_acme.messages.text"), "no field at _acme.messages.text"),
        (row("concat(a, b)", "_id"), "sourceType must be EXPRESSION"),
        (row("concat(a", "_id", "EXPRESSION"), "ends too early"),
        (row("nothing(a)", "_id", "EXPRESSION"), "no function nothing"),
        (row("first name", "_id"), "${...}"),
        (row("id", ""), "no destination"),
        (row("", "_id"), "no source"),
        (row("id", "_id", "GUESS"), "not a source type"),
        (row("soon", "timestamp", "STATIC"), "does not fit timestamp"),
        ({}, "no destination"),
        ("id", "no destination"),
        (row("Concat(a, b)", "_id", "EXPRESSION"), "did you mean concat?"),
    ],
)
def test_check_mappings_refuses(mapping, words):
    """A bad mapping has a FAILED entry in Adobe's shape that says why; its neighbour is not touched."""
    failed, good = check_mappings([mapping, row("id", "_id")], SCHEMA)
    assert failed["status"] == "FAILED"
    (error,) = failed["errors"]
    assert words in error["exception"]
    assert set(error) == {"destination", "exception", "source", "columnName", "sourceType"}
    assert good["status"] == "SUCCESS"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["2020-01-01", "5"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "c", "email", "visits"]) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=15,
)
ROWS = [
    row("a", "_acme.visitor"),
    row("b", "_acme.messages"),
    row("a.b", "_acme.count"),
    row("a.c", "_acme.when"),
    row("b", "_acme.traits"),
    row("a[*].b", "_acme.messages[*].text"),
    row("a[*].b[*].c", "_acme.tags[*]"),
    row("a[*] + b[*].c", "_acme.messages[*].words", "EXPRESSION"),
    row("concat(a.b, sha256(c))", "_id", "EXPRESSION"),
    row("iif(is_empty(a), b, date(c, 'yyyy-MM-dd'))", "timestamp", "EXPRESSION"),
    row("max(a, b, c)", "_acme.score", "EXPRESSION"),
    row("join_arrays(a, b)", "_acme.tags", "EXPRESSION"),
    row("json_to_object(a).x.y", "_acme.text", "EXPRESSION"),
    row("to_map(a, b)", "_acme.traits.deep", "EXPRESSION"),
    row("lpad(a, b, c)", "_acme.visitor.name", "EXPRESSION"),
    row("dformat(a, 'yyyy')", "_acme.day", "EXPRESSION"),
    row("a.b", "_acme.text.inner"),
]


MAPPERS = (Mapper(ROWS, SCHEMA), Mapper(ROWS))
VALIDATOR = Validator(SCHEMA)


@given(JSON)
@settings(max_examples=300, deadline=None)
def test_apply_never_raises_and_never_changes_the_payload(payload):
    """Whatever JSON arrives, mapping it gives a record and problems, and validation of that record gives a list."""
    before = repr(payload)
    for mapper in MAPPERS:
        found = mapper.apply(payload, NOW)
        assert repr(payload) == before
        assert isinstance(VALIDATOR.violations(found.record), list)


def test_deeply_nested_payload_is_a_problem_not_a_crash():
    """A payload nested beyond Python's recursion limit is reported as a problem of the row."""
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    found = mapped([row("a", "copy")], {"a": deep}, None)
    assert "nested too deeply" in found.problems[0].message


def test_an_expression_of_two_mappings_is_worked_out_once_unless_it_is_random() -> None:
    """Two mappings with one expression get the same value, in copies of their own; two of ``uuid()`` get two."""
    rows = [
        {"sourceType": "EXPRESSION", "source": source, "destination": target}
        for source, target in (
            ("json_to_object(text)", "a"), ("json_to_object(text)", "b"), ("uuid()", "c"), ("uuid()", "d"),
            ("upper(absent)", "e"), ("upper(absent)", "f"),
        )
    ]  # fmt: skip
    mapped = Mapper(rows).apply({"text": '{"x": 1}'}, NOW)
    assert mapped.record["a"] == mapped.record["b"] == {"x": 1}
    assert mapped.record["a"] is not mapped.record["b"]
    assert mapped.record["c"] != mapped.record["d"]
    assert [problem.destination for problem in mapped.problems] == ["e", "f"]

"""The lake keeps records whole: what is written as Parquet comes back as the same XDM."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatlio_helpers.emulator.landing.lake import FAILED, Lake
from chatlio_helpers.emulator.xdm.columns import Columns, rows

TEXT = {"type": "string"}
SCHEMA = {
    "type": "object",
    "properties": {
        "_id": TEXT,
        "timestamp": {"type": "string", "format": "date-time"},
        "day": {"type": "string", "format": "date"},
        "identityMap": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {"type": "object", "properties": {"id": TEXT, "primary": {"type": "boolean"}}},
            },
        },
        "anything": {"type": "object"},
        "_tenant": {
            "type": "object",
            "properties": {
                "count": {"type": "integer"},
                "score": {"type": "number"},
                "seen": {"type": "array", "items": {"type": "string", "format": "date-time"}},
                "traits": {"type": "object", "additionalProperties": TEXT},
                "messages": {"type": "array", "items": {"type": "object", "properties": {"text": TEXT}}},
            },
        },
    },
}
RECORD = {
    "_id": "a1",
    "timestamp": "2026-01-02T03:04:05.678Z",
    "day": "2026-01-02",
    "identityMap": {"Email": [{"id": "a@example.com", "primary": True}, {"id": "b@example.com"}]},
    "anything": {"deep": [1, {"x": None}]},
    "_tenant": {
        "count": 3,
        "score": 0.5,
        "seen": ["2026-01-02T03:04:05.000Z"],
        "traits": {"plan": "free"},
        "messages": [{"text": "hi"}, {}],
    },
}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Give a lake in a folder of its own."""
    return Lake(tmp_path / "lake")


def test_a_record_comes_back_as_it_was(lake: Lake) -> None:
    """Structs, lists, maps, times, dates and free-form objects survive the way through Parquet."""
    size = lake.write("default", "d1", "B1", [RECORD, {"_id": "a2"}], Columns(SCHEMA))
    assert lake.read("default", "d1", "B1") == [RECORD, {"_id": "a2"}]
    assert size == lake.path("default", "d1", "B1").stat().st_size


def test_times_are_stored_as_times(lake: Lake) -> None:
    """A date-time is a UTC timestamp in milliseconds in the file, whatever offset it was written with."""
    lake.write("s", "d", "B", [{"timestamp": "2026-01-02T05:04:05.678901+02:00"}], Columns(SCHEMA))
    table = pq.read_table(lake.path("s", "d", "B"))
    assert table.schema.field("timestamp").type == pa.timestamp("ms", tz="UTC")
    assert rows(table) == [{"timestamp": "2026-01-02T03:04:05.678Z"}]


@pytest.mark.parametrize(
    "record",
    [{"timestamp": "yesterday"}, {"_tenant": {"count": "many"}}, {"_id": 5}, {"_tenant": {"count": 2**63}}],
)
def test_a_value_that_does_not_fit_is_refused(lake: Lake, record: dict[str, Any]) -> None:
    """The writer is told, and no file is left."""
    with pytest.raises((ValueError, TypeError, OverflowError)):
        lake.write("s", "d", "B", [record], Columns(SCHEMA))
    assert list(lake.folder.glob("*/*/*")) == []


def test_only_the_first_rows_are_read_when_asked(lake: Lake) -> None:
    """A limit gives that many rows, in order."""
    lake.write("s", "d", "B", [{"_id": str(number)} for number in range(500)], Columns(SCHEMA))
    assert lake.read("s", "d", "B", limit=3) == [{"_id": "0"}, {"_id": "1"}, {"_id": "2"}]


def test_failed_rows_are_lines_of_json(lake: Lake) -> None:
    """Each failed row is one line, so a newline in a text does not split it."""
    failures = [{"body": {"text": "two\nlines"}, "_errors": {}}, {"body": {}, "_errors": {"x": [1]}}]
    lake.write_failed("s", "d", "B", failures)
    assert lake.path("s", "d", "B", FAILED).read_bytes().count(b"\n") == 2
    assert lake.read_failed("s", "d", "B") == failures


def test_files_without_a_batch_are_removed(lake: Lake) -> None:
    """Only committed batches keep their files; half-written ones go too."""
    for batch in ("KEPT", "LOST"):
        lake.write("s", "d", batch, [{"_id": batch}], Columns(SCHEMA))
    lake.write_failed("s", "d", "LOSTTOO", [{}])
    lake.path("s", "d", ".HALF").write_bytes(b"PAR1")
    assert lake.remove_orphans(lambda ids: ids & {"KEPT"}) == 3
    assert [path.name for path in lake.folder.glob("*/*/*")] == ["KEPT.parquet"]


def test_forgetting_a_dataset_leaves_its_neighbours(lake: Lake) -> None:
    """Removing one dataset's files does not touch another dataset or seat."""
    for seat, dataset in (("a", "d1"), ("a", "d2"), ("b", "d1")):
        lake.write(seat, dataset, "B", [{"_id": "x"}], Columns(SCHEMA))
    lake.forget("a", "d1")
    assert sorted(str(path.relative_to(lake.folder)) for path in lake.folder.glob("*/*/*")) == [
        "a/d2/B.parquet",
        "b/d1/B.parquet",
    ]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "_id": TEXTS,
        "anything": st.dictionaries(TEXTS, st.none() | st.booleans() | TEXTS | st.integers(-(2**53), 2**53)),
        "identityMap": st.dictionaries(TEXTS, st.lists(st.fixed_dictionaries({}, optional={"id": TEXTS}))),
        "_tenant": st.fixed_dictionaries(
            {},
            optional={
                "count": st.integers(-(2**63), 2**63 - 1),
                "score": st.floats(allow_nan=False, allow_infinity=False),
                "traits": st.dictionaries(TEXTS, TEXTS),
            },
        ),
    },
)


@given(st.lists(RECORDS, min_size=1, max_size=5))
def test_any_valid_record_survives_the_columns(records: list[dict[str, Any]]) -> None:
    """Whatever the texts, numbers and keys are, records come back equal."""
    assert rows(pa.Table.from_batches([Columns(SCHEMA).batch(records)])) == records

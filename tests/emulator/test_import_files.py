"""The parts that batch ingestion is made of: reading files, joining parts, converting values, placing files."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest

from chatlio_helpers.emulator.ingestion import input_files
from chatlio_helpers.emulator.ingestion.chained import Chained, opened
from chatlio_helpers.emulator.ingestion.coercion import coercion
from chatlio_helpers.emulator.ingestion.input_files import Unreadable, lines, many_lines
from chatlio_helpers.emulator.state.durable import Placing


def buffered(content: bytes) -> io.BufferedReader:
    """Give bytes as an open file."""
    return io.BufferedReader(io.BytesIO(content))


def texts(rows: Any) -> list[Any]:
    """Give the records of rows, and the texts of those that have none."""
    return [row.text if row.record is None else row.record for row in rows]


def test_parts_read_as_one_file(tmp_path: Path) -> None:
    """Whatever is read from wherever is what one file would give."""
    whole = bytes(random.Random(1).randbytes(5_000))
    parts, at = [], 0
    for number, size in enumerate((1, 0, 999, 2_000, 2_000)):
        path = tmp_path / str(number)
        path.write_bytes(whole[at : at + size])
        parts.append((path, size))
        at += size
    draw = random.Random(2)
    with opened(parts) as file:
        assert file.read() == whole
        for _ in range(200):
            start, size = draw.randrange(5_200), draw.randrange(3_000)
            file.seek(start)
            assert file.read(size) == whole[start : start + size]
        assert file.seek(-10, io.SEEK_END) == 4_990
    assert Chained([]).read() == b""


def test_lines_are_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects, and objects in an array on one line, are rows; everything else is corrupt and stops nothing."""
    monkeypatch.setattr(input_files, "LONGEST_ROW", 30)
    content = b'{"a":1}\r\n\n[{"b":2},{"c":3}]\n7\n{"broken"\n\xff\n{"long":"' + b"x" * 90 + b'"}\n{"d":4}'
    found = texts(lines(buffered(content)))
    assert found[:3] == [{"a": 1}, {"b": 2}, {"c": 3}]
    assert found[3:6] == ["7", '{"broken"', "\N{REPLACEMENT CHARACTER}"]
    assert (found[6].startswith('{"long"'), found[7], len(found)) == (True, {"d": 4}, 8)


@pytest.mark.parametrize("chunk", [1, 2, 7, 1 << 20])
def test_arrays_are_read_in_chunks(monkeypatch: pytest.MonkeyPatch, chunk: int) -> None:
    """Where a chunk ends makes no difference, inside texts, numbers and escapes."""
    monkeypatch.setattr(input_files, "CHUNK", chunk)
    values = [{"text": 'é "[{\\', "n": -12.5e3}, 1234, {"deep": [[{"x": None}]]}]
    content = b"\xef\xbb\xbf" + json.dumps(values, indent=1, ensure_ascii=False).encode() + b"\n "
    assert texts(many_lines(buffered(content))) == [values[0], "1234", values[2]]
    assert texts(many_lines(buffered(b' {"only": 1} '))) == [{"only": 1}]
    assert texts(many_lines(buffered(b"[]"))) == []


@pytest.mark.parametrize(
    "content",
    [b'[{"a":1} {"b":2}]', b'[{"a":1}', b'{"a":1} x', b"", b'[{"a":NaN}]', b'[{"a":"\xff"}]', b"[" * 100_000, b"[1,]"],
)
def test_what_is_no_array_cannot_be_read(content: bytes) -> None:
    """A file that is not whole JSON is refused as a whole, also one that is nested without end."""
    with pytest.raises(Unreadable):
        texts(many_lines(buffered(content)))


@pytest.mark.parametrize(
    ("node", "value", "wanted"),
    [
        ({"type": "integer"}, "12", 12),
        ({"type": "integer"}, 3.0, 3),
        ({"type": "integer"}, 3.5, 3.5),
        ({"type": "integer"}, True, True),
        ({"type": "integer"}, "12a", "12a"),
        ({"type": "number"}, "1.5", 1.5),
        ({"type": "number"}, "nan", "nan"),
        ({"type": "string"}, 7, "7"),
        ({"type": "string"}, False, False),
        ({"type": "boolean"}, "true", "true"),
        ({"type": "string", "format": "date-time"}, 0, "1970-01-01T00:00:00.000Z"),
        ({"type": "string", "format": "date-time"}, 10**20, 10**20),
        ({"type": "string", "format": "date-time"}, "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"),
        ({"type": "string", "format": "date"}, 86_400_000, "1970-01-02"),
        ({"type": "string", "format": "date"}, "2026-01-02T10:00:00Z", "2026-01-02"),
        ({"type": "array", "items": {"type": "integer"}}, ["1", None], [1, None]),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"a": "1", "b": None}, {"a": 1}),
        ({"type": "object", "properties": {"a": {"type": "string"}}}, {"a": 1, "other": "1"}, {"a": "1", "other": "1"}),
        ({"type": "object", "properties": {}}, [1], [1]),
    ],
)
def test_values_are_converted_as_documented(node: dict[str, Any], value: Any, wanted: Any) -> None:
    """Texts and numbers into each other, numbers into times; what cannot be converted stays."""
    found = coercion(node)(value)
    assert (found, type(found)) == (wanted, type(wanted))


def test_a_file_is_placed_whole_or_not_at_all(tmp_path: Path) -> None:
    """Until it is kept nothing is at its place, and what is dropped leaves nothing."""
    path = tmp_path / "new" / "file"
    kept, dropped = Placing(path), Placing(tmp_path / "other")
    kept.file.write(b"whole")
    dropped.file.write(b"x")
    assert not path.exists()
    assert kept.keep() == 5
    dropped.drop()
    assert path.read_bytes() == b"whole"
    assert [found.name for found in tmp_path.rglob("*")] == ["new", "file"]

"""Small files that unpack to much: what they may cost the local platform in memory, disk and time."""

from __future__ import annotations

import io

from chatlio_helpers.emulator.ingestion.input_files import lines


def buffered(content: bytes) -> io.BufferedReader:
    """Give bytes as an open file."""
    return io.BufferedReader(io.BytesIO(content))


def test_an_array_on_a_line_is_not_repeated_for_its_elements() -> None:
    """Ten thousand ones give ten thousand failed rows that together hold no more text than the line."""
    content = b"[" + b",".join([b"1"] * 10_000) + b"]"
    found = list(lines(buffered(content)))
    assert len(found) == 10_000
    assert sum(len(row.text) for row in found) <= len(content)


def test_a_long_line_that_is_no_record_is_shown_in_part() -> None:
    """A thousand characters of it are kept, whatever they are in bytes."""
    content = b'{"broken": "' + "é".encode() * 500_000 + b'\n["a", "' + b"x" * 500_000 + b'"]\n'
    assert [len(row.text) for row in lines(buffered(content))] == [1_000, 3, 1_000]

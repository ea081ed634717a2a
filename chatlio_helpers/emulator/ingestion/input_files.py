"""The rows of uploaded files: JSON lines, JSON arrays over many lines, and Parquet.

A file is never held in memory whole: of JSON no more than one row and a chunk, of Parquet a thousand rows. What a
hostile file unpacks to is not bounded here but by the process that reads it (``promotion_child``).
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import orjson

from ..front.depth import too_deep, writable

if TYPE_CHECKING:
    import pyarrow as pa

LONGEST_ROW = 16_000_000  # bytes or characters; a row beyond counts as corrupt (assumed)
CHUNK = 1 << 20
SHOWN = 1_000  # characters that are kept of a row that is no record
PARQUET_ROWS = 1_000
PARQUET_BYTES = 8 << 20  # of rows that are made Python values at a time, and what a portion is estimated to unpack to
_BLANK = " \t\r\n"


class Unreadable(ValueError):
    """The file as a whole cannot be read; says why."""


class Row(NamedTuple):
    """One row: the record, or the beginning of the *text* that is none; *size* in bytes, about."""

    record: dict[str, Any] | None
    text: str = ""
    size: int = 0


def rows(file: io.BufferedReader, input_format: dict[str, Any]) -> Iterator[Row]:
    """Give the rows of *file*, whose form a batch's ``inputFormat`` names; raises Unreadable, OSError."""
    if str(input_format.get("format")).lower() == "parquet":
        return parquet(file)
    return many_lines(file) if input_format.get("isMultiLineJson") is True else lines(file)


def lines(file: io.BufferedReader) -> Iterator[Row]:
    """Give the rows of JSON lines; a line with an array holds several (assumed: as Spark's reader takes it)."""
    while line := file.readline(LONGEST_ROW + 1):
        if len(line) > LONGEST_ROW:
            yield _corrupt(line)
            while line and not line.endswith(b"\n"):
                line = file.readline(LONGEST_ROW)
            continue
        if line.strip():
            yield from _of_line(line)


def _of_line(line: bytes) -> Iterator[Row]:
    try:
        value = orjson.loads(line)
        value = None if too_deep(line, value) else value
    except orjson.JSONDecodeError:
        value = None
    found = value if isinstance(value, list) and value else [value]
    size, alone = len(line) // len(found), len(found) == 1
    for one in found:
        if isinstance(one, dict):
            yield Row(one, size=size)
        else:  # the line beside every one of its elements would be its size squared
            yield _corrupt(line if alone else orjson.dumps(one))


def _corrupt(content: bytes) -> Row:
    """Give a row that is no record, with no more of it than is shown."""
    text = content[: 4 * SHOWN].rstrip(b"\r\n").decode("utf-8", "replace")
    return Row(None, text[:SHOWN], min(len(content), 4 * SHOWN))


def many_lines(file: io.BufferedReader) -> Iterator[Row]:
    """Give the objects of a JSON array, or of one object, written over any number of lines; raises Unreadable."""
    reader = _Objects(file)
    if reader.peek() == "[":
        reader.take()
        if reader.peek() == "]":
            return
        while True:
            yield reader.row()
            mark = reader.take()
            if mark == "]":
                break
            if mark != ",":
                raise Unreadable(f"a comma or the end of the array is expected, not {mark!r}")
    else:
        yield reader.row()
    if reader.peek():
        raise Unreadable("something follows the end of the JSON value")


class _Objects:
    """Reads JSON values one by one from a file, a chunk at a time."""

    def __init__(self, file: io.BufferedReader) -> None:
        self._file = io.TextIOWrapper(file, encoding="utf-8-sig", errors="strict", newline="")
        self._decode = json.JSONDecoder(parse_constant=_no_constant).raw_decode
        self._text, self._at = "", 0

    def peek(self) -> str:
        """Give the next character that is not blank, or "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _BLANK:
                self._at += 1
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self) -> str:
        """Give the next character that is not blank, and go past it."""
        found = self.peek()
        self._at += 1
        return found

    def row(self) -> Row:
        """Give the next value as a row; raises Unreadable when there is none that can be read."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at > LONGEST_ROW or not self._more():
                    raise Unreadable(str(error)) from error
                continue
            if end == len(self._text) and self._more():
                continue  # a number may go on in the next chunk
            text, self._at = self._text[self._at : end], end
            fits = isinstance(value, dict) and writable(value)
            return Row(value, size=len(text)) if fits else Row(None, text[:SHOWN], SHOWN)

    def _more(self) -> bool:
        """Read on, as much again as is waiting, so that a long value costs no more than twice its length."""
        kept = self._text[self._at :]
        try:
            read = self._file.read(max(CHUNK, len(kept)))
        except UnicodeDecodeError as error:
            raise Unreadable(f"the file is not UTF-8: {error}") from error
        self._text, self._at = kept + read, 0
        return bool(read)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def parquet(file: io.BufferedReader) -> Iterator[Row]:
    """Give the rows of a Parquet file, times as ISO 8601 texts; raises Unreadable, MemoryError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        source = pq.ParquetFile(file)
        wanted = pa.schema([_field(field) for field in source.schema_arrow])
        for batch in source.iter_batches(batch_size=_portion(source.metadata), use_threads=False):
            yield from _of_table(pa.Table.from_batches([batch]).cast(wanted, safe=False))
    except MemoryError:  # Arrow's own is one of these, and one of its errors too
        raise
    except (pa.ArrowException, ValueError, TypeError, KeyError, NotImplementedError, RecursionError) as error:
        raise Unreadable(f"the file is not Parquet that can be read: {error}") from error


def _portion(metadata: Any) -> int:
    """Give how many rows to read at once: fewer where rows are long, as far as the file says how long they are."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    longest = max((group.total_byte_size / max(1, group.num_rows) for group in groups), default=0)
    return max(1, min(PARQUET_ROWS, int(PARQUET_BYTES / max(1, longest))))


def _of_table(table: pa.Table) -> Iterator[Row]:
    """Give rows, so few at a time that their values need little memory."""
    from ..xdm.columns import rows as json_rows

    if table.nbytes > PARQUET_BYTES and table.num_rows > 1:
        half = table.num_rows // 2
        yield from _of_table(table.slice(0, half))
        yield from _of_table(table.slice(half))
    elif table.num_rows == 1 and table.nbytes > LONGEST_ROW:
        yield Row(None, f"(not shown: a row of {table.nbytes} bytes)", SHOWN)
    elif table.num_rows:
        size = table.nbytes // table.num_rows
        for record in json_rows(table):
            yield Row(record, size=size)


def _field(field: pa.Field) -> pa.Field:
    """Give *field* with a type that JSON has: times in milliseconds of UTC, decimals as numbers, bytes as texts."""
    return field.with_type(_type(field.type))


def _type(kind: pa.DataType) -> pa.DataType:
    import pyarrow as pa

    types = pa.types
    if types.is_timestamp(kind):
        return pa.timestamp("ms", tz="UTC")
    if types.is_decimal(kind) or types.is_floating(kind):
        return pa.float64()
    if types.is_dictionary(kind):
        return _type(kind.value_type)
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_large_string(kind):
        return pa.string()
    if types.is_date64(kind):
        return pa.date32()
    if types.is_struct(kind):
        return pa.struct([_field(one) for one in kind])
    if types.is_list(kind) or types.is_large_list(kind):
        return pa.list_(_field(kind.value_field))
    if types.is_map(kind):
        return pa.map_(kind.key_type, _field(kind.item_field))
    return kind

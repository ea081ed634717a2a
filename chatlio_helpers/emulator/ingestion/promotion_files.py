"""The files that a promotion writes into the lake, beside one another and under the batch's id.

.. code-block:: text

    {batch}.parquet        landed rows
    {batch}.rejected       failed rows as they came, each with its errors
    {batch}.parsing        diagnostics of rows that are no JSON objects
    {batch}.conversion     diagnostics of values that could not become the type of their field
    {batch}.validation     diagnostics of everything else that the schema refused

The promotion process writes them beside their places, and the platform puts them there. Failed rows may take so much
disk and no more: the rows after them are counted, and the last line of each file of diagnostics says so.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ..landing.lake import LANDED
from ..landing.tally import ROWS_NAMED, Reason
from ..state import durable
from ..state.durable import Placing
from .promotion_job import SUMMARY

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from ..xdm.columns import Columns

REJECTED = ".rejected"
MOST_BYTES = 256 << 20  # of all files of failed rows of a batch (assumed)
LEFT_OUT = "There are more failed rows than are shown: the rest is only counted. Correct these, and send all again."
DIAGNOSTICS = {"parsing": ".parsing", "conversion": ".conversion", "validation": ".validation"}


def diagnostics_name(kind: str) -> str:
    """Give the documented name of a diagnostics file."""
    return f"{kind}_errors_0.json"


def put(place: Path, suffixes: list[str]) -> None:
    """Put the files that a promotion wrote into their places; raises OSError."""
    durable.put([_path(place, suffix) for suffix in suffixes])


def remove(place: Path) -> None:
    """Remove all that a promotion wrote, wherever it is by now; raises OSError."""
    for suffix in (LANDED, REJECTED, *DIAGNOSTICS.values()):
        durable.remove(_path(place, suffix))


def _path(place: Path, suffix: str) -> Path:
    return place.with_name(place.name + suffix)


class Output:
    """What a promotion writes; *place* is that of its files, without suffix."""

    def __init__(self, place: Path, columns: Columns, diagnosed: bool) -> None:
        self._place, self._columns, self._diagnosed = place, columns, diagnosed
        self._files: dict[str, Placing] = {}
        self._parquet: pq.ParquetWriter | None = None
        self._room = MOST_BYTES

    def land(self, records: list[dict[str, Any]]) -> None:
        """Write good rows, one row group; raises Unfit (and has written none), OSError."""
        import pyarrow.parquet as pq

        batch = self._columns.batch(records)
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._file(LANDED).file, self._columns.schema)
        self._parquet.write_batch(batch)

    def reject(self, record: dict[str, Any] | None, text: str, kind: str, reasons: list[Reason]) -> bool:
        """Write one failed row; *text* is the row where it is no record. Tells whether there was room; raises OSError.

        Of the reasons of one row the first hundred are named.
        """
        if self._room <= 0:
            return False
        errors = [{"code": _short(one.code), "message": one.message} for one in reasons[:ROWS_NAMED]]
        whole = {"_corrupt_record": text} if record is None else record
        parts = {REJECTED: _line({**whole, "_errors": errors})}
        if self._diagnosed:
            corrupt = text if record is None else _line(record).decode().rstrip("\n")
            line = {"_corrupt_record": corrupt, "_errors": errors, "_filename": diagnostics_name(kind)}
            parts[DIAGNOSTICS[kind]] = _line(line)
        self._room -= sum(map(len, parts.values()))
        if self._room <= 0:
            self._say_left_out(DIAGNOSTICS[kind])
            return False
        for suffix, content in parts.items():
            self._file(suffix).file.write(content)
        return True

    def _say_left_out(self, suffix: str) -> None:
        errors = [{"code": _short(SUMMARY), "message": LEFT_OUT}]
        for kind, own in DIAGNOSTICS.items():
            if own in self._files or (self._diagnosed and own == suffix):
                line = {"_corrupt_record": "", "_errors": errors, "_filename": diagnostics_name(kind)}
                self._file(own).file.write(_line(line))

    def written(self, *, landed: bool) -> dict[str, int]:
        """Force the files to disk, the good rows only when they *landed*; gives suffixes and bytes; raises OSError."""
        if self._parquet is not None:
            self._parquet.close()
        if not landed and LANDED in self._files:
            self._files.pop(LANDED).drop()
        return {suffix: file.written() for suffix, file in self._files.items()}

    def drop(self) -> None:
        """Remove all of it."""
        if self._parquet is not None:
            with suppress(OSError, ValueError):  # a disk that refused before refuses the end of the file too
                self._parquet.close()
        for file in self._files.values():
            file.drop()

    def _file(self, suffix: str) -> Placing:
        if suffix not in self._files:
            self._files[suffix] = Placing(_path(self._place, suffix))
        return self._files[suffix]


def _short(code: str) -> str:
    """Give a code as diagnostics have it: the number alone (documented: 1401 for INGEST-1401-400)."""
    return code.removeprefix("INGEST-").removesuffix("-400") if code.startswith("INGEST-") else code


def _line(value: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a whole number of more than 64 bits, or half of a surrogate pair
        return json.dumps(value, default=str).encode() + b"\n"

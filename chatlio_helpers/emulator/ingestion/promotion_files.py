"""The files that a promotion writes into the lake, beside one another and under the batch's id.

.. code-block:: text

    {batch}.parquet        landed rows
    {batch}.rejected       failed rows as they came, each with its errors
    {batch}.parsing        diagnostics of rows that are no JSON objects
    {batch}.conversion     diagnostics of values that could not become the type of their field
    {batch}.validation     diagnostics of everything else that the schema refused
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from ..landing.lake import LANDED, Lake
from ..landing.tally import Reason
from ..state.durable import Placing

if TYPE_CHECKING:
    import pyarrow.parquet as pq

    from ..xdm.columns import Columns

REJECTED = ".rejected"
DIAGNOSTICS = {"parsing": ".parsing", "conversion": ".conversion", "validation": ".validation"}


def diagnostics_name(kind: str) -> str:
    """Give the documented name of a diagnostics file."""
    return f"{kind}_errors_0.json"


class Output:
    """What a promotion writes; nothing of it is in place before ``keep``."""

    def __init__(self, lake: Lake, seat: str, dataset: str, batch: str, columns: Columns, diagnosed: bool) -> None:
        self._place = lambda suffix: lake.path(seat, dataset, batch, suffix)
        self._columns, self._diagnosed = columns, diagnosed
        self._files: dict[str, Placing] = {}
        self._parquet: pq.ParquetWriter | None = None

    def land(self, records: list[dict[str, Any]]) -> None:
        """Write good rows, one row group; raises Unfit (and has written none), OSError."""
        import pyarrow.parquet as pq

        batch = self._columns.batch(records)
        if self._parquet is None:
            self._parquet = pq.ParquetWriter(self._file(LANDED).file, self._columns.schema)
        self._parquet.write_batch(batch)

    def reject(self, record: dict[str, Any] | None, text: str, kind: str, reasons: list[Reason]) -> None:
        """Write one failed row; *text* is the row where it is no record; raises OSError."""
        errors = [{"code": _short(one.code), "message": one.message} for one in reasons]
        whole = {"_corrupt_record": text} if record is None else record
        self._file(REJECTED).file.write(_line({**whole, "_errors": errors}))
        if self._diagnosed:
            corrupt = text if record is None else _line(record).decode().rstrip("\n")
            line = {"_corrupt_record": corrupt, "_errors": errors, "_filename": diagnostics_name(kind)}
            self._file(DIAGNOSTICS[kind]).file.write(_line(line))

    def keep(self, *, landed: bool) -> int:
        """Put the files in place, the good rows only when they have *landed*; gives their size in bytes."""
        if self._parquet is not None:
            self._parquet.close()
        if not landed and LANDED in self._files:
            self._files.pop(LANDED).drop()
        sizes = {suffix: file.keep() for suffix, file in self._files.items()}
        return sizes.get(LANDED, 0)

    def drop(self) -> None:
        """Remove all of it."""
        if self._parquet is not None:
            with suppress(OSError, ValueError):  # a disk that refused before refuses the end of the file too
                self._parquet.close()
        for file in self._files.values():
            file.drop()

    def _file(self, suffix: str) -> Placing:
        if suffix not in self._files:
            self._files[suffix] = Placing(self._place(suffix))
        return self._files[suffix]


def _short(code: str) -> str:
    """Give a code as diagnostics have it: the number alone (documented: 1401 for INGEST-1401-400)."""
    return code.removeprefix("INGEST-").removesuffix("-400") if code.startswith("INGEST-") else code


def _line(value: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # a whole number of more than 64 bits, or half of a surrogate pair
        return json.dumps(value, default=str).encode() + b"\n"

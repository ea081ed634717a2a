"""What Data Access can give of the failed rows of a batch: the rows with their errors, and diagnostics of them.

A stream's failed rows are kept in one file from which the rest is made; a promotion has written each file as it is
given out. Names and layout of diagnostics are documented for batch ingestion; that streaming has the same is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from ..ingestion.promotion_files import DIAGNOSTICS, REJECTED, diagnostics_name
from ..landing.lake import FAILED, Lake
from ..state.store import Row

SAMPLES = 100  # rows in the file of samples
_OF_STREAM = {"conversion": ("mapper", "unknown"), "validation": ("validation",)}  # by what refused the row


@dataclass(frozen=True)
class Piece:
    """A file to list and to give: its name, and its content or its place on our disk."""

    name: str
    content: bytes = b""
    place: Path | None = None

    @property
    def length(self) -> int:
        """Its size in bytes."""
        return len(self.content) if self.place is None else self.place.stat().st_size

    def lines(self) -> Iterator[bytes]:
        """Give its lines, with their ends."""
        if self.place is None:
            yield from self.content.splitlines(keepends=True)
        else:
            with self.place.open("rb") as file:
                yield from file


def failed(lake: Lake, seat: str, row: Row) -> Piece | None:
    """Give the file of the failed rows of a batch, or None when it has none."""
    name, place = f"{row.id}.json", lake.path(seat, row.name or "", row.id, REJECTED)
    if place.is_file():
        return Piece(name, place=place)
    rows = _of_stream(lake, seat, row)
    return Piece(name, _lines(one["row"] for one in rows)) if rows else None


def row_errors(lake: Lake, seat: str, row: Row) -> list[Piece]:
    """Give the diagnostics of a batch, one file for each kind of error that it has."""
    places = {kind: lake.path(seat, row.name or "", row.id, suffix) for kind, suffix in DIAGNOSTICS.items()}
    written = [Piece(diagnostics_name(kind), place=place) for kind, place in places.items() if place.is_file()]
    if written:
        return sorted(written, key=lambda piece: piece.name)
    rows = _of_stream(lake, seat, row)
    made = [
        Piece(diagnostics_name(kind), _lines(_diagnostic(one, kind) for one in rows if one["refused_by"] in refused_by))
        for kind, refused_by in _OF_STREAM.items()
    ]
    return [piece for piece in made if piece.content]


def samples(errors: list[Piece]) -> bytes:
    """Give the first lines of all diagnostics."""
    return b"".join(islice((line for piece in errors for line in piece.lines()), SAMPLES))


def _of_stream(lake: Lake, seat: str, row: Row) -> list[dict[str, Any]]:
    """Give the failed rows of a stream as the landing wrote them: ``row``, ``reasons``, ``refused_by``."""
    if not lake.path(seat, row.name or "", row.id, FAILED).is_file():
        return []
    return lake.read_failed(seat, row.name or "", row.id)


def _diagnostic(failure: dict[str, Any], kind: str) -> dict[str, Any]:
    errors = [{"code": code, "message": message} for code, message in failure["reasons"]]
    corrupt = orjson.dumps(failure["row"]["body"]).decode()
    return {"_corrupt_record": corrupt, "_errors": errors, "_filename": diagnostics_name(kind)}


def _lines(values: Iterator[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE) for value in values)

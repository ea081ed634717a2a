"""The one door to pandas for small display tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .secret import redact

if TYPE_CHECKING:
    import pandas

    from .frame_view import Frame

Row = Mapping[str, Any] | Sequence[Any]


def table(rows: Iterable[Row], columns: Sequence[str] | None = None) -> Frame:
    """Give a DataFrame of *rows* (mappings, or sequences in the order of *columns*) without anything secret in it.

    Whole numbers stay whole and missing stays missing (nullable dtypes). Without rows the columns are still there.
    """
    from .frame_view import Frame

    cleaned = [_cleaned(row) for row in rows]
    frame = Frame(cleaned, columns=list(columns) if columns is not None else None)
    return frame.convert_dtypes()


def rows(frame: pandas.DataFrame) -> list[dict[str, Any]]:
    """Give the rows of *frame* as plain dictionaries; whatever pandas calls missing becomes None."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def _cleaned(row: Row) -> Any:
    if isinstance(row, Mapping):
        return {name: _safe(value) for name, value in row.items()}
    return [_safe(value) for value in row]


def _safe(value: Any) -> Any:
    return redact(value) if isinstance(value, str) else value

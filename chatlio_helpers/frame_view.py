"""How a DataFrame of the kit shows itself: every text escaped and whole, no row numbers, no more than can be read."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pandas

from .cards import html_table

SHOWN = 50  # rows; the frame itself has all
_COLUMNS = 20  # shown in a terminal
_LONGEST = 400  # characters of one cell


class Frame(pandas.DataFrame):
    """A pandas DataFrame with another look; everything else is pandas."""

    @property
    def _constructor(self) -> type[Frame]:
        return Frame

    def __repr__(self) -> str:
        # in a terminal pandas would leave out columns that do not fit; these go into lines below
        with pandas.option_context("display.max_columns", _COLUMNS):
            return super().__repr__()

    def _repr_html_(self) -> str:
        rows = [
            {str(name): shown(value) for name, value in zip(self.columns, row, strict=True)}
            for row in self.head(SHOWN).itertuples(index=False, name=None)
        ]
        size = f"{len(self)} rows" if len(self) != 1 else "1 row"
        more = f", the first {SHOWN} shown" if len(self) > SHOWN else ""
        return html_table(rows, f"{size}, {len(self.columns)} columns{more}", literal=True)


def shown(value: Any) -> str:
    """Give one value as a person reads it: missing is empty, times are UTC to the second."""
    if isinstance(value, (list, tuple, dict)):
        return _cut(str(value))
    if value is None or value is pandas.NaT or pandas.isna(value):
        return ""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return _cut(f"{value:,.3g}" if isinstance(value, float) and abs(value) < 1000 else str(value))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"

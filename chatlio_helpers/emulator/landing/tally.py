"""How many rows came, landed and failed, and why: the numbers behind batches and runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Adobe's SDK (aepp) looks for mapping errors in batches that have a code of Data Prep beside the mapper's own.
DATA_PREP = "DPMAP-3700-400"  # observed: that the code begins so; the number is assumed
MAPPER = "MAPPER-"
ROWS_NAMED = 100  # the live platform previews up to 100 errors (documented: monitor streaming dataflows)


class Reason(NamedTuple):
    """Why a row failed or was warned about; source and destination are mapping paths, where there are any.

    A mapping's message ends in both fields, in the words that Adobe's SDK takes apart.
    """

    code: str
    message: str
    source: str = ""
    destination: str = ""


@dataclass
class Cause:
    """One code with the first text that came with it, the rows (numbered in their batch) and how many they are."""

    text: str
    rows: list[int] = field(default_factory=list)
    count: int = 0


@dataclass
class Causes:
    """Reasons, counted by code; a row counts once for each code."""

    by_code: dict[str, Cause] = field(default_factory=dict)

    def add(self, row: int, reasons: Iterable[Reason]) -> None:
        """Count the *reasons* of one row."""
        for code, reason in {reason.code: reason for reason in reversed(list(reasons))}.items():
            cause = self.by_code.setdefault(code, Cause(reason.message))
            cause.count += 1
            if len(cause.rows) < ROWS_NAMED:
                cause.rows.append(row)

    def of_batch(self) -> list[dict[str, Any]]:
        """Give the ``errors`` of a Catalog batch."""
        causes = dict(self.by_code)
        mapper = next((cause for code, cause in causes.items() if code.startswith(MAPPER)), None)
        if mapper:
            causes[DATA_PREP] = Cause("Data Prep could not map these records", mapper.rows, mapper.count)
        return [
            {"code": code, "description": cause.text, "rows": [str(row) for row in cause.rows],
             "recordCount": cause.count}
            for code, cause in causes.items()
        ]  # fmt: skip

    def of_run(self) -> list[dict[str, Any]]:
        """Give the ``errors`` or ``failedInfo`` of a run."""
        return [
            {"code": code, "message": cause.text, "recordCount": cause.count} for code, cause in self.by_code.items()
        ]


def merged(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add up two lists of a run's ``{code, message, recordCount}``; the first text of a code stays."""
    together = {item["code"]: dict(item) for item in first}
    for item in second:
        if item["code"] in together:
            together[item["code"]]["recordCount"] += item["recordCount"]
        else:
            together[item["code"]] = dict(item)
    return list(together.values())

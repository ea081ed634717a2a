"""How many rows came, landed and failed, and why: the numbers behind batches and runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

# Adobe's SDK (aepp) looks for mapping errors in batches that have a code of Data Prep beside the mapper's own.
DATA_PREP = "DPMAP-3700-400"  # observed: that the code begins so; the number is assumed
MAPPER = "MAPPER-"
MOST_REASONS = 20  # that a run tells apart
FURTHER = "Further reasons with this code"
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
    """Reasons, counted by code and one by one; a row counts once for each code and once for each reason.

    ``by_reason`` has the items of a run, ``{code, message, recordCount}``: one for each mapping that failed and for
    each thing said of a record, with the first text that came; from ``MOST_REASONS`` on they are one for each code.
    """

    by_code: dict[str, Cause] = field(default_factory=dict)
    by_reason: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, row: int, reasons: Sequence[Reason]) -> None:
        """Count the *reasons* of one row."""
        for code, reason in {reason.code: reason for reason in reversed(reasons)}.items():
            cause = self.by_code.setdefault(code, Cause(reason.message))
            cause.count += 1
            if len(cause.rows) < ROWS_NAMED:
                cause.rows.append(row)
        _count(self.by_reason, [{"code": one.code, "message": one.message, "recordCount": 1} for one in reasons])

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
        """Give the ``errors``, ``failedInfo`` or ``warningInfo`` of a run."""
        return [dict(item) for item in self.by_reason.values()]


def merged(first: list[dict[str, Any]], second: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Add up two lists of a run's ``{code, message, recordCount}``; the first text of a reason stays."""
    together = {_key(item): dict(item) for item in first}
    for item in second:
        _add(together, item)
    return list(together.values())


def _count(into: dict[str, dict[str, Any]], items: list[dict[str, Any]]) -> None:
    """Count the reasons of one row, each no more than once."""
    counted: set[str] = set()
    for item in items:
        fitting = _fitting(into, item)
        if _key(fitting) not in counted:
            counted.add(_key(fitting))
            _add(into, fitting)


def _add(into: dict[str, dict[str, Any]], item: dict[str, Any]) -> None:
    fitting = _fitting(into, item)
    known = into.setdefault(_key(fitting), fitting | {"recordCount": 0})
    known["recordCount"] += item["recordCount"]


def _fitting(into: dict[str, dict[str, Any]], item: dict[str, Any]) -> dict[str, Any]:
    """Give *item*, or what stands for it when *into* has no more room for a reason of its own."""
    return item if _key(item) in into or len(into) < MOST_REASONS else item | {"message": FURTHER}


def _key(item: dict[str, Any]) -> str:
    """Tell reasons apart: a mapping's by its fields, in which its message ends, so that the value does not matter."""
    return f"{item['code']} {item['message'].rpartition('sourceField:')[2]}"

"""How each behaviour of the local platform is known: observed, documented or assumed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """How a behaviour is known, from which source, and what was decided where the source is silent."""

    how: str
    source: str = ""
    note: str = ""


@dataclass(frozen=True)
class Operation:
    """One built operation: its service, HTTP method, path template, the vendor's name for it and how it is known."""

    service: str
    method: str
    path: str
    name: str
    known: Known


OPERATIONS: list[Operation] = []


def observed(source: str, note: str = "") -> Known:
    """Mark what was seen in a printed answer of the live platform."""
    return Known("observed", source, note)


def documented(source: str, note: str = "") -> Known:
    """Mark what Adobe's documentation or API description states."""
    return Known("documented", source, note)


def assumed(note: str, source: str = "") -> Known:
    """Mark a decision of ours where no source says anything."""
    return Known("assumed", source, note)


def table(operations: Iterable[Operation] | None = None) -> str:
    """Give the built operations as Markdown, with counts, one section for each service."""
    rows = sorted(OPERATIONS if operations is None else operations, key=lambda row: (row.service, row.path, row.method))
    counts = Counter(row.known.how for row in rows)
    lines = [
        f"{len(rows)} operations are built: " + ", ".join(f"{number} {how}" for how, number in sorted(counts.items()))
        + "."
    ]  # fmt: skip
    for service in dict.fromkeys(row.service for row in rows):
        lines += [
            "",
            f"### {service}",
            "",
            "| operation | name | known | source | decided by us |",
            "|---|---|---|---|---|",
        ]
        lines += [_line(row) for row in rows if row.service == service]
    return "\n".join(lines)


def _line(row: Operation) -> str:
    cells = (f"`{row.method} {row.path}`", row.name, row.known.how, row.known.source, row.known.note)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

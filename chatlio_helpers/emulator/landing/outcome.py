"""What became of a job, in numbers: enough for the Catalog and the run, small whatever the number of messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from .tally import Cause, Causes


@dataclass
class Outcome:
    """Rows and received bytes that landed or failed, the Parquet file's size, and why rows failed or were warned about.

    ``kinds`` counts the failed rows by what refused them: ``mapper``, ``validation`` or ``unknown``. ``error`` is the
    disk's own when the files could not be written; then nothing else counts.
    """

    landed: int = 0
    failed: int = 0
    warned: int = 0
    bytes_landed: int = 0
    bytes_failed: int = 0
    size: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    causes: Causes = field(default_factory=Causes)
    warnings: Causes = field(default_factory=Causes)
    error: str = ""


def packed(outcomes: list[Outcome], notes: list[str]) -> list[bytes]:
    """Give the outcomes of a round, and lines for the log, as the parts of a frame."""
    return [orjson.dumps({"outcomes": outcomes, "notes": notes})]


def unpacked(parts: list[bytes]) -> tuple[list[Outcome], list[str]]:
    """Give the outcomes of a frame's parts, and the lines for the log."""
    body = orjson.loads(parts[0])
    return [_outcome(one) for one in body["outcomes"]], body["notes"]


def _outcome(body: dict[str, Any]) -> Outcome:
    for name in ("causes", "warnings"):
        causes = {code: Cause(**cause) for code, cause in body[name]["by_code"].items()}
        body[name] = Causes(causes, body[name]["by_reason"])
    return Outcome(**body)

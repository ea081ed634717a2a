"""What a step leaves behind: one record that a person reads and the runner collects.

A result shows itself as text, as a card, and as ``application/vnd.chatlio-kit.result+json``::

    {"schema": 1, "step": "dataflows", "status": "ok", "says": "5 dataflows enabled", "seconds": 1.2,
     "expected": 5, "found": 5, "ids": {"transcript": "d947e6a9-…"}, "evidence": {…}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .cards import Card
from .errors import CheckFailed
from .secret import redact

MIME = "application/vnd.chatlio-kit.result+json"
SCHEMA = 1


@dataclass(frozen=True)
class Result:
    """The outcome of one step; ``status`` is ``ok``, ``warning`` or ``failed``, ``seconds`` is wall time."""

    step: str
    says: str
    status: str = "ok"
    expected: Any = None
    found: Any = None
    seconds: float | None = None
    ids: Mapping[str, str] = field(default_factory=dict)
    evidence: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"{self.status}: {redact(self.says)}"

    def record(self) -> dict[str, Any]:
        """Give the JSON form that the runner collects."""
        return {"schema": SCHEMA, **asdict(self)}

    def card(self) -> Card:
        """Give the card that a front end shows."""
        return Card(self.status, self.says)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        return {"text/plain": repr(self), "text/html": self.card()._repr_html_(), MIME: self.record()}


def check(step: str, good: Any, says: str, *, otherwise: str = "", next_step: str = "", **details: Any) -> Result:
    """Return an *ok* result when *good* is true; raise CheckFailed, which fails the run, when it is not.

    *says* is the sentence of success, *otherwise* that of failure; *details* are fields of :class:`Result`.
    """
    if good:
        return Result(step, says, **details)
    raise CheckFailed(
        otherwise or f"Check failed: {says}",
        next_step=next_step or "read the last result above, and run the notebook again from its top",
        expected=details.get("expected"),
        found=details.get("found"),
    )

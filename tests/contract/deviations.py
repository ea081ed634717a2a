"""Where the platform's answers differ, on purpose, from Adobe's API descriptions: each with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """*operation* and *finding* are regular expressions that must match in full; *reason* says why we accept it."""

    operation: str
    finding: str
    reason: str

    def covers(self, operation: str, finding: str) -> bool:
        """Tell whether this entry explains *finding*."""
        return bool(re.fullmatch(self.operation, operation) and re.fullmatch(self.finding, finding))


DEVIATIONS: tuple[Deviation, ...] = ()

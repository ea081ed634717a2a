"""What a session keeps by name: prepared statements, portals and settings; their number and their bytes are bounded."""

from __future__ import annotations

from typing import Any

from .query_statements import Refused

MOST_KEPT = 200
MOST_BYTES = 5_000_000  # one message of the longest kind fits


class Kept(dict[str, Any]):
    """Values by name; what is taken out counts no more."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._sizes: dict[str, int] = {}

    def keep(self, name: str, value: Any, size: int) -> None:
        """Keep *value*, of *size* bytes, in place of what had the name; raises Refused 53400 for one too many."""
        sizes = {other: self._sizes.get(other, 0) for other in self if other != name}
        if len(sizes) >= MOST_KEPT or sum(sizes.values()) + size > MOST_BYTES:
            words = f"a session keeps {MOST_KEPT} of a kind, together {MOST_BYTES} bytes"
            raise Refused("53400", f"{words}: close some, or open another connection")
        self._sizes = sizes | {name: size}
        self[name] = value

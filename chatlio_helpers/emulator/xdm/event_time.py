"""When an event happened: an ExperienceEvent's ``timestamp`` must not lie in the future (documented: the XDM class).

That the row is then rejected, and in which words, is assumed; so is the tolerance for clocks that do not quite agree.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .validation_rules import is_date_time
from .xdm_shapes import Schema

EXPERIENCE_EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
TOLERANCE = 300_000  # milliseconds
FIELD = "timestamp"


def is_event(schema: Schema) -> bool:
    """Tell whether records of a resolved schema are ExperienceEvents."""
    return EXPERIENCE_EVENT in (schema.get("meta:class"), *(schema.get("meta:extends") or ()))


def violation(record: dict[str, Any], received: int) -> dict[str, Any] | None:
    """Give the violation of an event that happened after it was *received* (epoch milliseconds), or None."""
    given = record.get(FIELD)
    if not isinstance(given, str) or not is_date_time(given):
        return None  # which is for the schema to say
    happened = datetime.fromisoformat(given).timestamp() * 1000
    if happened <= received + TOLERANCE:
        return None
    came = datetime.fromtimestamp(received / 1000, UTC).isoformat(timespec="milliseconds")
    return {
        "schemaLocation": f"#/properties/{FIELD}", "pointerToViolation": f"#/{FIELD}", "causingExceptions": [],
        "keyword": "maximum", "message": f"[{given}] is in the future: the event was received at {came}",
    }  # fmt: skip

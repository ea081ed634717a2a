"""Chatlio's two ways to write a time: RFC 3339 with an offset, and Slack's ``ts``.

Both become UTC. More than microseconds is never real: a nine-digit fraction is a Slack ``ts`` that went through a
64-bit float (checked on the samples in Chatlio's documentation).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

EARLIEST_YEAR = 2014  # assumed: Chatlio did not exist before; Go writes year 1 for a time that was never set
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:[Zz]|[+-]\d{2}:\d{2})")
_SLACK = re.compile(r"(\d{9,11})\.(\d{1,6})", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rfc3339(text: Any) -> datetime | None:
    """Give the UTC time that *text* says, or None when it says none (empty, no offset, before 2014, no date)."""
    if not isinstance(text, str) or not _RFC3339.fullmatch(text.strip()):
        return None
    try:
        moment = datetime.fromisoformat(text.strip().upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment.year >= EARLIEST_YEAR else None


def slack(ts: Any) -> datetime | None:
    """Give the UTC time of a Slack ``ts`` ("1469725409.000005"), without a float in between; None when it is none."""
    parts = _SLACK.fullmatch(ts.strip()) if isinstance(ts, str) else None
    if parts is None:
        return None
    moment = _EPOCH + timedelta(seconds=int(parts[1]), microseconds=int(parts[2].ljust(6, "0")))
    return moment if moment.year >= EARLIEST_YEAR else None


def written(moment: datetime, digits: int = 3) -> str:
    """Write *moment* as RFC 3339 in UTC with *digits* (0 to 6) of fraction, cut and not rounded."""
    text = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return (text[: 20 + digits] if digits else text[:19]) + "Z"

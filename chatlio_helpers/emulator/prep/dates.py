"""Date-times of Data Prep: the default patterns and ISO text. Java patterns are in ``date_patterns``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from .date_patterns import parse
from .expression_errors import EvaluationError
from .time_zones import zone

# Documented (data-prep/data-handling.md): tried in this order, the first that fits wins.
DEFAULT_PATTERNS: Final = (
    "yyyy-MM-dd HH:mm:ssZ",
    "yyyy-MM-dd HH:mm:ss.SSSZ",
    "yyyy-MM-dd HH:mm:ss.SSS",
    "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    "yyyy-MM-dd'T'HH:mm:ss'Z'",
    "yyyy-MM-dd",
    "yyyy/MM/dd",
    "yyyy.MM.dd",
    "yyyy-MMM-dd",
    "yyyyMMdd",
    "MM-dd-yyyy",
    "MMddyyyy",
    "M/dd/yyyy",
    "dd.M.yyyy",
    "M/dd/yyyy hh:mm:ss a",
    "dd.M.yyyy hh:mm:ss a",
    "dd.MMM.yyyy",
    "dd-MMM-yyyy",
)

# Assumed from the samples of date() and set_date_part(): ISO text, with up to three fraction digits, reads without a
# pattern. Six digits, as Chatlio sends them, do not: none of the documented patterns has them.
_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,3}))?)?\s?(Z|[+-]\d\d(?::?\d\d)?|[A-Z]{2,4})?\Z", re.A
)


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, with milliseconds when there are any: ``2019-10-23T11:24:35Z``."""
    try:
        utc = moment.astimezone(UTC)
    except OverflowError as problem:
        raise EvaluationError("the date is outside the years 1 to 9999 in UTC") from problem
    return f"{utc.isoformat(timespec='milliseconds' if utc.microsecond > 999 else 'seconds')[:-6]}Z"


def parse_any(text: str) -> datetime:
    """Read a date-time without a pattern: ISO text first, then the documented patterns in order; UTC if no zone."""
    found = _ISO.match(text)
    if found:
        return _from_iso(text, found)
    for pattern in DEFAULT_PATTERNS:
        try:
            return parse(text, pattern)
        except EvaluationError:
            continue
    raise EvaluationError(f"{_short(text)} fits none of the default date patterns; give the pattern to date()")


def _from_iso(text: str, found: re.Match[str]) -> datetime:
    year, month, day, hour, minute, second, fraction, place = found.groups()
    micro = int((fraction or "0").ljust(6, "0"))
    try:
        return datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micro, zone(place or "Z")
        )
    except ValueError as problem:
        raise EvaluationError(f"{_short(text)} is not a date: {problem}") from problem


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")

"""Time zones as Java's date patterns name them."""

from __future__ import annotations

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .expression_errors import EvaluationError

# Java reads these as fixed offsets in Adobe's sample: an October time in PST is eight hours behind UTC, not seven.
_ABBREVIATIONS: Final = {
    "Z": 0, "UTC": 0, "GMT": 0, "UT": 0, "WET": 0, "BST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3, "MSK": 3,
    "IST": 5.5, "JST": 9, "AEST": 10, "AEDT": 11, "AKST": -9, "AKDT": -8, "HST": -10, "EST": -5, "EDT": -4,
    "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d\d))?(?::?(\d\d))?\Z", re.A)


@lru_cache(maxsize=256)
def zone(name: str) -> tzinfo:
    """A time zone by offset (``+02:00``), abbreviation (``PST``) or name (``Europe/Paris``)."""
    if name in _ABBREVIATIONS:
        return timezone(timedelta(hours=_ABBREVIATIONS[name]), "UTC" if name == "Z" else name)
    offset = _OFFSET.match(name)
    if offset:
        return _offset_zone(*offset.groups())
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as problem:
        raise EvaluationError(f"{name!r} is not a time zone") from problem


def _offset_zone(sign: str, hours: str, minutes: str | None, seconds: str | None) -> tzinfo:
    span = timedelta(hours=int(hours), minutes=int(minutes or 0), seconds=int(seconds or 0))
    if span > timedelta(hours=18):
        raise EvaluationError("a time zone is 18 hours from UTC at most")
    return timezone(-span if sign == "-" else span)

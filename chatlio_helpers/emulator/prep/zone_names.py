"""Full English names of time zones, as Java's ``zzzz`` writes and reads them.

The names are those of Java's locale data. A zone that is not listed keeps its short form (assumed to be enough: the
list holds the zones of most of the world's towns).
"""

from __future__ import annotations

from datetime import timedelta, timezone, tzinfo
from typing import Final

from .expression_errors import EvaluationError

_KINDS: Final = {"S": "Standard Time", "D": "Daylight Time", "U": "Summer Time"}

# Place, the time of standard or summer, short form, hours from UTC. One short form may stand for several zones.
_LISTED: Final = (
    ("Pacific", "S", "PST", -8), ("Pacific", "D", "PDT", -7), ("Mountain", "S", "MST", -7),
    ("Mountain", "D", "MDT", -6), ("Central", "S", "CST", -6), ("Central", "D", "CDT", -5),
    ("Eastern", "S", "EST", -5), ("Eastern", "D", "EDT", -4), ("Atlantic", "S", "AST", -4),
    ("Atlantic", "D", "ADT", -3), ("Newfoundland", "S", "NST", -3.5), ("Newfoundland", "D", "NDT", -2.5),
    ("Alaska", "S", "AKST", -9), ("Alaska", "D", "AKDT", -8), ("Hawaii-Aleutian", "S", "HST", -10),
    ("Brasilia", "S", "-03", -3), ("British", "U", "BST", 1), ("Irish", "S", "IST", 1),
    ("Western European", "S", "WET", 0), ("Western European", "U", "WEST", 1),
    ("Central European", "S", "CET", 1), ("Central European", "U", "CEST", 2),
    ("Eastern European", "S", "EET", 2), ("Eastern European", "U", "EEST", 3), ("Moscow", "S", "MSK", 3),
    ("Israel", "S", "IST", 2), ("Israel", "D", "IDT", 3), ("South Africa", "S", "SAST", 2),
    ("West Africa", "S", "WAT", 1), ("Gulf", "S", "+04", 4), ("Pakistan", "S", "PKT", 5),
    ("India", "S", "IST", 5.5), ("Singapore", "S", "+08", 8), ("China", "S", "CST", 8), ("Hong Kong", "S", "HKT", 8),
    ("Philippine", "S", "PST", 8), ("Australian Western", "S", "AWST", 8), ("Japan", "S", "JST", 9),
    ("Korean", "S", "KST", 9), ("Australian Central", "S", "ACST", 9.5), ("Australian Central", "D", "ACDT", 10.5),
    ("Australian Eastern", "S", "AEST", 10), ("Australian Eastern", "D", "AEDT", 11),
    ("New Zealand", "S", "NZST", 12), ("New Zealand", "D", "NZDT", 13),
)  # fmt: skip
_NAMES: Final = (
    *((f"{place} {_KINDS[kind]}", short, hours) for place, kind, short, hours in _LISTED),
    ("Coordinated Universal Time", "UTC", 0), ("Greenwich Mean Time", "GMT", 0), ("East Africa Time", "EAT", 3),
)  # fmt: skip
_BY_SHORT: Final = {(short, timedelta(hours=hours)): name for name, short, hours in _NAMES}
_BY_NAME: Final = {name.lower(): timezone(timedelta(hours=hours), short) for name, short, hours in _NAMES}

FULL: Final = tuple(sorted((name for name, _, _ in _NAMES), key=len, reverse=True))


def full_name(short: str, span: timedelta) -> str | None:
    """The full name of a zone by its short form and its distance from UTC, or None when it is not listed."""
    return _BY_SHORT.get((short, span))


def zone_named(name: str) -> tzinfo:
    """The zone of a full name, in any case, at the fixed distance from UTC that the name says (Java: its region).

    Raises ``EvaluationError`` for another text.
    """
    found = _BY_NAME.get(name.lower())
    if found is None:
        raise EvaluationError(f"{name!r} is not a time zone")
    return found

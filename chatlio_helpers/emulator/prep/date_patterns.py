"""Java date patterns (``yyyy-MM-dd'T'HH:mm:ss.SSSX``): read and write date-times by them.

Letters: ``G Y y u M L w W D d F E a H k K h m s S z Z X V O Q q`` (documented list); month and day names are English.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Final

from .expression_errors import EvaluationError
from .time_zones import zone

_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|(.)", re.S)
_MONTHS: Final = [name.lower() for name in calendar.month_name]
_SHORT_MONTHS: Final = [name.lower() for name in calendar.month_abbr]
_LONGEST: Final = 200
_LETTERS: Final = frozenset("GYyuMLwWDdFEaHkKhmsSzZXVOQq")

_COMMON: Final = ("year", "month", "day", "hour", "minute", "second", "zone")  # as date-times are mostly written

Reader = tuple[str, str]  # a regular expression and the field that its text fills ("" for none)


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern: its parts as (letter, count) or literal text, and the expression that reads it.

    ``fields`` names its groups. ``common`` are the groups of the common fields, when the pattern has just these.
    """

    parts: tuple[tuple[str, int] | str, ...]
    expression: re.Pattern[str]
    fields: tuple[str, ...]
    common: tuple[int, ...]


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Pattern:
    """Compile a pattern; raises ``EvaluationError`` for a letter that Java does not know."""
    if len(pattern) > _LONGEST:
        raise EvaluationError("the date pattern is too long")
    parts: list[tuple[str, int] | str] = []
    for found in _PART.finditer(pattern):
        quoted, letter, other = found.groups()
        if letter and letter not in _LETTERS:
            raise EvaluationError(f"{letter!r} is not a letter of a date pattern; put text in single quotes")
        parts.append((letter, len(found[0])) if letter else _literal(quoted, other))
    readers = [_reader(part) for part in parts]
    expression = "".join(f"({regex})" if field else f"(?:{regex})" for regex, field in readers)
    fields = tuple(field for _, field in readers if field)
    common = tuple(fields.index(name) + 1 for name in _COMMON) if sorted(fields) == sorted(_COMMON) else ()
    return Pattern(tuple(parts), re.compile(rf"{expression}\Z", re.A | re.I), fields, common)


def _literal(quoted: str | None, other: str | None) -> str:
    if quoted is None:
        return other or ""
    return quoted.replace("''", "'") or "'"


def _reader(part: tuple[str, int] | str) -> Reader:
    if isinstance(part, str):
        return re.escape(part), ""
    letter, count = part
    if letter in "ML" and count >= 3:
        return ("|".join(_MONTHS[1:]), "month name") if count >= 4 else ("|".join(_SHORT_MONTHS[1:]), "short month")
    if letter in "yuY":
        return (r"\d\d", "short year") if count == 2 else (r"\d{4}", "year")
    fixed = _FIXED.get(letter)
    if fixed:
        return fixed(count)
    field, width = _NUMBERS[letter]
    return (rf"\d{{1,{width}}}" if count == 1 else rf"\d{{{count}}}"), field


_NUMBERS: Final = {"M": ("month", 2), "L": ("month", 2), "d": ("day", 2), "D": ("day of year", 3), "H": ("hour", 2),
                   "k": ("hour 24", 2), "K": ("hour 11", 2), "h": ("hour 12", 2), "m": ("minute", 2),
                   "s": ("second", 2), "w": ("", 2), "W": ("", 1), "F": ("", 1), "Q": ("", 1),
                   "q": ("", 1)}  # fmt: skip


def _offset_reader(count: int) -> Reader:
    return {1: r"Z|[+-]\d\d(?:\d\d)?", 2: r"Z|[+-]\d{4}"}.get(count, r"Z|[+-]\d\d:\d\d(?::\d\d)?"), "zone"


_FIXED: Final[dict[str, Callable[[int], Reader]]] = {
    "S": lambda count: (rf"\d{{{count}}}", "fraction"),
    "a": lambda _: ("AM|PM", "half"),
    "G": lambda _: ("AD|BC|Anno Domini|Before Christ", ""),
    "E": lambda _: ("[A-Za-z]+", ""),
    "X": _offset_reader,
    "Z": lambda count: (r"[+-]\d{4}" if count < 4 else r"GMT(?:[+-]\d\d:\d\d)?", "zone"),
    "O": lambda _: (r"GMT(?:[+-]\d{1,2}(?::\d\d)?)?", "zone"),
    "z": lambda _: (r"[A-Za-z]+(?:/[A-Za-z_]+)*(?:[+-]\d\d:\d\d)?", "zone"),
    "V": lambda _: (r"[A-Za-z]+(?:/[A-Za-z_+\-0-9]+)*|[+-]\d\d:\d\d|Z", "zone"),
}


def parse(text: str, pattern: str) -> datetime:
    """Read ``text`` by a pattern. A missing time is midnight, a missing zone UTC (assumed from the samples)."""
    shape = compiled(pattern)
    found = shape.expression.match(text) if len(text) <= _LONGEST else None
    if not found:
        raise EvaluationError(f"{text[:60]!r} does not fit the date pattern {pattern!r}")
    try:
        if shape.common:
            *numbers, place = found.group(*shape.common)
            return datetime(*map(int, numbers), 0, _zone_of(place))
        return _built(dict(zip(shape.fields, found.groups(), strict=True)))
    except (ValueError, OverflowError) as problem:
        if isinstance(problem, EvaluationError):
            raise
        raise EvaluationError(f"{text[:60]!r} is not a date: {problem}") from problem


def _built(fields: dict[str, str]) -> datetime:
    year = _year(fields)
    place = _zone_of(fields.get("zone", "Z"))
    fraction = fields.get("fraction", "")[:6].ljust(6, "0")
    time = (_hour(fields), int(fields.get("minute", 0)), int(fields.get("second", 0)), int(fraction))
    if "day of year" in fields:
        start = datetime(year, 1, 1, *time, place)
        day = start + timedelta(days=int(fields["day of year"]) - 1)
        if day.year != year:
            raise EvaluationError("the day is not in the year")
        return day
    return datetime(year, _month(fields), int(fields.get("day", 1)), *time, place)


def _year(fields: dict[str, str]) -> int:
    if "year" in fields:
        return int(fields["year"])
    if "short year" in fields:
        return 2000 + int(fields["short year"])
    raise EvaluationError("the date pattern names no year")


def _zone_of(text: str) -> tzinfo:
    return UTC if text in ("Z", "z") else zone(text.upper() if "/" not in text else text)


def _month(fields: dict[str, str]) -> int:
    if "month name" in fields:
        return _MONTHS.index(fields["month name"].lower())
    if "short month" in fields:
        return _SHORT_MONTHS.index(fields["short month"].lower())
    return int(fields.get("month", 1))


def _hour(fields: dict[str, str]) -> int:
    if "hour 24" in fields:
        return int(fields["hour 24"]) % 24
    twelve = fields.get("hour 12") or fields.get("hour 11")
    if twelve is None:
        return int(fields.get("hour", 0))
    if int(twelve) > 12:
        raise EvaluationError(f"{twelve} is not an hour of a 12-hour clock")
    return int(twelve) % 12 + (12 if fields.get("half", "AM").upper() == "PM" else 0)


def write(moment: datetime, pattern: str) -> str:
    """Write a date-time by a pattern, in its own time zone."""
    return "".join(part if isinstance(part, str) else _written(moment, *part) for part in compiled(pattern).parts)


def _written(moment: datetime, letter: str, count: int) -> str:
    if letter in "ML" and count >= 3:
        return calendar.month_name[moment.month] if count >= 4 else calendar.month_abbr[moment.month]
    if letter in "XZOzV":
        return _offset_written(moment, letter, count)
    if letter == "S":
        return f"{moment.microsecond:06}000"[:count].ljust(count, "0")
    if letter in "yuY" and count == 2:
        return f"{moment.year % 100:02}"
    if letter == "E":
        names = calendar.day_name if count >= 4 else calendar.day_abbr
        return names[moment.weekday()]
    if letter == "a":
        return "AM" if moment.hour < 12 else "PM"
    return "AD" if letter == "G" else str(_VALUES[letter](moment)).zfill(count)


_VALUES: Final[dict[str, Callable[[datetime], Any]]] = {
    "y": lambda m: m.year,
    "u": lambda m: m.year,
    "Y": lambda m: m.isocalendar().year,
    "M": lambda m: m.month,
    "L": lambda m: m.month,
    "w": lambda m: m.isocalendar().week,
    "W": lambda m: (m.day + m.replace(day=1).weekday() - 1) // 7 + 1,
    "D": lambda m: m.timetuple().tm_yday,
    "d": lambda m: m.day,
    "F": lambda m: (m.day - 1) // 7 + 1,
    "H": lambda m: m.hour,
    "k": lambda m: m.hour or 24,
    "K": lambda m: m.hour % 12,
    "h": lambda m: m.hour % 12 or 12,
    "m": lambda m: m.minute,
    "s": lambda m: m.second,
    "Q": lambda m: (m.month + 2) // 3,
    "q": lambda m: (m.month + 2) // 3,
}


def _offset_written(moment: datetime, letter: str, count: int) -> str:
    if letter == "V":
        return getattr(moment.tzinfo, "key", None) or _offset_written(moment, "X", 3)
    if letter == "z":
        return moment.tzname() or "UTC"
    span = moment.utcoffset() or timedelta()
    sign, minutes = ("-", -span) if span < timedelta() else ("+", span)
    hours, rest = divmod(int(minutes.total_seconds()) // 60, 60)
    if letter == "O" or (letter == "Z" and count == 4):
        short = f"{sign}{hours}" + (f":{rest:02}" if rest else "")
        full = f"{sign}{hours:02}:{rest:02}"
        return "GMT" + ("" if not span else full if letter == "Z" or count == 4 else short)
    if letter == "X":
        if not span:
            return "Z"
        if count == 1:
            return f"{sign}{hours:02}" + (f"{rest:02}" if rest else "")
    colon = ":" if letter == "X" and count in (3, 5) else ""
    return f"{sign}{hours:02}{colon}{rest:02}"

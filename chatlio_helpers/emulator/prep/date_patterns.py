"""Java date patterns (``yyyy-MM-dd'T'HH:mm:ss.SSSX``): read and write date-times by them.

The letters are in ``date_letters``; how what was read becomes a date is in ``date_fields``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Final

from . import date_fields
from .date_letters import FRACTION, NUMBERS, ZONE, Reader, check, names, reader
from .expression_errors import EvaluationError
from .time_zones import zone
from .zone_names import full_name, zone_named

_PART = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|(.)", re.S)
_LONGEST: Final = 200

_COMMON: Final = ("year", "month", "day", "hour", "minute", "second", ZONE)  # as date-times are mostly written


@dataclass(frozen=True)
class Pattern:
    """A compiled pattern: its parts as (letter, count) or literal text, and the expression that reads it.

    ``readers`` are those of its groups. ``common`` are the groups of the common fields, when the pattern has just
    these, all of them as numbers.
    """

    parts: tuple[tuple[str, int] | str, ...]
    expression: re.Pattern[str]
    readers: tuple[Reader, ...]
    common: tuple[int, ...]


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Pattern:
    """Compile a pattern; raises ``EvaluationError`` for a letter, or a number of letters, that it cannot have."""
    if len(pattern) > _LONGEST:
        raise EvaluationError("the date pattern is too long")
    parts: list[tuple[str, int] | str] = []
    for found in _PART.finditer(pattern):
        quoted, letter, other = found.groups()
        if letter:
            check(letter, len(found[0]))
        parts.append((letter, len(found[0])) if letter else _literal(quoted, other))
    readers = [Reader(re.escape(part)) if isinstance(part, str) else reader(*part) for part in parts]
    expression = "".join(f"({one.regex})" if one.field else f"(?:{one.regex})" for one in readers)
    groups = tuple(one for one in readers if one.field)
    return Pattern(tuple(parts), re.compile(rf"{expression}\Z", re.A | re.I), groups, _common(groups))


def _common(readers: tuple[Reader, ...]) -> tuple[int, ...]:
    fields = [one.field for one in readers]
    plain = sorted(fields) == sorted(_COMMON) and all(one.number is int for one in readers)
    return tuple(fields.index(name) + 1 for name in _COMMON) if plain else ()


def _literal(quoted: str | None, other: str | None) -> str:
    if quoted is None:
        return other or ""
    return quoted.replace("''", "'") or "'"


def parse(text: str, pattern: str) -> datetime:
    """Read ``text`` by a pattern. A missing time is midnight, a missing zone UTC (assumed from the samples).

    Raises ``EvaluationError`` when the text does not fit, or what it says makes no date.
    """
    shape = compiled(pattern)
    found = shape.expression.match(text) if len(text) <= _LONGEST else None
    if not found:
        raise EvaluationError(f"{text[:60]!r} does not fit the date pattern {pattern!r}")
    try:
        if shape.common:
            *numbers, place = found.group(*shape.common)
            if numbers[3] != "24":
                return datetime(*map(int, numbers), 0, _zone_of(place))
        return _built(shape.readers, found.groups())
    except (ValueError, OverflowError) as problem:
        if isinstance(problem, EvaluationError):
            raise
        raise EvaluationError(f"{text[:60]!r} is not a date: {problem}") from problem


def _built(readers: tuple[Reader, ...], texts: tuple[str, ...]) -> datetime:
    given: dict[str, int] = {}
    fraction, place = 0, "Z"
    for one, text in zip(readers, texts, strict=True):
        if one.field == FRACTION:
            fraction = int(text[:6].ljust(6, "0"))
        elif one.field == ZONE:
            place = text
        else:
            value = one.number(text)
            if given.setdefault(one.field, value) != value:
                raise EvaluationError(f"the {one.field} is given twice, and not the same")
    return date_fields.resolved(given, fraction, _zone_of(place))


def _zone_of(text: str) -> tzinfo:
    if text in ("Z", "z"):
        return UTC
    if " " in text:
        return zone_named(text)
    return zone(text.upper() if "/" not in text else text)


def write(moment: datetime, pattern: str) -> str:
    """Write a date-time by a pattern, in its own time zone."""
    return "".join(part if isinstance(part, str) else _written(moment, *part) for part in compiled(pattern).parts)


def _written(moment: datetime, letter: str, count: int) -> str:
    if letter in "XZOzV":
        return _zone_written(moment, letter, count)
    if letter == "S":
        return f"{moment.microsecond:06}000"[:count].ljust(count, "0")
    text = names(letter, count)
    if text:
        field, texts, first = text
        return texts[date_fields.VALUES[field](moment) - first]
    value = date_fields.VALUES[NUMBERS[letter]](moment)
    return f"{value % 100:02}" if letter in "yY" and count == 2 else str(value).zfill(count)


def _zone_written(moment: datetime, letter: str, count: int) -> str:
    span = moment.utcoffset() or timedelta()
    if letter == "V":
        return getattr(moment.tzinfo, "key", None) or _offset(span, ":", zero="Z")
    if letter == "z":
        return _named(moment, span, full=count == 4)
    if letter == "O":
        return _gmt(span, full=count == 4)
    if letter == "Z":
        return _offset(span, "") if count < 4 else _gmt(span, full=True) if count == 4 else _offset(span, ":", zero="Z")
    if count == 1:
        return _offset(span, "", zero="Z").removesuffix("00") if span else "Z"
    return _offset(span, ":" if count in (3, 5) else "", zero="Z")


def _offset(span: timedelta, colon: str, *, zero: str = "") -> str:
    """A distance from UTC such as ``+0530``; *zero* stands for none, where it is given."""
    if zero and not span:
        return zero
    sign, size = ("-", -span) if span < timedelta() else ("+", span)
    hours, minutes = divmod(size // timedelta(minutes=1), 60)
    return f"{sign}{hours:02}{colon}{minutes:02}"


def _gmt(span: timedelta, *, full: bool) -> str:
    """``GMT-08:00``, or short ``GMT-8``."""
    if not span:
        return "GMT"
    whole = _offset(span, ":")
    return f"GMT{whole}" if full else f"GMT{whole[0]}{whole[1:].removeprefix('0').removesuffix(':00')}"


def _named(moment: datetime, span: timedelta, *, full: bool) -> str:
    """The name of a zone; one that has only a distance from UTC is written as ``GMT-08:00``."""
    short = moment.tzname() or "UTC"
    long = full_name(short, span) if full else None
    if long:
        return long
    return short if short.isalpha() else _gmt(span, full=True)

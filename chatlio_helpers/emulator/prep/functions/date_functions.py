"""Date and time functions; a date is a date-time with its zone, written out in UTC when it leaves the expression."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from .. import date_patterns
from ..dates import parse_any
from ..expression_errors import EvaluationError
from ..time_zones import zone
from .registry import category

function = category("Date / Time")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@function("now", "ZonedDateTime", "The current date-time.", (), "now()", '"2021-10-26T10:10:24Z"', style="scoped")
def now(current: datetime) -> datetime:
    """The time of the row."""
    return current


@function("timestamp", "Long", "The current Unix time in milliseconds.", (), "timestamp()", "1571850624571",
          style="scoped")  # fmt: skip
def timestamp(current: datetime) -> int:
    """The time of the row in milliseconds."""
    return (current - _EPOCH) // timedelta(milliseconds=1)


@function("format", "String", "Writes a date by a pattern, in the date's own zone.",
          ("ZonedDateTime date: the date", "String format: Java date pattern"),
          'format(date("2019-10-23T11:24:35Z"), "yyyy-MM-dd HH:mm:ss")', '"2019-10-23 11:24:35"')  # fmt: skip
def format_date(date_time: datetime, pattern: str) -> str:
    """Write by pattern."""
    return date_patterns.write(date_time, pattern)


@function("dformat", "String", "Writes a Unix time in milliseconds by a pattern, in UTC.",
          ("Number timestamp: Unix time in milliseconds", "String format: Java date pattern"),
          "dformat(1571829875000, \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")", '"2019-10-23T11:24:35.000Z"')  # fmt: skip
def dformat(milliseconds: float, pattern: str) -> str:
    """Write Unix time by pattern."""
    return date_patterns.write(_EPOCH + timedelta(milliseconds=milliseconds), pattern)


@function("date", "ZonedDateTime", "Reads a text as a date.",
          ("String date: the text", "String format?: Java pattern of the text, not of the result",
           "ZonedDateTime default_date?: used when the text is null"),
          'date("2019-10-23 11:24", "yyyy-MM-dd HH:mm")', '"2019-10-23T11:24:00Z"',
          takes_null=True, lenient="default",
          note="With a default date, an absent path counts as null (assumed). All fields of the pattern count; those "
               "that make no date, or contradict each other, are refused.")  # fmt: skip
def date(string: str | None, pattern: str | None = None, default: datetime | None = None) -> datetime | None:
    """Read by pattern, else by the documented default patterns."""
    if string is None:
        return default
    return date_patterns.parse(string, pattern) if pattern else parse_any(string)


_NAMES: Final = {
    "year": "year", "yyyy": "year", "yy": "year", "quarter": "quarter", "qq": "quarter", "q": "quarter",
    "month": "month", "mm": "month", "m": "month", "dayofyear": "dayofyear", "dy": "dayofyear", "y": "dayofyear",
    "day": "day", "dd": "day", "d": "day", "week": "week", "ww": "week", "w": "week", "weekday": "weekday",
    "dw": "weekday", "hour": "hour", "hh": "hour", "hh24": "hour", "hh12": "hour12", "minute": "minute",
    "mi": "minute", "n": "minute", "second": "second", "ss": "second", "s": "second",
    "millisecond": "millisecond", "ms": "millisecond",
}  # fmt: skip

_PARTS: Final[dict[str, Callable[[datetime], int]]] = {
    "year": lambda m: m.year,
    "quarter": lambda m: (m.month + 2) // 3,
    "month": lambda m: m.month,
    "dayofyear": lambda m: m.timetuple().tm_yday,
    "day": lambda m: m.day,
    "week": lambda m: m.isocalendar().week,
    "weekday": lambda m: m.isoweekday(),
    "hour": lambda m: m.hour,
    "hour12": lambda m: m.hour % 12 or 12,
    "minute": lambda m: m.minute,
    "second": lambda m: m.second,
    "millisecond": lambda m: m.microsecond // 1000,
}


def _part_name(component: str) -> str:
    name = _NAMES.get(component.lower())
    if name is None:
        raise EvaluationError(f"{component!r} is not a part of a date")
    return name


@function("date_part", "Integer", "A part of a date.",
          ("String component: name of the part", "ZonedDateTime date: the date"),
          'date_part("MM", date("2019-10-17 11:55:12"))', "10",
          note="Case does not matter (from the sample). Weekday counts from Monday = 1 and week is ISO (assumed).",
          )  # fmt: skip
def date_part(component: str, date_time: datetime) -> int:
    """A part as a number."""
    return _PARTS[_part_name(component)](date_time)


@function("set_date_part", "ZonedDateTime", "A date with one part changed.",
          ("String component: year, month, day, hour, minute or second", "Integer value: the new value",
           "ZonedDateTime date: the date"),
          'set_date_part("m", 4, date("2016-11-09T11:44:44.797"))', '"2016-04-09T11:44:44.797Z"',
          note="The page prints the result without its milliseconds. A day that the new month lacks becomes its last "
               "day (assumed).")  # fmt: skip
def set_date_part(component: str, value: int, date_time: datetime) -> datetime:
    """Change a part."""
    name = _part_name(component)
    if name not in ("year", "month", "day", "hour", "minute", "second"):
        raise EvaluationError(f"set_date_part() cannot set {component!r}")
    changes: dict[str, Any] = {name: value}
    if name in ("year", "month"):
        year, month = changes.get("year", date_time.year), changes.get("month", date_time.month)
        changes["day"] = min(date_time.day, calendar.monthrange(year, month)[1])
    return date_time.replace(**changes)


@function("make_date_time", "ZonedDateTime", "A date from its parts.",
          ("Integer year: four digits", "Integer month: 1 to 12", "Integer day: 1 to 31", "Integer hour: 0 to 23",
           "Integer minute: 0 to 59", "Integer second: 0 to 59", "Integer nanosecond: 0 to 999999999",
           "String timezone: time zone"),
          'make_date_time(2019, 10, 17, 11, 55, 12, 999, "America/Los_Angeles")', '"2019-10-17T18:55:12Z"',
          aliases=("make_timestamp",),
          note="The page prints the local time followed by Z.")  # fmt: skip
def make_date_time(
    year: int, month: int, day: int, hour: int, minute: int, second: int, nanosecond: int, place: str
) -> datetime:
    """A date from its parts; nanoseconds are cut to microseconds."""
    return datetime(year, month, day, hour, minute, second, nanosecond // 1000, zone(place))


@function("zone_date_to_utc", "ZonedDateTime", "The same moment in UTC.", ("ZonedDateTime date: the date",),
          'zone_date_to_utc("2019-10-17T11:55:12 PST")', '"2019-10-17T19:55:12Z"')  # fmt: skip
def zone_date_to_utc(date_time: datetime) -> datetime:
    """The moment in UTC."""
    return date_time.astimezone(UTC)


@function("zone_date_to_zone", "ZonedDateTime", "The same moment in another zone; seen when it is written by format().",
          ("ZonedDateTime date: the date", "String zone: time zone"),
          'format(zone_date_to_zone(date("2021-10-26T13:43:59Z"), "Europe/Paris"), "HH:mm")', '"15:43"')  # fmt: skip
def zone_date_to_zone(date_time: datetime, place: str) -> datetime:
    """The moment in another zone."""
    return date_time.astimezone(zone(place))

"""What the letters of a date pattern stand for: fields, their values in a date, and the date that they make.

Fields are whole numbers; weeks are those of ISO 8601 (documented: the year of ``Y`` is based on the ISO week), so
Monday is 1. Which fields make a date and that all others must agree with it follows Java's DateTimeFormatter.
Stricter than Java (assumed): 30 February is refused instead of moved to the 28th, AM or PM alone is no time.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from .expression_errors import EvaluationError

Fields = dict[str, int]
_MIDNIGHT: Final = 24
_DAY: Final = frozenset(("year", "month", "day"))
_PLAIN: Final = _DAY | {"hour", "minute", "second"}  # with a whole _DAY, the date-time is made of these as they are


def _week_of_month(day: date) -> int:
    """The week that holds the month's first Thursday is 1; the days before it are in week 0."""
    first = day.replace(day=1).weekday()
    return (day.day + first - 1) // 7 + (1 if first <= 3 else 0)


VALUES: Final[dict[str, Callable[[datetime], int]]] = {
    "era": lambda _: 1,
    "year": lambda m: m.year,
    "week year": lambda m: m.isocalendar().year,
    "quarter": lambda m: (m.month + 2) // 3,
    "month": lambda m: m.month,
    "week": lambda m: m.isocalendar().week,
    "week of month": _week_of_month,
    "day of year": lambda m: m.timetuple().tm_yday,
    "day": lambda m: m.day,
    "count of weekday": lambda m: (m.day - 1) // 7 + 1,
    "weekday": lambda m: m.isoweekday(),
    "half": lambda m: m.hour // 12,
    "hour": lambda m: m.hour,
    "hour 24": lambda m: m.hour or 24,
    "hour 11": lambda m: m.hour % 12,
    "hour 12": lambda m: m.hour % 12 or 12,
    "minute": lambda m: m.minute,
    "second": lambda m: m.second,
}


_ZEROS: Final = {"hour 24": 24, "hour 12": 12}  # Java takes 0 for these


def resolved(given: Fields, fraction: int, place: tzinfo) -> datetime:
    """The date-time that the fields make; *fraction* in microseconds. A date without any time is midnight (assumed).

    Raises ``EvaluationError`` when the fields make no date or contradict each other, ``ValueError`` when one is out
    of its range.
    """
    end_of_day = given.get("hour") == _MIDNIGHT
    if end_of_day:
        if given.get("minute") or given.get("second") or fraction:
            raise EvaluationError("24 is an hour at the very end of a day only")
        given = given | {"hour": 0}
    moment = datetime.combine(_date(given), _time(given, fraction), place)
    for name in given.keys() - _PLAIN if given.keys() >= _DAY else given:
        if VALUES[name](moment) != (given[name] or _ZEROS.get(name, 0)):
            raise EvaluationError(f"the {name} {given[name]} contradicts the other fields, or does not exist")
    return moment + timedelta(days=1) if end_of_day else moment


def _date(given: Fields) -> date:
    if given.get("era") == 0:
        raise EvaluationError("a year before Christ is outside the years 1 to 9999")
    for needed, made in _WAYS:
        if all(name in given for name in needed):
            return made(*(given[name] for name in needed))
    names = ", ".join(given) or "none"
    raise EvaluationError(f"these fields do not make a date: {names}; give year, month and day")


def _of_day(year: int, day: int) -> date:
    return date(year, 1, 1) + timedelta(days=day - 1)


def _of_count(year: int, month: int, count: int, weekday: int) -> date:
    """The *count*-th of a weekday in a month."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.isoweekday()) % 7 + 7 * (count - 1))


def _of_week(year: int, month: int, week: int, weekday: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=weekday - first.isoweekday() + 7 * (week - _week_of_month(first)))


_WAYS: Final[tuple[tuple[tuple[str, ...], Callable[..., date]], ...]] = (
    (("year", "month", "day"), date),
    (("year", "month", "week of month", "weekday"), _of_week),
    (("year", "month", "count of weekday", "weekday"), _of_count),
    (("year", "day of year"), _of_day),
    (("week year", "week", "weekday"), date.fromisocalendar),
)


def _time(given: Fields, fraction: int) -> time:
    hour = _hour(given)
    if hour is None and (fraction or not given.keys().isdisjoint(("hour 11", "hour 12", "half", "minute", "second"))):
        raise EvaluationError("these fields do not make a time; give hours of 24, or hours of 12 with AM or PM")
    if "second" in given and "minute" not in given:
        raise EvaluationError("these fields do not make a time: the minute is missing")
    return time(hour or 0, given.get("minute", 0), given.get("second", 0), fraction)


def _hour(given: Fields) -> int | None:
    if "hour" in given:
        return given["hour"]
    if "hour 24" in given:
        return given["hour 24"] % 24
    twelve = given.get("hour 12", given.get("hour 11"))
    if twelve is None or "half" not in given:
        return None
    return twelve % 12 + 12 * given["half"]

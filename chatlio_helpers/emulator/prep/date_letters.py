"""The letters of date patterns: ``G Y y M L w W D d F E u a H k K h m s S z Z X V O Q q``.

Documented (data-prep/data-handling.md): the letters and their meanings; ``u`` is the day of the week there, 1 for
Monday. How often a letter may be repeated, and what that means, is Java's DateTimeFormatter; names are English.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .expression_errors import EvaluationError
from .zone_names import FULL

FRACTION, ZONE = "fraction", "zone"  # the two that are no whole number of a field


@dataclass(frozen=True)
class Reader:
    """How a part of a pattern is read: a regular expression and the field that its text fills ("" for none)."""

    regex: str
    field: str = ""
    number: Callable[[str], int] = int


Names = tuple[str, ...]

NUMBERS: Final = {"y": "year", "Y": "week year", "M": "month", "L": "month", "Q": "quarter", "q": "quarter",
                  "w": "week", "W": "week of month", "D": "day of year", "d": "day", "F": "count of weekday",
                  "u": "weekday", "H": "hour", "k": "hour 24", "K": "hour 11", "h": "hour 12", "m": "minute",
                  "s": "second"}  # fmt: skip
TEXTS: Final = {"E": "weekday", "G": "era", "a": "half"}  # always text; months and quarters from three letters on
_FIRST: Final = {"weekday": 1, "month": 1, "quarter": 1, "era": 0, "half": 0}  # the number of the first name
_MOST: Final = {"G": 5, "y": 9, "Y": 9, "M": 5, "L": 5, "Q": 5, "q": 5, "w": 2, "W": 1, "D": 3, "d": 2, "F": 1, "E": 5,
                "u": 9, "a": 1, "H": 2, "k": 2, "K": 2, "h": 2, "m": 2, "s": 2, "S": 9, "z": 4, "Z": 5, "X": 5,
                "V": 2, "O": 4}  # fmt: skip
_WIDTHS: Final = {"y": 4, "Y": 4, "D": 3, "W": 1, "F": 1, "u": 1, "Q": 1, "q": 1}  # digits that a number may have

_DAYS: Final[Names] = tuple(calendar.day_name)
_MONTHS: Final[Names] = tuple(calendar.month_name)[1:]
_STYLES: Final[dict[str, tuple[Names, Names, Names]]] = {  # short, full, narrow
    "weekday": (tuple(calendar.day_abbr), _DAYS, tuple(name[0] for name in _DAYS)),
    "month": (tuple(calendar.month_abbr)[1:], _MONTHS, tuple(name[0] for name in _MONTHS)),
    "quarter": (("Q1", "Q2", "Q3", "Q4"), ("1st quarter", "2nd quarter", "3rd quarter", "4th quarter"),
                ("1", "2", "3", "4")),
    "era": (("BC", "AD"), ("Before Christ", "Anno Domini"), ("B", "A")),
    "half": (("AM", "PM"), ("AM", "PM"), ("a", "p")),
}  # fmt: skip


def check(letter: str, count: int) -> None:
    """Raise ``EvaluationError`` for a letter that the page does not list or that Java does not take so often."""
    most = _MOST.get(letter)
    if most is None:
        raise EvaluationError(f"{letter!r} is not a letter of a date pattern; put text in single quotes")
    if count > most or (letter == "V" and count != 2) or (letter == "O" and count in (2, 3)):
        raise EvaluationError(f"{letter * count!r} has too many or too few letters for a date pattern")


def names(letter: str, count: int) -> tuple[str, Names, int] | None:
    """Field, names and the first name's number of a letter that stands for a text, or None."""
    field = TEXTS.get(letter) or (NUMBERS[letter] if letter in "MLQq" and count >= 3 else None)
    return (field, _STYLES[field][max(count, 3) - 3], _FIRST[field]) if field else None


def reader(letter: str, count: int) -> Reader:
    """How a letter, repeated *count* times, is read."""
    fixed = _FIXED.get(letter)
    if fixed:
        return fixed(count)
    text = names(letter, count)
    if text:
        return _text_reader(*text)
    if letter in "yY" and count == 2:
        return Reader(r"\d\d", NUMBERS[letter], lambda text: 2000 + int(text))
    least, most = count, max(count, _WIDTHS.get(letter, 2) if count == 1 or letter in "yYD" else count)
    return Reader(rf"\d{{{least},{most}}}", NUMBERS[letter])


def _text_reader(field: str, texts: Names, first: int) -> Reader:
    """A name that stands for several numbers, such as the J of January, June and July, cannot be read."""
    numbers = {text.lower(): at for at, text in enumerate(texts, first) if texts.count(text) == 1}
    return Reader("|".join(map(re.escape, numbers)), field, lambda text: numbers[text.lower()])


_OFFSETS: Final = {1: r"[+-]\d\d(?:\d\d)?", 2: r"[+-]\d{4}", 3: r"[+-]\d\d:\d\d", 4: r"[+-]\d{4}(?:\d\d)?",
                   5: r"[+-]\d\d:\d\d(?::\d\d)?"}  # fmt: skip
_GMT: Final = {"O": r"GMT(?:[+-]\d{1,2}(?::\d\d)?)?", "OOOO": r"GMT(?:[+-]\d\d:\d\d)?"}
_ID: Final = r"[A-Za-z]+(?:/[A-Za-z_+\-0-9]+)*"
_SHORT: Final = rf"{_ID}(?:[+-]\d\d:\d\d)?|[+-]\d\d:\d\d"


def _offset(count: int) -> Reader:
    if count < 4:
        return Reader(_OFFSETS[2], ZONE)
    return Reader(_GMT["OOOO"] if count == 4 else rf"Z|{_OFFSETS[5]}", ZONE)


_FIXED: Final[dict[str, Callable[[int], Reader]]] = {
    "S": lambda count: Reader(rf"\d{{{count}}}", FRACTION),
    "X": lambda count: Reader(rf"Z|{_OFFSETS[count]}", ZONE),
    "Z": _offset,
    "O": lambda count: Reader(_GMT["O" * count], ZONE),
    "z": lambda count: Reader("|".join((*map(re.escape, FULL), _SHORT)) if count == 4 else _SHORT, ZONE),
    "V": lambda _: Reader(rf"{_ID}|[+-]\d\d:\d\d", ZONE),
}

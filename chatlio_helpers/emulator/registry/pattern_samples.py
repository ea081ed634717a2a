"""A text that fits a regular expression, always the same one for the same expression.

It walks through Python's own parse of the expression, and takes the first way that each part leaves open. What depends
on a place (look-around, back references, word boundaries) is not followed: whoever asks checks the text that comes out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

# The parser of ``re`` is not documented, but it is what the library itself compiles from, and stays over versions.
from re import _constants as names  # type: ignore[attr-defined]  # isort: skip
from re import _parser as parser  # type: ignore[attr-defined]  # isort: skip

_MOST = 10_000  # characters; an expression such as x{1000000} shall not fill the memory
_CATEGORIES = {
    names.CATEGORY_DIGIT: "1", names.CATEGORY_NOT_DIGIT: "a", names.CATEGORY_SPACE: " ",
    names.CATEGORY_NOT_SPACE: "a", names.CATEGORY_WORD: "a", names.CATEGORY_NOT_WORD: "-",
}  # fmt: skip
_TRIED = "a1A-_ .:/@" + "".join(map(chr, range(33, 127)))


class NoSample(ValueError):
    """The expression cannot be read, or no text for it was found."""


def sample(pattern: str, repeats: int = 0) -> str:
    """Give a text for *pattern*, in which each repetition is taken *repeats* times more often than it must be.

    Raises NoSample.
    """
    try:
        text = _sequence(parser.parse(pattern), repeats)
    except (re.error, OverflowError, RecursionError) as error:
        raise NoSample(str(error)) from error
    if not re.search(pattern, text):
        raise NoSample(f"no text was found for {pattern}")
    return text


def _sequence(parts: Sequence[tuple[Any, Any]], repeats: int) -> str:
    text = ""
    for operation, argument in parts:
        text += _PARTS.get(operation, _nothing)(argument, repeats)
        if len(text) > _MOST:
            raise NoSample("the text would be too long")
    return text


def _nothing(_argument: Any, _repeats: int) -> str:
    return ""


def _repeated(argument: tuple[int, int, Any], repeats: int) -> str:
    least, most, part = argument
    times, text = min(least + repeats, most), _sequence(part, repeats)
    if times * len(text) > _MOST:
        raise NoSample("the text would be too long")
    return text * times


def _one_of(argument: Sequence[tuple[Any, Any]], _repeats: int) -> str:
    if argument[0][0] is names.NEGATE:
        return next((one for one in _TRIED if not _within(one, argument[1:])), "")
    operation, value = argument[0]
    if operation is names.RANGE:
        return chr(value[0])
    return _CATEGORIES[value] if operation is names.CATEGORY else chr(value)


def _within(character: str, members: Sequence[tuple[Any, Any]]) -> bool:
    code = ord(character)
    for operation, value in members:
        if operation is names.LITERAL and code == value:
            return True
        if operation is names.RANGE and value[0] <= code <= value[1]:
            return True
        if operation is names.CATEGORY and _in_category(character, value):
            return True
    return False


def _in_category(character: str, category: Any) -> bool:
    tests: dict[Any, Callable[[str], bool]] = {
        names.CATEGORY_DIGIT: str.isdigit, names.CATEGORY_SPACE: str.isspace,
        names.CATEGORY_WORD: lambda one: one.isalnum() or one == "_",
    }  # fmt: skip
    if category in tests:
        return tests[category](character)
    opposite = {
        names.CATEGORY_NOT_DIGIT: names.CATEGORY_DIGIT, names.CATEGORY_NOT_SPACE: names.CATEGORY_SPACE,
        names.CATEGORY_NOT_WORD: names.CATEGORY_WORD,
    }  # fmt: skip
    return not tests[opposite[category]](character)


def _literal(code: int, _repeats: int) -> str:
    return chr(code)


def _other(code: int, _repeats: int) -> str:
    return "a" if code != ord("a") else "b"


def _any(_argument: Any, _repeats: int) -> str:
    return "a"


def _branch(argument: tuple[Any, Any], repeats: int) -> str:
    return _sequence(argument[1][0], repeats)


def _group(argument: tuple[Any, ...], repeats: int) -> str:
    return _sequence(argument[-1], repeats)


_PARTS: dict[Any, Callable[[Any, int], str]] = {
    names.LITERAL: _literal, names.NOT_LITERAL: _other, names.ANY: _any, names.IN: _one_of, names.BRANCH: _branch,
    names.SUBPATTERN: _group, names.MAX_REPEAT: _repeated, names.MIN_REPEAT: _repeated,
    names.POSSESSIVE_REPEAT: _repeated, names.ATOMIC_GROUP: _sequence,
}  # fmt: skip

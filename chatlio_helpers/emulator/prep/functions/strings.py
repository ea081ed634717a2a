"""String functions."""

from __future__ import annotations

import re
from typing import Any

from .. import java_regex
from ..expression_errors import EvaluationError
from .regexes import explained
from .registry import category
from .values import LONGEST_TEXT, text

function = category("String")


@function("concat", "String", "Joins texts; a null counts as empty text (assumed).",
          ("String values...: texts to join",),
          'concat("Hi, ", "there", "!")', '"Hi, there!"')  # fmt: skip
def concat(*values: str | None) -> str:
    """Join."""
    return bounded("".join(value or "" for value in values))


def bounded(value: str) -> str:
    """The text, unless it is longer than a record may be."""
    if len(value) > LONGEST_TEXT:
        raise EvaluationError(f"the text would have more than {LONGEST_TEXT} characters")
    return value


@function("explode", "Array", "Splits a text by a regular expression; empty parts at the end are left out.",
          ("String string: text to split", "String regex?: where to split; a comma by default"),
          'explode("Hi, there!", " ")', '["Hi,","there!"]',
          note="The page prints the second part as \"there\"; empty parts follow Java (assumed).")  # fmt: skip
def explode(string: str, regex: str | None = None) -> list[str]:
    """Split by regex as Java's split does."""
    parts, start = [], 0
    pattern = "," if regex is None else regex
    with explained(pattern):
        matches = list(java_regex.each(pattern, string))
    for found in matches:
        if found.end() > 0 and not (found.start() == found.end() and found.end() == len(string)):
            parts.append(string[start : found.start()])
            start = found.end()
    parts.append(string[start:])
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


@function("instr", "Integer", "Where a text first occurs in another, counted from 0; -1 if nowhere (assumed).",
          ("String input: text to search", "String substring: text to find",
           "Integer start_position?: where to begin", "Integer occurrence?: which occurrence; 1 by default"),
          'instr("adobe.com", "com")', "6")  # fmt: skip
def instr(string: str, substring: str, start: int | None = None, occurrence: int | None = None) -> int:
    """Find the nth occurrence."""
    at = max(start or 0, 0) - 1
    for _ in range(min(max(occurrence or 1, 1), len(string) + 1)):
        at = string.find(substring, at + 1)
        if at < 0:
            return -1
    return at


@function("replacestr", "String", "Puts a text in the place of each occurrence of another.",
          ("String input: text to change", "String to_find: text to look for", "String to_replace: text to put there"),
          'replacestr("This is a string re test", "re", "replace")', '"This is a string replace test"')  # fmt: skip
def replacestr(string: str, find: str, replace: str) -> str:
    """Replace; an empty text to find changes nothing."""
    if not find:
        return string
    if len(string) + string.count(find) * len(replace) > LONGEST_TEXT * 2:
        raise EvaluationError(f"the text would have more than {LONGEST_TEXT} characters")
    return bounded(string.replace(find, replace))


@function("substr", "String", "A part of a text; a part that reaches over the end is cut there (assumed).",
          ("String input: the text", "Integer start_index: first character, counted from 0",
           "Integer length: how many characters"),
          'substr("This is a substring test", 7, 8)', '" a subst"')  # fmt: skip
def substr(string: str, start: int, length: int) -> str:
    """Cut out."""
    if start < 0 or length < 0:
        raise EvaluationError("substr() needs a start and a length of 0 or more")
    return string[start : start + length]


@function("lower", "String", "Lower case.", ("String input: text to change",), 'lower("HeLLo")', '"hello"',
          aliases=("lcase",))  # fmt: skip
def lower(string: str) -> str:
    """Lower case."""
    return string.lower()


@function("upper", "String", "Upper case.", ("String input: text to change",), 'upper("HeLLo")', '"HELLO"',
          aliases=("ucase",))  # fmt: skip
def upper(string: str) -> str:
    """Upper case."""
    return string.upper()


@function("split", "Array", "Splits a text at each character that the separator holds.",
          ("String input: text to split", "String separator: characters to split at; a backslash is escaped"),
          'split("Hello world", " ")', '["Hello","world"]')  # fmt: skip
def split(string: str, separator: str) -> list[str]:
    """Split at any of the characters."""
    characters = separator.replace("\\\\", "\\")
    return re.split(f"[{re.escape(characters)}]", string) if characters else [string]


@function("join", "String", "Joins the values of an array; nulls are left out (assumed).",
          ("String separator: text between two values", "Object objects...: an array, or the values"),
          'join(" ", to_array(true, "Hello", "world"))', '"Hello world"')  # fmt: skip
def join(separator: str, *objects: Any) -> str:
    """Join one array or the values given."""
    values = objects[0] if len(objects) == 1 and isinstance(objects[0], list) else objects
    return bounded(separator.join(text(value) for value in values if value is not None))


def _padding(string: str | None, count: int | None, padding: str | None) -> str:
    missing = (count or 0) - len(string or "")
    if missing > LONGEST_TEXT:
        raise EvaluationError(f"the text would have more than {LONGEST_TEXT} characters")
    filler = padding or " "
    return (filler * (missing // len(filler) + 1))[:missing] if missing > 0 else ""


@function("lpad", "String", "Fills a text up on the left; an empty or null padding is one space.",
          ("String input: the text, may be null", "Integer count: length to reach", "String padding: the filling"),
          'lpad("bat", 8, "yz")', '"yzyzybat"', takes_null=True)  # fmt: skip
def lpad(string: str | None, count: int | None, padding: str | None) -> str:
    """Fill up on the left."""
    return _padding(string, count, padding) + (string or "")


@function("rpad", "String", "Fills a text up on the right; an empty or null padding is one space.",
          ("String input: the text, may be null", "Integer count: length to reach", "String padding: the filling"),
          'rpad("bat", 8, "yz")', '"batyzyzy"', takes_null=True)  # fmt: skip
def rpad(string: str | None, count: int | None, padding: str | None) -> str:
    """Fill up on the right."""
    return (string or "") + _padding(string, count, padding)


@function("left", "String", "The first characters.", ("String string: the text", "Integer count: how many"),
          'left("abcde", 2)', '"ab"')  # fmt: skip
def left(string: str, count: int) -> str:
    """The first characters."""
    return string[: max(count, 0)]


@function("right", "String", "The last characters.", ("String string: the text", "Integer count: how many"),
          'right("abcde", 2)', '"de"')  # fmt: skip
def right(string: str, count: int) -> str:
    """The last characters."""
    return string[-count:] if count > 0 else ""


@function("ltrim", "String", "Takes white space away on the left.", ("String string: the text",),
          'ltrim(" hello")', '"hello"')  # fmt: skip
def ltrim(string: str) -> str:
    """Trim on the left."""
    return string.lstrip()


@function("rtrim", "String", "Takes white space away on the right.", ("String string: the text",),
          'rtrim("hello ")', '"hello"')  # fmt: skip
def rtrim(string: str) -> str:
    """Trim on the right."""
    return string.rstrip()


@function("trim", "String", "Takes white space away on both sides.", ("String string: the text",),
          'trim(" hello ")', '"hello"')  # fmt: skip
def trim(string: str) -> str:
    """Trim on both sides."""
    return string.strip()

"""Regular expression functions; patterns are Java's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from regex import error as NotAPattern

from .. import java_regex
from ..expression_errors import EvaluationError
from .registry import category

function = category("Regular Expression")


@contextmanager
def explained(pattern: str) -> Iterator[None]:
    """Turn what a pattern may do wrong into the language's own error."""
    try:
        yield
    except NotAPattern as problem:
        raise EvaluationError(f"{pattern[:80]!r} is not a regular expression: {problem}") from problem
    except java_regex.SlowPattern as problem:
        raise EvaluationError(f"{pattern[:80]!r} was given up: {problem}") from problem


_PARAMETERS = ("String string: text to look at", "String regex: the regular expression")


@function("extract_regex", "Array", "The first match and its groups; empty if nothing matches (assumed).", _PARAMETERS,
          'extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
          '["E259,E259B_009,1_1","E259","1_1"]')  # fmt: skip
def extract_regex(string: str, regex: str) -> list[str | None]:
    """The match and its groups."""
    with explained(regex):
        found = java_regex.search(regex, string)
    return [found[0], *found.groups()] if found else []


@function("matches_regex", "Boolean", "Whether the whole text fits the pattern.", _PARAMETERS,
          'matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', "true",
          note="That the whole text must fit follows Java's matches (assumed).")  # fmt: skip
def matches_regex(string: str, regex: str) -> bool:
    """Whether the whole text fits."""
    with explained(regex):
        return java_regex.fullmatch(regex, string) is not None

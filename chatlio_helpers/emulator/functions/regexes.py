"""Regular expression functions; patterns are Java's, read by Python's engine, which knows nearly all of them."""

from __future__ import annotations

import re
from functools import lru_cache

from ..expression_errors import EvaluationError
from .registry import category

function = category("Regular Expression")


@lru_cache(maxsize=512)
def pattern_of(regex: str) -> re.Pattern[str]:
    """Compile a pattern; Java's ``(?<name>...)`` is Python's ``(?P<name>...)``."""
    try:
        return re.compile(re.sub(r"\(\?<(?=[A-Za-z])", "(?P<", regex))
    except (re.error, OverflowError, RecursionError) as problem:
        raise EvaluationError(f"{regex[:80]!r} is not a regular expression: {problem}") from problem


_PARAMETERS = ("String string: text to look at", "String regex: the regular expression")


@function("extract_regex", "Array", "The first match and its groups; empty if nothing matches (assumed).", _PARAMETERS,
          'extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
          '["E259,E259B_009,1_1","E259","1_1"]')  # fmt: skip
def extract_regex(string: str, regex: str) -> list[str | None]:
    """The match and its groups."""
    found = pattern_of(regex).search(string)
    return [found[0], *found.groups()] if found else []


@function("matches_regex", "Boolean", "Whether the whole text fits the pattern.", _PARAMETERS,
          'matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', "true",
          note="That the whole text must fit follows Java's matches (assumed).")  # fmt: skip
def matches_regex(string: str, regex: str) -> bool:
    """Whether the whole text fits."""
    return pattern_of(regex).fullmatch(string) is not None

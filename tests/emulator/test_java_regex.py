"""Java's regular expressions, and the limit on their time."""

from __future__ import annotations

import time

import pytest
import regex

from chatlio_helpers.emulator.prep import java_regex

# pattern, text, whether Java's Pattern says that the whole text matches (documented: java.util.regex.Pattern)
WHOLE = [
    (r"\p{L}+", "é", True),
    (r"\p{Lu}\p{Ll}+", "Élan", True),
    (r"\P{L}", "1", True),
    (r"\p{Alpha}+", "é", False),
    (r"\P{Alpha}", "é", True),
    (r"\p{Punct}+", "$!]^-\\", True),
    (r"[\p{Upper}\d]+", "AB12", True),
    (r"\d+", "٣", False),
    (r"\w+", "é", False),
    (r"[\w-]+", "a-b_1", True),
    (r"[^\d]+", "1", False),
    (r"\Qa.b*\E+", "a.b**", True),
    (r"\Qa.b", "a.b", True),
    (r"\Qa.b", "axb", False),
    (r"(?<key>a)\k<key>", "aa", True),
    (r"\x{1F600}", "\U0001f600", True),
    (r"[a-z&&[^b]]+", "acd", True),
    (r"[a-z&&[^b]]+", "abc", False),
    (r"a*+a", "aaa", False),
    (r"(?i)CHAT", "chat", True),
    (r"(?s)a.b", "a\nb", True),
    (r"a\\b", "a\\b", True),
]


@pytest.mark.parametrize(("pattern", "text", "whole"), WHOLE)
def test_a_pattern_means_what_java_means(pattern, text, whole):
    """Classes, quotes, groups and possessive quantifiers are Java's."""
    assert bool(java_regex.fullmatch(pattern, text)) is whole


@pytest.mark.parametrize("pattern", ["(", r"\p{NoSuchClass}", "[z-a]", "a{2,1}", "x" * 5000, r"\k<none>"])
def test_what_is_no_pattern_is_refused(pattern):
    """A fault in a pattern is an error of the pattern, whatever it is."""
    with pytest.raises(regex.error):
        java_regex.compiled(pattern)


def test_a_slow_pattern_is_given_up():
    """Catastrophic backtracking ends after the limit, in every way to match."""
    slow, text = "(a|aa)+b?c", "a" * 60
    for way in (java_regex.search, java_regex.fullmatch, lambda *both: list(java_regex.each(*both))):
        began = time.monotonic()
        with pytest.raises(java_regex.SlowPattern, match="longer than 1 s"):
            way(slow, text)
        assert time.monotonic() - began < 4 * java_regex.SECONDS

"""Regular expressions as Java writes them, read by the package ``regex``, with a limit on their time.

Adobe's functions page writes its patterns in Java's way (documented: data-prep/functions), and the messages of the
streaming validation are a Java library's (inferred from their printed words). ``regex`` knows the parts that Python's
``re`` lacks (``\\p{L}``, possessive quantifiers, ``[a-z&&[^b]]``) and can stop after a time, so that no pattern holds
up the rows behind it. What the two spell differently is translated here, token by token.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import regex

SECONDS = 1.0  # for one match; assumed: Adobe publishes no limit
LONGEST = 4096  # characters; a calculated field holds no more (documented: data-prep guardrails)

# Without its UNICODE_CHARACTER_CLASS, Java means US-ASCII by these (documented: java.util.regex.Pattern).
_CLASSES = {"d": "[0-9]", "w": "[a-zA-Z_0-9]", "s": r"[ \t\n\x0b\f\r]", "D": "[^0-9]", "W": "[^a-zA-Z_0-9]",
            "S": r"[^ \t\n\x0b\f\r]"}  # fmt: skip
_POSIX = {
    "Lower": "a-z", "Upper": "A-Z", "ASCII": r"\x00-\x7f", "Alpha": "a-zA-Z", "Digit": "0-9", "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~", "Graph": "!-~", "Print": " -~", "Blank": r" \t", "Cntrl": r"\x00-\x1f\x7f",
    "XDigit": "0-9a-fA-F", "Space": r" \t\n\x0b\f\r",
}  # fmt: skip
_TOKEN = regex.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)|\\(?P<sign>[pP])\{(?P<posix>\w+)\}|\\k<(?P<group>\w+)>|\\x\{(?P<code>[0-9a-fA-F]{1,6})\}"
    r"|\\(?P<letter>.)|(?P<other>[^\\]+|\\)",
    regex.DOTALL,
)


class SlowPattern(Exception):
    """A match took longer than SECONDS."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> regex.Pattern[str]:
    """Compile a Java pattern; raises regex.error when it is none."""
    if len(pattern) > LONGEST:
        raise regex.error(f"it is longer than {LONGEST} characters")
    try:
        return regex.compile(_translated(pattern), regex.VERSION1)
    except (OverflowError, RecursionError, ValueError) as problem:
        raise regex.error(str(problem) or type(problem).__name__) from problem


def search(pattern: str, text: str) -> regex.Match[str] | None:
    """Give the first match; raises regex.error or SlowPattern."""
    try:
        return compiled(pattern).search(text, timeout=SECONDS)
    except TimeoutError as problem:
        raise _slow() from problem


def fullmatch(pattern: str, text: str) -> regex.Match[str] | None:
    """Give the match of the whole text; raises regex.error or SlowPattern."""
    try:
        return compiled(pattern).fullmatch(text, timeout=SECONDS)
    except TimeoutError as problem:
        raise _slow() from problem


def each(pattern: str, text: str) -> Iterator[regex.Match[str]]:
    """Give all matches from left to right; raises regex.error or SlowPattern."""
    try:
        yield from compiled(pattern).finditer(text, timeout=SECONDS)
    except TimeoutError as problem:
        raise _slow() from problem


def _slow() -> SlowPattern:
    return SlowPattern(f"the match took longer than {SECONDS:g} s")


def _translated(pattern: str) -> str:
    return _TOKEN.sub(_token, pattern)


def _token(found: regex.Match[str]) -> str:
    if found["quoted"] is not None:
        return regex.escape(found["quoted"])
    if found["posix"]:
        members = _POSIX.get(found["posix"])
        return found[0] if members is None else f"[{'^' if found['sign'] == 'P' else ''}{members}]"
    if found["group"]:
        return f"(?P={found['group']})"
    if found["code"]:
        return regex.escape(chr(int(found["code"], 16)))
    return _CLASSES.get(found["letter"] or "", found[0])

"""Secrets that do not show themselves, and a filter for text that might hold one.

A value that the kit learns to be secret is wrapped in :class:`Secret`; wrapping registers it, and :func:`redact`
removes every registered value, and whatever looks like a token or a webhook URL, from a text.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

HIDDEN = "•••"
_SHORTEST = 6  # shorter values would blot out ordinary words

_known: set[str] = set()

_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?i)\b(bearer)\s+[\w.~+/=-]{8,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)(/collection/(?:batch/)?)[0-9a-f]{16,64}(?:\?[^\s\"'<>\\)]*)?"), rf"\1{HIDDEN}"),
    (re.compile(r"(?i)(\"?(?:client_secret|access_token|secret|password)\"?\s*[=:]\s*\"?)(?!\$)[^\s\"'&,;}<>\\]{6,}"),
     rf"\1{HIDDEN}"),
    (re.compile(r"\beyJ[\w-]{10,}\.[\w-]{10,}(?:\.[\w-]*)?"), HIDDEN),
    (re.compile(r"\bp8e-[\w-]{12,}"), HIDDEN),
    (re.compile(r"(?i)(\"?inletid\"?\s*[:=]\s*\[?\"?)[0-9a-f]{16,64}"), rf"\1{HIDDEN}"),
)  # fmt: skip


# A pattern is tried only where one of its signs is in the text: looking for a sign is a hundred times quicker.
_SIGNS = (("bearer",), ("/collection/",), ("secret", "access_token", "password"), ("eyj",), ("p8e-",), ("inletid",))


class Secret:
    """A text that only :meth:`reveal` gives back; ``repr``, ``str``, ``format``, JSON and pickle hide it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = str(value)
        register(self._value)

    def reveal(self) -> str:
        """Give the value itself; hand it straight to the call that needs it and never show it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __repr__(self) -> str:
        return f"Secret({HIDDEN})" if self._value else "Secret(empty)"

    def __str__(self) -> str:
        return HIDDEN if self._value else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __reduce__(self) -> tuple[Any, ...]:
        return (Secret, ("",))


def register(value: str) -> None:
    """Remember *value* as secret, so that :func:`redact` takes it out of every text, also in its URL-encoded form."""
    if len(value) >= _SHORTEST:
        _known.update({value, quote(value, safe="")})


def redact(text: str) -> str:
    """Return *text* without registered secrets and without anything shaped like a token or a webhook URL."""
    for value in sorted(_known, key=len, reverse=True):
        if value in text:
            text = text.replace(value, HIDDEN)
    lowered = text.lower()
    for signs, (pattern, instead) in zip(_SIGNS, _PATTERNS, strict=True):
        if any(sign in lowered for sign in signs):
            text = pattern.sub(instead, text)
    return text


def leaks(text: str) -> list[str]:
    """Name what in *text* looks secret (the pattern or "a registered secret"); empty when nothing does."""
    found = ["a registered secret"] if any(value in text for value in _known) else []
    return found + [pattern.pattern[:40] for pattern, _ in _PATTERNS if _shows_secret(pattern, text)]


def _shows_secret(pattern: re.Pattern[str], text: str) -> bool:
    return any(HIDDEN not in match.group(0) for match in pattern.finditer(text))

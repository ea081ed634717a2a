"""Take secrets out of what is shown: tokens, client secrets, and inlet addresses, which are all that guards a dataset.

Names decide first: whatever stands under a key such as ``client_secret`` or ``inletUrl`` goes. What is left is searched
for the forms of secrets, wherever they stand and however often they were percent-encoded, and for those that are known.

Everything here takes time in proportion to the length of the text, whatever stands in it: the text is a stranger's.
So a pattern begins only where a word begins, and gives nothing back of what it took (``++``, ``*+``).
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import orjson

HIDDEN = "•••"
_PUT = rf"\1{HIDDEN}"
_SHORTEST = 8  # characters; nothing shorter is a secret by its form
_LAYERS = 4  # how often a text may be encoded; one that is encoded more often is not shown
_CUT_WORD = 1_024  # characters; a longer word at the end of what was cut is no secret
_NAMES = (
    r"secret|password|passphrase|credential|authorization|access_?token|id_?token|refresh_?token|jwt_?token"
    r"|api_?key|access_?key|private_?key|connection_?string|local-token|inlet_?url|inlet_?id"
)
_KEYS = re.compile(_NAMES, re.IGNORECASE)


def _form(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | re.IGNORECASE)


# An inlet's id. What is encoded may stand before it, and ends in figures of the same kind.
_INLET, _INLET_LENGTH = _form(r"((?:%[0-9a-f]{2})?)(?<![0-9a-f])[0-9a-f]{64,}+"), 64
# Each with a piece, in small letters, without which it cannot be there: to look for that costs next to nothing.
_FORMS = (
    ("/collection/", _form(r"(/collection/++(?:batch/++)?+)[^/?#&\s\"']{8,}+")),
    # A token: three parts of base64, or the first two when the third was cut off.
    (".", _form(r"()(?<![\w-])(?:eyj[\w-]{8,}+\.[\w-]*+(?:\.[\w-]*+)?|[\w-]{16,}+\.[\w-]{16,}+\.[\w-]{16,}+)")),
    ("p8e-", _form(r"()p8e-[\w-]{8,}+")),
    ("bearer", _form(r"(\bbearer[\s+]++)[\w.~+/=-]{8,}+")),
)
# One of the names and its value, as in forms, in headers, and in JSON that was cut and can be read no more.
_NAMED = _form(
    rf"(?<![\w-])((?=[\w-]*?(?:{_NAMES}))[\w-]++[\\\"']*+\s*+[:=]{{1,2}}+[\s\[\\]*+)"
    r"(?:\"(?:[^\"\\]|\\.)*+|'[^']*+|[^\"'&\s,}\]]++)"
)
_ESCAPE = re.compile(r"\\u00([0-9a-f]{2})", re.IGNORECASE)


class Redaction:
    """Takes secrets out by name and by form, and those that are *known* by their value."""

    def __init__(self, *known: str) -> None:
        self._known = [one for one in known if one]

    def value(self, given: Any) -> Any:
        """Give JSON data without its secrets; its shape stays."""
        if isinstance(given, dict):
            return {self.text(key): HIDDEN if _hides(key, one) else self.value(one) for key, one in given.items()}
        if isinstance(given, list):
            return [self.value(one) for one in given]
        return self.text(given) if isinstance(given, str) else given

    def text(self, given: str) -> str:
        """Give a text without what looks like a secret; one that holds an encoded secret comes decoded."""
        if len(given) < _SHORTEST:
            return given
        shown = self._masked(given)
        if "%" not in shown and "\\u" not in shown:
            return shown
        plain = _decoded(shown)
        masked = self._masked(plain)
        return shown if masked == plain != HIDDEN else masked

    def pairs(self, given: str) -> str:
        """Give a query string or a form without its secrets."""
        kept = [
            (self.text(key), HIDDEN if _KEYS.search(key) else self.text(one))
            for key, one in parse_qsl(given, keep_blank_values=True)
        ]
        return urlencode(kept, safe=f"{HIDDEN},=/:")

    def body(self, content: bytes, content_type: str, *, cut: bool = False) -> Any:
        """Give a body without its secrets: JSON data where it is whole JSON, else text, else a word about its size.

        Of a body that was *cut* the last word goes as well: it may be the beginning of a secret.
        """
        if not content:
            return None
        try:
            return self.value(orjson.loads(content))
        except (orjson.JSONDecodeError, RecursionError):
            words = content.decode("utf-8", "replace")
        if "\0" in words or words.count("�") > 4:
            return f"({len(content)} bytes that are no text)"
        words = _without_last_word(words) if cut else words
        if content_type.startswith("application/x-www-form-urlencoded"):
            return self.pairs(words)
        return self.text(words)

    def _masked(self, given: str) -> str:
        for known in self._known:
            given = given.replace(known, HIDDEN)
        if len(given) >= _INLET_LENGTH:
            given = _INLET.sub(_PUT, given)
        small = given.lower()
        for piece, form in _FORMS:
            if piece in small:
                given = form.sub(_PUT, given)
        return _NAMED.sub(_PUT, given) if ":" in given or "=" in given else given


def client_id(*forms: bytes) -> str:
    """Give the client id that a query string or a form names first, or ""; it is no secret."""
    fields = (pair for form in forms for pair in parse_qsl(form.decode("utf-8", "replace")))
    return next((one for key, one in fields if key == "client_id"), "")


def _hides(key: str, one: Any) -> bool:
    return bool(_KEYS.search(key)) and isinstance(one, str | int | float | list)


def _decoded(given: str) -> str:
    """Give a text as it was before it was encoded; HIDDEN when that would take too long to find out."""
    for _ in range(_LAYERS):
        plain = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), unquote(given))
        if plain == given:
            return plain
        given = plain
    return HIDDEN if "%" in unquote(given) != given else given


def _without_last_word(given: str) -> str:
    word = re.split(r"[^\w.~%+/=-]", given[-_CUT_WORD - 1 :])[-1]
    return given[: -len(word)] + HIDDEN if _SHORTEST <= len(word) <= _CUT_WORD else given

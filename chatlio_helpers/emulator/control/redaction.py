"""Take secrets out of what is shown: tokens, client secrets, and inlet addresses, which are all that guards a dataset.

Names decide first: whatever stands under a key such as ``client_secret`` or ``inletUrl`` goes. What is left is searched
for the shapes of secrets, so that one that stands in the middle of a sentence goes, too.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson

HIDDEN = "•••"
_KEYS = re.compile(
    r"(?i)(secret|password|passphrase|credential|authorization|access_?token|id_?token|refresh_?token|jwt_?token"
    r"|api_?key|access_?key|private_?key|connection_?string|local-token|inlet_?url|inlet_?id)"
)
_SHAPES = (
    re.compile(r"(/collection/(?:batch/)?)[\w-]{8,}"),
    re.compile(r"(inletId: \[)[\w-]{8,}"),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"),
    re.compile(r"()\bp8e-[\w-]{8,}"),
    re.compile(r"(?i)(\bbearer\s+)[\w.~+/=-]{8,}"),
)
# In text that is no whole JSON, because it was cut: "key": "value, with or without its end.
_CUT_JSON = re.compile(rf'("[^"]*{_KEYS.pattern.removeprefix("(?i)")}[^"]*"\s*:\s*")[^"]*', re.IGNORECASE)


def value(given: Any) -> Any:
    """Give JSON data without its secrets; its shape stays."""
    if isinstance(given, dict):
        return {text(key): HIDDEN if _hides(key, one) else value(one) for key, one in given.items()}
    if isinstance(given, list):
        return [value(one) for one in given]
    return text(given) if isinstance(given, str) else given


def text(given: str) -> str:
    """Give a text without what looks like a secret."""
    for shape in _SHAPES:
        given = shape.sub(rf"\1{HIDDEN}", given)
    return given


def pairs(given: str) -> str:
    """Give a query string or a form without its secrets."""
    kept = [(key, HIDDEN if _KEYS.search(key) else text(one)) for key, one in parse_qsl(given, keep_blank_values=True)]
    return urlencode(kept, safe=f"{HIDDEN},=/:")


def body(content: bytes, content_type: str) -> Any:
    """Give a body without its secrets: JSON data where it is whole JSON, else text, else a word about its size."""
    if not content:
        return None
    if content_type.startswith("application/x-www-form-urlencoded"):
        return pairs(content.decode("utf-8", "replace"))
    try:
        return value(orjson.loads(content))
    except (orjson.JSONDecodeError, RecursionError):
        words = content.decode("utf-8", "replace")
    if "\0" in words or words.count("�") > 4:
        return f"({len(content)} bytes that are no text)"
    return text(_CUT_JSON.sub(rf"\1{HIDDEN}", words))


def client_id(*forms: bytes) -> str:
    """Give the client id that a query string or a form names first, or ""; it is no secret."""
    fields = (pair for form in forms for pair in parse_qsl(form.decode("utf-8", "replace")))
    return next((one for key, one in fields if key == "client_id"), "")


def _hides(key: str, one: Any) -> bool:
    return bool(_KEYS.search(key)) and isinstance(one, str | int | float | list)

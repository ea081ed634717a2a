"""What the platform's refusals mean: one table from the vendor's code to our error, its likely cause and the next step.

The services answer in different shapes (gateway, Flow Service, AEP problem, inlet problem, IMS, Query Service);
:func:`read` finds the code and the words in any of them, :func:`meaning` looks them up.
Sources: Adobe's troubleshooting guide, Flow Service error catalogue, Schema Registry and streaming guides. Where Adobe
documents no body, the shape is assumed, and the lookup falls back on the HTTP status.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from ..errors import (
    Conflict,
    Forbidden,
    NotAuthorised,
    NotBuilt,
    NotFound,
    PlatformError,
    RateLimited,
    Rejected,
    Unavailable,
)
from .refusal_table import CODES, STATUSES, WORDS, Meaning

_KINDS: dict[str, type[PlatformError]] = {
    kind.__name__: kind
    for kind in (Conflict, Forbidden, NotAuthorised, NotBuilt, NotFound, RateLimited, Rejected, Unavailable)
}
_DASHED = re.compile(r"\b((?:[A-Z]{3,10}-)?\d{4}-[2-5]\d\d)\b")
_LONGEST_WORDS = 600  # characters of the vendor's words that an error repeats


@dataclass(frozen=True)
class Vendor:
    """What the vendor's answer says: its code as text ("" when there is none), its words, and its request id."""

    code: str = ""
    words: str = ""
    request_id: str = ""


def read(text: str) -> Vendor:
    """Find the code, the words and the request id in an answer's body, whatever its dialect, JSON or not."""
    try:
        body = json.loads(text)
    except ValueError:
        return Vendor(words=_plain_text(text))
    if not isinstance(body, dict):
        return Vendor(words=_short(text))
    words = _words(body)
    report = body.get("report") if isinstance(body.get("report"), dict) else {}
    request_id = report.get("registryRequestId") or body.get("xactionId") or body.get("requestId") or ""
    return Vendor(_code(body, words), words, str(request_id))


def meaning(status: int, vendor: Vendor) -> Meaning:
    """Give what a refusal means, by the vendor's code if we know it, else by the HTTP *status*."""
    known = CODES.get(vendor.code) or CODES.get(vendor.code.rpartition("-")[0]) or _by_words(vendor.words)
    return known or STATUSES.get(status) or STATUSES[500 if status >= 500 else 400]


def error(what: str, status: int, text: str, *, request_id: str = "", wait: float | None = None) -> PlatformError:
    """Turn a refusing answer into our error; *what* is the sentence of what we tried."""
    vendor = read(text)
    means = meaning(status, vendor)
    code = f" ({vendor.code})" if vendor.code else ""
    words = f": {vendor.words}" if vendor.words else "."
    return _KINDS[means.kind](
        f"{what}: the platform answered {status}{code}{words}",
        cause=means.cause,
        next_step=means.next_step,
        status=status,
        code=vendor.code,
        vendor=vendor.words,
        request_id=request_id or vendor.request_id,
        wait=wait,
    )


def _code(body: dict[str, Any], words: str) -> str:
    for name in ("error_code", "errorCode", "code"):
        if body.get(name) not in (None, ""):
            return str(body[name])
    if isinstance(body.get("error"), str):
        return body["error"]  # IMS
    for text in (str(body.get("type", "")), words):
        dashed = _DASHED.search(text)
        if dashed:
            return dashed.group(1)
    return ""


def _words(body: dict[str, Any]) -> str:
    report = body.get("report")
    deeper = (report.get("detailed-message") or report.get("message")) if isinstance(report, dict) else ""
    candidates = (
        body.get("error_description"),
        body.get("errorMessage"),
        deeper,
        body.get("detail"),
        body.get("message"),
        body.get("title"),
        body.get("error"),
    )
    words = next((str(words) for words in candidates if words), "")
    title = str(body.get("title") or "")
    return _short(f"{title}: {words}" if title and title not in words and deeper else words)


def _by_words(words: str) -> Meaning | None:
    """Recognise the refusals whose code Adobe does not print in the body."""
    return next((means for sign, means in WORDS if sign.search(words)), None)


def _plain_text(text: str) -> str:
    """Take the words out of an HTML page of some server in between."""
    without_tags = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", text, flags=re.IGNORECASE | re.DOTALL)
    return _short(without_tags)


def _short(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= _LONGEST_WORDS else joined[:_LONGEST_WORDS] + "…"

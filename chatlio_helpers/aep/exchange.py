"""The record of calls: each request with its answer, redacted at once, and shown so that it can be pasted."""

from __future__ import annotations

import json
import re
import shlex
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from ..cards import Card, stopped
from ..errors import Unavailable
from ..secret import redact
from . import refusals

REMEMBERED = 200  # calls
LONGEST_BODY = 20_000  # characters of a body that the record keeps
_CUT = "… (the rest is not recorded)"
_FOLDED = 24  # lines
_LONG = 2_400  # characters: that many lines of a page
_MARGIN = 4_096  # longer than any secret: a body is cut, redacted, and cut again, so that no half secret is left


@dataclass(repr=False)
class Outgoing:
    """A request about to be sent; its repr shows no header and no URL, so that no traceback can."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    params: Any = None
    what: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Outgoing({self.method})"


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers (lower-case names), bytes, and how long it took (milliseconds)."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    ms: float

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 are replaced."""
        return self.content.decode("utf-8", "replace")

    @property
    def parsed(self) -> Any:
        """The body as JSON, or None when it is empty or is not JSON."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None

    @property
    def json(self) -> Any:
        """The body as JSON; raises Unavailable when it is not, as when some server in between answers in its place."""
        try:
            return json.loads(self.content)
        except ValueError:
            words = refusals.read(self.text[:LONGEST_BODY]).words
        raise Unavailable(
            f"The platform answered {self.status}, but what it sent is not JSON: {words or 'nothing'}",
            cause="a proxy or a log-in page answered in its place",
            next_step="open the same address in a browser, or ask who runs the network's proxy",
            status=self.status,
            vendor=words,
        )

    @property
    def ok(self) -> bool:
        """Whether the platform said yes (2xx)."""
        return 200 <= self.status < 300

    @property
    def request_id(self) -> str:
        """What the platform's support asks for, or ""."""
        said = self.headers.get("x-request-id", "")
        return said or refusals.read(self.content[:LONGEST_BODY].decode("utf-8", "replace")).request_id

    def __repr__(self) -> str:
        return f"Answer({self.status}, {len(self.content)} bytes, {self.ms:.0f} ms)"


@dataclass(frozen=True, repr=False)
class Exchange:
    """One request and its answer as recorded: no secret is left in it. ``status`` 0 means that no answer came.

    ``url``, ``headers`` and ``body`` hold shell variables ($ACCESS_TOKEN, $API_KEY, …) in place of what is secret.
    """

    method: str
    url: str
    path: str
    headers: Mapping[str, str]
    body: str
    status: int
    answer_headers: Mapping[str, str]
    answer: str
    ms: float
    request_id: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether the platform said yes (2xx)."""
        return 200 <= self.status < 300

    @property
    def json(self) -> Any:
        """The recorded answer as JSON, or None."""
        try:
            return json.loads(self.answer)
        except ValueError:
            return None

    @property
    def vendor(self) -> refusals.Vendor:
        """The code and the words of the answer."""
        return refusals.read(self.answer)

    @property
    def curl(self) -> str:
        """The same request as a curl line for a POSIX shell, with secrets as shell variables."""
        verb = "" if self.method == "GET" else f" -X {self.method}"
        parts = [f"curl -sS{verb} {_shell_quoted(self.url)}"]
        parts += [f"-H {_shell_quoted(f'{name}: {value}')}" for name, value in self.headers.items()]
        if self.body:
            parts.append("-d @body.json" if self.body.endswith(_CUT) else f"-d {_shell_quoted(self.body)}")
        return " \\\n  ".join(parts)

    def row(self) -> dict[str, Any]:
        """Give the row of the table of calls."""
        return {
            "status": self.status,
            "method": self.method,
            "path": self.path,
            "ms": round(self.ms, 1),
            "time": self.at,
            "request id": self.request_id,
        }

    def card(self) -> Card:
        """Give a card: what was asked and answered, the vendor's words, and what they mean."""
        answered = f"{self.method} {self.path} → {self.status or 'no answer'}"
        if self.ok:
            return Card("ok", answered)
        if not self.status:
            return Card("failed", answered, {"What happened": self.note})
        vendor = self.vendor
        means = refusals.meaning(self.status, vendor)
        words = " ".join(part for part in (vendor.code, vendor.words) if part)
        lines = {"The platform's words": words, "Likely cause": stopped(means.cause), "Next step": means.next_step}
        return Card("failed", answered, {label: text for label, text in lines.items() if text})

    def text(self) -> str:
        """Give the whole exchange as text: curl line, status, headers and body of the answer."""
        heads = "\n".join(f"{name}: {value}" for name, value in self.answer_headers.items())
        status = f"{self.status}  ({self.ms:.0f} ms)" if self.status else f"no answer: {self.note}"
        return "\n".join(part for part in (self.curl, "", status, heads, "", _pretty(self.answer)) if part is not None)

    def __repr__(self) -> str:
        return f"{self.card()!r}\n\n{self.text()}"

    def _repr_html_(self) -> str:
        blocks = (
            ("Request, as a curl line", self.curl),
            (f"Answer {self.status or 'never came'} after {self.ms:.0f} ms", _pretty(self.answer) or self.note),
        )
        return self.card()._repr_html_() + "".join(_block(title, text) for title, text in blocks)


@dataclass(frozen=True, repr=False)
class Shown:
    """Some exchanges, oldest first, to be looked at."""

    exchanges: tuple[Exchange, ...]

    def __repr__(self) -> str:
        return "\n\n".join(repr(exchange) for exchange in self.exchanges) or "no call has been made yet"

    def _repr_html_(self) -> str:
        return "".join(exchange._repr_html_() for exchange in self.exchanges) or "<p>no call has been made yet</p>"


class Record:
    """The last calls, bounded; adding to it is safe from several threads."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._exchanges: deque[Exchange] = deque(maxlen=remembered)

    def add(self, exchange: Exchange) -> None:
        """Remember *exchange*; the oldest is forgotten when there are too many."""
        self._exchanges.append(exchange)

    def last(self, n: int = 1, *, of: str = "") -> tuple[Exchange, ...]:
        """Give the last *n* exchanges whose path holds *of*, oldest first."""
        chosen = tuple(exchange for exchange in tuple(self._exchanges) if of in exchange.path)
        return chosen[-n:] if n > 0 else ()

    def rows(self) -> list[dict[str, Any]]:
        """Give one row for each call: status, method, path, ms, time, request id."""
        return [exchange.row() for exchange in tuple(self._exchanges)]

    def __len__(self) -> int:
        return len(self._exchanges)


def recorded(outgoing: Outgoing, answer: Answer | None, note: str, ms: float) -> Exchange:
    """Give the redacted record of one request and its answer; *note* says why there is none."""
    variables = outgoing.variables
    heads = answer.headers if answer else {}
    return Exchange(
        method=outgoing.method,
        url=hidden(outgoing.url, variables),
        path=hidden(split(outgoing.url)[1], _without_webhooks(variables)),
        headers={name: hidden(value, variables) for name, value in outgoing.headers.items()},
        body=hidden(_body_text(outgoing.content, outgoing.headers.get("Content-Type", "")), variables),
        status=answer.status if answer else 0,
        answer_headers={name: hidden(value) for name, value in heads.items()},
        answer=hidden(_body_text(answer.content, heads.get("content-type", ""))) if answer else "",
        ms=ms,
        request_id=answer.request_id if answer else "",
        note=note,
    )


def split(url: str) -> tuple[str, str]:
    """Split *url* into its host and the rest; of an address that is none, both are empty."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.netloc, parts.path + (f"?{parts.query}" if parts.query else "")


def _without_webhooks(variables: Mapping[str, str]) -> dict[str, str]:
    """Leave a webhook's URL out: in a path the inlet is hidden by its shape, and the rest stays readable."""
    return {value: name for value, name in variables.items() if not name.startswith("WEBHOOK")}


def hidden(text: str, variables: Mapping[str, str] | None = None) -> str:
    """Put shell variables in place of the values in *variables* (value -> name), hide other secrets, and cut."""
    text = text[: LONGEST_BODY + _MARGIN]
    for value, name in (variables or {}).items():
        if value:
            text = text.replace(value, f"${name}")
    text = redact(text)
    return text if len(text) <= LONGEST_BODY else text[:LONGEST_BODY] + _CUT


def _body_text(content: bytes | None, content_type: str) -> str:
    """Give a body as text; of bytes that are not text only their number."""
    if not content:
        return ""
    if any(word in content_type for word in ("json", "text", "xml", "html", "form-urlencoded")) or not content_type:
        return content[: LONGEST_BODY + _MARGIN].decode("utf-8", "replace")
    return f"({len(content)} bytes of {content_type})"


def _block(title: str, text: str) -> str:
    """Give a text under its title; a long one is folded, since nobody scrolls past two hundred lines."""
    body = f"<pre style='white-space:pre-wrap;text-align:left' tabindex='0'>{escape(text)}</pre>"
    lines = text.count("\n") + 1
    if lines <= _FOLDED and len(text) <= _LONG:
        return f"<div style='margin-top:.5em'><strong>{escape(title)}</strong></div>{body}"
    summary = f"<summary>{escape(title)}, {lines} {'line' if lines == 1 else 'lines'}: open to read</summary>"
    return f"<details style='margin-top:.5em'>{summary}{body}</details>"


def _pretty(text: str) -> str:
    try:
        return json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except ValueError:
        return text


def _shell_quoted(text: str) -> str:
    """Quote for a POSIX shell; text with one of our shell variables is quoted so that the variable still expands."""
    if not _VARIABLE.search(text):
        return shlex.quote(text)
    kept = text.replace("\\", "\\\\").replace('"', '\\"').replace("`", "\\`").replace("$", "\\$")
    return '"' + _VARIABLE.sub(lambda found: found.group().removeprefix("\\"), kept) + '"'


# the names of Adobe's Postman environment, and ours for the two forms of a webhook's URL
VARIABLES = ("ACCESS_TOKEN", "CLIENT_SECRET", "API_KEY", "IMS_ORG", "WEBHOOK_URL", "WEBHOOK_BATCH_URL")
_VARIABLE = re.compile(rf"\\?\$(?:{'|'.join(VARIABLES)})\b")

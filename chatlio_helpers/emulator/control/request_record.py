"""A record of what came in: the last requests and their answers, bounded in number and in bytes, in memory only.

To note a request costs next to nothing, because only references are kept; secrets are taken out when somebody reads.
Posts to inlets have a ring of their own, so that a flood of events does not push out the calls that made their
dataflow. What is under ``/_local/`` is not noted: it carries the admin token, and reading the record would fill it.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from ..flowservice import flows
from ..platform import Platform
from .redaction import Redaction, client_id

CALLS, CALL_BYTES, CALL_BODY = 2_000, 16_000_000, 65_536
POSTS, POST_BYTES, POST_BODY = 500, 1_000_000, 2_048
POSTS_BEGIN = "/collection"  # of the path as it is meant: who writes it encoded posts all the same
KEPT_HEADERS = ("content-type", "accept", "if-match", "x-sandbox-name", "x-adobe-flow-id", "x-api-key")


class Entry(NamedTuple):
    """One request as it was noted; ``headers`` are raw pairs, ``at`` is epoch seconds, bodies may be cut.

    ``path`` is percent-encoded, as it came.
    """

    number: int
    at: float
    method: str
    path: str
    query: bytes
    headers: Iterable[tuple[bytes, bytes]]
    status: int
    ms: float
    request: bytes
    answer: bytes
    cut: bool


class Ring:
    """The last entries, at most so many and at most so many bytes of them."""

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most, self._most_bytes = most, most_bytes
        self._entries: deque[Entry] = deque()
        self._bytes = 0

    def add(self, entry: Entry) -> None:
        """Keep *entry*, and let go of the oldest where there is no room."""
        self._entries.append(entry)
        self._bytes += _size(entry)
        while len(self._entries) > self._most or self._bytes > self._most_bytes:
            self._bytes -= _size(self._entries.popleft())

    def clear(self) -> None:
        """Let go of everything."""
        self._entries.clear()
        self._bytes = 0

    def __iter__(self) -> Iterator[Entry]:
        return iter(list(self._entries))

    def __len__(self) -> int:
        return len(self._entries)


class RequestRecord:
    """The record of one platform process."""

    def __init__(self) -> None:
        self.calls, self.posts = Ring(CALLS, CALL_BYTES), Ring(POSTS, POST_BYTES)
        self._numbers = itertools.count(1)

    def note(self, scope: Any, status: int, ms: float, request: bytes, answer: bytes, *, cut: bool) -> None:
        """Note one request; *scope* is ASGI's, *status* 0 when no answer went out."""
        path = scope["raw_path"].decode("latin-1")  # as it came: an id may hold a slash, which then is %2F
        is_post = scope["path"].startswith(POSTS_BEGIN)
        headers = scope["headers"]
        if is_post:  # picking costs time, and only a sender whose address says nothing names its dataflow here
            named = not scope["query_string"]
            headers = [pair for pair in headers if pair[0] == b"x-adobe-flow-id"] if named else ()
        else:
            headers = [pair for pair in headers if pair[0].decode("latin-1") in KEPT_HEADERS]
        entry = Entry(
            next(self._numbers), time.time(), scope["method"], path, scope["query_string"],
            headers, status, ms, request, answer, cut,
        )  # fmt: skip
        (self.posts if is_post else self.calls).add(entry)

    def entries(self, after: int = 0) -> list[Entry]:
        """Give what is kept with a number above *after*, oldest first."""
        found = [entry for ring in (self.calls, self.posts) for entry in ring if entry.number > after]
        return sorted(found, key=lambda entry: entry.number)

    def clear(self) -> None:
        """Forget everything."""
        self.calls.clear()
        self.posts.clear()


def shown(platform: Platform, redaction: Redaction, entry: Entry) -> dict[str, Any]:
    """Give an entry as JSON holds it, without secrets; seat, tenant and organisation as far as they are known.

    This takes time, up to a fifth of a second for the longest bodies: it is nothing for the event loop.
    """
    sent = {name.decode("latin-1"): text.decode("latin-1") for name, text in entry.headers}
    seat = _seat(platform, entry, sent.pop("x-api-key", ""))
    headers = {name: redaction.text(text) for name, text in sent.items()}
    return {
        "number": entry.number, "at": int(entry.at * 1000),
        "seat": seat.name if seat else "", "tenant": seat.tenant if seat else "", "org": seat.org_id if seat else "",
        "sandbox": headers.pop("x-sandbox-name", ""),
        "method": redaction.text(entry.method), "path": redaction.text(entry.path),
        "query": redaction.pairs(entry.query.decode("latin-1")), "headers": headers,
        "status": entry.status, "ms": round(entry.ms, 1),
        "request": redaction.body(entry.request, sent.get("content-type", ""), cut=entry.cut),
        "answer": redaction.body(entry.answer, "", cut=entry.cut), "cut": entry.cut,
    }  # fmt: skip


def _seat(platform: Platform, entry: Entry, key: str) -> Any:
    path = unquote(entry.path)
    if path.startswith(POSTS_BEGIN):
        row = platform.store.anywhere(flows.INLETS, path.rsplit("/", 1)[-1])
        return platform.seats.get(row.seat) if row else None
    if path.startswith("/ims"):
        key = client_id(entry.query, entry.request)
    found = platform.seats.account(key)
    return found[0] if found else None


def _size(entry: Entry) -> int:
    headers = sum(len(text) for _, text in entry.headers)
    return 300 + headers + len(entry.path) + len(entry.query) + len(entry.request) + len(entry.answer)

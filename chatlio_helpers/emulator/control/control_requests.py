"""The control side's view of the record of requests: ``/_local/requests`` to read, download and forget it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ..front.problems import LocalProblem
from ..platform import Platform
from . import har
from .control import control
from .redaction import Redaction
from .request_record import Entry, RequestRecord, shown

PAGE, MOST = 100, 1_000
SECONDS = 2.0  # for one page
FORMATS = ("json", "jsonl", "har")


@dataclass(frozen=True)
class Question:
    """Which of the recorded requests are asked for."""

    seat: str | None
    method: str
    path: str
    status: str

    @classmethod
    def of(cls, request: Request) -> Question:
        """Read it from a query."""
        wanted = request.query_params
        status = wanted.get("status", "").lower().rstrip("x")
        return cls(wanted.get("seat"), wanted.get("method", "").upper(), wanted.get("path", ""), status)

    def shown(self, platform: Platform, redaction: Redaction, entry: Entry) -> dict[str, Any] | None:
        """Give an entry without secrets, or None when it was not asked for; paths are compared as they are shown."""
        if self.method not in ("", entry.method) or not str(entry.status).startswith(self.status):
            return None
        if self.path not in redaction.text(entry.path):
            return None
        one = shown(platform, redaction, entry)
        return one if self.seat in (None, one["seat"]) else None


@control("GET", "/requests")
async def read(platform: Platform, request: Request, body: dict[str, Any]) -> Any:
    """Give what came in, oldest first, without secrets.

    The query filters by ``seat``, ``method``, ``path`` (a part of it) and ``status`` (``404`` or ``4xx``); ``after``
    and ``limit`` page, ``next`` is the number to go on after: a page that takes long to make ends before its limit, and
    may even be empty. ``format`` is ``json``, ``jsonl`` or ``har``: the last two give all that fits, not a page.

    Secrets are taken out in a thread, because what somebody sent may take a while to look through.
    """
    form = request.query_params.get("format", "json")
    if form not in FORMATS:
        raise LocalProblem(400, f"There is no format {form!r}.", next_step=f"ask for one of: {', '.join(FORMATS)}")
    after, limit = _number(request, "after", 0), min(_number(request, "limit", PAGE), MOST)
    question, redaction = Question.of(request), request.app.state.redaction
    looks = (
        (entry.number, question.shown(platform, redaction, entry))
        for entry in request.app.state.record.entries(after=after)
    )
    found = (one for _, one in looks if one)
    if form == "jsonl":
        lines = (orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in found)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=_download("requests.jsonl"))
    if form == "har":
        content = await run_in_threadpool(lambda: orjson.dumps(har.log(found)))
        return Response(content, media_type="application/json", headers=_download("requests.har"))
    content = await run_in_threadpool(lambda: orjson.dumps(_page(looks, limit)))
    return Response(content, media_type="application/json")


@control("DELETE", "/requests")
def forget(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Forget what came in so far."""
    record: RequestRecord = request.app.state.record
    kept = len(record.calls) + len(record.posts)
    record.clear()
    return {"forgotten": kept}


def _page(looks: Iterator[tuple[int, dict[str, Any] | None]], limit: int) -> dict[str, Any]:
    page: list[dict[str, Any]] = []
    until, last = time.monotonic() + SECONDS, None
    for number, one in looks:
        if one and len(page) == limit:
            return {"requests": page, "next": last if limit else None}
        if one:
            page.append(one)
        last = number
        if time.monotonic() > until:
            return {"requests": page, "next": last}
    return {"requests": page, "next": None}


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    if text and not (text.isdecimal() and len(text) < 16):
        raise LocalProblem(400, f"{name} is {text!r}, which is no number.", next_step="send digits")
    return int(text) if text else otherwise


def _download(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}

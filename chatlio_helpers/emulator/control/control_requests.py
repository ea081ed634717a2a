"""The control side's view of the record of requests: ``/_local/requests`` to read, download and forget it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ..front.problems import LocalProblem
from ..platform import Platform
from . import har
from .control import control
from .request_record import RequestRecord, shown

PAGE, MOST = 100, 1_000
FORMATS = ("json", "jsonl", "har")


@control("GET", "/requests")
def read(platform: Platform, request: Request, body: dict[str, Any]) -> Any:
    """Give what came in, oldest first, without secrets.

    The query filters by ``seat``, ``method``, ``path`` (a part of it) and ``status`` (``404`` or ``4xx``); ``after``
    and ``limit`` page, ``next`` is the number to go on after. ``format`` is ``json``, ``jsonl`` or ``har``: the last
    two give all that fits, not a page.
    """
    form = request.query_params.get("format", "json")
    if form not in FORMATS:
        raise LocalProblem(400, f"There is no format {form!r}.", next_step=f"ask for one of: {', '.join(FORMATS)}")
    found = _found(platform, request)
    if form == "jsonl":
        lines = (orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in found)
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=_download("requests.jsonl"))
    if form == "har":
        return Response(orjson.dumps(har.log(found)), media_type="application/json", headers=_download("requests.har"))
    limit = min(_number(request, "limit", PAGE), MOST)
    page = [one for one, _ in zip(found, range(limit + 1), strict=False)]
    more = len(page) > limit
    return {"requests": page[:limit], "next": page[limit - 1]["number"] if more and limit else None}


@control("DELETE", "/requests")
def forget(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Forget what came in so far."""
    record: RequestRecord = request.app.state.record
    kept = len(record.calls) + len(record.posts)
    record.clear()
    return {"forgotten": kept}


def _found(platform: Platform, request: Request) -> Iterator[dict[str, Any]]:
    record: RequestRecord = request.app.state.record
    wanted = request.query_params
    status = wanted.get("status", "").lower().rstrip("x")
    for entry in record.entries(after=_number(request, "after", 0)):
        if wanted.get("path", "") not in entry.path or wanted.get("method", entry.method).upper() != entry.method:
            continue
        if not str(entry.status).startswith(status):
            continue
        one = shown(platform, entry)
        if wanted.get("seat", one["seat"]) == one["seat"]:
            yield one


def _number(request: Request, name: str, otherwise: int) -> int:
    text = request.query_params.get(name, "")
    if text and not (text.isdecimal() and len(text) < 16):
        raise LocalProblem(400, f"{name} is {text!r}, which is no number.", next_step="send digits")
    return int(text) if text else otherwise


def _download(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}

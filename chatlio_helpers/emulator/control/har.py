"""The record of requests as an HTTP Archive (HAR 1.2), which browsers and API tools open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import orjson


def log(requests: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Give *requests*, as ``/_local/requests`` shows them, as one archive; hosts are not known and say so."""
    creator = {"name": "local platform of the Chatlio kit", "version": "1"}
    return {"log": {"version": "1.2", "creator": creator, "entries": [_entry(one) for one in requests]}}


def _entry(one: dict[str, Any]) -> dict[str, Any]:
    began = datetime.fromtimestamp(one["at"] / 1000, UTC).isoformat(timespec="milliseconds")
    query = [{"name": name, "value": text} for name, text in parse_qsl(one["query"], keep_blank_values=True)]
    url = f"http://local.platform{one['path']}" + (f"?{one['query']}" if one["query"] else "")
    request = {
        "method": one["method"], "url": url, "httpVersion": "HTTP/1.1", "cookies": [], "queryString": query,
        "headers": [{"name": name, "value": text} for name, text in one["headers"].items()],
        "headersSize": -1, "bodySize": -1,
    }  # fmt: skip
    if one["request"] is not None:
        kind = one["headers"].get("content-type", "")
        request["postData"] = {"mimeType": kind, "text": _text(one["request"])}
    answer = {
        "status": one["status"], "statusText": "", "httpVersion": "HTTP/1.1", "cookies": [], "headers": [],
        "redirectURL": "", "headersSize": -1, "bodySize": -1,
        "content": {"size": -1, "mimeType": "application/json", "text": _text(one["answer"])},
    }  # fmt: skip
    timings = {"send": 0, "wait": one["ms"], "receive": 0}
    return {
        "startedDateTime": began, "time": one["ms"], "request": request, "response": answer, "cache": {},
        "timings": timings, "comment": f"seat {one['seat']}, sandbox {one['sandbox']}",
    }  # fmt: skip


def _text(body: Any) -> str:
    return body if isinstance(body, str) else "" if body is None else orjson.dumps(body).decode()

"""When the last request came, and one log line for each: no query, no header, no webhook address in it.

Each answer carries ``x-request-id``: the caller's own, else a new one (assumed: no source says that all services do).
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from typing import Any

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("local-platform.calls")
_REQUEST_ID = re.compile(r"[\w.:-]{1,100}")
_INLET = re.compile(r"^(/collection/(?:batch/)?).+")


class Activity:
    """Middleware that keeps ``app.state.last_request`` (monotonic seconds) and writes the log of calls."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        state: Any = scope["app"].state
        state.last_request = began
        status = 0

        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_urlsafe(18)

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id.encode())]}
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            state.last_request = time.monotonic()
            path = _INLET.sub(r"\1•••", scope["path"])
            log.info("%s %s %s %.1f ms", scope["method"], path, status or "cut", (time.monotonic() - began) * 1000)

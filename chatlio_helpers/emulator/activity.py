"""When the last request came, and one log line for each: no query, no header, no webhook address in it."""

from __future__ import annotations

import logging
import re
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("local-platform.calls")
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

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            state.last_request = time.monotonic()
            path = _INLET.sub(r"\1•••", scope["path"])
            log.info("%s %s %s %.1f ms", scope["method"], path, status or "cut", (time.monotonic() - began) * 1000)

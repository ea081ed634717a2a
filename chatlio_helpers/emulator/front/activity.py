"""When the last request came, the log of calls (no query, no header, no webhook address in it), and the record.

Each answer carries ``x-request-id``: the caller's own, else a new one (assumed: no source says that all services do).
"""

from __future__ import annotations

import re
import secrets
import time
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..control.request_record import CALL_BODY, POST_BODY, POSTS_BEGIN, RequestRecord
from .call_log import CallLog

_REQUEST_ID = re.compile(r"[\w.:-]{1,100}", re.ASCII)


class Copy:
    """The first bytes of a body that passes by; a body that comes in one piece and fits is not even copied."""

    __slots__ = ("content", "cut", "most")

    def __init__(self, most: int) -> None:
        self.most, self.content, self.cut = most, b"", False

    def take(self, part: bytes) -> None:
        """Keep what there is room for."""
        room = self.most - len(self.content)
        self.cut = self.cut or len(part) > room
        self.content = self.content + part[:room] if self.content else bytes(part[:room])


class Activity:
    """Middleware that keeps ``app.state.last_request`` (monotonic seconds), the log of calls and ``app.state.record``.

    Numbers of lines and bytes are bounded by the log's rotation and by the record's rings.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.record, self._log = RequestRecord(), CallLog()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note what came of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began = time.monotonic()
        state: Any = scope["app"].state
        state.last_request, state.record = began, self.record
        path, status = scope["path"], 0
        most = 0 if path.startswith("/_local") else POST_BODY if path.startswith(POSTS_BEGIN) else CALL_BODY
        came, went = Copy(most), Copy(most)
        request_id = _request_id(scope).encode()

        async def reading() -> Message:
            message = await receive()
            if part := message.get("body"):
                came.take(part)
            return message

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], (b"x-request-id", request_id)]}
            elif part := message.get("body"):
                went.take(part)
            await send(message)

        try:
            await self.app(scope, reading if most else receive, noting)
        finally:
            ended = time.monotonic()
            state.last_request = ended
            ms = (ended - began) * 1000
            self._log.note(scope["method"], path, status, ms, state.redaction)
            if most:
                cut = came.cut or went.cut
                self.record.note(scope, status, ms, came.content, went.content, cut=cut)


def _request_id(scope: Scope) -> str:
    for name, text in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(given := text.decode("latin-1")):
            return given
    return secrets.token_urlsafe(18)

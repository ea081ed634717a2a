"""Faults on purpose, at the rates of the dials: slow answers, a freeze, limits, refusals and lost answers.

The draws come from a generator seeded by the dial ``seed``, two draws a request, so that a sequence of requests meets
the same faults each time. What is under ``/_local/`` is touched by the freeze alone: who turned the dials can turn them
back. An IMS request has no token that could be refused, and belongs to no seat yet.
"""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..state.dials import Dials
from . import trouble
from .problems import Problem
from .rate_limit import RateLimit
from .service import refusal


class Faults:
    """Middleware that answers in the platform's place, or lets a good answer get lost, as the dials say."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._limit = RateLimit()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or spoil it."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        dials: Dials = scope["app"].state.platform.dials
        if dials.quiet:
            return await self.app(scope, receive, send)
        await asyncio.sleep(dials["freeze"])
        if scope["path"].startswith("/_local"):
            return await self.app(scope, receive, send)
        return await self._spoilt(dials, scope, receive, send)

    async def _spoilt(self, dials: Dials, scope: Scope, receive: Receive, send: Send) -> None:
        drawn, jitter = dials.draws.random(), dials.draws.random()
        await asyncio.sleep(dials["latency"] + jitter * dials["latency_jitter"])
        problem = self._over_limit(dials, scope) or _fault(dials, scope["path"], drawn)
        if problem:
            await Request(scope, receive).body()  # the sender finishes its request before it gets the refusal
            await refusal(problem)(scope, receive, send)
        elif drawn >= 1 - dials["lost_rate"]:
            await self.app(scope, receive, _cut(send))
        else:
            await self.app(scope, receive, send)

    def _over_limit(self, dials: Dials, scope: Scope) -> Problem | None:
        path: str = scope["path"]
        if path.startswith("/collection"):
            whose, rate = path.rsplit("/", 1)[-1], dials["inlet_limit"]
        else:
            key = Headers(scope=scope).get("x-api-key", "")
            found = scope["app"].state.platform.seats.account(key)
            whose, rate = found[0].name if found else "", dials["seat_limit"]
        if not rate or not whose:
            return None
        wait = self._limit.wait(whose, rate, time.monotonic())
        return trouble.throttled(path, wait) if wait else None


def _fault(dials: Dials, path: str, drawn: float) -> Problem | None:
    """Give the refusal that the draw, between 0 and 1, means; the rates lie side by side on that line."""
    if drawn < dials["throttle_rate"]:
        return trouble.throttled(path)
    drawn -= dials["throttle_rate"]
    if drawn < dials["fault_rate"]:
        return trouble.failed(path, int(dials["fault_status"]))
    drawn -= dials["fault_rate"]
    if drawn < dials["token_refusal_rate"] and not path.startswith("/ims"):
        return trouble.token_refused(path)
    return None


def _cut(send: Send) -> Send:
    """Give a *send* that promises one byte more than it sends, so that the server cuts the connection."""

    async def cutting(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message["headers"] if name != b"content-length"]
            await send({**message, "headers": [*headers, (b"content-length", b"1")]})

    return cutting

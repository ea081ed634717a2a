"""Faults on purpose: slow answers, throttling, passing failures and lost answers, at the rates of the dials.

The draws come from a generator seeded by the dial ``seed``, one draw a request, so that a sequence of requests meets
the same faults each time. What is under ``/_local/`` is never touched.
"""

from __future__ import annotations

import asyncio
import random

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .dials import Dials
from .problems import AepProblem, CollectionProblem, FlowProblem, GatewayProblem, Problem
from .service import refusal

RETRY_AFTER = {"retry-after": "1"}


class Faults:
    """Middleware that answers in the platform's place, or lets a good answer get lost, at given rates."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._random = random.Random()
        self._seed: float | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or spoil it."""
        if scope["type"] != "http" or scope["path"].startswith("/_local"):
            await self.app(scope, receive, send)
            return
        dials: Dials = scope["app"].state.platform.dials
        if dials["latency"]:
            await asyncio.sleep(dials["latency"])
        problem, lost = self._draw(dials, scope["path"])
        if problem:
            await Request(scope, receive).body()  # the sender finishes its request before it gets the refusal
            await refusal(problem)(scope, receive, send)
        elif lost:
            await self.app(scope, receive, _cut(send))
        else:
            await self.app(scope, receive, send)

    def _draw(self, dials: Dials, path: str) -> tuple[Problem | None, bool]:
        if dials["seed"] != self._seed:
            self._seed = dials["seed"]
            self._random.seed(self._seed)
        drawn = self._random.random()
        for name, problem in (("throttle_rate", _throttled), ("fault_rate", _unavailable)):
            if drawn < dials[name]:
                return problem(path), False
            drawn -= dials[name]
        return None, drawn < dials["lost_rate"]


def _throttled(path: str) -> Problem:
    if path.startswith("/collection"):
        problem: Problem = CollectionProblem(429, "Too Many Requests", "Too many requests")
    else:
        problem = GatewayProblem("429050", "Too many requests")
    problem.headers = RETRY_AFTER
    return problem


def _unavailable(path: str) -> Problem:
    if path.startswith("/collection"):
        problem: Problem = CollectionProblem(503, "Service Unavailable", "The service is unavailable, try again later")
    elif path.startswith("/data/foundation/flowservice"):
        problem = FlowProblem("1103-503", "The service is unavailable, try again later.")
    else:
        problem = AepProblem(503, "Service Unavailable", "The service is unavailable, try again later.")
    problem.headers = RETRY_AFTER
    return problem


def _cut(send: Send) -> Send:
    """Give a *send* that promises one byte more than it sends, so that the server cuts the connection."""

    async def cutting(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message["headers"] if name != b"content-length"]
            await send({**message, "headers": [*headers, (b"content-length", b"1")]})

    return cutting

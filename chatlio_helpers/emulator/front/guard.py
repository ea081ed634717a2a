"""What stands before every service: hosts that are not ours, bodies that are too large, a disk that refuses.

A refusal of these kinds comes in the dialect of the service that was called. Nothing here waits: who sends too slowly
is cut off by ``patience``.
"""

from __future__ import annotations

import logging
import sqlite3

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..state import disk
from . import trouble
from .problems import Problem
from .service import refusal

RETRY_AFTER = 5  # seconds; a full disk does not pass by itself, but a clean-up may be under way
MEGABYTE = 1_000_000
LARGEST = (
    ("/_local", MEGABYTE),
    ("/ims", 100_000),
    ("/data/foundation/import", 512 * MEGABYTE),  # documented for one part of a file of a batch
)  # bytes of a request's body, by the beginning of its path; inlets have a limit of their own (collection)
LARGEST_ELSEWHERE = 10 * MEGABYTE

log = logging.getLogger("local-platform.guard")


class Guard:
    """Middleware that refuses before a service is reached, and puts words to what a service cannot help."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it; raises what nobody foresaw."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        path, began = scope["path"], False
        problem = _refused(scope)
        if problem:
            return await refusal(problem)(scope, receive, send)

        async def noting(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            return await self.app(scope, _counted(path, receive), noting)
        except ClientDisconnect:
            return None  # nobody is there to read an answer
        except (Problem, RecursionError, sqlite3.OperationalError, OSError) as error:
            if disk.refuses(error):
                scope["app"].state.platform.seats.reload()
            problem = None if began else _in_words(path, error)
            if problem is None:
                raise
        return await refusal(problem)(scope, receive, send)


def _refused(scope: Scope) -> Problem | None:
    path, headers = scope["path"], dict(scope["headers"])
    host = headers.get(b"host", b"")
    if not scope["app"].state.hosts.know(host):
        name = ascii(host.decode("latin-1"))[1:-1][:100]
        return trouble.refused(
            path, 421, f"This server is not called {name or 'nothing'}. Likely cause: a web page or a tunnel points a "
            "name of its own here. Next step: call it by its address, or start the platform with --allow-host NAME.",
        )  # fmt: skip
    if not path.isprintable():
        return trouble.refused(path, 400, "The path holds a control character.")
    announced = headers.get(b"content-length", b"")
    if announced and b"transfer-encoding" in headers:
        return _closing(trouble.refused(path, 400, "The body has both a length and a transfer encoding."))
    if announced and not path.startswith("/collection") and int(announced) > largest(path):
        return too_large(path)
    return None


def largest(path: str) -> int:
    """Give how many bytes a body to *path* may have."""
    return next((most for beginning, most in LARGEST if path.startswith(beginning)), LARGEST_ELSEWHERE)


def too_large(path: str) -> Problem:
    """Refuse a body; the connection ends with the answer, because the rest of the body is not read."""
    words = f"The body is larger than {largest(path)} bytes, the limit of this service."
    return _closing(trouble.refused(path, 413, words))


def _closing(problem: Problem) -> Problem:
    problem.headers = {"connection": "close"}
    return problem


def _counted(path: str, receive: Receive) -> Receive:
    """Give a *receive* that raises the problem as soon as the body is too large; inlets count for themselves."""
    if path.startswith("/collection"):
        return receive
    left = largest(path)

    async def counting() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise too_large(path)
        return message

    return counting


def _in_words(path: str, error: Exception) -> Problem | None:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RecursionError):
        return trouble.refused(path, 400, "The body is nested too deeply.")
    if not disk.refuses(error):
        return None
    log.warning("the disk refused: %s", error)
    problem = trouble.refused(
        path, 503, f"Nothing was changed, try again later: the local platform cannot write its state ({error}). Likely "
        "cause: the disk is full or read-only. Next step: make room.",
    )  # fmt: skip
    problem.headers = {"retry-after": str(RETRY_AFTER)}
    return problem

"""What all services share: a handler is one function of a :class:`Call`, and a refusal is a raised Problem."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..platform import Platform
from ..provenance import OPERATIONS, Known, Operation
from ..state.store import Scope
from .depth import too_deep
from .dialects import Dialect
from .gateway import Caller
from .problems import Problem

log = logging.getLogger(__name__)

Answer = Response | dict[str, Any] | list[Any]


@dataclass(frozen=True)
class Call:
    """One admitted call: who asks for what."""

    request: Request
    platform: Platform
    caller: Caller
    content: bytes
    dialect: Dialect

    @cached_property
    def scope(self) -> Scope:
        """The caller's objects: its seat and sandbox (sandbox "" for services without one)."""
        sandbox = self.caller.sandbox
        return self.platform.store.within(self.caller.seat.name, sandbox.name if sandbox else "")

    @property
    def now(self) -> int:
        """The platform's time in epoch milliseconds."""
        return self.platform.clock.now_ms()

    @property
    def base_url(self) -> str:
        """Where the caller reaches us, without a slash at the end."""
        return str(self.request.base_url).rstrip("/")

    def part(self, name: str) -> str:
        """Give a variable part of the path."""
        return self.request.path_params[name]

    def query(self, name: str, default: str = "") -> str:
        """Give a query parameter (the last one, when it is repeated)."""
        return self.request.query_params.get(name, default)

    def body(self, kind: type = dict) -> Any:
        """Give the JSON body; raises the dialect's problem when it is empty, not JSON or not of *kind*."""
        if not self.content.strip():
            raise self.dialect.unreadable("The request body is empty.")
        try:
            value = orjson.loads(self.content)
        except orjson.JSONDecodeError as error:
            raise self.dialect.unreadable(f"The request body is not JSON: {error}") from error
        if too_deep(self.content, value):
            raise self.dialect.unreadable("The request body is nested too deeply.")
        if not isinstance(value, kind):
            raise self.dialect.unreadable(f"The request body must be a JSON {'array' if kind is list else 'object'}.")
        return value


Endpoint = Callable[[Call], Answer]


class Service:
    """One of Adobe's services: a base path, a dialect, and the routes that are built."""

    def __init__(self, title: str, base: str, dialect: Dialect | None = None) -> None:
        self.title, self.base, self.dialect = title, base, dialect or Dialect()
        self.routes: list[Route] = []
        self.handlers: dict[str, tuple[Endpoint, str]] = {}  # by name, each with its permission

    def operation(
        self,
        method: str,
        path: str,
        name: str,
        known: Known,
        *,
        permission: str = "",
        sandboxed: bool = True,
        has_body: bool = True,
    ) -> Callable[[Endpoint], Endpoint]:
        """Mark a function as the operation *method* *path* (Starlette's path form) that Adobe calls *name*.

        The function gets an admitted :class:`Call` and gives JSON (status 200) or a Response. *permission*: what the
        account's role must have. *has_body*: False when a POST, PUT or PATCH comes without one. Whatever a changing
        operation writes is one transaction, on disk before the answer goes out.
        """  # fmt: skip

        def mark(handler: Endpoint) -> Endpoint:
            async def endpoint(request: Request) -> Response:
                return await self._answer(request, handler, permission, sandboxed, has_body)

            self.routes.append(Route(self.base + path, endpoint, methods=[method], name=name))
            self.handlers[name] = (handler, permission)
            OPERATIONS.append(Operation(self.title, method, self.base + _template(path), name, known))
            return handler

        return mark

    async def _answer(
        self, request: Request, handler: Endpoint, permission: str, sandboxed: bool, has_body: bool
    ) -> Response:
        platform: Platform = request.app.state.platform
        content = await request.body()
        try:
            caller = platform.gateway.admit(request, self.dialect, sandboxed=sandboxed, has_body=has_body)
            if permission and not caller.may(permission):
                raise self.dialect.forbidden(permission)
            call = Call(request, platform, caller, content, self.dialect)
            if request.method not in ("GET", "HEAD"):
                return await platform.store.change(lambda: answer(handler(call)))
            with platform.store.joining():
                read = answer(handler(call))
            await platform.store.settled()  # what was read may be another's change that is not on disk yet
            return read
        except Problem as problem:
            return refusal(problem)


def answer(value: Answer, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """Give *value* as an HTTP answer; a Response passes as it is."""
    if isinstance(value, Response):
        return value
    return Response(orjson.dumps(value), status, headers, media_type="application/json")


def refusal(problem: Problem) -> Response:
    """Give a problem as an HTTP answer."""
    return answer(problem.body, problem.status, problem.headers)


def _template(path: str) -> str:
    return path.replace(":path}", "}")

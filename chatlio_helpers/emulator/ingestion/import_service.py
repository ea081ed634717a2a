"""Batch ingestion as a service: its base path, and operations whose body goes to disk instead of into memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ..catalog import batches
from ..front.problems import AepProblem, Problem
from ..front.service import Call, Service, refusal
from ..platform import Platform
from ..provenance import OPERATIONS, Known, Operation
from ..state.store import Row

LONGEST_URL = 2_000  # characters (documented)
WRITE = "manage-datasets"

service = Service("Batch Ingestion", "/data/foundation/import")
Streamed = Callable[[Call], Awaitable[Response]]


def streamed(method: str, path: str, name: str, known: Known, most: int) -> Callable[[Streamed], Streamed]:
    """Mark an async function as an operation that reads its body itself, up to *most* bytes.

    A refusal is sent when the sender has sent all, as long as that is no more than *most*: else many clients would see
    a broken connection in place of it.
    """

    def mark(handler: Streamed) -> Streamed:
        async def endpoint(request: Request) -> Response:
            try:
                return await _answered(request, handler)
            except Problem as problem:
                await _read_away(request, most)
                return refusal(problem)

        service.routes.append(Route(service.base + path, endpoint, methods=[method], name=name))
        template = service.base + path.replace(":path}", "}")
        OPERATIONS.append(Operation(service.title, method, template, name, known))
        return handler

    return mark


async def _answered(request: Request, handler: Streamed) -> Response:
    platform: Platform = request.app.state.platform
    caller = platform.gateway.admit(request, service.dialect, sandboxed=True, has_body=False)
    if not caller.may(WRITE):
        raise service.dialect.forbidden(WRITE)
    call = Call(request, platform, caller, b"", service.dialect)
    refuse_long(call)
    return await handler(call)


async def _read_away(request: Request, most: int) -> None:
    size = 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                return
    except (ClientDisconnect, RuntimeError, Problem):  # gone, or read already, or larger than anything may be
        return


def refuse_long(call: Call) -> None:
    """Raise 414 when the address is longer than documented."""
    if len(str(call.request.url)) > LONGEST_URL:
        raise AepProblem(414, "URI Too Long", f"The URL is longer than {LONGEST_URL} characters.")


def batch_of(call: Call) -> Row:
    """Give the batch that the path names; raises 404."""
    return batches.find(call, call.part("batch"))


def batch_of_dataset(call: Call) -> Row:
    """Give the batch that the path names, which must be of the dataset that the path names; raises 404."""
    row = batch_of(call)
    if row.name != call.part("dataset"):
        raise AepProblem(404, "Not Found", f"The batch [{row.id}] is not of a dataset [{call.part('dataset')}].")
    return row


def bad(why: str) -> Problem:
    """Refuse with 400."""
    return AepProblem(400, "Bad Request", why)

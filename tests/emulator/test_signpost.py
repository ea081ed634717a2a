"""The signpost leads every request to the same route as the whole list of routes would."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, Router
from starlette.types import Message

from chatlio_helpers.emulator.app import routes
from chatlio_helpers.emulator.front.signpost import Signpost

ODD = ("/", "", "//", "/data", "/data/foundation/", "/data/foundation/catalog", "/data/foundation/catalog/",
       "/data/foundation/catalog/dataSets/", "/data/foundation/catalog//dataSets", "/DATA/foundation/catalog/dataSets",
       "/data/foundation/nothing/here", "/collection/batch/x/y", "/_local/none")  # fmt: skip


def names() -> list[Route]:
    """Give the platform's routes, each answering with its own name instead of what it does."""

    def named(text: str) -> Any:
        async def endpoint(request: Request) -> PlainTextResponse:
            return PlainTextResponse(f"{text} {sorted(request.path_params.items())}")

        return endpoint

    built = [route for route in routes() if isinstance(route, Route)]
    return [
        Route(route.path, named(f"{number} {route.name}"), methods=sorted(route.methods or ()))
        for number, route in enumerate(built)
    ]


async def answer(app: Any, method: str, path: str) -> str:
    """Give what *app* answers."""
    parts: list[bytes] = []

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(message: Message) -> None:
        parts.append(message.get("body", b""))

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return b"".join(parts).decode()


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_each_path_finds_the_same_route(method: str) -> None:
    """For the path of each route, filled in, cut and lengthened, both answer with the same route and the same parts."""
    all_routes = names()
    whole = Router(all_routes, redirect_slashes=False)
    signpost = Signpost(whole, all_routes)
    asked = [*ODD]
    for route in all_routes:
        path = route.path.replace(":path}", "}").replace("{", "x-").replace("}", "-y")
        asked += (path, f"{path}/", f"{path}/more", path.rpartition("/")[0] or "/")

    async def compare() -> None:
        for path in dict.fromkeys(asked):
            assert await answer(signpost, method, path) == await answer(whole, method, path), path

    asyncio.run(compare())

"""A signpost before the routes: of the platform's many routes only those with the beginning of a path are tried.

The web framework tries one route after the other, with a pattern each; a call to the last of some 150 would pay for
all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.routing import BaseRoute, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

_DEPTH = 4  # parts of a path that tell services and their kinds of objects apart: /data/foundation/catalog/dataSets


class Signpost:
    """Passes a request to a router of the few of *routes* that can be meant, else to *app*, which knows them all."""

    def __init__(self, app: ASGIApp, routes: Sequence[BaseRoute]) -> None:
        self.app = app
        beginnings = {_beginning(route) for route in routes}
        self._routers = {
            beginning: Router([route for route in routes if _may_lead(route, beginning)], redirect_slashes=False)
            for beginning in beginnings
            if len(beginning) == _DEPTH
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http":
            router = self._routers.get(tuple(scope["path"].split("/", _DEPTH + 1)[1 : _DEPTH + 1]))
            if router is not None:
                return await router(scope, receive, send)
        return await self.app(scope, receive, send)


def _beginning(route: BaseRoute) -> tuple[str, ...]:
    """Give the parts of a route's path before its first variable one, no more than tell routes apart."""
    if not isinstance(route, Route):
        return ()
    fixed = route.path.partition("{")[0]
    parts = fixed.split("/")[1:]
    if fixed != route.path:
        parts = parts[:-1]  # the part that the variable stands in
    return tuple(parts[:_DEPTH])


def _may_lead(route: BaseRoute, beginning: tuple[str, ...]) -> bool:
    """Tell whether *route* can take a path with *beginning*: it begins so, or is variable before that is decided."""
    own = _beginning(route)
    return own == beginning[: len(own)]

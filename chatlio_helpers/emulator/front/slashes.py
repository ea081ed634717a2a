"""A slash too many at the end of a path: Schema Registry, Catalog and Flow Service do not mind it.

Observed in clients that work against the live services: Adobe's Python SDK (aepp) asks for ``/stats/``,
``/tenant/schemas/`` and ``/dataSets/``, and Flow Service's description writes ``/connections/{id}/``. That every path
of these three services takes it, and that the other services do not, is assumed.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

TOLERANT = tuple(f"/data/foundation/{service}/" for service in ("schemaregistry", "catalog", "flowservice"))


class Slashes:
    """Middleware that takes one slash off the end of a path of the tolerant services."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, with its path as the routes know it."""
        path: str = scope.get("path", "")
        if path.endswith("/") and path.startswith(TOLERANT) and path not in TOLERANT:
            scope = {**scope, "path": path[:-1]}
        await self.app(scope, receive, send)

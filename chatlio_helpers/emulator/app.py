"""The local platform's web application: all services on one port.

The data plane is reached through three names, and nothing else of it is known here:

- ``collection.routes``, ``access.routes``, ``runs.routes``: lists of Starlette routes. Endpoints find everything at
  ``request.app.state.platform`` (:class:`platform.Platform`); :class:`service.Service` gives them the gateway's checks.
- ``landing.Lander(platform)``: made when the server starts, before its first request; it opens ``platform.folder /
  "journal.sqlite"`` and ``platform.folder / "lake"``, puts its journal at ``platform.journal``, and appends to
  ``platform.forgetters`` what lets go of a seat's journal entries and files. ``start()`` starts its thread, ``stop()``
  lets the batch at hand finish and closes the journal.

Batches are put as ``scope.put("batches", batch_id, body, name=dataset_id, now=...)``, runs as
``scope.put("runs", run_id, body, name=flow_id, now=...)``: Catalog and Flow Service read the newest by that name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.util import find_spec

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from . import control, ims, sandboxes
from .activity import Activity
from .folder import Folder
from .platform import Platform
from .unbuilt import last_route

SERVICES = [sandboxes.service]


def create_app(platform: Platform, folder: Folder) -> Starlette:
    """Put the services of *platform* on one application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        folder.write_credentials(platform.seats.list())
        lander = _lander(platform)
        if lander:
            lander.start()
        yield
        if lander:
            lander.stop()
        platform.store.close()

    app = Starlette(routes=routes(), lifespan=lifespan, middleware=[Middleware(Activity)])
    app.router.redirect_slashes = False
    app.state.platform, app.state.folder = platform, folder
    return app


def routes() -> list[BaseRoute]:
    """Give all routes; the last one takes what no other took."""
    built = [*control.routes, *ims.routes]
    for service in SERVICES:
        built += service.routes
    built += _data_plane_routes()
    return [*built, last_route(SERVICES)]


def _data_plane_routes() -> list[BaseRoute]:
    return []


def _lander(platform: Platform):
    if find_spec(f"{__package__}.landing") is None:
        return None
    from .landing import Lander

    return Lander(platform)

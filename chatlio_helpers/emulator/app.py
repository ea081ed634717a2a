"""The local platform's web application: all services on one port.

The data plane is reached through few names, and nothing else of it is known here: the routes of ``collection``,
``access``, ``runs`` and ``batches``, and ``landing.Lander(platform)``, which is made when the server starts, before its
first request: ``start()`` starts its thread, ``stop()`` lets the batch at hand finish and closes the journal.

Batches are put as ``scope.put("batches", batch_id, body, name=dataset_id, now=...)``, runs as
``scope.put("runs", run_id, body, name=flow_id, now=...)``: Catalog and Flow Service read them by that name.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from . import (
    access,
    batches,
    collection,
    connections,
    control,
    datasets,
    descriptors,
    flow_service,
    flows,
    ims,
    mappings,
    runs,
    sandboxes,
    schema_service,
    schemas,
    specs,
)  # fmt: skip
from .activity import Activity
from .folder import Folder
from .landing import Lander
from .platform import Platform
from .unbuilt import last_route

# Importing a module of a service registers its operations; these are the services that they register with.
BUILT = (access, batches, connections, datasets, descriptors, flows, mappings, runs, sandboxes, schemas, specs)
SERVICES = (sandboxes.service, schema_service.service, batches.service, mappings.service, flow_service.service,
            access.service)  # fmt: skip


def create_app(platform: Platform, folder: Folder) -> Starlette:
    """Put the services of *platform* on one application."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        folder.write_credentials(platform.seats.list())
        lander = Lander(platform)
        lander.start()
        yield
        lander.stop()
        platform.store.close()

    app = Starlette(routes=routes(), lifespan=lifespan, middleware=[Middleware(Activity)])
    app.router.redirect_slashes = False
    app.state.platform, app.state.folder = platform, folder
    return app


def routes() -> list[BaseRoute]:
    """Give all routes; the last one takes what no other took."""
    built = [*collection.routes, *control.routes, *ims.routes]
    for service in SERVICES:
        built += service.routes
    return [*built, last_route(SERVICES)]

"""The local platform's web application: all services on one port.

The data plane is reached through few names, and nothing else of it is known here: the routes of ``collection``,
``access``, ``runs`` and ``batches``, and ``landing.Lander(platform)``, which is made with the
application: ``start()`` starts its thread, ``stop()`` lets the batch at hand finish and closes the journal.

Batches are put as ``scope.put("batches", batch_id, body, name=dataset_id, now=...)``, runs as
``scope.put("runs", run_id, body, name=flow_id, now=...)``: Catalog and Flow Service read them by that name.
"""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from . import ims
from .catalog import batch_changes, batch_lists, batched_requests, batches, dataset_access, dataset_views, datasets
from .collection import collection
from .collection.inlets import Inlets
from .control import control, control_requests
from .control.redaction import Redaction
from .data_access import access
from .flowservice import connections, flow_service, flows, runs, specs
from .folder import Folder
from .front.activity import Activity
from .front.faults import Faults
from .front.guard import Guard
from .front.hosts import Hosts
from .front.problems import AepProblem
from .front.service import refusal
from .front.short_path import ShortPath
from .front.signpost import Signpost
from .front.slashes import Slashes
from .ingestion import import_files, import_preview, import_service, imports
from .ingestion.importer import Importer
from .landing.landing import Lander
from .platform import Platform
from .prep import language, mappings
from .query import queries
from .query.query_side import QuerySide
from .registry import descriptors, schema_rpc, schema_service, schemas, unions
from .sandboxes import sandboxes
from .unbuilt import last_route

# Importing a module of a service registers its operations; these are the services that they register with.
BUILT = (
    access,
    batch_changes,
    batch_lists,
    batched_requests,
    connections,
    control_requests,
    dataset_access,
    dataset_views,
    datasets,
    descriptors,
    flows,
    import_files,
    import_preview,
    imports,
    language,
    mappings,
    queries,
    runs,
    sandboxes,
    schema_rpc,
    schemas,
    specs,
    unions,
)
SERVICES = (sandboxes.service, schema_service.service, batches.service, mappings.service, flow_service.service,
            access.service, import_service.service, queries.service)  # fmt: skip


def create_app(platform: Platform, folder: Folder) -> Starlette:
    """Put the services of *platform* on one application; raises sqlite3.DatabaseError for a damaged journal."""
    lander, importer = Lander(platform), Importer(platform)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        folder.write_credentials(platform.seats.list())
        lander.start()
        importer.start()
        await query_side.start()
        gc.freeze()  # what is there now stays: Python need not look through it for garbage, in the middle of a request
        yield
        await query_side.stop()
        importer.stop()
        lander.stop()
        platform.store.close()

    app = Starlette(
        exception_handlers={Exception: unexpected},
        routes=routes(),
        lifespan=lifespan,
        middleware=[Middleware(layer) for layer in (Activity, ShortPath, Guard, Faults, Slashes)],
    )
    app.router.redirect_slashes = False
    app.router.middleware_stack = Signpost(app.router.app, app.router.routes)
    app.state.platform, app.state.folder, app.state.hosts = platform, folder, Hosts()
    app.state.inlets, app.state.redaction = Inlets(platform), Redaction(folder.admin_token)
    query_side = QuerySide(platform, folder, app.state)
    return app


async def unexpected(request: Request, error: Exception) -> Response:
    """Answer 500 in the problem form when something of ours broke; the log has the traceback."""
    return refusal(
        AepProblem(500, "Internal Error", f"The local platform failed ({type(error).__name__}): see its log")
    )


def routes() -> list[BaseRoute]:
    """Give all routes; the last one takes what no other took."""
    built = [*collection.routes, *control.routes, *ims.routes]
    for service in SERVICES:
        built += service.routes
    return [*built, last_route(SERVICES)]

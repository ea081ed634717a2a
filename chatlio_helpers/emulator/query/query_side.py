"""Query Service's two doors as one part of the application: queries over REST, and the wire protocol."""

from __future__ import annotations

import asyncio
import time

from starlette.datastructures import State

from ..folder import Folder
from ..front.accept_errors import AcceptErrors
from ..platform import Platform
from .query_runs import QueryRuns
from .wire_server import WireServer


class QuerySide:
    """What answers queries; found by the endpoints as ``state.queries`` and ``state.wire``."""

    def __init__(self, platform: Platform, folder: Folder, state: State) -> None:
        self._state = state
        state.queries = self._runs = QueryRuns(platform)
        state.wire = self._wire = WireServer(platform, folder, self._runs, self._touch)

    async def start(self) -> None:
        """Close the queries of a former process and listen; raises StateError."""
        asyncio.get_running_loop().set_exception_handler(AcceptErrors())
        self._runs.start()
        await self._wire.start()

    async def stop(self) -> None:
        """End sessions and queries."""
        await self._wire.stop()
        await self._runs.stop()

    def _touch(self) -> None:
        """Tell the watch for idleness that somebody is there."""
        self._state.last_request = time.monotonic()

"""The process: take the folder, open the state, listen, say so, and stop when asked or when nobody calls any more."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.handlers
import signal
import socket
import sqlite3
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from .app import create_app
from .control import swap
from .folder import Folder
from .front import patience
from .front.hosts import Hosts
from .platform import Platform, assemble
from .state import disk
from .state.store import StateDamaged, StateError

_LOG_BYTES = 2_000_000
_LOOKS = 30.0  # how often, in seconds, to look whether the platform is idle


def serve(path: Path, *, host: str, port: int | None, idle: float, allowed: Iterable[str] = ()) -> None:
    """Serve the state folder *path* until stopped; raises StateError when it cannot start.

    *allowed* are more names that the server may be called by, behind a tunnel for example.
    """
    folder = Folder(path)
    try:
        swap.settle(path)
        platform = assemble(path)
        _log_to(path / "log")
        bound = folder.bind(host, port)
        app = _app(platform, folder)
        app.state.hosts = Hosts(host, allowed)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5, server_header=False,
            http=patience.bounded(AutoHTTPProtocol, patience.most_connections()),
            timeout_keep_alive=patience.KEEP_ALIVE,
        )  # fmt: skip
        server = _Server(config, folder, idle)
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again when it is done; they end there
            signal.signal(number, server.asked_to_stop)
        server.run(sockets=[bound])
        if not server.started:
            raise StateError("The server did not start.", "see the file log in the state folder", "start it again")
    except (OSError, sqlite3.Error) as error:
        if disk.refuses(error):
            raise _unwritable(path, error) from error
        raise
    finally:
        folder.leave()


def _app(platform: Platform, folder: Folder) -> Starlette:
    try:
        app = create_app(platform, folder)
        if platform.journal is not None:
            platform.journal.read(0, 1)  # a table of another shape is found here, and not by the landing over and over
        return app
    except sqlite3.DatabaseError as error:
        if disk.refuses(error):
            raise
        raise StateDamaged(
            f"The journal in {folder.path} cannot be read ({error}).",
            "the file was cut short or overwritten",
            "move the state folder aside and start again: the local platform begins empty",
        ) from error


def _unwritable(path: Path, error: Exception) -> StateError:
    return StateError(
        f"The state folder {path} cannot be written ({error}).",
        "the disk is full or read-only",
        "make room on the disk, or choose another folder with --data",
    )


class _Server(uvicorn.Server):
    """Uvicorn's server, which says when it is ready and stops when it is idle."""

    def __init__(self, config: uvicorn.Config, folder: Folder, idle: float) -> None:
        super().__init__(config)
        self._folder, self._idle = folder, idle
        self._tasks: list[asyncio.Task[None]] = []

    def asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        """Take a signal that comes before the server has begun or after it has ended."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then write platform.json and print the ready line."""
        await super().startup(sockets)
        if self.should_exit or not sockets:
            return
        host, port = sockets[0].getsockname()[:2]
        ready = self._folder.announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        self._tasks = [asyncio.create_task(self._stop_when_idle()), asyncio.create_task(self._hurry())]

    async def _stop_when_idle(self) -> None:
        state = self.config.app.state
        state.last_request = time.monotonic()
        while time.monotonic() - state.last_request < self._idle:
            await asyncio.sleep(min(_LOOKS, self._idle / 4))
        logging.getLogger("local-platform").info("stopped: no request for %s seconds", self._idle)
        self.should_exit = True

    async def _hurry(self) -> None:
        waiting = patience.Patience(patience.HEADERS, patience.BODY)
        while not self.should_exit:
            await asyncio.sleep(patience.LOOKS)
            waiting.look(self.server_state.connections, time.monotonic())


def _log_to(path: Path) -> None:
    writer = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    writer.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[writer], force=True)

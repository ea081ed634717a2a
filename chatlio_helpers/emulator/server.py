"""The process: take the folder, open the state, listen, say so, and stop when asked or when nobody calls any more."""

from __future__ import annotations

import asyncio
import json
import logging
import logging.handlers
import socket
import sys
import time
from pathlib import Path

import uvicorn

from .app import create_app
from .folder import Folder
from .platform import assemble

_LOG_BYTES = 2_000_000
_LOOKS = 30.0  # how often, in seconds, to look whether the platform is idle


def serve(path: Path, *, host: str, port: int | None, idle: float) -> None:
    """Serve the state folder *path* until stopped; raises StateError when it cannot start."""
    folder = Folder(path)
    try:
        platform = assemble(path)
        _log_to(path / "log")
        bound = folder.bind(host, port)
        app = create_app(platform, folder)
        config = uvicorn.Config(
            app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5, server_header=False
        )
        _Server(config, folder, idle).run(sockets=[bound])
    finally:
        folder.leave()


class _Server(uvicorn.Server):
    """Uvicorn's server, which says when it is ready and stops when it is idle."""

    def __init__(self, config: uvicorn.Config, folder: Folder, idle: float) -> None:
        super().__init__(config)
        self._folder, self._idle = folder, idle
        self._watch: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then write platform.json and print the ready line."""
        await super().startup(sockets)
        if self.should_exit or not sockets:
            return
        host, port = sockets[0].getsockname()[:2]
        ready = self._folder.announce(f"http://{f'[{host}]' if ':' in host else host}:{port}")
        sys.stdout.write(json.dumps(ready) + "\n")
        sys.stdout.flush()
        self._watch = asyncio.create_task(self._stop_when_idle())

    async def _stop_when_idle(self) -> None:
        state = self.config.app.state
        state.last_request = time.monotonic()
        while time.monotonic() - state.last_request < self._idle:
            await asyncio.sleep(min(_LOOKS, self._idle / 4))
        logging.getLogger("local-platform").info("stopped: no request for %s seconds", self._idle)
        self.should_exit = True


def _log_to(path: Path) -> None:
    writer = logging.handlers.RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    writer.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[writer], force=True)

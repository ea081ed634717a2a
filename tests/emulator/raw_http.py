"""Requests as bytes over a socket: what no HTTP library would send."""

from __future__ import annotations

import contextlib
import socket
import time
from urllib.parse import urlsplit

from running import Server


def connected(server: Server, seconds: float = 20.0) -> socket.socket:
    """Open a connection to a server."""
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=seconds)


def sent(server: Server, content: bytes, seconds: float = 20.0) -> bytes:
    """Send bytes and give all that comes back until the server closes, or nothing more comes for a moment."""
    with connected(server, seconds) as wire:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have refused and closed already
            wire.sendall(content)
        return received(wire, seconds)


def received(wire: socket.socket, seconds: float = 20.0) -> bytes:
    """Read until the other side closes, or has been silent for half a second after it began."""
    parts: list[bytes] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        wire.settimeout(0.5 if parts else max(0.1, end - time.monotonic()))
        try:
            part = wire.recv(65_536)
        except (TimeoutError, ConnectionResetError):
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts)


def status(answer: bytes) -> int:
    """Give the status of the first answer; 0 when none came."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0

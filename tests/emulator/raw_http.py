"""Requests as bytes over a socket: what no HTTP library would send."""

from __future__ import annotations

import contextlib
import re
import socket
import time
from urllib.parse import urlsplit

from running import Server


def connected(server: Server, seconds: float = 20.0) -> socket.socket:
    """Open a connection to a server."""
    parts = urlsplit(server.url)
    return socket.create_connection((parts.hostname, parts.port), timeout=seconds)


def sent(server: Server, content: bytes, seconds: float = 20.0) -> bytes:
    """Send bytes and give the first answer, with what came along with it."""
    with connected(server, seconds) as wire:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it may have refused and closed already
            wire.sendall(content)
        return received(wire, seconds)


def received(wire: socket.socket, seconds: float = 20.0, answers: int = 1) -> bytes:
    """Read until so many answers are whole, or the other side closes."""
    content, end = b"", time.monotonic() + seconds
    while time.monotonic() < end and _whole(content) < answers:
        wire.settimeout(max(0.05, end - time.monotonic()))
        try:
            part = wire.recv(65_536)
        except (TimeoutError, ConnectionResetError):
            break
        if not part:
            break
        content += part
    return content


def _whole(content: bytes) -> int:
    """Count the answers that are complete; one that is chunked counts with its last chunk."""
    count = 0
    while content.startswith(b"HTTP/1.1 ") and b"\r\n\r\n" in content:
        head, _, content = content.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        size = int(length[1]) if length else content.find(b"0\r\n\r\n") + 5 if b"chunked" in head else 0
        if len(content) < size or size == 4:
            return count
        content, count = content[size:], count + 1
    return count


def status(answer: bytes) -> int:
    """Give the status of the first answer; 0 when none came."""
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else 0

"""The two servers that are compared, as processes watched from outside: the local platform and a bare Starlette."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import psutil

from .children import CHECKOUT, Failed, environment, scratch

PATIENCE = 30.0  # seconds
_PAUSE = 0.002  # between two tries, so that the watching itself takes little of the time


@dataclass(frozen=True)
class Server:
    """A server that has answered once: its process, and the seconds from its start to that answer."""

    process: subprocess.Popen[bytes]
    seconds: float
    port: int

    @property
    def url(self) -> str:
        """The address, without a slash at the end."""
        return f"http://127.0.0.1:{self.port}"

    def megabytes(self) -> float:
        """Give the resident memory of the process and its children, in MB of 10^6 bytes."""
        first = psutil.Process(self.process.pid)
        return sum(each.memory_info().rss for each in [first, *first.children(recursive=True)]) / 1e6


@contextmanager
def local_platform(data: Path) -> Iterator[Server]:
    """Start the local platform on the state folder *data*, as the kit does, until the end of the block."""
    port = free_port()
    with _started(["-m", "chatlio_helpers.emulator", "--data", str(data), "--port", str(port)], port) as server:
        yield server


@contextmanager
def bare_server() -> Iterator[Server]:
    """Start the bare server until the end of the block."""
    port = free_port()
    with _started(["-m", "benchmarks.bare_server", str(port)], port) as server:
        yield server


def cold_platform() -> float:
    """Give the seconds to the first answer of a local platform that begins with an empty state folder."""
    with scratch() as folder, local_platform(folder / "platform") as server:
        return server.seconds


def cold_bare() -> float:
    """Give the seconds to the first answer of the bare server."""
    with bare_server() as server:
        return server.seconds


def free_port() -> int:
    """Give a port of loopback that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _started(arguments: list[str], port: int) -> Iterator[Server]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=CHECKOUT, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not _answers(port):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise Failed(f"no answer from: {' '.join(arguments)}")
            time.sleep(_PAUSE)
        yield Server(process, time.perf_counter() - began, port)
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/_local/health")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False  # it does not listen yet
    finally:
        connection.close()

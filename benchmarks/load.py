"""A load generator in a process of its own: keep-alive connections that each send the next request at the answer.

Run as ``python -m benchmarks.load`` with a JSON object on standard input (see :func:`run`); the tally comes out as
JSON. It works on bare sockets of asyncio, so that it costs far less than the server that it loads.
"""

from __future__ import annotations

import asyncio
import base64
import gc
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from .children import CHECKOUT, Failed, environment

_UNREACHED = 0  # the status that stands for a connection which was lost


@dataclass(frozen=True)
class Tally:
    """What came of a load: answers by status, seconds from first request to last answer, milliseconds of each."""

    statuses: dict[int, int]
    seconds: float
    milliseconds: list[float]

    def rate(self, status: int) -> float:
        """Give answers of *status* per second; raises Failed when there was any other."""
        if set(self.statuses) != {status}:
            raise Failed(f"answers other than {status}: {self.statuses}")
        return self.statuses[status] / self.seconds


def run(url: str, bodies: Sequence[bytes], *, connections: int, seconds: float) -> Tally:
    """Post *bodies* in turn to *url* for some seconds from another process, over *connections* at once."""
    job = {
        "url": url, "connections": connections, "seconds": seconds,
        "bodies": [base64.b64encode(body).decode() for body in bodies],
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load"],
        input=json.dumps(job), env=environment(), cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"the load generator failed: {done.stderr[-1000:]}")
    found = json.loads(done.stdout)
    return Tally({int(key): value for key, value in found["statuses"].items()}, found["seconds"], found["milliseconds"])


class _Sender(asyncio.Protocol):
    """One connection: sends a request, waits for its whole answer, sends the next."""

    def __init__(self, load: _Load, number: int) -> None:
        self.load, self.number, self.received, self.sent_at = load, number, b"", 0.0
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self.transport = transport
        self.send()

    def send(self) -> None:
        """Send the next request; when the time is over, close instead."""
        now = time.perf_counter()
        if now >= self.load.end:
            self.transport.close()
            return
        self.sent_at = now
        self.number += 1
        self.transport.write(self.load.requests[self.number % len(self.load.requests)])

    def data_received(self, data: bytes) -> None:
        """Count the answer once it is whole."""
        self.received += data
        head = self.received.find(b"\r\n\r\n")
        if head < 0 or len(self.received) < head + 4 + _length(self.received[:head]):
            return
        self.load.count(int(self.received[9:12]), self.sent_at)
        self.received = b""
        self.send()

    def connection_lost(self, error: Exception | None) -> None:
        """Count a connection that ended before its time."""
        if time.perf_counter() < self.load.end:
            self.load.count(_UNREACHED, self.sent_at)
        self.load.open -= 1
        if not self.load.open:
            self.load.over.set_result(None)


class _Load:
    """The requests, and the count of their answers."""

    def __init__(self, requests: list[bytes], seconds: float, connections: int) -> None:
        self.requests, self.open = requests, connections
        self.statuses: Counter[int] = Counter()
        self.milliseconds: list[float] = []
        self.began = time.perf_counter()
        self.last, self.end = self.began, self.began + seconds
        self.over = asyncio.get_running_loop().create_future()

    def count(self, status: int, sent_at: float) -> None:
        """Count one answer."""
        self.last = time.perf_counter()
        self.statuses[status] += 1
        self.milliseconds.append(round(1000 * (self.last - sent_at), 2))


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def _request(url: str, body: bytes) -> bytes:
    parts = urlsplit(url)
    head = (
        f"POST {parts.path}{'?' if parts.query else ''}{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _loaded(job: dict[str, object]) -> dict[str, object]:
    url, connections = str(job["url"]), int(str(job["connections"]))
    requests = [_request(url, base64.b64decode(body)) for body in job["bodies"]]  # type: ignore[attr-defined]
    load, parts = _Load(requests, float(str(job["seconds"])), connections), urlsplit(url)
    loop = asyncio.get_running_loop()
    senders = (
        loop.create_connection(lambda number=number: _Sender(load, number * 7), parts.hostname, parts.port)
        for number in range(connections)
    )
    await asyncio.gather(*senders)
    await load.over
    return {
        "statuses": load.statuses, "seconds": load.last - load.began, "milliseconds": sorted(load.milliseconds),
    }  # fmt: skip


if __name__ == "__main__":
    gc.disable()
    print(json.dumps(asyncio.run(_loaded(json.load(sys.stdin)))))

"""The inlets under load from another process, beside a bare handler of the same framework that only parses the JSON.

What the inlet takes is on disk before it answers, and lands at the same time. Between two turns the platform is given
the time to land the rest, so that the bare handler has the machine to itself.
"""

from __future__ import annotations

import json
import time
from functools import partial
from itertools import cycle, islice

import psutil

from . import load, load_target
from .children import scratch
from .figure import Figure
from .rounds import alternate
from .servers import Server, bare_server, local_platform

CONNECTIONS, SECONDS, ROUNDS = 32, 2.0, 5
BATCH, BATCH_CONNECTIONS, BATCH_SECONDS, BATCH_ROUNDS = 300, 4, 1.0, 3
_IDLE, _PATIENCE = 0.05, 60.0  # a share of a core; seconds


def measure() -> list[Figure]:
    """Give messages acknowledged per second, posted one by one and in batches."""
    with scratch() as home, local_platform(home / "platform") as platform, bare_server() as bare:
        url, bodies = load_target.webhook(home), load_target.payloads()
        ours = partial(_single, platform, url, bodies, status=200)
        other = partial(_single, bare, f"{bare.url}/parse", bodies, status=200)
        single, parsed = alternate(ours, other, ROUNDS)
        batches = _batches(bodies)
        ours = partial(_batch, platform, url.replace("/collection/", "/collection/batch/"), batches, status=207)
        other = partial(_batch, bare, f"{bare.url}/parse", batches, status=200)
        batch, batch_parsed = alternate(ours, other, BATCH_ROUNDS)
    alternative = "a bare handler that parses the JSON"
    return [
        Figure("inlet, single events on disk and acknowledged", "/s", single, alternative, parsed, at_least_ratio=0.4),
        Figure(
            f"inlet, events in batches of {BATCH} on disk and acknowledged", "/s", batch, alternative, batch_parsed,
            at_least=15_000,
        ),
    ]  # fmt: skip


def _single(server: Server, url: str, bodies: list[bytes], *, status: int) -> float:
    _rest(server)
    rate = load.run(url, bodies, connections=CONNECTIONS, seconds=SECONDS).rate(status)
    _rest(server)
    return rate


def _batch(server: Server, url: str, bodies: list[bytes], *, status: int) -> float:
    _rest(server)
    rate = load.run(url, bodies, connections=BATCH_CONNECTIONS, seconds=BATCH_SECONDS).rate(status)
    _rest(server)
    return BATCH * rate


def _batches(bodies: list[bytes]) -> list[bytes]:
    messages = cycle(json.loads(body) for body in bodies)
    return [json.dumps({"messages": list(islice(messages, BATCH))}, ensure_ascii=False).encode() for _ in range(6)]


def _rest(server: Server) -> None:
    """Wait until the server and its children have nothing left to do."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        before = _busy(server)
        time.sleep(0.5)
        if _busy(server) - before < _IDLE * 0.5:
            return


def _busy(server: Server) -> float:
    """Give the seconds that the processes of *server* have used so far."""
    first = psutil.Process(server.process.pid)
    times = [each.cpu_times() for each in [first, *first.children(recursive=True)]]
    return sum(each.user + each.system for each in times)

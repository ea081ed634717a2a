"""A sender in a process of its own: posts transcripts to the batch endpoint as fast as they land, and counts.

Run as ``python -m benchmarks.landing_load URL STATE WARMING SECONDS``: *URL* is the webhook's, *STATE* the platform's
state file. It lets a few thousand messages wait at most, so that messages arrive all the time and none piles up. The
tally comes out as JSON.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

from .load_target import payloads

WINDOW = 8_000  # messages that may wait to land: what two or three seconds land
TOGETHER = 100  # messages of a request
PATIENCE = 60.0  # seconds for the last messages
_CURSOR = "SELECT json_extract(body, '$.number') FROM objects WHERE kind = 'landing'"


class Landed:
    """How many messages landed since the beginning, as the platform's own cursor says; ``seen`` is when it moved."""

    def __init__(self, state: Path) -> None:
        self._database = sqlite3.connect(f"file:{state}?mode=ro", uri=True, isolation_level=None, timeout=30)
        self.seen: list[tuple[float, int]] = []
        self._before = 0
        self._before = self.count()

    def count(self) -> int:
        """Count them now."""
        found = self._database.execute(_CURSOR).fetchone()
        count = (found[0] if found else 0) - self._before
        if not self.seen or self.seen[-1][1] != count:
            self.seen.append((time.monotonic(), count))
        return count

    def rate(self, since: float, until: float) -> float:
        """Give messages landed per second, from the first to the last move of the cursor between two times."""
        moves = [(when, count) for when, count in self.seen if since <= when <= until]
        (first, before), (last, after) = moves[0], moves[-1]
        return (after - before) / (last - first)


class Sender:
    """One keep-alive connection to the batch endpoint of a webhook."""

    def __init__(self, url: str, landed: Landed) -> None:
        parts = urlsplit(url)
        self._path = f"{parts.path.replace('/collection/', '/collection/batch/')}?{parts.query}"
        self._connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
        self._landed, self._bodies = landed, _bodies()
        self.accepted = 0

    def send_until(self, end: float) -> None:
        """Post until the monotonic time *end*."""
        while time.monotonic() < end:
            if self.accepted - self._landed.count() < WINDOW:
                self._post()
            else:
                time.sleep(0.02)

    def _post(self) -> None:
        self._connection.request("POST", self._path, next(self._bodies), {"Content-Type": "application/json"})
        answer = self._connection.getresponse()
        content = answer.read()
        if answer.status != 207 or b'"statusCode"' in content:
            raise SystemExit(f"the inlet answered {answer.status}: {content[:300]!r}")
        self.accepted += TOGETHER


def _bodies() -> Iterator[bytes]:
    stream = itertools.cycle(payloads())
    ready = [b'{"messages":[' + b",".join(itertools.islice(stream, TOGETHER)) + b"]}" for _ in range(40)]
    return itertools.cycle(ready)


def main(url: str, state: Path, warming: float, seconds: float) -> dict[str, float]:
    """Send; gives what landed a second while messages arrived, and how many were accepted and landed in all."""
    landed = Landed(state)
    sender = Sender(url, landed)
    sender.send_until(time.monotonic() + warming)
    began = time.monotonic()
    sender.send_until(began + seconds)
    rate = landed.rate(began, began + seconds)
    while landed.count() < sender.accepted and time.monotonic() < began + seconds + PATIENCE:
        time.sleep(0.05)
    return {"rate": rate, "accepted": sender.accepted, "landed": landed.count()}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))))

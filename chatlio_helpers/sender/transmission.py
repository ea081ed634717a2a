"""One run over what is due in the outbox: several requests open at once, slower when the platform asks for it."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from ..errors import PlatformError, RateLimited
from ..outbox import Entry, Outbox
from ..progress import Progress
from ..secret import Secret, redact

if TYPE_CHECKING:
    from ..aep import Receipt

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0  # seconds
TRIES = 6  # of one entry in one run; Adobe asks for at least three after 503
ROUNDS = 5  # of nothing but failures, then the run ends
_NAP = 0.2  # seconds between two looks at the clock while waiting


class Pace:
    """How many requests may be open, and when the next may start: down fast on trouble, up slowly on success."""

    def __init__(self, in_flight: int) -> None:
        self._most, self._window = max(1, in_flight), float(max(1, in_flight))
        self._round_at = 0.0
        self.rounds, self.until = 0, 0.0

    @property
    def window(self) -> int:
        """How many requests may be open now."""
        return int(self._window)

    @property
    def hopeless(self) -> bool:
        """True after several rounds without one success."""
        return self.rounds >= ROUNDS

    def succeeded(self) -> None:
        """Open up a little."""
        self.rounds = 0
        self._window = min(self._most, self._window + 1 / self._window)

    def failed(self, started: float, now: float, error: PlatformError) -> None:
        """Halve the window once per round of requests; hold everything when it is not one request's bad luck.

        That is: after 429, and after a second round without a success. One 503 among successes holds only its entry.
        """
        if started >= self._round_at:
            self._round_at, self.rounds = now, self.rounds + 1
            self._window = max(1.0, self._window / 2)
        if isinstance(error, RateLimited) or self.rounds > 1:
            self.until = max(self.until, now + (backoff(self.rounds) if error.wait is None else error.wait))


class Transmission:
    """Send what is due for *destinations* until nothing is, or the platform stays away longer than *patience*."""

    def __init__(
        self,
        post: Callable[[Secret, bytes], Receipt],
        urls: Mapping[str, Secret],
        outbox: Outbox,
        destinations: Sequence[str],
        in_flight: int,
        patience: float,
        bar: Progress,
    ) -> None:
        self._post, self._urls, self._outbox, self._destinations = post, urls, outbox, destinations
        self._pace, self._in_flight, self._patience, self._bar = Pace(in_flight), in_flight, patience, bar
        self._running: dict[Future, tuple[Entry, float]] = {}
        self._ended: dict[Future, tuple[Entry, float]] = {}
        self._tries: dict[int, int] = {}
        self._aside: set[int] = set()  # entries that used up their tries; a later run tries them again
        self._next: list[Entry] = []

    def run(self) -> None:
        """Work until done; on an interrupt let open requests end, write down what they brought, and go."""
        pool = ThreadPoolExecutor(max(1, self._in_flight), thread_name_prefix="send")
        try:
            while self._running or self._wait_for_more():
                self._start(pool)
                self._collect(wait(self._running, timeout=_NAP, return_when=FIRST_COMPLETED).done)
                self._start(pool)  # the next requests are on their way while the outcomes go to the disk
                self._settle_ended()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
            self._collect([future for future in self._running if not future.cancelled()])
            self._settle_ended()

    def _start(self, pool: ThreadPoolExecutor) -> None:
        """Start requests up to the window, oldest entries first."""
        now = time.time()
        if self._pace.hopeless or now < self._pace.until:
            return
        room = self._pace.window - len(self._running)
        if room > len(self._next):
            self._next = self._due(now)
        starting, self._next = self._next[: max(0, room)], self._next[max(0, room) :]
        for entry in starting:
            self._running[pool.submit(self._deliver, entry)] = (entry, now)

    def _due(self, now: float) -> list[Entry]:
        """Read what is due at *now* and neither under way nor set aside."""
        under_way = {entry.id for entry, _ in (*self._running.values(), *self._ended.values())} | self._aside
        limit = 4 * self._in_flight + len(under_way)
        found = self._outbox.due(now, limit, destinations=self._destinations)
        return [entry for entry in found if entry.id not in under_way]

    def _deliver(self, entry: Entry) -> str:
        return receipt_text(self._post(self._urls[entry.kind], entry.payload))

    def _collect(self, done: Iterable[Future]) -> None:
        for future in list(done):
            self._ended[future] = self._running.pop(future)

    def _settle_ended(self) -> None:
        """Write down the outcomes, in one commit; only then forget the requests, and raise what nobody expected."""
        if not self._ended:
            return
        with self._outbox.together():
            for future, (entry, started) in self._ended.items():
                self._settle(future, entry, started)
        ended, self._ended = self._ended, {}
        for future in ended:
            if not isinstance(future.exception(), PlatformError | None):
                future.result()

    def _settle(self, future: Future, entry: Entry, started: float) -> None:
        error = future.exception()
        if error is None:
            self._pace.succeeded()
            self._outbox.acknowledge(entry.id, future.result())
            self._bar.step(note=entry.kind)
        elif isinstance(error, PlatformError) and error.retryable:
            self._postpone(entry, started, error)
        elif isinstance(error, PlatformError):
            self._outbox.bury(entry.id, words(error))
            self._bar.step(note=f"{entry.kind} refused")

    def _postpone(self, entry: Entry, started: float, error: PlatformError) -> None:
        now = time.time()
        tries = self._tries[entry.id] = self._tries.get(entry.id, 0) + 1
        if tries >= TRIES:
            self._aside.add(entry.id)
        self._pace.failed(started, now, error)
        self._outbox.postpone(entry.id, now + max(backoff(tries), error.wait or 0.0), words(error))
        self._next = []  # the oldest entry goes first, also when it is tried again
        self._bar.step(0, note=f"later: {words(error)}")

    def _wait_for_more(self) -> bool:
        """Sleep until an entry is due and may be sent; False when there is none, or it takes too long."""
        horizon = time.time() + self._patience
        waiting = self._next or self._due(horizon)
        if not waiting or self._pace.hopeless:
            return False
        until = max(min(entry.due for entry in waiting), self._pace.until)
        if until > horizon:
            return False
        while (left := until - time.time()) > 0:
            time.sleep(min(_NAP, left))
        return True


def receipt_text(receipt: Receipt) -> str:
    """Write down what the inlet answered: its transaction id and its time of receipt (epoch milliseconds)."""
    return redact(json.dumps({"xactionId": receipt.xaction_id, "receivedTimeMs": receipt.received_ms}))


def backoff(tries: int) -> float:
    """Give the seconds to wait after the *tries*-th failure: doubling, with jitter so that senders do not march."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1)) * random.uniform(0.75, 1.25)


def words(error: PlatformError) -> str:
    """Give the platform's own words in one line."""
    parts = (str(error.status or ""), error.code, error.vendor or error.what)
    return " ".join(" ".join(part for part in parts if part).split())[:500]

"""The landing: a thread that takes accepted messages from the journal to the lake, each exactly once.

.. code-block:: text

    journal -> one micro-batch for each dataflow -> files on disk -> ONE transaction:
        batches, run, dataflow's last run, and the journal's cursor

A crash before the transaction leaves files without a batch: they are removed at the next start, and the messages land
again. A crash after it leaves messages that the cursor has passed: they are not read again.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from importlib import import_module
from itertools import takewhile
from typing import Any

from . import batches, flows, microbatch, run_metrics
from .flow_service import etag
from .journal import Journal, Message
from .lake import Lake
from .microbatch import MicroBatch, Target
from .pipelines import CannotMap, Pipelines
from .platform import Platform
from .store import Scope

MOST_ROWS, MOST_BYTES, PAGE = 2_000, 16_000_000, 64
PACE = 0.1  # seconds between two rounds: what arrives meanwhile shares a batch
REST = 1.0  # seconds to wait after the disk refused
FORGET_EVERY = 5.0  # seconds between two clean-ups of the journal; each costs a commit
SWITCH = 0.0005  # seconds; Python's own 5 ms would let a landing hold up each request several times
CURSOR = ("landing", "cursor")

log = logging.getLogger(__name__)


class Lander:
    """Lands what the inlets accepted, and closes runs; one thread, one for each local platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._store = platform, platform.store
        self._wake, self._stopping = threading.Event(), threading.Event()
        self.journal = Journal(platform.folder / "journal.sqlite", appended=self._wake.set)
        self.lake = Lake(platform.folder / "lake")
        platform.journal, platform.lake, platform.pipelines = self.journal, self.lake, Pipelines(platform)
        platform.forgetters.append(self._forget_seat)
        self.lake.remove_orphans(self._known_batches())
        self._cursor = self._kept_cursor()
        self._forgotten, self._forgot_at = 0, 0.0
        self._open = self._open_runs()
        self._thread = threading.Thread(target=self._work, name="landing", daemon=True)

    def start(self) -> None:
        """Start landing: first what a former process accepted and did not land."""
        sys.setswitchinterval(SWITCH)
        self._thread.start()

    def stop(self) -> None:
        """Let the round at hand finish, stop, and close the journal; what has not landed stays in it."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        self.journal.close()

    def _work(self) -> None:
        import_module(".columns", __package__)  # pyarrow, while the server answers already
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                more = self.round()
            except Exception:
                log.exception("landing failed; nothing is lost, it is tried again in %s s", REST)
                self._stopping.wait(REST)
                continue
            if more:
                continue
            self._stopping.wait(PACE)
            if not self._open and not self._waiting():
                self._wake.wait(FORGET_EVERY if self._forgotten < self._cursor else None)

    def round(self) -> bool:
        """Land what is due and close what is over; True when more may be due already."""
        messages = self._due()
        if messages:
            self._land(messages)
        self._close_runs()
        self._tidy_journal()
        return len(messages) >= MOST_ROWS

    def _waiting(self) -> bool:
        return bool(self.journal.read(self._cursor, 1))

    def _due(self) -> list[Message]:
        now = self._platform.clock.now_ms()
        before = now - int(self._platform.dials["landing_delay"] * 1000)
        due: list[Message] = []
        size, after = 0, self._cursor
        while len(due) < MOST_ROWS and size < MOST_BYTES:
            page = self.journal.read(after, PAGE)
            # A message from the future was accepted before somebody turned the clock back: it has waited long enough.
            # Only what is due without a gap: the cursor must not pass a message that stays behind.
            ready = list(takewhile(lambda message: message.received <= before or message.received > now, page))
            due += ready
            if len(ready) < len(page) or not page:
                break
            after = page[-1].number
            size += sum(len(message.body) for message in page)
        return due

    def _land(self, messages: list[Message]) -> None:
        groups: dict[tuple[str, str, str, str], list[Message]] = {}
        for message in messages:
            groups.setdefault((message.seat, message.sandbox, message.flow, message.dataset), []).append(message)
        began, last = time.monotonic(), messages[-1].number
        prepared: list[MicroBatch] = []
        try:
            prepared += (batch for batch in map(self._prepared, groups.values()) if batch)
            with self._store.transaction():
                kept = [batch for batch in prepared if self._commit(batch)]
                self._store.within("", "").put(*CURSOR, {"number": last}, now=self._platform.clock.now_ms())
        except BaseException:
            self._take_back(prepared, last)
            raise
        self._cursor = last
        for batch in prepared:
            if batch in kept:
                self._open.add((batch.target.seat, batch.target.sandbox, batch.target.flow))
            else:
                batch.discard(self.lake)
        log.info("landed %d messages of %d dataflows in %.0f ms", len(messages), len(groups), _ms(began))

    def _take_back(self, prepared: list[MicroBatch], last: int) -> None:
        """Remove the files of a round that failed, unless its transaction reached the disk after all."""
        if self._kept_cursor() < last:
            for batch in prepared:
                batch.discard(self.lake)

    def _prepared(self, messages: list[Message]) -> MicroBatch | None:
        first = messages[0]
        target = self._target(first)
        if target is None:
            log.warning("dropped %d messages: their dataset is gone", len(messages))
            return None
        now, scope = self._platform.clock.now_ms, self._store.within(first.seat, first.sandbox)
        try:
            pipeline = self._platform.pipelines.of(scope, first.flow, first.dataset)
        except CannotMap as problem:
            return microbatch.refused(self.lake, target, messages, problem.reason, now)
        return microbatch.written(self.lake, target, pipeline, messages, now)

    def _target(self, message: Message) -> Target | None:
        seat = self._platform.seats.get(message.seat)
        if seat is None or self._store.within(message.seat, message.sandbox).get("dataSets", message.dataset) is None:
            return None
        sandbox_id = next((one.id for one in seat.sandboxes if one.name == message.sandbox), "")
        return Target(message.seat, seat.org_id, message.sandbox, sandbox_id, message.flow, message.dataset)

    def _commit(self, batch: MicroBatch) -> bool:
        """Tell the Catalog and the run, inside the round's transaction; False when the dataset went away meanwhile."""
        target = batch.target
        scope = self._store.within(target.seat, target.sandbox)
        if scope.get("dataSets", target.dataset) is None:
            return False
        for id, body in batch.bodies.items():
            scope.put(batches.KIND, id, body, now=body["created"], name=target.dataset)
        self._count(scope, target.flow, batch)
        return True

    def _count(self, scope: Scope, flow: str, batch: MicroBatch) -> None:
        row = scope.get("flows", flow)
        if row is None:
            return
        now = self._platform.clock.now_ms()
        run = self._run(scope, row.body, now)
        run_metrics.add(run, row.body, batch.micro)
        scope.put("runs", run["id"], run, now=now, name=flow)

    def _run(self, scope: Scope, flow: dict[str, Any], now: int) -> dict[str, Any]:
        newest = scope.last("runs", flow["id"])
        if newest and newest.body.get("state") == "inProgress" and not run_metrics.over(newest.body, now, 0):
            return newest.body
        if newest and newest.body.get("state") == "inProgress":
            self._close(scope, newest.body, now)
        return run_metrics.opened(flow, etag(now), now, int(self._platform.dials["run_window"] * 1000))

    def _close_runs(self) -> None:
        now = self._platform.clock.now_ms()
        delay = int(self._platform.dials["run_close_delay"] * 1000)
        for seat, sandbox, flow in list(self._open):
            scope = self._store.within(seat, sandbox)
            with self._store.transaction():
                newest = scope.last("runs", flow)
                still = newest is not None and newest.body.get("state") == "inProgress"
                if still and run_metrics.over(newest.body, now, delay):
                    self._close(scope, newest.body, now)
                    still = False
            if not still:
                self._open.discard((seat, sandbox, flow))

    def _close(self, scope: Scope, run: dict[str, Any], now: int) -> None:
        run_metrics.close(run, etag(now), now)
        scope.put("runs", run["id"], run, now=now, name=run["flowId"])
        # On the live platform, too, a dataflow's etag changes when a run closes (observed in a printed sample).
        flows.touch(self._platform, scope, run["flowId"])

    def _tidy_journal(self) -> None:
        if self._cursor > self._forgotten and time.monotonic() - self._forgot_at > FORGET_EVERY:
            self.journal.forget(self._cursor)
            self._forgotten, self._forgot_at = self._cursor, time.monotonic()

    def _forget_seat(self, seat: str | None) -> None:
        """Let go of a seat's files (None: of all seats'); its messages find no dataset and go by themselves."""
        for folder in [seat] if seat else [path.name for path in self.lake.folder.iterdir()]:
            self.lake.forget(folder)

    def _known_batches(self) -> set[str]:
        with self._store.transaction() as database:
            return {id for (id,) in database.execute("SELECT id FROM objects WHERE kind = ?", (batches.KIND,))}

    def _kept_cursor(self) -> int:
        row = self._store.within("", "").get(*CURSOR)
        return row.body["number"] if row else 0

    def _open_runs(self) -> set[tuple[str, str, str]]:
        rows = self._store.rows("kind = 'runs' AND json_extract(body, '$.state') = 'inProgress'")
        return {(row.seat, row.sandbox, row.name or "") for row in rows}


def _ms(began: float) -> float:
    return 1000 * (time.monotonic() - began)

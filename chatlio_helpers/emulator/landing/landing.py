"""The landing: takes accepted messages from the journal to the lake, each exactly once.

.. code-block:: text

    thread of the server                      mapping process (a core of its own)
    journal -> round of jobs ------------->   map, validate, write files to STAGING, force them to disk
    files to their place      <-----------    outcomes
    ONE transaction: batches, runs, and the journal's cursor

The server alone writes the state. A crash of the server before the transaction leaves files without a batch, in the
staging folder or in their place: they are removed at the next start, and the messages land again. A crash after it
leaves messages that the cursor has passed: they are not read again. When the mapping process ends, its round is begun
again from the cursor, by a new process; no two of them write at a time, because each holds the staging folder's lock.

While one round is committed, the mapping process works on the next one, which is thrown away when the commit fails.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from itertools import takewhile

from ..catalog import batches
from ..collection.journal import Journal, Message
from ..flowservice.run_keeping import RunKeeping
from ..platform import Platform
from . import microbatch, rounds
from .lake import FAILED, LANDED, Lake
from .microbatch import MicroBatch
from .pipeline import MAPPING_FAILED
from .pipelines import Pipelines
from .rounds import Round
from .suspicion import CHANCES, Suspicion
from .tally import Reason
from .worker import LOCK
from .worker_process import WorkerEnded, WorkerProcess

MOST_BYTES, PAGE = 16_000_000, 64
PACE = 0.1  # seconds between two rounds: what arrives meanwhile shares a batch
REST = 1.0  # seconds to wait after the disk refused
FORGET_EVERY = 5.0  # seconds between two clean-ups of the journal; each costs a commit
GRACE = 5.0  # seconds that the round at hand may take when the server stops
SWITCH = 0.0005  # seconds; Python's own 5 ms would let a landing hold up each request several times
CURSOR = ("landing", "cursor")
FATAL = f"The mapping process ended each of the {CHANCES} times that it worked on this message alone"

log = logging.getLogger(__name__)


class Lander:
    """Lands what the inlets accepted, and closes runs; one thread and one mapping process for a local platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._store = platform, platform.store
        self._wake, self._stopping = threading.Event(), threading.Event()
        self.journal = Journal(platform.folder / "journal.sqlite", appended=self._wake.set)
        self.lake = Lake(platform.folder / "lake")
        platform.journal, platform.lake, platform.pipelines = self.journal, self.lake, Pipelines(platform)
        platform.forgetters.append(self._forget_seat)
        self._staging = platform.folder / "staging"
        self._staging.mkdir(exist_ok=True, mode=0o700)
        self.lake.remove_orphans(self._committed)
        self._cursor = self._kept_cursor()
        self._forgotten, self._forgot_at = 0, 0.0
        self._runs, self._suspicion = RunKeeping(platform), Suspicion()
        self._worker = WorkerProcess(self._staging)
        self._at_hand = 0  # messages of the round that the worker is waited for with
        self._given_up = False  # a round failed: the worker may owe its outcome, and files of it may be left
        self._ahead: Round | None = None  # a round that the worker has, and that nobody waits for yet
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
            self._thread.join(GRACE)
            if self._thread.is_alive():
                self._worker.kill()
                self._thread.join()
        self._worker.stop()
        self.journal.close()

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                self._with_worker()
                more = self.round()
            except WorkerEnded as ended:
                self._begin_anew(ended)
                continue
            except Exception:
                log.exception("landing failed; nothing is lost, it is tried again in %s s", REST)
                self._given_up = True
                self._stopping.wait(REST)
                continue
            if more:
                continue
            self._stopping.wait(PACE)
            if not self._runs.any_open and not self._waiting():
                self._wake.wait(FORGET_EVERY if self._forgotten < self._cursor else None)

    def _with_worker(self) -> None:
        """See to it that there is a mapping process, and that nothing is left of a round that was given up."""
        if self._worker.running and not self._given_up:
            return
        if self._worker.running:
            self._worker.drain()
        else:
            self._worker.start()
        self._ahead = None
        self._clear_staging()
        self._given_up = False

    def _begin_anew(self, ended: WorkerEnded) -> None:
        if self._stopping.is_set():
            return
        log.warning("the mapping process ended (%s) with %d messages; a new one takes them", ended, self._at_hand)
        if self._at_hand:
            self._suspicion.ended(self._at_hand)
            self._at_hand = 0
        else:
            self._stopping.wait(REST)  # it did not even start

    def round(self) -> bool:
        """Land what is due and close what is over; True when more may be due already."""
        landing = self._ahead or self._sent(self._cursor)
        self._ahead = None
        if landing:
            self._land(landing)
        self._runs.close_due()
        self._tidy_journal()
        return landing is not None and landing.full

    def _waiting(self) -> bool:
        return bool(self.journal.read(self._cursor, 1))

    def _sent(self, after: int) -> Round | None:
        """Hand what is due after the journal's number *after* to the worker; None when nothing is."""
        due, full = self._due(after)
        if not due:
            return None
        refusal = Reason(MAPPING_FAILED, FATAL) if self._suspicion.proven else None
        landing = rounds.made(self._platform, due, full=full, refusal=refusal)
        self._at_hand = landing.messages
        if landing.jobs:
            self._worker.send(landing.jobs)
        return landing

    def _due(self, after: int) -> tuple[list[Message], bool]:
        """Give the messages of the next round, and whether it ended because it was full."""
        now = self._platform.clock.now_ms()
        before = now - int(self._platform.dials["landing_delay"] * 1000)
        due: list[Message] = []
        size, most = 0, self._suspicion.most
        while len(due) < most and size < MOST_BYTES:
            page = self.journal.read(after, min(PAGE, most - len(due)))
            # A message from the future was accepted before somebody turned the clock back: it has waited long enough.
            # Only what is due without a gap: the cursor must not pass a message that stays behind.
            ready = list(takewhile(lambda message: message.received <= before or message.received > now, page))
            due += ready
            if len(ready) < len(page) or not page:
                return due, False
            after = page[-1].number
            size += sum(len(message.body) for message in page)
        return due, True

    def _land(self, landing: Round) -> None:
        began = time.monotonic()
        outcomes = self._worker.receive() if landing.jobs else []
        refused = next((outcome.error for outcome in outcomes if outcome.error), "")
        if refused:
            raise OSError(refused)
        self._suspicion.landed()
        self._at_hand = 0
        if landing.full:
            self._ahead = self._sent(landing.last)
        now = self._platform.clock.now_ms()
        told = [microbatch.told(job, outcome, now) for job, outcome in zip(landing.jobs, outcomes, strict=True)]
        try:
            self._commit(told, landing.last)
        except BaseException:
            self._take_back(told, landing.last)
            raise
        log.info(
            "landed %d messages of %d dataflows in %.0f ms", landing.messages, len(told),
            1000 * (time.monotonic() - began),
        )  # fmt: skip

    def _commit(self, told: list[MicroBatch], last: int) -> None:
        """Bring the files to their place, then tell of them and move the cursor, in one transaction."""
        for batch in told:
            micro, target = batch.micro, batch.target
            names = [
                f"{id}{suffix}" for id, suffix in ((micro.landed_batch, LANDED), (micro.failed_batch, FAILED)) if id
            ]
            self.lake.take([self._staging / name for name in names], target.seat, target.dataset)
        with self._store.transaction():
            kept = {id(batch) for batch in told if self._tell(batch)}
            self._store.within("", "").put(*CURSOR, {"number": last}, now=self._platform.clock.now_ms())
        self._cursor = last
        for batch in told:
            if id(batch) in kept:
                self._runs.opened(batch.target.seat, batch.target.sandbox, batch.target.flow)
            else:
                self._discard(batch)

    def _tell(self, batch: MicroBatch) -> bool:
        """Tell the Catalog and the run, inside the round's transaction; False when the dataset went away meanwhile."""
        target = batch.target
        scope = self._store.within(target.seat, target.sandbox)
        if scope.get("dataSets", target.dataset) is None:
            return False
        for id, body in batch.bodies.items():
            scope.put(batches.KIND, id, body, now=body["created"], name=target.dataset)
        self._runs.count(scope, target.flow, batch.micro)
        return True

    def _take_back(self, told: list[MicroBatch], last: int) -> None:
        """Remove the files of a round that failed, unless its transaction reached the disk after all."""
        on_disk = self._kept_cursor() >= last
        for batch in told:
            if on_disk:
                self._runs.opened(batch.target.seat, batch.target.sandbox, batch.target.flow)
            else:
                self._discard(batch)
        self._cursor = last if on_disk else self._cursor

    def _discard(self, batch: MicroBatch) -> None:
        for id in batch.bodies:
            for suffix in (LANDED, FAILED):
                self.lake.path(batch.target.seat, batch.target.dataset, id, suffix).unlink(missing_ok=True)

    def _clear_staging(self) -> None:
        self._staging.mkdir(exist_ok=True, mode=0o700)
        for path in self._staging.iterdir():
            if path.name != LOCK:
                path.unlink()

    def _tidy_journal(self) -> None:
        if self._cursor > self._forgotten and time.monotonic() - self._forgot_at > FORGET_EVERY:
            self.journal.forget(self._cursor)
            self._forgotten, self._forgot_at = self._cursor, time.monotonic()

    def _forget_seat(self, seat: str | None) -> None:
        """Let go of a seat's files (None: of all seats'); its messages find no dataset and go by themselves."""
        for folder in [seat] if seat else [path.name for path in self.lake.folder.iterdir()]:
            self.lake.forget(folder)

    def _committed(self, ids: set[str]) -> set[str]:
        """Give those of some batch ids that the Catalog has."""
        marks = ",".join("?" * len(ids))
        query = f"SELECT id FROM objects WHERE kind = ? AND id IN ({marks})"  # noqa: S608
        with self._store.transaction() as database:
            return {id for (id,) in database.execute(query, (batches.KIND, *ids))}

    def _kept_cursor(self) -> int:
        row = self._store.within("", "").get(*CURSOR)
        return row.body["number"] if row else 0

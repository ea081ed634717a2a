"""The importer: a thread that runs errands, one after the other, each to its end or again after a restart."""

from __future__ import annotations

import logging
import sqlite3
import threading

from ..catalog import batches
from ..landing.lake import FAILED, LANDED
from ..platform import Platform
from ..state import errands
from ..state.store import Row, Scope
from .promotion import UNDER_WAY, Broken, Dropped, Promotion
from .promotion_files import DIAGNOSTICS, REJECTED, remove
from .promotion_process import PromotionEnded, PromotionProcess
from .uploads import Uploads

LOOKS = 1.0  # seconds between two looks for errands when nobody says that there is one
NOT_DUE = 0.05  # seconds until the next look at what waits for the dial landing_delay
REST = 1.0  # seconds to wait after the disk refused
LOCK = "promotion.lock"  # in the state folder: held by the one process that may write what a batch becomes
CHANCES = 2  # for a batch in which the promotion process ends: it may have been somebody else's fault once
RESTARTS = 5  # for a batch in which the platform ends: so often in a row nobody ends it by chance

_SMALLER = "It may take more memory or time than a batch has: send fewer or shorter rows."

log = logging.getLogger(__name__)


class Importer:
    """Promotes completed batches, and removes what was reverted or deleted; one thread for one local platform."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self.uploads = Uploads(platform.folder, platform.store)
        platform.importer = self
        platform.forgetters.append(self.uploads.forget_seat)
        self._process = PromotionProcess(platform.folder / LOCK)
        self._attempts: dict[str, int] = {}  # by errand: how often it was begun without an end
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._work, name="importer", daemon=True)

    def start(self) -> None:
        """Start: first what a former process left to do."""
        self.uploads.tidy()
        self._thread.start()

    def stop(self) -> None:
        """Stop soon; a promotion under way is done again after the next start."""
        self._stopping.set()
        self._wake.set()
        while self._thread.is_alive():
            self._process.kill()
            self._thread.join(0.1)
        self._process.stop()

    def wake(self) -> None:
        """Say that there may be an errand."""
        self._wake.set()

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            waits = [wait for wait in map(self._tried, self._waiting()) if wait]
            if not self._stopping.is_set():
                self._process.rest()
                self._wake.wait(min(waits, default=LOOKS))

    def _waiting(self) -> list[Row]:
        try:
            return errands.waiting(self._platform.store)
        except sqlite3.Error:
            log.exception("the errands cannot be read; they are looked for again in %s s", LOOKS)
            return []

    def _tried(self, row: Row) -> float:
        """Run one errand; gives the seconds after which to try it again, 0 when it is done."""
        try:
            return 0.0 if self._done(row) else NOT_DUE
        except (OSError, sqlite3.Error):
            log.exception("an errand failed; it is tried again in %s s, the others go on", REST)
            self._stopping.wait(0.05)  # a disk that refuses at once must not keep a core busy
            return REST

    def _done(self, row: Row) -> bool:
        """Run one errand; False when it is not due yet."""
        if self._stopping.is_set():
            return False
        scope = self._platform.store.within(row.seat, row.sandbox)
        task = row.body["task"]
        if task == errands.PROMOTE:
            return self._promoted(scope, row)
        batch = row.body["batch"]
        if task == errands.UNLINK:
            self.uploads.unlink(row.seat, batch, row.body["names"])
        elif task == errands.UPLOADS:
            self.uploads.drop(scope, batch)
        elif task == errands.REMOVE:
            self._remove(scope, row.body["dataset"], batch)
        elif task == errands.FORGET:
            self._forget(scope, row)
        scope.delete(errands.KIND, row.id)
        return True

    def _promoted(self, scope: Scope, row: Row) -> bool:
        now, delay = self._platform.clock.now_ms(), int(self._platform.dials["landing_delay"] * 1000)
        # An errand from the future was written before somebody turned the clock back: it has waited long enough.
        if row.created <= now < row.created + delay:
            return False
        before = self._attempts.get(row.id, row.body.get("attempts", 0))
        if before >= RESTARTS:
            self._fail(scope, row, f"The local platform ended {before} times while it promoted the batch. {_SMALLER}")
            return True
        try:
            self._begin(scope, row, before)
        except PromotionEnded as error:
            return self._ended(scope, row, before + 1, str(error))
        except (OSError, sqlite3.Error):
            self._retrying(scope, row.body["batch"])
            raise
        except Exception as error:
            log.exception("the batch %s could not be promoted", row.body["batch"])
            self._fail(scope, row, f"The local platform failed while promoting: {_named(error)}")
        return True

    def _begin(self, scope: Scope, row: Row, before: int) -> None:
        """Promote a batch; only an end of the process, or our own, leaves the attempt counted."""
        ended = False
        try:
            Promotion(self._platform, scope, row.body["batch"], self._stopping.is_set).run(
                row, before + 1, self._process
            )  # fmt: skip
        except PromotionEnded:
            ended = not self._stopping.is_set()
            if ended:
                raise
        except Dropped:
            if not self._stopping.is_set():
                scope.delete(errands.KIND, row.id)
        finally:
            self._attempts[row.id] = before + ended
            self._note(scope, row.id)

    def _note(self, scope: Scope, id: str) -> None:
        """Write down the attempts at an errand that is not done; forget those of one that is."""
        try:
            errand = scope.get(errands.KIND, id)
            if errand is None:
                del self._attempts[id]
            elif errand.body.get("attempts", 0) != self._attempts[id]:
                errands.attempted(scope, errand, self._attempts[id], now=self._platform.clock.now_ms())
        except sqlite3.Error:
            log.exception("the attempts at an errand cannot be written down; this process knows them")

    def _ended(self, scope: Scope, row: Row, attempts: int, how: str) -> bool:
        """Fail a batch in which the promotion process ended too often; False when it gets another chance."""
        log.warning("the promotion process ended in the batch %s: %s", row.body["batch"], how)
        if attempts < CHANCES:
            return False
        self._fail(
            scope, row, f"The process that reads the batch ended {attempts} times, at last with {how}. {_SMALLER}"
        )
        return True

    def _retrying(self, scope: Scope, batch: str) -> None:
        """Show that the disk refused, when at least that can be written."""
        try:
            self._change(scope, batch, status="retrying")
        except sqlite3.Error:
            log.warning("the batch %s is tried again", batch)

    def _fail(self, scope: Scope, row: Row, words: str) -> None:
        """Fail a batch that cannot be promoted; others go on."""
        batch = row.body["batch"]
        with self._platform.store.transaction():
            found = scope.get(batches.KIND, batch)
            if found is not None and found.body["status"] in UNDER_WAY:
                remove(self._platform.lake.path(scope.seat, found.name or "", batch, ""))
                self._change(scope, batch, status="failed", completed=self._platform.clock.now_ms(),
                             errors=[{"code": "500", "description": words, "rows": []}])  # fmt: skip
                errands.remove_uploads(self._platform, scope, batch, now=self._platform.clock.now_ms())
            scope.delete(errands.KIND, row.id)
        self._attempts.pop(row.id, None)

    def _change(self, scope: Scope, id: str, **changes: object) -> None:
        with self._platform.store.transaction():
            found = scope.get(batches.KIND, id)
            if found is not None:
                body = batches.touched(
                    found.body, self._platform.clock.now_ms(), found.body["updatedUser"], **changes
                )  # fmt: skip
                scope.put(batches.KIND, id, body, name=found.name, now=body["updated"])

    def _remove(self, scope: Scope, dataset: str, batch: str) -> None:
        """Remove the landed rows of a batch, and all that there is of it when the batch itself is gone."""
        stays = scope.get(batches.KIND, batch) is not None
        self.uploads.drop(scope, batch) if stays else self.uploads.forget(scope, batch)
        for suffix in (LANDED,) if stays else (LANDED, FAILED, REJECTED, *DIAGNOSTICS.values()):
            self._platform.lake.path(scope.seat, dataset, batch, suffix).unlink(missing_ok=True)

    def _forget(self, scope: Scope, row: Row) -> None:
        """Remove the files of a dataset that is gone: those of the lake and those that were uploaded for it."""
        self._platform.lake.forget(row.seat, row.body["dataset"])
        for batch in row.body["batches"]:
            self.uploads.forget(scope, batch)


def _named(error: Exception) -> str:
    return str(error) if isinstance(error, Broken) else f"{type(error).__name__}: {error}"

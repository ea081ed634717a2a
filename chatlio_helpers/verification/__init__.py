"""Sent against landed, event by event: the only proof that the journey works.

A 200 from the inlet means received; mapping, validation and writing come later, on a live platform up to an hour later
(documented: Adobe, ingestion guardrails). So silence has a patience: until it is used up, an event is under way, and
is never called lost.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING

from ..cards import html_table
from ..delivery import Delivery, Sent
from ..errors import VerificationFailed
from ..events import KINDS
from ..progress import Progress
from ..progress import progress as shown
from ..results import Result
from ..tables import table
from .landings import Landings

if TYPE_CHECKING:
    import pandas

    from ..aep.access import Access
    from ..aep.catalog import Catalog

LOCAL_PATIENCE = 30.0  # seconds
LIVE_PATIENCE = 75 * 60.0  # an hour is what Adobe allows itself; a quarter more before silence means something
_SOONEST, _LATEST = 0.1, 120.0  # seconds between two looks
_SHOWN = 20

ShowProgress = Callable[[str, int], Progress]


@dataclass(frozen=True)
class Verified:
    """One event: ``outcome`` is landed, failed or under way; ``seconds`` runs from acceptance to its batch."""

    kind: str
    event: str
    outcome: str
    where: str = ""
    reason: str = ""
    batch: str = ""
    copies: int = 0
    seconds: float | None = None
    silent: float = 0.0


class Verification:
    """What became of every received event, as far as the platform shows it now; :meth:`again` looks further."""

    def __init__(self, landings: Landings, deliveries: tuple[Delivery, ...], patience: float) -> None:
        self._landings, self._deliveries, self.patience = landings, deliveries, patience
        self.seconds = 0.0
        self.at: float | None = None
        self.events: tuple[Verified, ...] = ()

    def again(self, timeout: float = LOCAL_PATIENCE, *, progress: ShowProgress | None = None) -> Verification:
        """Wait on, up to *timeout* seconds, without reading a batch a second time; gives itself."""
        began = time.monotonic()
        with (progress or shown)("settled", len(self._deliveries)) as bar:
            while True:
                self._look(bar)
                waited = time.monotonic() - began
                if self._landings.settled() >= len(self._deliveries) or waited >= timeout:
                    break
                time.sleep(min(pause(waited), timeout - waited))
        self.seconds += time.monotonic() - began
        return self

    @property
    def landed(self) -> tuple[Verified, ...]:
        """Events with a row in the dataset."""
        return tuple(one for one in self.events if one.outcome == "landed")

    @property
    def failed(self) -> tuple[Verified, ...]:
        """Events that mapping or validation refused, with the reason."""
        return tuple(one for one in self.events if one.outcome == "failed")

    @property
    def under_way(self) -> tuple[Verified, ...]:
        """Events of which the platform shows nothing yet."""
        return tuple(one for one in self.events if one.outcome == "under way")

    @property
    def overdue(self) -> tuple[Verified, ...]:
        """Events of which the platform shows nothing although the patience is used up."""
        return tuple(one for one in self.under_way if one.silent >= self.patience)

    @property
    def duplicates(self) -> tuple[Verified, ...]:
        """Events that landed more than once."""
        return tuple(one for one in self.events if one.copies > 1)

    @property
    def latency(self) -> dict[str, float]:
        """Seconds from acceptance to the batch: ``median`` and ``p95`` (nearest rank); empty when nothing landed."""
        seconds = sorted(one.seconds for one in self.landed if one.seconds is not None)
        if not seconds:
            return {}
        return {"median": round(median(seconds), 3), "p95": round(seconds[math.ceil(0.95 * len(seconds)) - 1], 3)}

    @property
    def frame(self) -> pandas.DataFrame:
        """One row per event: kind, event, outcome, where, reason, batch, copies, seconds, silent."""
        return _frame(self.events)

    @property
    def differences(self) -> pandas.DataFrame:
        """The rows of :attr:`frame` in which sent and landed differ: not landed, or landed more than once."""
        return _frame(tuple(one for one in self.events if one.copies != 1))

    def check(self) -> Result:
        """Return the proof; raise VerificationFailed when an event failed, is overdue, or none was sent.

        Events under way, and duplicates (the platform delivers at least once), make the result a warning.
        """
        if self.failed or self.overdue or not self.events:
            raise self._failure()
        odd = self.under_way or self.duplicates
        return Result(
            "verified",
            self._says(),
            "warning" if odd else "ok",
            expected=len(self.events),
            found=len(self.landed),
            seconds=round(self.seconds, 3),
            evidence={"at": self.at, "latency": self.latency, "duplicates": len(self.duplicates)},
        )

    def __repr__(self) -> str:
        return f"Verification: {self._says()}"

    def _repr_html_(self) -> str:
        rows = [
            {
                "kind": kind,
                "sent": sum(one.kind == kind for one in self.events),
                **{
                    outcome: sum(one.kind == kind and one.outcome == outcome for one in self.events)
                    for outcome in ("landed", "failed", "under way")
                },
                "landed twice or more": sum(one.kind == kind for one in self.duplicates),
            }
            for kind in KINDS
        ]
        odd = [{"kind": o.kind, "event": o.event[:12], "where": o.where, "reason": o.reason} for o in self.failed]
        return html_table(rows, repr(self)) + (html_table(odd[:_SHOWN], f"Failed: {len(odd)}") if odd else "")

    def _look(self, bar: Progress) -> None:
        before = self._landings.settled()
        self._landings.look()
        found = self._landings.settled()
        if self.at is None and self._landings.landed:
            self.at = time.time()
        self.events = tuple(self._verified(one, time.time()) for one in self._deliveries)
        bar.step(found - before, note=self._note(found))

    def _note(self, found: int) -> str:
        """Say how the settled events ended, and while some are not, how long that is normal."""
        landed = len(self._landings.landed)
        ended = f"{landed} landed, {found - landed} failed"
        patient = f"; silence is normal for {_minutes(self.patience)}"
        return ended if found == len(self._deliveries) else ended + patient

    def _verified(self, sent: Delivery, now: float) -> Verified:
        landings = self._landings.landed.get(sent.event, [])
        refused = self._landings.failed.get(sent.event, "")
        start = sent.received or sent.at
        outcome = "landed" if landings else "failed" if refused else "under way"
        return Verified(
            sent.kind,
            sent.event,
            outcome,
            sent.where,
            refused if not landings else "",
            landings[0].batch if landings else "",
            len(landings),
            max(0.0, min(one.at for one in landings) - start) if landings and start else None,
            max(0.0, now - (sent.at or now)) if outcome == "under way" else 0.0,
        )

    def _failure(self) -> VerificationFailed:
        if not self.events:
            return VerificationFailed("Nothing was sent, so nothing can be verified.", next_step="send events first")
        worst = self.failed[0].reason if self.failed else "the platform shows neither a row nor an error"
        error = VerificationFailed(
            f"Sent and landed differ: {self._says()}. The first reason: {worst}",
            cause="rows that mapping or validation refuses; or, when nothing at all is to be seen, a wrong dataflow id "
            "or data sent before the dataflow had settled",
            next_step="correct the payload or the mapping; if it is only slow, look again: .again() (notebook), or the "
            "same command; .differences (notebook) lists all that differ",
            expected=len(self.events),
            found=len(self.landed),
        )
        error.differences = self.differences
        return error

    def _says(self) -> str:
        words = [f"{len(self.landed)} of {len(self.events)} landed"]
        words += [f"{len(self.failed)} failed"] if self.failed else []
        words += [f"{len(self.under_way)} under way"] if self.under_way else []
        words += [f"{len(self.duplicates)} landed more than once"] if self.duplicates else []
        latency = f", median {self.latency['median']:.1f} s after acceptance" if self.latency else ""
        return ", ".join(words) + latency


def verify(
    access: Access,
    catalog: Catalog,
    dataset_id: str,
    sent: Sent,
    *,
    timeout: float = LOCAL_PATIENCE,
    patience: float = LOCAL_PATIENCE,
    progress: ShowProgress | None = None,
) -> Verification:
    """Compare what *sent* says was received with the rows and the failed rows of the dataset, by event id.

    Waits up to *timeout* seconds until every event has landed or failed; calling ``again`` on the result continues.
    *patience* is how long after acceptance silence is normal: :data:`LIVE_PATIENCE` on a live platform. Reads only
    batches made since the first acceptance. Raises PlatformError and its kin when the platform cannot be asked.
    """
    deliveries = {one.event: one for one in (*sent.accepted, *sent.already_delivered)}
    since = min((one.received or one.at or time.time() for one in deliveries.values()), default=time.time())
    landings = Landings(access, catalog, dataset_id, frozenset(deliveries), since)
    return Verification(landings, tuple(deliveries.values()), patience).again(timeout, progress=progress)


def pause(waited: float) -> float:
    """Give the seconds until the next look after *waited* seconds: a tenth of them, from 0.1 s to two minutes."""
    return min(max(_SOONEST, waited / 10), _LATEST)


def _frame(events: tuple[Verified, ...]) -> pandas.DataFrame:
    names = ("kind", "event", "outcome", "where", "reason", "batch", "copies", "seconds", "silent")
    return table((asdict(one) for one in events), columns=names)


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} s"

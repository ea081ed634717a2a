"""What became of the events of one ``send``: one delivery per event, and the whole as something to look at.

``accepted`` means that the platform answered 200: received, not stored. Only verification proves that a row landed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .cards import html_table
from .events import KINDS
from .results import Result, check
from .secret import redact
from .tables import table

if TYPE_CHECKING:
    import pandas

_SHOWN = 20  # rows in a notebook; .table() has all
NEXT_STEPS = {
    "dead": "correct what the platform names, then send with revive=True (notebook) or --revive (command line)",
    "waiting": "send again: it continues with what waits",
}  # by state; what was refused has a next step of its own


@dataclass(frozen=True)
class Delivery:
    """One event and what became of it.

    ``state`` is accepted, already_delivered, refused (never put), dead (never to be sent again) or waiting; ``where``
    names the file; ``reason`` and ``next_step`` say what is wrong and what to do; ``tries`` counts the requests of all
    runs; ``at`` is the moment of acceptance by our clock and
    ``received`` by the platform's (epoch seconds); ``receipt`` is the platform's transaction id.
    """

    kind: str
    event: str
    state: str
    where: str = ""
    reason: str = ""
    next_step: str = field(default="", repr=False)
    receipt: str = field(default="", repr=False)
    tries: int = 0
    at: float | None = None
    received: float | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Sent:
    """The deliveries of one ``send`` and how long it took; ``repeats`` counts events that were given twice."""

    deliveries: tuple[Delivery, ...]
    seconds: float
    repeats: int = 0

    @cached_property
    def accepted(self) -> tuple[Delivery, ...]:
        """Received by the platform in this run."""
        return self._in("accepted")

    @cached_property
    def already_delivered(self) -> tuple[Delivery, ...]:
        """Received in an earlier run, so not sent again."""
        return self._in("already_delivered")

    @cached_property
    def refused(self) -> tuple[Delivery, ...]:
        """Not sent, because the kit knows that it cannot go well; the reason says what to do."""
        return self._in("refused")

    @cached_property
    def dead(self) -> tuple[Delivery, ...]:
        """Refused by the platform for good; the reason is the platform's."""
        return self._in("dead")

    @cached_property
    def waiting(self) -> tuple[Delivery, ...]:
        """Still in the outbox: the next ``send`` tries again."""
        return self._in("waiting")

    @property
    def ids(self) -> Mapping[str, tuple[str, ...]]:
        """Give, for each kind, the event ids that should land: accepted now or earlier."""
        received = (*self.accepted, *self.already_delivered)
        return {kind: tuple(one.event for one in received if one.kind == kind) for kind in KINDS}

    @property
    def not_received(self) -> tuple[Delivery, ...]:
        """Give what is refused, dead or still waiting."""
        return (*self.refused, *self.dead, *self.waiting)

    def table(self) -> pandas.DataFrame:
        """Give one row per event: kind, event, state, where, reason, next_step, tries, at."""
        columns = ("kind", "event", "state", "where", "reason", "next_step", "tries", "at")
        return table(({name: asdict(one)[name] for name in columns} for one in self.deliveries), columns=columns)

    def check(self) -> Result:
        """Return what was received; raise CheckFailed when something is dead or still waiting, or nothing was sent."""
        received = len(self.accepted) + len(self.already_delivered)
        odd = (*self.dead, *self.waiting)
        return check(
            "sent",
            received and not odd,
            self._says(),
            otherwise=f"Not everything was received: {self._says()}. {self._first_reason()}".strip(),
            next_step=self._next_step(),
            status="warning" if self.refused else "ok",
            expected=received + len(odd),
            found=received,
            seconds=round(self.seconds, 3),
            evidence={
                "at": min((one.at for one in self.accepted if one.at), default=None),
                **self._counts(),
                "per_kind": {kind: len(ids) for kind, ids in self.ids.items()},
            },
        )

    def __repr__(self) -> str:
        return redact(f"Sent: {self._says()}")

    def _repr_html_(self) -> str:
        return html_table(self._per_kind(), f"Sent: {self._says()}") + self._odd_html()

    def _in(self, state: str) -> tuple[Delivery, ...]:
        return tuple(one for one in self.deliveries if one.state == state)

    def _first_odd(self) -> Delivery | None:
        return next(iter((*self.dead, *self.waiting, *self.refused)), None)

    def _first_reason(self) -> str:
        first = self._first_odd()
        return ": ".join(part for part in (first.where, first.reason) if part) if first else ""

    def _next_step(self) -> str:
        first = self._first_odd()
        return first.next_step if first else "give a file or a folder with payloads"

    def _counts(self) -> dict[str, int]:
        states = ("accepted", "already_delivered", "refused", "dead", "waiting")
        return {state: len(self._in(state)) for state in states}

    def _says(self) -> str:
        words = [f"{count} {state.replace('_', ' ')}" for state, count in self._counts().items() if count]
        again = f", {self.repeats} given twice" if self.repeats else ""
        return f"{', '.join(words) or 'nothing'}{again} in {self.seconds:.1f} s"

    def _per_kind(self) -> list[dict[str, Any]]:
        kinds = [*KINDS, *([""] if any(not one.kind for one in self.deliveries) else [])]
        states = list(self._counts())
        return [
            {
                "kind": kind or "not known",
                **{s.replace("_", " "): sum(o.kind == kind and o.state == s for o in self.deliveries) for s in states},
            }
            for kind in kinds
        ]

    def _odd_html(self) -> str:
        odd, names = self.not_received, ("state", "kind", "where", "reason", "next_step")
        rows = [{name.replace("_", " "): getattr(one, name) for name in names} for one in odd[:_SHOWN]]
        return html_table(rows, f"Not received: {len(odd)}") if odd else ""

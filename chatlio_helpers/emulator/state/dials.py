"""Time and faults, as numbers that a test or a trainer may turn."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .store import Store


@dataclass(frozen=True)
class Dial:
    """One number: where it starts, how far it may go, what it does, and what the live platform does.

    A ``passing`` one counts down to 0 by itself, in seconds, and is over after a restart; a ``whole`` one takes no
    fractions.
    """

    start: float
    most: float
    does: str
    live: str
    least: float = 0.0
    passing: bool = False
    whole: bool = False


FAULT_STATUSES = (500, 502, 503, 504)

DIALS: dict[str, Dial] = {
    "landing_delay": Dial(0.2, 3600, "seconds from an accepted event to its landing", "up to 60 minutes"),
    "enabling_delay": Dial(0.2, 3600, "seconds until a new or resumed dataflow is enabled", "about 6 seconds"),
    "run_window": Dial(2.0, 86400, "seconds of events that one run of a streaming dataflow covers", "one hour"),
    "run_close_delay": Dial(0.2, 86400, "seconds from the end of a window to its closed run", "about 40 minutes"),
    "query_time": Dial(600, 86400, "seconds that a query may take", "10 minutes (interactive)", 0.1),
    "token_life": Dial(86399, 86399, "seconds that a new access token is good for", "24 hours", 1),
    "clock_offset": Dial(0.0, 10**9, "seconds that the platform's clock is ahead", "none", -(10.0**9)),
    "latency": Dial(0.0, 60, "seconds added before each answer", "some 0.2 to 2 seconds"),
    "latency_jitter": Dial(0.0, 60, "most seconds added to the latency, by a draw for each request", "not known"),
    "throttle_rate": Dial(0.0, 1, "share of requests that are answered 429", "none below the limits"),
    "fault_rate": Dial(0.0, 1, "share of requests that are answered by the status of fault_status", "rare"),
    "fault_status": Dial(503, 504, "what fault_rate answers: 500, 502, 503 or 504", "mostly 503", 500),
    "token_refusal_rate": Dial(0.0, 1, "share of requests whose good token is refused: 401", "after its 24 hours"),
    "lost_rate": Dial(0.0, 1, "share of requests that are carried out and whose answer is cut off", "rare"),
    "seat_limit": Dial(0.0, 10**6, "requests a second that a seat may make, then 429; 0: no limit", "not known"),
    "inlet_limit": Dial(0.0, 10**6, "requests a second that an inlet takes, then 429; 0: no limit", "some thousands"),
    "freeze": Dial(0.0, 120, "seconds, from now, in which nothing is answered", "no such thing", passing=True),
    "seed": Dial(
        0, 10**9, "where the draws for rates and jitter start; they start anew when it is set", "none", whole=True
    ),
}


# While all of these are 0, no request is held up, spoilt or counted.
_TROUBLE = ("latency", "latency_jitter", "throttle_rate", "fault_rate", "token_refusal_rate", "lost_rate",
            "seat_limit", "inlet_limit", "freeze")  # fmt: skip


class Dials:
    """The dials as they stand; kept in the store, so that they survive a restart.

    ``quiet`` tells that no dial makes trouble for requests. ``draws`` are the dice of all faults, which start where the
    dial ``seed`` says: one sequence of requests from one seed meets the same faults each time.
    """

    def __init__(self, store: Store) -> None:
        self._scope = store.within("", "")
        row = self._scope.get("dials", "dials")
        # What a former version took and this one does not, a dial or a value of one, is left aside.
        self._turned: dict[str, float] = {
            name: value for name, value in (row.body if row else {}).items() if name in DIALS and not fault(name, value)
        }
        self._ends: dict[str, float] = {}
        self.draws = random.Random(int(self["seed"]))
        self.quiet = self._is_quiet()

    def __getitem__(self, name: str) -> float:
        if DIALS[name].passing:
            return max(0.0, self._ends.get(name, 0.0) - time.monotonic())
        return self._turned.get(name, DIALS[name].start)

    def all(self) -> dict[str, float]:
        """Give every dial's value by name."""
        return {name: self[name] for name in DIALS}

    def turn(self, values: dict[str, float], *, now: int) -> None:
        """Set some dials at once; raises ValueError naming what is unknown or out of range, and then sets none."""
        for name, value in values.items():
            if why := fault(name, value):
                raise ValueError(why)
        lasting = {name: float(value) for name, value in values.items() if not DIALS[name].passing}
        if lasting:
            turned = {**self._turned, **lasting}
            self._scope.put("dials", "dials", turned, now=now)
            self._turned = turned
        self._ends |= {name: time.monotonic() + values[name] for name in values if DIALS[name].passing}
        if "seed" in values:
            self.draws.seed(int(self["seed"]))
        self.quiet = self._is_quiet()

    def reset(self) -> None:
        """Set every dial to where it starts."""
        self._scope.delete("dials", "dials")
        self._turned, self._ends = {}, {}
        self.draws.seed(int(self["seed"]))
        self.quiet = self._is_quiet()

    def _is_quiet(self) -> bool:
        return not any(self[name] for name in _TROUBLE)


def fault(name: str, value: object) -> str:
    """Say why the dial *name* cannot be turned to *value*; empty when it can."""
    dial = DIALS.get(name)
    if dial is None:
        return f"There is no dial {name!r}; there are: {', '.join(DIALS)}."
    if isinstance(value, bool) or not isinstance(value, int | float) or not dial.least <= value <= dial.most:
        return f"The dial {name!r} takes a number from {dial.least:g} to {dial.most:g}; it got {value!r}."
    if dial.whole and value != int(value):
        return f"The dial {name!r} takes a whole number; it got {value!r}."
    if name == "fault_status" and value not in FAULT_STATUSES:
        return f"The dial 'fault_status' takes {', '.join(map(str, FAULT_STATUSES))}; it got {value!r}."
    return ""

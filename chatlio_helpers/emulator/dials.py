"""Time and faults, as numbers that a test or a trainer may turn."""

from __future__ import annotations

from dataclasses import dataclass

from .store import Store


@dataclass(frozen=True)
class Dial:
    """One number: where it starts, how far it may go, what it does, and what the live platform does."""

    start: float
    most: float
    does: str
    live: str
    least: float = 0.0


DIALS: dict[str, Dial] = {
    "landing_delay": Dial(0.2, 3600, "seconds from an accepted event to its landing", "up to 60 minutes"),
    "enabling_delay": Dial(0.2, 3600, "seconds until a new or resumed dataflow is enabled", "about 6 seconds"),
    "run_window": Dial(2.0, 86400, "seconds of events that one run of a streaming dataflow covers", "one hour"),
    "run_close_delay": Dial(0.2, 86400, "seconds from the end of a window to its closed run", "about 40 minutes"),
    "token_life": Dial(86399, 86399, "seconds that a new access token is good for", "24 hours"),
    "clock_offset": Dial(0.0, 10**9, "seconds that the platform's clock is ahead", "none", -(10.0**9)),
    "latency": Dial(0.0, 60, "seconds added before each answer", "some 0.2 to 2 seconds"),
    "throttle_rate": Dial(0.0, 1, "share of requests that are answered 429", "none below the limits"),
    "fault_rate": Dial(0.0, 1, "share of requests that are answered 503", "rare"),
    "lost_rate": Dial(0.0, 1, "share of requests that are carried out and whose answer is cut off", "rare"),
    "seed": Dial(0, 10**9, "where the draws for the three rates start", "no such thing"),
}


class Dials:
    """The dials as they stand; kept in the store, so that they survive a restart."""

    def __init__(self, store: Store) -> None:
        self._scope = store.within("", "")
        row = self._scope.get("dials", "dials")
        self._turned: dict[str, float] = dict(row.body) if row else {}

    def __getitem__(self, name: str) -> float:
        return self._turned.get(name, DIALS[name].start)

    def all(self) -> dict[str, float]:
        """Give every dial's value by name."""
        return {name: self[name] for name in DIALS}

    def turn(self, values: dict[str, float], *, now: int) -> None:
        """Set some dials at once; raises ValueError naming what is unknown or out of range, and then sets none."""
        for name, value in values.items():
            _checked(name, value)
        self._turned = {**self._turned, **{name: float(value) for name, value in values.items()}}
        self._scope.put("dials", "dials", self._turned, now=now)

    def reset(self) -> None:
        """Set every dial to where it starts."""
        self._turned = {}
        self._scope.delete("dials", "dials")


def _checked(name: str, value: object) -> None:
    dial = DIALS.get(name)
    if dial is None:
        raise ValueError(f"There is no dial {name!r}; there are: {', '.join(DIALS)}.")
    if isinstance(value, bool) or not isinstance(value, int | float) or not dial.least <= value <= dial.most:
        raise ValueError(f"The dial {name!r} takes a number from {dial.least:g} to {dial.most:g}; it got {value!r}.")

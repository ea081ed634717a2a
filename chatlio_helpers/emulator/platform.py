"""The local platform as one object: all that an endpoint may need, handed around as ``request.app.state.platform``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .front.gateway import Gateway
from .state.clock import Clock
from .state.dials import Dials
from .state.seats import DEFAULT, Seats
from .state.store import Store
from .state.tokens import Tokens

if TYPE_CHECKING:
    from .collection.journal import Journal
    from .ingestion.importer import Importer
    from .landing.lake import Lake
    from .landing.pipelines import Pipelines


@dataclass
class Platform:
    """Store, clock, dials, seats and gateway of one state folder; the landing side puts its three parts in.

    ``forgetters`` are called with a seat's name (None: all seats) when it is reset, so that whoever keeps things of a
    seat outside the store (journal, lake) lets go of them too.
    """

    folder: Path
    store: Store
    dials: Dials
    clock: Clock
    seats: Seats
    tokens: Tokens
    gateway: Gateway
    journal: Journal | None = None
    lake: Lake | None = None
    pipelines: Pipelines | None = None
    importer: Importer | None = None
    forgetters: list[Callable[[str | None], None]] = field(default_factory=list)


def assemble(folder: Path) -> Platform:
    """Open the state of *folder*; raises StateDamaged or StateTooNew. The default seat exists afterwards."""
    store = Store(folder)
    dials = Dials(store)
    clock, seats, tokens = Clock(dials), Seats(store), Tokens(store)
    seats.create([DEFAULT], now=clock.now_ms())
    gateway = Gateway(seats, tokens, clock)
    return Platform(folder, store, dials, clock, seats, tokens, gateway, forgetters=[seats.restore])

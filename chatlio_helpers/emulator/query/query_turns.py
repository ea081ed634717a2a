"""Whose turn it is: which of the queries that wait gets one of the few query processes.

A seat that asks gets one process, up to eight seats at once. A second one is for a seat only while nobody else needs
it: fewer than three processes run, and no seat waits that has none. Where more seats wait than there are places, the
seat goes first whose last turn is longest ago, so that no seat is passed over for the many queries of another.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

MOST_AT_ONCE = 8  # processes, when as many seats ask
MOST_OF_A_FEW = 3  # processes, when fewer seats ask
MOST_OF_A_SEAT = 2


class Turns:
    """The places of one platform; to be used from its event loop only."""

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        self._running: Counter[str] = Counter()
        self._last: dict[str, int] = {}  # the number of each seat's last turn
        self._given = 0

    @asynccontextmanager
    async def turn(self, seat: str) -> AsyncIterator[None]:
        """Wait until *seat* may run one more query, and keep the place until the end of the block."""
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(seat, deque()).append(place)
        self._give()
        try:
            await place
            yield
        finally:
            if place.done() and not place.cancelled():
                self._running[seat] -= 1
            else:
                self._leave(seat, place)
            self._give()

    def _give(self) -> None:
        """Give free places to those who wait."""
        while self._waiting:
            seat = min(self._waiting, key=lambda one: (self._running[one], self._last.get(one, 0)))
            if not self._may(seat):
                return
            place = self._waiting[seat][0]
            self._leave(seat, place)
            if not place.done():
                self._given += 1
                self._running[seat] += 1
                self._last[seat] = self._given
                place.set_result(None)

    def _may(self, seat: str) -> bool:
        most = MOST_OF_A_FEW if self._running[seat] else MOST_AT_ONCE
        return self._running[seat] < MOST_OF_A_SEAT and self._running.total() < most

    def _leave(self, seat: str, place: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(seat, ())
        if place in waiting:
            waiting.remove(place)
        if not waiting:
            self._waiting.pop(seat, None)

"""What was worked out from objects of the store, kept for as long as none of them changes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import orjson

from .store import Store

MOST_BYTES = 8_000_000


class Kept:
    """JSON values by key; each is given as a copy of its own, so that whoever gets it may change it.

    The values that were asked for longest ago go first when there is no room. Safe to use from several threads.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._entries: OrderedDict[tuple[str, ...], tuple[int, bytes]] = OrderedDict()
        self._bytes, self._lock = 0, threading.Lock()

    def value(self, key: tuple[str, ...], seat: str, kinds: Iterable[str], make: Callable[[], Any]) -> Any:
        """Give what *make* gives, or gave under *key* when no object of *kinds* of *seat* has changed since."""
        generation = self._store.generation(kinds, seat)
        with self._lock:
            found = self._entries.get(key)
            if found and found[0] == generation:
                self._entries.move_to_end(key)
                return orjson.loads(found[1])
        value = make()
        with self._lock:
            self._put(key, (generation, orjson.dumps(value)))
        return value

    def _put(self, key: tuple[str, ...], entry: tuple[int, bytes]) -> None:
        self._bytes += len(entry[1]) - len(self._entries.pop(key, (0, b""))[1])
        self._entries[key] = entry
        while self._bytes > MOST_BYTES:
            self._bytes -= len(self._entries.popitem(last=False)[1][1])


@lru_cache(maxsize=4)
def of(store: Store) -> Kept:
    """Give what is kept of *store*: a process has one store, and a test a few."""
    return Kept(store)

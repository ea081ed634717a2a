"""Which message is it that the mapping process does not survive? Found by cutting the rounds that it ends in.

A process that ended once may have been killed, or the machine was short of memory: the same round is tried again. From
the second time on the round is halved, until a single message is alone in it; that one has its chances, too.
"""

from __future__ import annotations

MOST_ROWS = 2_000
CHANCES = 3  # for a message that is alone in its round


class Suspicion:
    """How many messages the next round may have, and whether the one message in it is given up."""

    def __init__(self) -> None:
        self._most = MOST_ROWS
        self._ended = self._alone = 0

    @property
    def most(self) -> int:
        """How many messages the next round may have."""
        return 1 if self.proven else self._most

    @property
    def proven(self) -> bool:
        """Whether the process ended so often with one message that this message is given up."""
        return self._alone >= CHANCES

    def ended(self, messages: int) -> None:
        """Take note that the process ended in a round of so many *messages*."""
        self._ended += 1
        if messages == 1:
            self._alone += 1
        elif self._ended > 1:
            self._most = max(1, messages // 2)

    def landed(self) -> None:
        """Take note that a round landed: the next one may be twice as large."""
        self._ended = self._alone = 0
        self._most = min(MOST_ROWS, 2 * self._most)

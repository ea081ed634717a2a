"""The changes of one turn of the event loop, which reach the disk together."""

from __future__ import annotations

import asyncio


class Turn:
    """The changes of one turn of the event loop, which are committed together."""

    def __init__(self, ended: asyncio.Future[BaseException | None], began: float) -> None:
        self._ended, self.began, self.at_work = ended, began, False

    async def over(self) -> None:
        """Return when the changes are on disk; raises the error when they are not."""
        failure = await asyncio.shield(self._ended)  # who hangs up must not end the waiting of the others
        if failure:
            raise failure

    def end(self, failure: BaseException | None) -> None:
        """Tell those who wait."""
        self._ended.set_result(failure)

"""A limit on the processor time of one piece of work: a regular expression may never come to an end.

The limit is kept by a timer of the system that interrupts the main thread, also inside Python's regular expressions.
Where there is none (Windows, other threads) the work goes on; the mapping process then has its watchdog.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from functools import cache
from types import FrameType
from typing import Any, Final, TypeVar

PATIENT: Final = 2.0  # seconds of processor time for one row; a common one takes a ten-thousandth of it
HURRIED: Final = 0.2  # for the rows that come after several slow ones

T = TypeVar("T")


class TooLong(BaseException):
    """The work took longer than it may; no handler of ordinary errors must take it for one."""


def within(seconds: float, work: Callable[..., T], *arguments: Any) -> T:
    """Do *work*; raises TooLong when it takes more than *seconds* of processor time."""
    if threading.get_ident() != _MAIN or not _timer():
        return work(*arguments)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        return work(*arguments)
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


@cache
def _timer() -> bool:
    """Set up the interruption; False where the system has no such timer."""
    if not hasattr(signal, "setitimer"):
        return False
    signal.signal(signal.SIGVTALRM, _interrupt)
    return True


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise TooLong


_MAIN: Final = threading.main_thread().ident

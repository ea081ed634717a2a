"""How far a long step is: one line that changes in a front end, a few lines of text everywhere else.

::

    with progress("sending", total=27) as bar:
        for entry in entries:
            send(entry)
            bar.step(note=entry.kind)

Headless there is never a widget, and at most one line per tenth of the work or per five seconds, then a final one:
a bar made for a terminal leaves hundreds of lines in an executed notebook, and a widget leaves "0 %".
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from html import escape
from typing import Any

from .secret import redact

_QUIET = 1.0  # seconds: no line between two tenths that are closer than this
_PATIENCE = 5.0  # seconds without a line
_LONG_WAIT = 20  # an hour's wait gets a line per twentieth of the time waited so far, not one per five seconds
REPAINT = 0.1  # seconds between two updates of a display


Painter = Callable[["Progress", bool], None]
_painter: ContextVar[Painter | None] = ContextVar("painter", default=None)


class Progress:
    """A counted step on its way; ``show`` paints it and is called with ``final=True`` once, at the end."""

    def __init__(
        self,
        label: str,
        total: int | None,
        show: Painter,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.label, self.total, self.done, self.note = label, total, 0, ""
        self.state = "running"
        self._show, self._clock = show, clock
        self.started = clock()

    def __enter__(self) -> Progress:
        self._show(self, False)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.state = "finished" if kind is None else "stopped"
        self._show(self, True)

    def __str__(self) -> str:
        count = f"{self.done}" if self.total is None else f"{self.done} of {self.total}"
        where = {"running": f"{count}, {self.seconds:.0f} s", "finished": f"{count} in {self.seconds:.1f} s"}
        text = f"{self.label}: {where.get(self.state, f'stopped at {count} after {self.seconds:.1f} s')}"
        return redact(f"{text} ({self.note})" if self.note else text)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return html(self)

    @property
    def seconds(self) -> float:
        """Give the wall time since the start."""
        return self._clock() - self.started

    @property
    def share(self) -> float | None:
        """Give the part that is done, 0 to 1; None when the total is not known."""
        if self.total is None:
            return None
        return min(1.0, self.done / self.total) if self.total else 1.0

    def step(self, done: int = 1, *, note: str = "") -> None:
        """Count *done* more; ``step(0, note=...)`` says what is being waited for."""
        self.done += done
        self.note = note
        self._show(self, False)


def progress(label: str, total: int | None = None) -> Progress:
    """Give a progress for a ``with`` statement: a display in a front end, lines on standard error elsewhere.

    Inside :func:`painted_by`, the painter named there shows it.
    """
    from .front_end import interactive

    painter = _painter.get()
    return Progress(label, total, painter or (Display() if interactive() else Lines()))


@contextmanager
def painted_by(painter: Painter) -> Iterator[None]:
    """Let *painter* show every progress of this thread: a panel has its own place for it."""
    token = _painter.set(painter)
    try:
        yield
    finally:
        _painter.reset(token)


def silent(label: str, total: int | None = None) -> Progress:
    """Give a progress that shows nothing."""
    return Progress(label, total, lambda *_: None)


class Lines:
    """Write now and then a line, and always a final one."""

    def __init__(self, write: Callable[[str], Any] | None = None) -> None:
        self._write = write or sys.stderr.write
        self._last: float | None = None
        self._tenths = 0

    def __call__(self, bar: Progress, final: bool) -> None:
        """Write a line for *bar* if it is time to."""
        now, tenths = bar.seconds, int((bar.share or 0) * 10)
        if final or self._is_time(now, tenths):
            self._write(f"{bar}\n")
            self._last, self._tenths = now, tenths

    def _is_time(self, now: float, tenths: int) -> bool:
        since = now - (self._last or 0.0)
        return (tenths > self._tenths and since >= _QUIET) or since >= max(_PATIENCE, now / _LONG_WAIT)


class Display:
    """Keep one display of a front end up to date."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._painted = 0.0

    def __call__(self, bar: Progress, final: bool) -> None:
        """Paint *bar*, at most ten times a second."""
        if self._handle is None:
            from IPython.display import display

            self._handle = display(_bundle(bar), raw=True, display_id=True)
        elif final or bar.seconds - self._painted >= REPAINT:
            self._handle.update(_bundle(bar), raw=True)
            self._painted = bar.seconds


def html(bar: Progress) -> str:
    """Give the progress as HTML: a native bar with its label, and the same in words."""
    value = "" if bar.share is None else f" value='{bar.share:.3f}'"
    return (
        f"<div role='status'><progress max='1'{value} aria-label='{escape(bar.label, quote=True)}'></progress> "
        f"{escape(str(bar))}</div>"
    )


def _bundle(bar: Progress) -> dict[str, str]:
    return {"text/plain": str(bar), "text/html": html(bar)}

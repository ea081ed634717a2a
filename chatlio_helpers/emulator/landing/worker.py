"""The mapping process: takes rounds of jobs on standard input, does them, says on standard output what came of them.

Run as ``python -m chatlio_helpers.emulator.landing.worker STAGING`` by the local platform, on a core of its own. It is
a pure function of what it is handed, and keeps nothing but compiled mappings: it can be killed at any moment. It ends
when the server does: its input ends then, and a process in the middle of a job sees that its parent has changed.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import signal
import sys
from collections import OrderedDict
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import orjson
from filelock import FileLock

from . import frames, job, outcome
from .arrow_alone import leave_out
from .tally import Reason

LOCK = "lock"  # in the staging folder: held by the one process that may write there
MOST_KEPT = 256
MOST_NOTES = 20
HANGING = 60.0  # seconds for one portion of messages, of which each has a limit of its own; then the process ends

log = logging.getLogger(__name__)


class Notes(logging.Handler):
    """What is logged while a round is done: the server writes it into its own log."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the line, as long as there are few."""
        if len(self.lines) < MOST_NOTES:
            self.lines.append(self.format(record))

    def taken(self) -> list[str]:
        """Give the lines and forget them."""
        lines, self.lines = self.lines, []
        return lines


NICE = 5  # the landing can wait, a sender should not: on a busy machine the inlets go first


class Worker:
    """Does jobs, and keeps what it compiled for the next ones."""

    def __init__(self, staging: Path) -> None:
        from .mapping_work import Work, portions  # pyarrow: after it was told what to leave out

        for name in ("xdm.columns", "prep.mapper", "xdm.validation"):  # now, not with the first message
            import_module(f"..{name}", __package__)
        self._staging, self._work, self._portions = staging, Work, portions
        self._compiled: OrderedDict[str, object] = OrderedDict()
        self._parent = os.getppid()

    def done(self, one: job.Job) -> outcome.Outcome:
        """Do one job."""
        work = self._work(one, one.refusal or self._pipeline(one.definition))
        for portion in self._portions(one.pieces):
            if os.getppid() != self._parent:
                raise EOFError("the server is gone")
            faulthandler.dump_traceback_later(HANGING, exit=True)
            work.add(portion)
        result = work.written(self._staging)
        faulthandler.cancel_dump_traceback_later()
        return result

    def _pipeline(self, definition: job.Definition) -> object:
        """Give the compiled pipeline, or the reason why it cannot be compiled."""
        if definition.key not in self._compiled:
            self._compiled[definition.key] = _compiled(definition.content)
        self._compiled.move_to_end(definition.key)
        while len(self._compiled) > MOST_KEPT:
            self._compiled.popitem(last=False)
        return self._compiled[definition.key]


def _compiled(content: bytes) -> object:
    from .pipeline import MAPPING_FAILED, Pipeline

    try:
        return Pipeline.of(orjson.loads(content))
    except Exception as error:
        log.exception("the mapping and the schema of a dataflow could not be compiled")
        return Reason(MAPPING_FAILED, f"The local platform cannot compile mapping and schema: {error}")


def main(staging: Path) -> None:
    """Do rounds until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the server ends this one
    source, target = sys.stdin.buffer, frames.own_output()
    notes = Notes()
    logging.basicConfig(level=logging.INFO, handlers=[notes], force=True)
    leave_out("pandas", "numpy")
    if hasattr(os, "nice"):
        os.nice(NICE)
    worker = Worker(staging)
    # A process of a killed server may still write its last file.
    with FileLock(staging / LOCK, mode=0o600), suppress(EOFError, BrokenPipeError):
        frames.send(target, [b"ready"])
        _collect_between_rounds()
        while True:
            jobs = job.unpacked(frames.receive(source))
            frames.send(target, outcome.packed([worker.done(one) for one in jobs], notes.taken()))
            del jobs
            gc.collect()


def _collect_between_rounds() -> None:
    """Let nobody look for cyclic garbage while rows are mapped: they make none, and there are many of them."""
    gc.collect()
    gc.freeze()
    gc.disable()


if __name__ == "__main__":
    os.umask(0o077)
    main(Path(sys.argv[1]))

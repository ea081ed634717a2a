"""The promotion process: reads what was uploaded, in bounds of memory and time, so that the platform need not.

The platform starts it (``python -m chatlio_helpers.emulator.ingestion.promotion_child [LOCK]``) and speaks with it in
frames. A small file may unpack to more than a computer has: what it costs, and what it may break, stays in here.

.. code-block:: text

    in   promote, a job as JSON        out  on: before every chunk of rows; then end, the result as JSON
    in   show, a glance as JSON        out  end, the answer of the preview; nothing when it needs too much memory

*LOCK* is a file that it holds while it lives: no two of them write for one platform. It ends when the platform does.
"""

from __future__ import annotations

import faulthandler
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext, suppress
from queue import SimpleQueue
from typing import BinaryIO

import orjson
from filelock import FileLock

from ..landing import frames
from ..landing.arrow_alone import leave_out
from ..state.process_limit import limit_process
from .promotion_job import Glance, Job, Result

ADDRESSES = 1 << 30  # bytes of address space
MUCH = 200 << 20  # bytes of memory, at any time, after which the process is of no use any more
HANGING = 60.0  # seconds for one chunk of rows

log = logging.getLogger(__name__)


def main(lock: str = "") -> None:
    """Do jobs until the platform lets go of us; its end ends us, too, in the middle of a job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes of a terminal; the server ends this one
    os.environ["ARROW_DEFAULT_MEMORY_POOL"] = "system"  # the others set a gigabyte of addresses aside
    leave_out("pandas", "numpy")
    jobs: SimpleQueue[list[bytes]] = SimpleQueue()
    target = frames.own_output()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, jobs), daemon=True).start()
    limit_process(ADDRESSES)
    with FileLock(lock, mode=0o600) if lock else nullcontext():
        while True:
            task, content = jobs.get()
            faulthandler.dump_traceback_later(HANGING, exit=True)
            answer = _promoted(content, target) if task == b"promote" else _shown(content)
            faulthandler.cancel_dump_traceback_later()
            frames.send(target, [b"end", answer])
            gc.collect()


def _listen(source: BinaryIO, jobs: SimpleQueue[list[bytes]]) -> None:
    with suppress(EOFError):
        while True:
            jobs.put(frames.receive(source))
    os._exit(0)


def _promoted(content: bytes, target: BinaryIO) -> bytes:
    def between() -> None:
        frames.send(target, [b"on"])
        faulthandler.dump_traceback_later(HANGING, exit=True)

    result = _result(Job.of(orjson.loads(content)), between)
    result.spent = _peak() > MUCH
    return orjson.dumps(result, default=tuple)


def _result(job: Job, between: Callable[[], None]) -> Result:
    from .promotion_work import TOO_MUCH, Work  # pyarrow: after it was told what to leave out

    try:
        return Work(job, between).done()
    except OSError as error:
        return Result(disk=str(error))
    except MemoryError:
        return Result(reason=TOO_MUCH)
    except Exception as error:
        log.exception("a batch could not be promoted")
        return Result(fault=f"{type(error).__name__}: {error}")


def _shown(content: bytes) -> bytes:
    from .preview_work import shown

    try:
        return shown(Glance.of(orjson.loads(content)))
    except (MemoryError, OSError):
        log.exception("a batch cannot be previewed")
        return b""


def _peak() -> int:
    """Give the most memory that this process had, in bytes; 0 where the system does not tell."""
    if sys.platform == "win32":
        return 0
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    os.umask(0o077)
    main(*sys.argv[1:])

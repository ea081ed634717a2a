"""The promotion process as the platform sees it: started for a job, ended when it rests for a while."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import orjson

from ..landing import frames
from .promotion_job import Glance, Job, Result

IDLE = 30.0  # seconds until it is let go
GLANCE = 20.0  # seconds that a preview may take
GLANCES = threading.Semaphore(2)  # previews at once, each in a process of its own


class PromotionEnded(Exception):
    """The promotion process ended in the middle of a job; says how."""


class PromotionProcess:
    """One promotion process at a time, used by one thread; *lock* is held by the one that may write."""

    def __init__(self, lock: Path | None = None) -> None:
        self._arguments = [str(lock)] if lock else []
        self._process: subprocess.Popen[bytes] | None = None
        self._used = 0.0

    def promoted(self, job: Job, between: Callable[[], None]) -> Result:
        """Have a batch promoted; *between* is called now and then, and ends it by raising.

        Raises PromotionEnded, and what *between* raises.
        """
        result = Result.of(orjson.loads(self._answer(b"promote", orjson.dumps(job, default=tuple), between)))
        if result.spent:  # what it took goes back to the system
            self.stop()
        return result

    def shown(self, glance: Glance) -> bytes:
        """Have a preview made; gives nothing when it needs too much memory. Raises PromotionEnded."""
        return self._answer(b"show", orjson.dumps(glance, default=tuple), lambda: None)

    def rest(self) -> None:
        """End it when it had nothing to do for a while."""
        if self._process is not None and time.monotonic() - self._used > IDLE:
            self.stop()

    def kill(self) -> None:
        """End it at once, from any thread: whoever waits for it gets PromotionEnded."""
        process = self._process
        if process is not None:
            process.kill()

    def stop(self) -> None:
        """End it, and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        with suppress(OSError):  # what was not sent any more
            process.stdin.close()
        process.stdout.close()

    def _answer(self, task: bytes, content: bytes, between: Callable[[], None]) -> bytes:
        process = self._running()
        try:
            frames.send(process.stdin, [task, content])
            while len(parts := frames.receive(process.stdout)) == 1:
                between()
        except (EOFError, OSError) as error:
            self.stop()
            raise PromotionEnded(f"exit code {process.returncode}") from error
        except BaseException:
            self.stop()
            raise
        self._used = time.monotonic()
        return parts[1]

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.stop()
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                [sys.executable, "-m", f"{__package__}.promotion_child", *self._arguments],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            )  # fmt: skip
        return self._process


def shown(glance: Glance) -> bytes:
    """Have a preview made in a process that then ends; gives nothing when it needs too much memory or time."""
    with GLANCES:
        process = PromotionProcess()
        timer = threading.Timer(GLANCE, process.kill)
        timer.start()
        try:
            return process.shown(glance)
        except PromotionEnded:
            return b""
        finally:
            timer.cancel()
            process.stop()

"""The mapping process as the server sees it: started, handed rounds of jobs, asked what came of them, started anew."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import frames, job, outcome
from .job import Job
from .outcome import Outcome

ENDING = 5.0  # seconds that it may take to end by itself

log = logging.getLogger(__name__)


class WorkerEnded(Exception):
    """The mapping process ended in the middle of a round; says how."""


class WorkerProcess:
    """One mapping process at a time, used by one thread."""

    def __init__(self, staging: Path) -> None:
        self._staging = staging
        self._process: subprocess.Popen[bytes] | None = None
        self.owes = 0  # rounds that it was handed and whose outcomes were not received

    @property
    def running(self) -> bool:
        """Whether there is a process that lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it alone may write to the staging folder; raises WorkerEnded when it cannot start."""
        self.stop()
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-m", "chatlio_helpers.emulator.landing.worker", str(self._staging)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip
        try:
            frames.receive(self._process.stdout)
        except EOFError as error:
            raise self._ended() from error

    def send(self, jobs: Sequence[Job]) -> None:
        """Hand a round over; it must have nothing else to do. Raises WorkerEnded."""
        self.owes += 1
        try:
            frames.send(self._process.stdin, job.packed(jobs))
        except OSError as error:
            raise self._ended() from error

    def receive(self) -> list[Outcome]:
        """Wait for the outcomes of the round that it was handed; raises WorkerEnded."""
        try:
            outcomes, notes = outcome.unpacked(frames.receive(self._process.stdout))
        except EOFError as error:
            raise self._ended() from error
        self.owes -= 1
        for line in notes:
            log.warning("mapping process: %s", line)
        return outcomes

    def drain(self) -> None:
        """Wait for the outcomes of rounds that were given up; raises WorkerEnded."""
        while self.owes:
            self.receive()

    def stop(self) -> None:
        """Let it end: now, when it has a round at hand."""
        if self._process is None or self._process.stdin.closed:
            return
        with suppress(OSError):  # what was not sent any more
            self._process.stdin.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self.owes = 0

    def kill(self) -> None:
        """End it at once, from any thread: whoever waits for it gets WorkerEnded."""
        if self._process is not None:
            self._process.kill()

    def _ended(self) -> WorkerEnded:
        self._process.kill()  # when it lives, it has said something that is no frame
        self.stop()
        return WorkerEnded(f"exit code {self._process.returncode}")

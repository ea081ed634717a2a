"""Query processes: started when there is a query, one query at a time in each, ended when nobody asks for a while.

DuckDB is never loaded into the platform itself: what it needs, and what a hostile query may do to it, stays in a
process of its own. To stop a query is to end its process, and a process that dies takes one query with it.
"""

from __future__ import annotations

import asyncio
import logging
import struct
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson

from .query_turns import Turns

IDLE = 180.0  # seconds
MOST_IDLE = 3  # processes that are kept for the next query; one takes about 70 MB
MOST_ROWS = 100_000  # documented as the highest LIMIT of an interactive query
LARGEST_FRAME = 20_000_000  # bytes; the process sends less

log = logging.getLogger(__name__)


class QueryFailed(Exception):
    """A query that came to nothing: *code* is the SQLSTATE."""

    def __init__(self, code: str, message: str, *, of_ours: bool = False) -> None:
        super().__init__(message)
        self.code, self.of_ours = code, of_ours


@dataclass(frozen=True)
class Table:
    """One table as a query process makes it: columns with DuckDB's types, and the files of its rows."""

    name: str
    columns: list[tuple[str, str]]
    files: list[str]


@dataclass(frozen=True)
class Job:
    """What a query process is to do.

    *into*: the file to write instead of giving rows, for a new dataset or for one that has *columns*. *silent*: count
    the rows and leave them out. *describe*: give only the columns. *most_rows*: fail beyond (0: no limit).
    """

    database: str
    tables: list[Table]
    folder: str
    select: str
    values: list[Any] = field(default_factory=list)
    into: str = ""
    columns: list[tuple[str, str]] | None = None
    silent: bool = False
    describe: bool = False
    most_rows: int = 0


Answer = tuple[bytes, bytes]


class Workers:
    """The query processes of one platform; to be used from its event loop only."""

    def __init__(self, longest: Callable[[], float]) -> None:
        self._longest = longest  # seconds that a query may take
        self._idle: list[_Worker] = []
        self._turns = Turns()

    @asynccontextmanager
    async def doing(self, seat: str, job: Job) -> AsyncIterator[AsyncIterator[Answer]]:
        """Start *job* when *seat* has its turn, and give the frames of the answer but the failing one.

        Raises QueryFailed, 53400 when it takes too long. Whoever leaves before the last frame, also by cancellation,
        ends the query.
        """
        async with self._turns.turn(seat):
            worker = self._resting() or await _started()
            try:
                async with asyncio.timeout(self._longest()):
                    await worker.take(job)
                    yield worker.answers()
            except TimeoutError as error:
                raise QueryFailed("53400", f"statement timeout: it took more than {self._longest():g} s") from error
            finally:
                if worker.is_free and len(self._idle) < MOST_IDLE:
                    worker.rest(self._let_go)
                    self._idle.append(worker)
                else:
                    worker.end()

    def stop(self) -> None:
        """End the idle processes; busy ones end with their queries' tasks."""
        while self._idle:
            self._idle.pop().end()

    def _resting(self) -> _Worker | None:
        """Take a process that lives and has nothing to do, if there is one."""
        while self._idle:
            worker = self._idle.pop()
            if worker.lives:
                return worker
            worker.end()
        return None

    def _let_go(self, worker: _Worker) -> None:
        self._idle.remove(worker)
        worker.end()


class _Worker:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._timer: asyncio.TimerHandle | None = None
        self.is_free = True

    @property
    def lives(self) -> bool:
        return self._process.returncode is None

    async def take(self, job: Job) -> None:
        if self._timer:
            self._timer.cancel()
        self.is_free = False
        content = orjson.dumps(asdict(job))
        self._process.stdin.write(b"J" + struct.pack("!I", len(content)) + content)
        try:
            await self._process.stdin.drain()
        except ConnectionError as error:
            raise _gone() from error

    async def answers(self) -> AsyncIterator[Answer]:
        while True:
            try:
                head = await self._process.stdout.readexactly(5)
                length = struct.unpack("!I", head[1:])[0]
                if length > LARGEST_FRAME:
                    raise QueryFailed("54000", "the rows are too long: choose fewer columns")
                content = await self._process.stdout.readexactly(length)
            except (asyncio.IncompleteReadError, ConnectionError) as error:
                raise _gone() from error
            if head[:1] == b"E":
                self.is_free = True
                told = orjson.loads(content)
                raise QueryFailed(told["code"], told["message"], of_ours=told["code"].startswith("58"))
            self.is_free = head[:1] == b"F"
            yield head[:1], content
            if self.is_free:
                return

    def rest(self, let_go: Any) -> None:
        self._timer = asyncio.get_running_loop().call_later(IDLE, let_go, self)

    def end(self) -> None:
        if self._timer:
            self._timer.cancel()
        if self.lives:
            self._process.kill()


async def _started() -> _Worker:
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", f"{__package__}.query_child",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError as error:
        raise QueryFailed("58000", f"the query process did not start: {error}", of_ours=True) from error
    log.info("query process %s started", process.pid)
    return _Worker(process)


def _gone() -> QueryFailed:
    return QueryFailed(
        "58000", "the query process ended in the middle of the query; it needed too much memory, or it was stopped: "
        "make the query smaller, or try again", of_ours=True,
    )  # fmt: skip

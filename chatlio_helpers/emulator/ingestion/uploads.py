"""The files that are uploaded into a batch: their bytes on disk, their account in the store.

.. code-block:: text

    FOLDER/{seat}/{batch}/{random name}    one part, as it came in; never changed afterwards

What a caller names a file never becomes a path on our disk. A part counts when the store has it, and the store gets
it when its bytes are forced to disk; what the store does not know is removed at the next start.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from starlette.concurrency import run_in_threadpool

from ..state.durable import make_folder, sync_folder
from ..state.store import Row, Scope, Store
from .promotion_job import File

FILES, PARTS = "importFiles", "importParts"
FOLDER = "imports"
OPEN, DONE = "open", "done"
_BUFFER = 1 << 20  # bytes collected before they are written


class TooLarge(ValueError):
    """More bytes came than may come."""


@dataclass(frozen=True)
class Part:
    """Some bytes of a file: the first, the one after the last, and the name on our disk."""

    start: int
    end: int
    file: str


class Uploads:
    """The uploaded files of all seats under one folder."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder, self._store = folder / FOLDER, store
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    async def keep(self, seat: str, batch: str, stream: AsyncIterator[bytes], most: int) -> tuple[str, int]:
        """Write a body to disk; gives its name there and its size. Raises TooLarge, OSError, and what *stream* raises.

        No more than a buffer of it is in memory; when this returns it is forced to disk.
        """
        name = secrets.token_hex(16)
        path = self.folder / seat / batch / name
        file = await run_in_threadpool(_created, path)
        try:
            size = await _copied(stream, file, most)
            await run_in_threadpool(_forced, file, path)
        except BaseException:
            file.close()
            path.unlink(missing_ok=True)
            raise
        return name, size

    def begin(self, scope: Scope, batch: str, path: str, *, now: int) -> list[str]:
        """Begin a file, or begin it again; gives the names of the parts that it had, whose bytes may go."""
        old = [row.id for row in self._rows_of_parts(scope, batch, path)]
        for name in old:
            scope.delete(PARTS, name)
        self._put(scope, batch, path, OPEN, 0, now)
        return old

    def add(self, scope: Scope, batch: str, path: str, part: Part, *, now: int) -> list[str]:
        """Note a part of a file that was begun; gives the names of the parts whose place it takes.

        One of the very same range takes the place of the earlier: it is a repeat after a lost answer.
        """
        parts = self.parts(scope, batch, path)
        old = [one.file for one in parts if (one.start, one.end) == (part.start, part.end)]
        for name in old:
            scope.delete(PARTS, name)
        body = {"batch": batch, "start": part.start, "end": part.end}
        scope.put(PARTS, part.file, body, name=_id(batch, path), now=now)
        kept = [one for one in parts if one.file not in old]
        self._put(scope, batch, path, OPEN, sum(one.end - one.start for one in (*kept, part)), now)
        return old

    def finish(self, scope: Scope, batch: str, path: str, *, now: int) -> int:
        """Mark a file as whole; gives its size. Raises ValueError when parts overlap or are missing."""
        end = 0
        for part in self.parts(scope, batch, path):
            if part.start != end:
                word = "overlap" if part.start < end else "are missing"
                raise ValueError(f"bytes {min(part.start, end)}-{max(part.start, end) - 1} {word}")
            end = part.end
        self._put(scope, batch, path, DONE, end, now)
        return end

    def file(self, scope: Scope, batch: str, path: str) -> dict[str, Any] | None:
        """Give what is known of a file, or None."""
        row = scope.get(FILES, _id(batch, path))
        return row.body if row else None

    def files(self, scope: Scope, batch: str) -> list[dict[str, Any]]:
        """Give all files of a batch, in the order of their names: ``path``, ``size``, ``state``."""
        return sorted((row.body for row in scope.find(FILES, batch)), key=lambda body: body["path"])

    def count(self, scope: Scope, batch: str) -> int:
        """Count the files of a batch."""
        where = (scope.seat, scope.sandbox, FILES, batch)
        return self._store.count("seat = ? AND sandbox = ? AND kind = ? AND name = ?", where)

    def parts(self, scope: Scope, batch: str, path: str) -> list[Part]:
        """Give the parts of a file, by their place in it."""
        rows = self._rows_of_parts(scope, batch, path)
        return sorted((Part(row.body["start"], row.body["end"], row.id) for row in rows), key=lambda part: part.start)

    def whole(self, scope: Scope, batch: str) -> list[File]:
        """Give the whole files of a batch as others can open them, in the order of their names."""
        folder = self.folder / scope.seat / batch
        return [
            File(file["path"], file["size"], [
                (str(folder / part.file), part.end - part.start) for part in self.parts(scope, batch, file["path"])
            ])
            for file in self.files(scope, batch) if file["state"] == DONE
        ]  # fmt: skip

    def unlink(self, seat: str, batch: str, names: list[str]) -> None:
        """Remove the bytes of some parts."""
        for name in names:
            (self.folder / seat / batch / name).unlink(missing_ok=True)

    def drop(self, scope: Scope, batch: str) -> None:
        """Let go of the bytes of a batch; the account of its files stays."""
        with self._store.transaction():
            for file in self.files(scope, batch):
                for row in self._rows_of_parts(scope, batch, file["path"]):
                    scope.delete(PARTS, row.id)
        shutil.rmtree(self.folder / scope.seat / batch, ignore_errors=True)

    def forget(self, scope: Scope, batch: str) -> None:
        """Let go of the bytes of a batch and of their account."""
        self.drop(scope, batch)
        with self._store.transaction():
            for file in self.files(scope, batch):
                scope.delete(FILES, _id(batch, file["path"]))

    def forget_seat(self, seat: str | None) -> None:
        """Let go of all bytes of a seat (None: of all seats); the account goes with the seat's objects."""
        for folder in [self.folder / seat] if seat else list(self.folder.iterdir()):
            shutil.rmtree(folder, ignore_errors=True)

    def tidy(self) -> int:
        """Remove what the store does not know, as a crash leaves it; gives how many files."""
        known = {row.id for row in self._store.rows("kind = ?", (PARTS,))}
        lost = [path for path in self.folder.glob("*/*/*") if path.name not in known]
        for path in lost:
            path.unlink(missing_ok=True)
        for folder in sorted(self.folder.glob("*/*")):
            if not any(folder.iterdir()):
                folder.rmdir()
        return len(lost)

    def _put(self, scope: Scope, batch: str, path: str, state: str, size: int, now: int) -> None:
        scope.put(FILES, _id(batch, path), {"path": path, "state": state, "size": size}, name=batch, now=now)

    def _rows_of_parts(self, scope: Scope, batch: str, path: str) -> list[Row]:
        return scope.find(PARTS, _id(batch, path))


def _id(batch: str, path: str) -> str:
    return f"{batch}/{path}"


def _created(path: Path) -> BinaryIO:
    make_folder(path.parent)
    return path.open("xb")


async def _copied(stream: AsyncIterator[bytes], file: BinaryIO, most: int) -> int:
    size, waiting = 0, bytearray()
    async for chunk in stream:
        size += len(chunk)
        if size > most:
            raise TooLarge(f"more than {most} bytes")
        waiting += chunk
        if len(waiting) >= _BUFFER:
            await run_in_threadpool(file.write, waiting)
            waiting = bytearray()
    await run_in_threadpool(file.write, waiting)
    return size


def _forced(file: BinaryIO, path: Path) -> None:
    file.flush()
    os.fsync(file.fileno())
    file.close()
    sync_folder(path.parent)

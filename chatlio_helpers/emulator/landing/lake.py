"""The data lake: one Parquet file per batch of landed rows, one JSON-lines file per batch of failed rows.

.. code-block:: text

    FOLDER/{seat}/{dataset}/{batch}.parquet     landed rows
    FOLDER/{seat}/{dataset}/{batch}.failed      failed rows, one JSON a line, each with its errors

A file is written beside its place (what streams in: in the staging folder), forced to disk and renamed, so it is there
whole or not at all. It counts only when the Catalog has its batch: a file whose batch was never committed is removed at
the next start.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import orjson

from ..state.durable import make_folder, sync_folder

if TYPE_CHECKING:  # pyarrow takes a fifth of a second to import: the server starts without it
    from ..xdm.columns import Columns

LANDED, FAILED = ".parquet", ".failed"
FILES_AT_ONCE = 500  # when looking for orphans

log = logging.getLogger(__name__)


class Unfit(ValueError):
    """A value does not fit its column; says what Arrow says."""


class Lake:
    """The files of all seats under one folder."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def path(self, seat: str, dataset: str, batch: str, suffix: str = LANDED) -> Path:
        """Give the place of a batch's file, whether it is there or not."""
        return self.folder / seat / dataset / f"{batch}{suffix}"

    def write(self, seat: str, dataset: str, batch: str, records: list[dict[str, Any]], columns: Columns) -> int:
        """Keep *records* as the Parquet file of *batch*; gives its size in bytes.

        Raises Unfit when a value does not fit its column, OSError when the disk refuses.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        table = pa.Table.from_batches([columns.batch(records)])
        return _place(self.path(seat, dataset, batch), lambda file: pq.write_table(table, file))

    def write_failed(self, seat: str, dataset: str, batch: str, failures: list[dict[str, Any]]) -> int:
        """Keep failed rows as JSON lines; gives the size in bytes; raises OSError when the disk refuses."""
        text = b"".join(orjson.dumps(failure, option=orjson.OPT_APPEND_NEWLINE) for failure in failures)
        return _place(self.path(seat, dataset, batch, FAILED), lambda file: file.write(text))

    def read(self, seat: str, dataset: str, batch: str, limit: int | None = None) -> list[dict[str, Any]]:
        """Give the landed rows of *batch*, at most *limit*, as JSON can hold them."""
        import pyarrow.parquet as pq

        from ..xdm.columns import rows

        path = self.path(seat, dataset, batch)
        if limit is None:
            return rows(pq.read_table(path))
        return first_rows(path, limit)

    def read_failed(self, seat: str, dataset: str, batch: str) -> list[dict[str, Any]]:
        """Give the failed rows of *batch*, each with its errors."""
        lines = self.path(seat, dataset, batch, FAILED).read_bytes().splitlines()
        return [orjson.loads(line) for line in lines]

    def remove_orphans(self, known: Callable[[set[str]], set[str]]) -> int:
        """Remove every file whose batch is not committed, and what a crash left half-written; gives how many.

        *known* gives those of some batch ids that are committed: the ids of a large lake are not held all at once.
        """
        orphans = 0
        for files in _portions(self._files(), FILES_AT_ONCE):
            there = known({Path(file.name).stem for file in files})
            for file in files:
                if file.name.startswith(".") or Path(file.name).stem not in there:
                    log.info("removing %s: its batch was never committed", file.name)
                    Path(file.path).unlink(missing_ok=True)
                    orphans += 1
        return orphans

    def take(self, staged: Iterable[Path], seat: str, dataset: str) -> None:
        """Bring files that are on disk already (``{batch}{suffix}``) to their place; raises OSError."""
        folder = self.folder / seat / dataset
        make_folder(folder)
        for path in staged:
            path.replace(folder / path.name)
        sync_folder(folder)

    def _files(self) -> Iterator[os.DirEntry[str]]:
        for dataset in self.folder.glob("*/*/"):
            yield from (entry for entry in os.scandir(dataset) if entry.is_file())

    def forget(self, seat: str, dataset: str = "") -> None:
        """Remove the files of a dataset, or all of a seat."""
        shutil.rmtree(self.folder / seat / dataset, ignore_errors=True)


def first_rows(path: Path, most: int) -> list[dict[str, Any]]:
    """Give the first rows of a landed file, as JSON can hold them; raises OSError."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from ..xdm.columns import rows

    with pq.ParquetFile(path) as file:
        first = next(file.iter_batches(batch_size=most))
    return rows(pa.Table.from_batches([first]))


def _place(path: Path, write: Callable[[BinaryIO], Any]) -> int:
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}")
    try:
        size = forced(beside, write)
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)
    return size


def forced(path: Path, write: Callable[[BinaryIO], Any]) -> int:
    """Write a file and force it to disk; gives its size in bytes; raises OSError when the disk refuses."""
    with path.open("wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def _portions(files: Iterator[os.DirEntry[str]], most: int) -> Iterator[list[os.DirEntry[str]]]:
    while portion := list(islice(files, most)):
        yield portion

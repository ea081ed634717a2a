"""The query process: DuckDB, one query at a time, each in a new database that knows one sandbox and no other file.

The platform starts it (``python -m chatlio_helpers.emulator.query.query_child``), writes jobs to its standard input and
reads answers from its standard output, both in frames: a kind (one byte), a length (four bytes), the content.

.. code-block:: text

    in   J  a job, as JSON (see ``query_workers.Job``)
    out  C  the columns of the result, as JSON: name and PostgreSQL type id; of a new dataset the XDM properties
         D  rows: four bytes with their number, then the rows as PostgreSQL's DataRow messages
         F  finished, as JSON: rows
         E  failed, as JSON: code (SQLSTATE), message
"""

from __future__ import annotations

import os
import re
import struct
import sys
import threading
from queue import SimpleQueue
from typing import Any, BinaryIO

import duckdb
import orjson

from ..state.process_limit import limit_process
from .query_answers import answers
from .query_database import Failed

ADDRESSES = 2 << 30  # bytes of address space: what DuckDB does not count as its own memory has a limit too
LARGEST_FILE = 2 << 30  # bytes
NICE = 10  # the platform's answers come before the queries
NO_FILES = (
    "there are no files here, and no functions that read them (read_csv, read_parquet, glob and their like): "
    "name a table; SHOW TABLES lists those of the sandbox"
)
_CODES: tuple[tuple[type[Exception], str], ...] = (
    (duckdb.ParserException, "42601"), (duckdb.SyntaxException, "42601"), (duckdb.BinderException, "42703"),
    (duckdb.PermissionException, "42501"), (duckdb.OutOfMemoryException, "53200"), (MemoryError, "53200"),
    (duckdb.ConversionException, "22P02"), (duckdb.OutOfRangeException, "22003"),
    (duckdb.NotImplementedException, "0A000"), (duckdb.InvalidInputException, "22023"),
    (duckdb.IOException, "58030"), (duckdb.Error, "58000"),
)  # fmt: skip


def main() -> None:
    """Do jobs until the platform lets go of us; its end ends us, too, in the middle of a query."""
    if sys.platform != "win32":
        os.nice(NICE)
    limit_process(ADDRESSES, LARGEST_FILE)
    jobs: SimpleQueue[dict[str, Any]] = SimpleQueue()
    source, out = sys.stdin.buffer, sys.stdout.buffer
    threading.Thread(target=_listen, args=(source, jobs), daemon=True).start()
    while True:
        job = jobs.get()
        try:
            for kind, content in answers(job):
                _send(out, kind, content)
        except (Failed, MemoryError, duckdb.Error) as error:
            _send(out, b"E", orjson.dumps(_told(error, job["folder"])))


def _told(error: Exception, folder: str) -> dict[str, str]:
    code = error.code if isinstance(error, Failed) else next(code for kind, code in _CODES if isinstance(error, kind))
    message = re.sub(r"\n\s*\n", "\n", str(error).replace(folder, "lake")).strip() or "the query needs too much memory"
    if isinstance(error, duckdb.CatalogException):
        code = "42P01" if message.startswith("Catalog Error: Table") else "42883"
    elif isinstance(error, duckdb.BinderException) and "Referenced column" not in message:
        code = "42804"
    elif isinstance(error, duckdb.PermissionException) and "file system" in message:
        message = NO_FILES
    elif code == "53200":
        message = message.partition("\n")[0]  # what follows are settings of DuckDB's, which nobody here may change
    return {"code": code, "message": message[:2000]}


def _send(out: BinaryIO, kind: bytes, content: bytes) -> None:
    out.write(kind + struct.pack("!I", len(content)) + content)
    out.flush()


def _listen(source: BinaryIO, jobs: SimpleQueue[dict[str, Any]]) -> None:
    while len(head := source.read(5)) == 5:
        jobs.put(orjson.loads(source.read(struct.unpack("!I", head[1:])[0])))
    os._exit(0)


if __name__ == "__main__":
    main()

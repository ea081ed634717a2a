"""The alternative to a landing: a script that parses the same JSON and writes it to Parquet as it is, unmapped.

Run as ``python -m benchmarks.bare_landing SECONDS``: prints rows per second.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .load_target import payloads

TOGETHER = 2_000  # rows of a file, as many as the local platform lands together


def main(seconds: float) -> float:
    """Give the rows per second of some seconds."""
    stream, rows = itertools.cycle(payloads()), 0
    with tempfile.TemporaryDirectory(prefix="chatlio-bench-") as folder:
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            table = pa.Table.from_pylist([json.loads(next(stream)) for _ in range(TOGETHER)])
            with (Path(folder) / f"{rows}.parquet").open("wb") as file:
                pq.write_table(table, file)
                file.flush()
                os.fsync(file.fileno())
            rows += TOGETHER
        return rows / (time.monotonic() - began)


if __name__ == "__main__":
    print(json.dumps(main(float(sys.argv[1]))))

"""Fill the lake of a local platform that does not run: real batches, written and told of as the landing does.

Run as ``python -m benchmarks.lake_filling FOLDER ROWS`` on a state folder that has a transcript dataflow. The rows are
mapped transcripts without their messages, so that five million of them fit on any disk; they are mapped once and
written again and again, 2,000 in a batch, four batches in a run.
"""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from chatlio_helpers.emulator.catalog import batches
from chatlio_helpers.emulator.catalog.batches import Portion
from chatlio_helpers.emulator.flowservice import run_metrics
from chatlio_helpers.emulator.flowservice.flow_service import etag
from chatlio_helpers.emulator.flowservice.run_metrics import Micro
from chatlio_helpers.emulator.landing.lake import Lake, forced
from chatlio_helpers.emulator.landing.pipelines import Pipelines
from chatlio_helpers.emulator.platform import assemble

from .load_target import payloads

TOGETHER = 2_000  # rows of a batch, as many as the landing lands together
RUN = 4  # batches of a run
COMMIT = 100  # batches of a transaction


class Filling:
    """One dataflow's dataset, and the table that is written into it."""

    def __init__(self, folder: Path) -> None:
        self._platform, self._lake = assemble(folder), Lake(folder / "lake")
        flow = self._platform.store.rows("kind = 'flows'")[0]
        self._flow, self._scope = flow.body, self._platform.store.within(flow.seat, flow.sandbox)
        self._dataset = self._scope.list("dataSets")[0].id
        self._now = self._platform.clock.now_ms()
        pipeline = Pipelines(self._platform).of(self._scope, self._flow["id"], self._dataset)
        fates = [pipeline.fate(orjson.loads(body) | {"messages": []}, self._now) for body in payloads()]
        records = list(itertools.islice(itertools.cycle(fate.record for fate in fates), TOGETHER))
        self._table = pa.Table.from_batches([pipeline.columns.batch(records)])

    def fill(self, rows: int) -> None:
        """Write so many rows, and tell Catalog and runs of them."""
        for first in range(0, rows // TOGETHER, COMMIT):
            written = [self._written() for _ in range(min(COMMIT, rows // TOGETHER - first))]
            with self._platform.store.transaction():
                for begin in range(0, len(written), RUN):
                    self._tell(written[begin : begin + RUN])
        self._platform.store.close()

    def _written(self) -> Micro:
        self._now += 1
        batch = batches.new_id(self._now)
        path = self._lake.path(self._scope.seat, self._dataset, batch)
        path.parent.mkdir(parents=True, exist_ok=True)
        size = forced(path, lambda file: pq.write_table(self._table, file))
        return Micro(self._now, self._now, [0] * TOGETHER, size, size, TOGETHER, 0, 0, landed_batch=batch)

    def _tell(self, micros: list[Micro]) -> None:
        run: dict[str, Any] = run_metrics.opened(self._flow, etag(self._now), self._now, 2_000)
        for micro in micros:
            portion = Portion("org", "sandbox", self._dataset, self._flow["id"], micro.started, micro.completed,
                              TOGETHER, micro.bytes_in, micro.bytes_out)  # fmt: skip
            body = batches.landed(portion)
            self._scope.put(batches.KIND, micro.landed_batch, body, now=self._now, name=self._dataset)
            run_metrics.add(run, self._flow, micro)
        run_metrics.close(run, etag(self._now), self._now)
        self._scope.put("runs", run["id"], run, now=self._now, name=self._flow["id"])


if __name__ == "__main__":
    began = time.monotonic()
    Filling(Path(sys.argv[1])).fill(int(sys.argv[2]))
    print(f"{time.monotonic() - began:.1f} s")

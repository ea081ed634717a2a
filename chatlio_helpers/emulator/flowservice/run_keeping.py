"""Runs as the landing keeps them: opened by the first micro-batch of a window, counted into, closed when it is over."""

from __future__ import annotations

from typing import Any

from ..platform import Platform
from ..state.store import Scope
from . import flows, run_metrics
from .flow_service import etag
from .run_metrics import Micro

NEWEST_AND_OPEN = (
    "number IN (SELECT max(number) FROM objects WHERE kind = 'runs' GROUP BY seat, sandbox, name) "
    "AND json_extract(body, '$.state') = 'inProgress'"
)


class RunKeeping:
    """Keeps the runs of all dataflows; only the newest run of a dataflow can be open."""

    def __init__(self, platform: Platform) -> None:
        self._platform, self._store = platform, platform.store
        self._open = {(row.seat, row.sandbox, row.name or "") for row in self._store.rows(NEWEST_AND_OPEN)}

    @property
    def any_open(self) -> bool:
        """Whether a run waits for the end of its window."""
        return bool(self._open)

    def count(self, scope: Scope, flow: str, micro: Micro) -> None:
        """Count a micro-batch into the dataflow's run; inside the round's transaction."""
        row = scope.get("flows", flow)
        if row is None:
            return
        now = self._platform.clock.now_ms()
        run = self._run(scope, row.body, now)
        run_metrics.add(run, row.body, micro)
        scope.put("runs", run["id"], run, now=now, name=flow)

    def opened(self, seat: str, sandbox: str, flow: str) -> None:
        """Remember that the dataflow has a run to close: what counted into it is committed."""
        self._open.add((seat, sandbox, flow))

    def close_due(self) -> None:
        """Close the runs whose window is over."""
        now = self._platform.clock.now_ms()
        delay = int(self._platform.dials["run_close_delay"] * 1000)
        for seat, sandbox, flow in list(self._open):
            scope = self._store.within(seat, sandbox)
            with self._store.transaction():
                newest = scope.last("runs", flow)
                still = newest is not None and newest.body.get("state") == "inProgress"
                if still and run_metrics.over(newest.body, now, delay):
                    self._close(scope, newest.body, now)
                    still = False
            if not still:
                self._open.discard((seat, sandbox, flow))

    def _run(self, scope: Scope, flow: dict[str, Any], now: int) -> dict[str, Any]:
        newest = scope.last("runs", flow["id"])
        if newest and newest.body.get("state") == "inProgress" and not run_metrics.over(newest.body, now, 0):
            return newest.body
        if newest and newest.body.get("state") == "inProgress":
            self._close(scope, newest.body, now)
        return run_metrics.opened(flow, etag(now), now, int(self._platform.dials["run_window"] * 1000))

    def _close(self, scope: Scope, run: dict[str, Any], now: int) -> None:
        run_metrics.close(run, etag(now), now)
        scope.put("runs", run["id"], run, now=now, name=run["flowId"])
        # On the live platform, too, a dataflow's etag changes when a run closes (observed in a printed sample).
        flows.touch(self._platform, scope, run["flowId"])

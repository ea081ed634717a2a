"""What the dataflows say about themselves, and what our own outbox says of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .connection import Connection
from .delivery import Delivery, Sent
from .onboarding import Made
from .outbox import DELIVERED, Entry, Outbox
from .tables import table

if TYPE_CHECKING:
    import pandas

COLUMNS = ("kind", "window", "status", "records in", "landed", "failed", "with warnings")


def runs(connection: Connection, made: Made, *, newest: int = 2) -> pandas.DataFrame:
    """List the *newest* runs of every dataflow, newest first for each kind.

    A run of a live platform is one hour, and is shown some time after that hour (documented: Adobe, monitor streaming
    dataflows). Counts are records; the window is in UTC.
    """
    found = [
        _row(kind, run) for kind, flow_id in made.flow_ids.items() for run in connection.flows.runs(flow_id)[:newest]
    ]
    return table(found, COLUMNS)


def delivered(connection: Connection, made: Made) -> Sent:
    """Give everything that the workspace's outbox ever delivered to these dataflows, to hold it against the dataset."""
    outbox = Outbox(connection.workspace.outbox_path)
    entries = outbox.entries(state=DELIVERED, destinations=list(made.flow_ids.values()))
    return Sent(tuple(_delivery(entry) for entry in entries), seconds=0.0)


def _delivery(entry: Entry) -> Delivery:
    return Delivery(
        entry.kind, entry.event, "already_delivered", receipt=entry.receipt, tries=entry.tries, at=entry.changed
    )


def _row(kind: str, run: Mapping[str, Any]) -> dict[str, Any]:
    metrics = run.get("metrics") or {}
    records, duration = metrics.get("recordSummary") or {}, metrics.get("durationSummary") or {}
    return {
        "kind": kind,
        "window": f"{_moment(duration.get('startedAtUTC'))} – {_moment(duration.get('completedAtUTC'))}",
        "status": str((metrics.get("statusSummary") or {}).get("status", "")),
        "records in": records.get("inputRecordCount"),
        "landed": records.get("outputRecordCount"),
        "failed": records.get("failedRecordCount"),
        "with warnings": records.get("warningRecordCount"),
    }


def _moment(epoch_ms: Any) -> str:
    return f"{datetime.fromtimestamp(int(epoch_ms) / 1000, UTC):%d %b %H:%M:%S}" if epoch_ms else ""

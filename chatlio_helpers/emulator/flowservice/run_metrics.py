"""Runs of streaming dataflows: one for each window of time in which something landed.

A run is there as soon as its first batch landed, with the status ``inProgress``; it closes when its window is over. One
micro-batch is one activity of the run. That a run waits for its window is documented; how its activities are cut is
assumed.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

from ..landing.tally import Causes, merged

KIND = "runs"
MOST_ACTIVITIES = 50
COUNTS = ("inputRecordCount", "outputRecordCount", "createdRecordCount", "updatedRecordCount", "skippedRecordCount",
          "failedRecordCount", "deletedRecordCount", "warningRecordCount")  # fmt: skip


@dataclass
class Micro:
    """What one micro-batch of a dataflow did; times in epoch milliseconds, latencies from receipt to landing."""

    started: int
    completed: int
    latencies: list[int]
    bytes_in: int
    bytes_out: int
    landed: int
    failed: int
    warned: int
    landed_batch: str = ""
    failed_batch: str = ""
    causes: Causes = field(default_factory=Causes)
    warnings: Causes = field(default_factory=Causes)

    @property
    def status(self) -> str:
        """``success``, ``partialSuccess`` or ``failed``."""
        if not self.failed:
            return "success"
        return "partialSuccess" if self.landed else "failed"


def opened(flow: dict[str, Any], etag: str, now: int, window: int) -> dict[str, Any]:
    """Give the body of a new run of *flow*, in the window (milliseconds) that holds *now*."""
    start = now - now % window if window else now
    same = ("createdBy", "updatedBy", "createdClient", "updatedClient", "sandboxId", "sandboxName", "imsOrgId",
            "flowSpec", "providerRefId")  # fmt: skip
    return {
        "id": str(uuid.uuid4()), "createdAt": now, "updatedAt": now,
        **{name: flow[name] for name in same if name in flow},
        "flowId": flow["id"], "etag": etag, "state": "inProgress",
        "metrics": {
            "durationSummary": {"startedAtUTC": start, "completedAtUTC": start + window},
            "latencySummary": {}, "sizeSummary": {"inputBytes": 0, "outputBytes": 0},
            "recordSummary": dict.fromkeys(COUNTS, 0) | {"failedInfo": [], "skippedInfo": [], "warningInfo": []},
            "fileSummary": {"inputFileCount": 0, "outputFileCount": 0, "activityRefs": []},
            "statusSummary": {"status": "inProgress", "errors": [], "activityRefs": [], "extensions": {}},
        },
        "activities": [],
    }  # fmt: skip


def add(run: dict[str, Any], flow: dict[str, Any], micro: Micro) -> None:
    """Count *micro* into *run* (changed in place) as one more activity."""
    activity = _activity(run, flow, micro)
    metrics = run["metrics"]
    _add_numbers(metrics["sizeSummary"], activity["sizeSummary"])
    records, more = metrics["recordSummary"], activity["recordSummary"]
    _add_latency(metrics["latencySummary"], micro.latencies, records["inputRecordCount"])
    _add_numbers(records, {name: more[name] for name in COUNTS})
    for name in ("failedInfo", "warningInfo"):
        records[name] = merged(records[name], more[name])
    _add_numbers(metrics["fileSummary"], {"outputFileCount": activity["fileSummary"]["outputFileCount"]})
    status = metrics["statusSummary"]
    status["errors"] = merged(status["errors"], activity["statusSummary"]["errors"])
    run["updatedAt"] = micro.completed
    if len(run["activities"]) < MOST_ACTIVITIES:
        run["activities"].append(activity)
        for summary in (metrics["fileSummary"], status):
            summary["activityRefs"].append(activity["id"])
    else:
        _fold(run["activities"][-1], activity, micro.latencies)


def over(run: dict[str, Any], now: int, delay: int) -> bool:
    """Tell whether the run's window ended at least *delay* milliseconds ago."""
    return run["metrics"]["durationSummary"]["completedAtUTC"] + delay <= now


def close(run: dict[str, Any], etag: str, now: int) -> None:
    """End *run* (changed in place) with the status that its counts give."""
    records = run["metrics"]["recordSummary"]
    status = "success"
    if records["failedRecordCount"]:
        status = "partialSuccess" if records["outputRecordCount"] else "failed"
    run["metrics"]["statusSummary"]["status"] = status
    run |= {"updatedAt": now, "etag": etag}
    del run["state"]


def _activity(run: dict[str, Any], flow: dict[str, Any], micro: Micro) -> dict[str, Any]:
    number = len(run["activities"]) + 1
    duration = run["metrics"]["durationSummary"]
    window = {"windowStart": duration["startedAtUTC"], "windowEnd": duration["completedAtUTC"]}
    latency: dict[str, Any] = {}
    _add_latency(latency, micro.latencies, 0)
    batches = [batch for batch in (micro.landed_batch, micro.failed_batch) if batch]
    return {
        "id": f"streaming_ingestion_{number}", "name": "Streaming Ingestion", "updatedAtUTC": micro.completed,
        "durationSummary": {
            "startedAtUTC": micro.started, "completedAtUTC": micro.completed, "extensions": window,
        },
        "latencySummary": latency,
        "sizeSummary": {"inputBytes": micro.bytes_in, "outputBytes": micro.bytes_out},
        "recordSummary": _records(micro),
        "fileSummary": {"outputFileCount": int(bool(micro.landed_batch))},
        "statusSummary": {
            "status": micro.status, "errors": micro.causes.of_run(), "extensions": _manifest(micro.failed_batch),
        },
        "sourceInfo": [{"id": id, "type": "SourceConnection"} for id in flow.get("sourceConnectionIds", [])],
        "targetInfo": [
            {"id": id, "type": "TargetConnection", "reference": {"type": "Batch", "ids": batches}}
            for id in flow.get("targetConnectionIds", [])
        ],
    }  # fmt: skip


def _fold(into: dict[str, Any], more: dict[str, Any], latencies: list[int]) -> None:
    """Count an activity into the last one: a long window has many micro-batches, and a run must stay small."""
    records, added = into["recordSummary"], more["recordSummary"]
    _add_latency(into["latencySummary"], latencies, records["inputRecordCount"])
    _add_numbers(records, {name: added[name] for name in COUNTS})
    for name in ("failedInfo", "warningInfo"):
        records[name] = merged(records[name], added[name])
    for name in ("sizeSummary", "fileSummary"):
        _add_numbers(into[name], more[name])
    into["updatedAtUTC"] = into["durationSummary"]["completedAtUTC"] = more["updatedAtUTC"]
    status, latest = into["statusSummary"], more["statusSummary"]
    status["errors"] = merged(status["errors"], latest["errors"])
    status["extensions"] |= latest["extensions"]
    status["status"] = status["status"] if status["status"] == latest["status"] else "partialSuccess"
    for target, new in zip(into["targetInfo"], more["targetInfo"], strict=True):
        target["reference"]["ids"] += new["reference"]["ids"]


def _records(micro: Micro) -> dict[str, Any]:
    return dict.fromkeys(COUNTS, 0) | {
        "inputRecordCount": micro.landed + micro.failed, "outputRecordCount": micro.landed,
        "createdRecordCount": micro.landed, "failedRecordCount": micro.failed, "warningRecordCount": micro.warned,
        "failedInfo": micro.causes.of_run(), "skippedInfo": [], "warningInfo": micro.warnings.of_run(),
    }  # fmt: skip


def _manifest(batch: str) -> dict[str, Any]:
    """Give the links to the failed rows; the path only: who asks puts the host that it reached us by before it."""
    if not batch:
        return {}
    meta = f"/data/foundation/export/batches/{batch}/meta?path="
    return {"manifest": {"failedRecords": f"{meta}row_errors", "sampleErrors": f"{meta}row_error_samples.json"}}


def _add_numbers(into: dict[str, Any], more: dict[str, int]) -> None:
    for name, number in more.items():
        into[name] = into.get(name, 0) + number


def _add_latency(into: dict[str, Any], latencies: list[int], counted: int) -> None:
    """Bring *latencies* into a summary that so far stands for *counted* rows."""
    total = into.get("avgMs", 0) * counted + sum(latencies)
    into |= {
        "minMs": min([*latencies, into.get("minMs", latencies[0])]),
        "maxMs": max([*latencies, into.get("maxMs", latencies[0])]),
        "avgMs": round(total / (counted + len(latencies)), 3),
    }

"""Data Access through the client: what landed is read back, and what failed is told apart."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform

from . import chain


def landed(platform: Platform, dataset: str, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """Wait until the batches of *dataset* are *enough*, and give them, newest first."""
    deadline = time.monotonic() + 20
    while not enough(batches := platform.catalog.batches(dataset)):
        assert time.monotonic() < deadline, batches
        time.sleep(0.05)
    return batches


def records(batches: list[dict[str, Any]], metric: str) -> int:
    """Add up a metric of *batches*."""
    return sum(int(batch["metrics"].get(metric, 0)) for batch in batches)


def test_sent_events_are_read_back(platform: Platform) -> None:
    """Events land as rows of Parquet with their id, and the preview shows the same rows."""
    made = chain.build(platform)
    for number in range(3):
        payload = {"id": number, "message": f"häßlich {number} 👋", "visitor": {"email": ""}, "score": number}
        platform.collection.post(made.webhook, payload)
    landed(platform, made.dataset, lambda batches: records(batches, "outputRecordCount") == 3)
    rows = {row["_id"]: row[f"_{made.tenant}"] for row in platform.access.rows(made.dataset)}
    assert rows["2"] == {"message": "häßlich 2 👋", "visitor": {"email": ""}, "score": 2}
    assert set(rows) == {"0", "1", "2"}
    assert {row["_id"] for row in platform.access.preview(made.dataset)} == set(rows)


def test_failed_records_keep_payload_and_reason(platform: Platform) -> None:
    """A record that fails mapping and one that fails validation are kept, each with its errors."""
    made = chain.build(platform)
    platform.collection.post(made.webhook, {"id": "1", "score": "many"})
    platform.collection.post(made.webhook, {"message": "no id"})
    platform.collection.post(made.webhook, {"id": "3", "message": "good"})
    batches = landed(
        platform,
        made.dataset,
        lambda batches: records(batches, "failedRecordCount") == 2 and records(batches, "outputRecordCount") == 1,
    )
    failures = [record for batch in batches for record in platform.access.failed(batch["id"])]
    text = str(failures)
    assert len(failures) == 2
    assert "score" in text
    assert "required key [_id] not found" in text
    assert all(record["_errors"] for record in failures)
    assert [row["_id"] for row in platform.access.rows(made.dataset)] == ["3"]


def test_a_file_is_downloaded_by_its_part(platform: Platform) -> None:
    """The file of a batch has one part, Parquet, as long as its length says."""
    made = chain.build(platform)
    platform.collection.post(made.webhook, {"id": "1"})
    (batch,) = landed(platform, made.dataset, lambda batches: records(batches, "outputRecordCount") == 1)
    (file,) = platform.access.files(batch["id"])
    (part,) = platform.access.parts(file)
    content = platform.access.download(file)
    assert content[:4] == content[-4:] == b"PAR1"
    assert len(content) == int(part["length"])
    assert [row["_id"] for row in platform.access.rows(made.dataset, [batch["id"]])] == ["1"]
    assert platform.catalog.batch(batch["id"])["status"] == "success"


def test_a_run_counts_what_went_through(platform: Platform) -> None:
    """After its window closes a run tells how many records came in, landed and failed, and in which batches."""
    made = chain.build(platform)
    platform.collection.post(made.webhook, {"id": "1"})
    platform.collection.post(made.webhook, {"message": "no id"})
    deadline = time.monotonic() + 20
    while not (runs := [run for run in platform.flows.runs(made.flow) if "recordSummary" in run["metrics"]]):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    summaries = [run["metrics"]["recordSummary"] for run in runs]
    assert sum(summary["inputRecordCount"] for summary in summaries) <= 2
    assert runs[0]["etag"].startswith('"')
    assert runs[0]["activities"] is not None


def test_an_absent_batch_is_not_found(platform: Platform) -> None:
    """Files of a batch that is not there raise NotFound; it has no failed records either."""
    with pytest.raises(errors.NotFound):
        platform.access.files("01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert platform.access.failed("01ARZ3NDEKTSV4RRFFQ69G5FAV") == []


def test_a_deleted_dataset_takes_its_files_along(platform: Platform) -> None:
    """With the dataset its batches, files and failed records are gone at once."""
    made = chain.build(platform)
    platform.collection.post(made.webhook, {"id": "1"})
    (batch,) = landed(platform, made.dataset, lambda batches: records(batches, "outputRecordCount") == 1)
    (file,) = platform.access.files(batch["id"])
    platform.catalog.delete_dataset(made.dataset)
    assert platform.catalog.batches(made.dataset) == []
    for gone in (
        lambda: platform.access.files(batch["id"]),
        lambda: platform.access.download(file),
        lambda: platform.catalog.batch(batch["id"]),
        lambda: platform.access.preview(made.dataset),
    ):
        with pytest.raises(errors.NotFound):
            gone()

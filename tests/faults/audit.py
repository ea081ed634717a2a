"""What must be true after all kills; each function gives the sentences that are not."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from ..emulator.running import Chain
from .senders import Sender, event_is_bad

SHOWN = 5  # events that a sentence names


def findings(chain: Chain, senders: Sequence[Sender]) -> tuple[list[str], int]:
    """Compare what the senders of *chain* were told with what Data Access, Catalog and the runs say; and the rows."""
    landed = Counter(row["_id"] for row in chain.landed())
    failures = chain.failed()
    failed = Counter(one["body"]["id"] for one in failures)
    found = [*_once(senders, landed + failed), *_reasons(landed, failures)]
    counts = chain.counts()
    if counts != (landed.total(), failed.total()):
        found.append(f"the batches count {counts}, the files hold {(landed.total(), failed.total())}")
    return [*found, *_runs(chain.runs(), *counts)], landed.total() + failed.total()


def _once(senders: Iterable[Sender], found: Counter[str]) -> list[str]:
    """Each acknowledged post made one row; each without an answer one row or none."""
    least: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for sender in senders:
        least += sender.acknowledged
        most += sender.acknowledged + sender.unanswered
    lost = [id for id in least if found[id] < least[id]]
    doubled = [id for id in found if found[id] > most[id]]
    return [
        f"{len(ids)} events are {word}: {ids[:SHOWN]}" for word, ids in (("lost", lost), ("doubled", doubled)) if ids
    ]


def _reasons(landed: Iterable[str], failures: Iterable[dict[str, Any]]) -> list[str]:
    """Bad events failed and have their reason; good ones landed."""
    wrong = [id for id in landed if event_is_bad(id)]
    without = [one["body"]["id"] for one in failures if not one["_errors"] or not event_is_bad(one["body"]["id"])]
    return [
        f"{len(ids)} events {word}: {ids[:SHOWN]}"
        for word, ids in (("landed though they are bad", wrong), ("failed without a reason", without))
        if ids
    ]


def _runs(runs: Sequence[dict[str, Any]], landed: int, failed: int) -> list[str]:
    records = [run["metrics"]["recordSummary"] for run in runs]
    sums = [
        sum(one[name] for one in records) for name in ("inputRecordCount", "outputRecordCount", "failedRecordCount")
    ]
    if sums == [landed + failed, landed, failed]:
        return []
    return [f"{len(runs)} runs count {sums} records in, out and failed; the batches {landed} out and {failed} failed"]


def strangers(folder: Path) -> list[str]:
    """Compare the files of the lake with the batches of the state; gives sentences, none when each has the other."""
    files, batches = files_of(folder), set(_rows(folder, "SELECT id FROM objects WHERE kind = 'batches'"))
    orphans, missing = sorted(files - batches), sorted(batches - files)
    return [
        f"{len(names)} {word}: {names[:SHOWN]}"
        for word, names in (("files without a batch", orphans), ("batches without a file", missing))
        if names
    ]


def orphans_among(folder: Path, before: set[str]) -> list[str]:
    """Give the files of *before* that are still there and have no batch: a start must remove them."""
    batches = set(_rows(folder, "SELECT id FROM objects WHERE kind = 'batches'"))
    left = sorted((files_of(folder) & before) - batches)
    return [f"{len(left)} files without a batch are left after a start: {left[:SHOWN]}"] if left else []


def files_of(folder: Path) -> set[str]:
    """Give the names of the lake's files without their endings; a half-written one has a dot before its name."""
    return {path.name.removesuffix(path.suffix) for path in (folder / "lake").glob("*/*/*")}


def waiting(folder: Path) -> int:
    """Count the accepted messages that have not landed."""
    cursor = _rows(folder, "SELECT max(json_extract(body, '$.number')) FROM objects WHERE kind = 'landing'")[0] or 0
    return _rows(folder, "SELECT count(*) FROM messages WHERE number > ?", cursor, file="journal.sqlite")[0]


def _rows(folder: Path, query: str, *values: int, file: str = "state.sqlite") -> list[Any]:
    with closing(sqlite3.connect(folder / file, timeout=30)) as database:
        return [row[0] for row in database.execute(query, values)]

"""From fresh clone to the first landed, verified event: what the runs of `make run` themselves report."""

from __future__ import annotations

from statistics import median

from .figure import Figure
from .fresh_clone import runs


def measure() -> list[Figure]:
    """Give the median of what the summaries say; None when a run did not measure from its fresh clone."""
    both = runs()
    said = [summary.get("first_event") or {} for summary in both.summaries]
    whole = all(each.get("since") == "fresh clone" for each in said)
    ours = median(each["seconds"] for each in said) if whole else None
    what = "fresh clone to first landed, verified event, by `make run`"
    return [Figure(what, "s", ours, "`pip install -r requirements.txt` alone", both.other)]

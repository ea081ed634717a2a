"""What a reader must know of the machine to read the figures: nothing that names it."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

from .children import Failed, output


def described() -> str:
    """Give cores, load, Python, system, commit and date in one line."""
    return (
        f"{cores()} cores, {load()}Python {platform.python_version()}, {platform.system()} {platform.machine()}, "
        f"commit {commit()}, {datetime.now(UTC):%Y-%m-%d}"
    )


def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def load() -> str:
    """Give the load of the last minute in words, "" where the system keeps none (Windows)."""
    return f"load {os.getloadavg()[0]:.1f} at the start, " if hasattr(os, "getloadavg") else ""


def commit() -> str:
    """Name the commit; the fresh clones are of it, so changes that are not committed are told."""
    try:
        name = output(["git", "rev-parse", "--short", "HEAD"]).strip()
    except Failed:
        return "unknown"  # not a clone
    changed = output(["git", "status", "--porcelain", "--untracked-files=no"]).strip()
    return f"{name} (with changes that are not committed)" if changed else name

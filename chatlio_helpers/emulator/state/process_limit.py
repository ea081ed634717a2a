"""Bounds of what a process of ours may take from the computer while it handles what others sent."""

from __future__ import annotations

import sys
from pathlib import Path


def limit_process(addresses: int, largest_file: int | None = None) -> None:
    """Bound this process to so many bytes of address space and of a file, where the system has such bounds.

    When the computer's memory runs out, Linux ends this process and not the platform.
    """
    if sys.platform == "win32":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (addresses, addresses))
    if largest_file is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    worst = Path("/proc/self/oom_score_adj")
    if worst.exists():
        worst.write_text("1000")

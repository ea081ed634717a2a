"""The local platform from the start of its process to its first answer, beside a bare Starlette under uvicorn."""

from __future__ import annotations

from . import servers
from .figure import Figure
from .rounds import alternate

TIMES = 5


def measure() -> list[Figure]:
    """Give the seconds to the first answer, on an empty state folder, watched from outside."""
    ours, other = alternate(servers.cold_platform, servers.cold_bare, TIMES)
    what = "local platform, cold start to first answer"
    return [Figure(what, "s", ours, "a bare Starlette under uvicorn", other, at_most=1.0)]

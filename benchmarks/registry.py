"""All measurements, in the order of the table. Each entry is a function that gives its figures."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from . import (
    control_plane,
    first_event,
    fresh_clone,
    growth,
    import_time,
    inlet,
    lake_growth,
    landing,
    platform_memory,
    platform_start,
    restart,
    warm_notebooks,
)
from .figure import Figure

MEASUREMENTS: dict[str, Callable[[], Sequence[Figure]]] = {
    "fresh-clone": fresh_clone.measure,  # `make run` on a fresh clone, beside pip alone
    "warm-notebooks": warm_notebooks.measure,  # the seven notebooks, beside seven that only import
    "platform-start": platform_start.measure,  # the local platform until its first answer, beside a bare server
    "platform-memory": platform_memory.measure,  # its memory when idle, new and after work, beside a bare server
    "inlet": inlet.measure,  # messages acknowledged, single and in batches, beside a bare handler that parses them
    "control-plane": control_plane.measure,  # 100 seats make their whole chain at once, beside one seat alone
    "landing": landing.measure,  # rows landed while messages arrive, beside a script that writes them unmapped
    "lake-growth": lake_growth.measure,  # the same with five million rows in the lake, beside none
    "restart": restart.measure,  # the local platform with a million rows until its first answer, beside an empty one
    "growth": growth.measure,  # listing, filtering and creating with 10,000 objects, beside 100
    "import": import_time.measure,  # `import chatlio_helpers`, beside `import pandas`
    "first-event": first_event.measure,  # from fresh clone to first verified event, of the runs of fresh-clone
}

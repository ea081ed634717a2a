"""Emptying a sandbox: every object of it, and what has landed in it."""

from __future__ import annotations

from .platform import Platform
from .store import Scope


def objects(scope: Scope) -> set[str]:
    """Delete every object of the sandbox; gives the datasets whose files are left for ``files`` to remove."""
    place = (scope.seat, scope.sandbox)
    with scope.store.transaction() as database:
        # A batch may outlive its dataset, and then so may its files.
        names = database.execute(
            "SELECT DISTINCT name FROM objects WHERE seat = ? AND sandbox = ? AND kind = 'batches'", place
        ).fetchall()
        datasets = {row.id for row in scope.list("dataSets")} | {name for (name,) in names if name}
        database.execute("DELETE FROM objects WHERE seat = ? AND sandbox = ?", place)
    return datasets


def files(platform: Platform, seat: str, datasets: set[str]) -> None:
    """Remove the landed and failed rows of *datasets*; messages on their way find no dataset, and go by themselves."""
    if platform.lake is not None:
        for dataset in datasets:
            platform.lake.forget(seat, dataset)

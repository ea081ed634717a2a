"""Emptying a sandbox: every object of it, and what was uploaded to it and has landed in it."""

from __future__ import annotations

from ..catalog import batches
from ..platform import Platform
from ..state import errands
from ..state.store import Scope


def empty(platform: Platform, scope: Scope, *, now: int) -> None:
    """Delete every object of the sandbox, and have its files removed as soon as that is on disk.

    Messages on their way find no dataset, and go by themselves.
    """
    place = (scope.seat, scope.sandbox)
    with scope.store.transaction() as database:
        found: dict[str, list[str]] = {row.id: [] for row in scope.list("dataSets")}
        of_kind = "SELECT id, name FROM objects WHERE seat = ? AND sandbox = ? AND kind = ?"
        for batch, dataset in database.execute(of_kind, (*place, batches.KIND)).fetchall():
            found.setdefault(dataset or "", []).append(batch)  # a batch may outlive its dataset
        # What was to be done before is still done: the files of what was deleted earlier are not known any more.
        database.execute(
            "DELETE FROM objects WHERE seat = ? AND sandbox = ? AND kind != ?", (*place, errands.KIND)
        )  # fmt: skip
        for batch in found.pop("", ()):
            errands.remove_uploads(platform, scope, batch, now=now)
        for dataset, ids in found.items():
            errands.forget(platform, scope, dataset, ids, now=now)

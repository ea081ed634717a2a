"""What is to be done once a transaction is on disk: promote a batch, or remove files whose batch or dataset is gone.

An errand is written in the transaction that makes it necessary and deleted when it is done, so that it is carried out
after a crash too; each may be carried out twice without harm.
"""

from __future__ import annotations

import secrets
from typing import Any

from ..platform import Platform
from .store import Row, Scope, Store

KIND = "errands"
PROMOTE, REMOVE, FORGET, UNLINK, UPLOADS = "promote", "remove", "forget", "unlink", "uploads"


def promote(platform: Platform, scope: Scope, batch: str, *, now: int) -> None:
    """Have a completed batch checked, converted and landed."""
    _put(platform, scope, {"task": PROMOTE, "batch": batch}, now)


def remove(platform: Platform, scope: Scope, dataset: str, batch: str, *, now: int) -> None:
    """Have the landed rows and the uploads of a batch removed."""
    _put(platform, scope, {"task": REMOVE, "dataset": dataset, "batch": batch}, now)


def remove_uploads(platform: Platform, scope: Scope, batch: str, *, now: int) -> None:
    """Have the uploaded bytes of a batch removed; its rows stay."""
    _put(platform, scope, {"task": UPLOADS, "batch": batch}, now)


def forget(platform: Platform, scope: Scope, dataset: str, batches: list[str], *, now: int) -> None:
    """Have all files of a dataset that is gone removed."""
    _put(platform, scope, {"task": FORGET, "dataset": dataset, "batch": "", "batches": batches}, now)


def unlink(platform: Platform, scope: Scope, batch: str, names: list[str], *, now: int) -> None:
    """Have the bytes of uploaded parts removed that others have taken the place of."""
    if names:
        _put(platform, scope, {"task": UNLINK, "batch": batch, "names": names}, now)


def waiting(store: Store) -> list[Row]:
    """Give the errands to do, oldest first."""
    return store.rows("kind = ?", (KIND,))


def attempted(scope: Scope, errand: Row, attempts: int, *, now: int) -> None:
    """Note how often an errand was begun and did not come to an end of any kind: the platform ended meanwhile."""
    scope.put(KIND, errand.id, {**errand.body, "attempts": attempts}, name=errand.name, now=now)


def _put(platform: Platform, scope: Scope, body: dict[str, Any], now: int) -> None:
    scope.put(KIND, secrets.token_hex(8), body, now=now)
    if platform.importer is not None:
        platform.importer.wake()

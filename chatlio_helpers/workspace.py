"""The workspace: the folder that remembers what one person made, between notebooks and between days.

.. code-block:: text

    WORKSPACE/
      ledger.sqlite     objects made on the platform (see ledger.py)
      outbox.sqlite     test events and what became of them (see outbox.py)
      workspace.lock    held while objects are made or deleted, so that two runs never make two of anything
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from . import config
from .errors import WorkspaceError
from .ledger import Ledger

LOCK_PATIENCE = 120.0  # seconds to wait for another run in the same workspace


class Workspace:
    """A folder of the kit's files; *where* is a path, a plain name, or empty for the default one."""

    def __init__(self, where: str | Path = "") -> None:
        self.folder = config.private_folder(_folder(where))

    def __repr__(self) -> str:
        return f"Workspace({self.folder})"

    @property
    def outbox_path(self) -> Path:
        """Where the outbox keeps its entries."""
        return self.folder / "outbox.sqlite"

    def ledger(self, *, place: str, prefix: str) -> Ledger:
        """Open the ledger for one *place* (platform, organisation, sandbox) and *prefix*."""
        return Ledger(self.folder / "ledger.sqlite", place=place, prefix=prefix)

    @contextmanager
    def lock(self, patience: float = LOCK_PATIENCE) -> Iterator[None]:
        """Hold the workspace for one run; raises WorkspaceError when another holds it for *patience* seconds more."""
        held = FileLock(self.folder / "workspace.lock", timeout=patience)
        try:
            held.acquire()
        except Timeout as error:
            raise WorkspaceError(
                f"Another run has been using the workspace {self.folder} for more than {patience:.0f} s.",
                cause="a second notebook or command makes or deletes objects at the same time",
                next_step="wait for it to end, or choose another folder with the parameter `workspace`",
            ) from error
        try:
            yield
        finally:
            held.release()


def _folder(where: str | Path) -> Path:
    text = str(where).strip()
    if not text:
        return config.home() / "workspaces" / "default"
    if "/" not in text and "\\" not in text and text not in (".", ".."):
        return config.home() / "workspaces" / text
    return Path(text).expanduser().resolve()

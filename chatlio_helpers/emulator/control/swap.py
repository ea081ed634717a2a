"""Put an imported state in the place of the one that is there, so that no crash on the way loses either.

.. code-block:: text

    .import           what is unpacked and checked; a crash leaves it, and the next start removes it
    .import-whole     the same folder, renamed: from here on the new state is the state
                      step 1: what is there goes to .former, the state file first
    .import-placing   renamed again: the old state is all away
                      step 2: the new files go to their places, the state file last
                      step 3: .former is removed, then .import-placing

The name of the folder is the note of what is done, because a rename is done whole or not at all. Each step may be done
again without harm, so ``settle``, at the next start or import, goes on where a crash was. Raises OSError throughout.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from ..state.durable import sync_folder
from ..state.store import FILE, StateError

JOURNAL = "journal.sqlite"
TREES = ("lake", "imports")
DRAFT, WHOLE, PLACING, FORMER = ".import", ".import-whole", ".import-placing", ".former"
_STATE = (FILE, f"{FILE}-wal", f"{FILE}-shm", JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", *TREES, "credentials",
          "staging", "query-drafts")  # fmt: skip


def is_unfinished(path: Path) -> bool:
    """Tell whether a crash interrupted an import into the folder *path* after it had begun to replace the state."""
    return (path / WHOLE).exists() or (path / PLACING).exists()


def begin(path: Path) -> Path:
    """Give the empty folder to unpack into; what was interrupted before must be settled."""
    shutil.rmtree(path / DRAFT, ignore_errors=True)
    (path / DRAFT).mkdir(mode=0o700)
    return path / DRAFT


def swap(path: Path) -> None:
    """Make what is in the draft, all of it on disk, the state of the folder *path*."""
    shutil.rmtree(path / FORMER, ignore_errors=True)  # the rest of a swap by an earlier kit, which had come to its end
    _renamed(path / DRAFT, path / WHOLE)
    settle(path)


def settle(path: Path) -> None:
    """Finish a swap that a crash interrupted, or remove what is left of an import that had not come so far.

    Raises StateError when an earlier version of the kit was interrupted, which noted nothing.
    """
    _refuse_unmarked(path)
    if (path / WHOLE).exists():
        (path / FORMER).mkdir(mode=0o700, exist_ok=True)
        for name in _STATE:
            if (path / name).exists():
                (path / name).rename(path / FORMER / name)
        sync_folder(path / FORMER)
        _renamed(path / WHOLE, path / PLACING)
    if (path / PLACING).exists():
        for name in reversed(_STATE):
            if (path / PLACING / name).exists():
                (path / PLACING / name).rename(path / name)
        sync_folder(path)
        shutil.rmtree(path / FORMER, ignore_errors=True)
        shutil.rmtree(path / PLACING)
    shutil.rmtree(path / DRAFT, ignore_errors=True)


def _renamed(old: Path, new: Path) -> None:
    old.rename(new)
    sync_folder(new.parent)


def _refuse_unmarked(path: Path) -> None:
    """Refuse a folder whose state stands in .former alone: to begin empty would be the silent loss of it."""
    if not is_unfinished(path) and (path / FORMER / FILE).exists() and not (path / FILE).exists():
        raise StateError(
            f"An import into {path} was interrupted; the state from before it is in its folder {FORMER}.",
            "an earlier version of the kit was ended in the middle of it",
            f"move the files of {FORMER} back into {path}, in place of those of the same names, and start again",
        )

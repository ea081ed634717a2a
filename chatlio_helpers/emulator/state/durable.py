"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


class Placing:
    """A file that is written beside its place; ``keep`` forces it to disk and puts it there, ``drop`` removes it.

    Raises OSError when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self._path, self._beside = path, path.with_name(f".{path.name}")
        self.file = self._beside.open("wb")

    def keep(self) -> int:
        """Put the file in its place; gives its size in bytes."""
        self.file.flush()
        os.fsync(self.file.fileno())
        size = self.file.tell()
        self.file.close()
        self._beside.replace(self._path)
        sync_folder(self._path.parent)
        return size

    def drop(self) -> None:
        """Remove what was written, wherever it is by now."""
        self.file.close()
        self._beside.unlink(missing_ok=True)
        self._path.unlink(missing_ok=True)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it, so that they are still there after a power cut; raises OSError."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=0o700, exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Force a rename or a new name to disk; Windows has no way to open a folder, and needs none."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

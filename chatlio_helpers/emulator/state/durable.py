"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


class Placing:
    """A file that is written beside its place; ``keep`` forces it to disk and puts it there, ``drop`` removes it.

    Who only writes it calls ``written``, and another process puts it in its place (``put``) or removes it (``remove``).
    Raises OSError when the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        make_folder(path.parent)
        self._path, self._beside = path, _beside(path)
        self.file = self._beside.open("wb")

    def written(self) -> int:
        """Force the file to disk where it is; gives its size in bytes."""
        self.file.flush()
        os.fsync(self.file.fileno())
        size = self.file.tell()
        self.file.close()
        return size

    def keep(self) -> int:
        """Put the file in its place; gives its size in bytes."""
        size = self.written()
        put([self._path])
        return size

    def drop(self) -> None:
        """Remove what was written, wherever it is by now."""
        self.file.close()
        remove(self._path)


def put(paths: Iterable[Path]) -> None:
    """Put files that were written beside their places into them; raises OSError."""
    folders = set()
    for path in paths:
        _beside(path).replace(path)
        folders.add(path.parent)
    for folder in folders:
        sync_folder(folder)


def remove(path: Path) -> None:
    """Remove a file from its place and from beside it, where it is; raises OSError."""
    _beside(path).unlink(missing_ok=True)
    path.unlink(missing_ok=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}")


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

"""One file that holds the whole state of a local platform: objects, journal, lake, uploads; made while it runs.

.. code-block:: text

    state.sqlite, journal.sqlite        copies of one moment
    lake/..., imports/...               files are only ever put in place whole, so copying them later is no harm
    manifest.json                       last: versions, and size and SHA-256 of every file above

The archive holds the secrets of all seats of that local platform, so it is its owner's alone (0600).
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import sqlite3
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from ..state.store import FILE, STATE_VERSION, StateError
from . import swap
from .swap import JOURNAL, TREES

FORMAT = 1
MANIFEST = "manifest.json"
MOST_FILES = 300_000  # their names and sums are one manifest, which is read whole
_WAIT = 10  # seconds to wait for whoever writes the state at this moment


class HashedFile:
    """A file that is read once, from its beginning to its end, and knows the SHA-256 of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._hash, self.size = file, hashlib.sha256(), 0

    def read(self, most: int = -1) -> bytes:
        """Read on."""
        part = self._file.read(most)
        self._hash.update(part)
        self.size += len(part)
        return part

    def described(self) -> dict[str, Any]:
        """Give what the manifest says of it."""
        return {"size": self.size, "sha256": self._hash.hexdigest()}


def export(folder: Path, file: Path) -> dict[str, Any]:
    """Write the state of *folder* to the new archive *file*; gives what it holds.

    Nobody is held up for longer than the beginning of three transactions. Raises StateError when there is no state, the
    file is there already, something was deleted meanwhile, or the disk refuses.
    """
    if swap.is_unfinished(folder):
        raise StateError(
            f"An import into {folder} was interrupted.", "its process was ended", "start the platform: it finishes it"
        )
    if not (folder / FILE).is_file():
        raise StateError(
            f"There is no state in {folder}.", "no local platform ever ran on this folder", "name its folder: --data"
        )
    if file.exists():
        raise StateError(f"The file {file} is there already.", "an earlier export", "choose another name, or remove it")
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".export-") as place:
            _copy_databases(folder, Path(place))
            manifest = _write(folder, Path(place), draft)
            _refuse_deleted(folder, Path(place), manifest["files"])
        draft.replace(file)
    except (OSError, sqlite3.Error) as error:
        raise StateError(
            f"The state could not be exported ({error}).",
            "the disk is full, or the local platform is very busy",
            "make room and run the same command again: the state itself is untouched",
        ) from error
    finally:
        draft.unlink(missing_ok=True)
    return {
        "file": str(file), "bytes": file.stat().st_size, "files": len(manifest["files"]),
        "state_version": STATE_VERSION, "holds": "the credentials of all seats: keep it as you keep a password",
    }  # fmt: skip


def _copy_databases(folder: Path, place: Path) -> None:
    """Copy state and journal as they are at one moment.

    While the state's write lock is held nothing lands, so the journal that is seen then has every message that the seen
    state has not landed. What is copied afterwards are those two views, which no later change touches.
    """
    held, views = _open(folder / FILE), {}
    try:
        held.execute("BEGIN IMMEDIATE")
        for name in (JOURNAL, FILE):
            if (folder / name).is_file():
                views[name] = _open(folder / name)
                views[name].execute("BEGIN")
                views[name].execute("SELECT count(*) FROM sqlite_master").fetchone()
        held.execute("ROLLBACK")
        for name, view in views.items():
            copy = sqlite3.connect(place / name)
            view.backup(copy)
            copy.close()
    finally:
        for connection in (held, *views.values()):
            connection.close()


def _write(folder: Path, place: Path, draft: Path) -> dict[str, Any]:
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    files: dict[str, Any] = {}
    with os.fdopen(handle, "wb") as out:
        with gzip.GzipFile("", "wb", 1, out) as packed, tarfile.open(fileobj=packed, mode="w|") as archive:
            for name, path in _members(folder, place):
                if len(files) >= MOST_FILES:
                    raise StateError(
                        f"The state has more than {MOST_FILES:,} files.", "it has very many batches",
                        "delete datasets that are of no more use, or copy the folder while the platform is stopped",
                    )  # fmt: skip
                files[name] = _add(archive, name, path)
            manifest = {"format": FORMAT, "state_version": STATE_VERSION, "created": time.time(), "files": files}
            text = json.dumps(manifest).encode()
            archive.addfile(_member(MANIFEST, len(text)), io.BytesIO(text))
        out.flush()
        os.fsync(out.fileno())
    return manifest


def _members(folder: Path, place: Path) -> Iterator[tuple[str, Path]]:
    for name in (FILE, JOURNAL):
        if (place / name).is_file():
            yield name, place / name
    for tree in TREES:
        for path in sorted((folder / tree).rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                yield path.relative_to(folder).as_posix(), path


def _add(archive: tarfile.TarFile, name: str, path: Path) -> dict[str, Any]:
    with path.open("rb") as opened:
        hashed = HashedFile(opened)
        archive.addfile(_member(name, os.fstat(opened.fileno()).st_size), hashed)
    return hashed.described()


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = size, 0o600, int(time.time())
    return member


def _refuse_deleted(folder: Path, place: Path, files: dict[str, Any]) -> None:
    """Refuse when something of the copied state is gone by now: its file may have gone before it was copied."""
    batches, parts = ("batches",), ("importParts",)
    ids = "SELECT id FROM objects WHERE kind = ?"
    copied, now = _open(place / FILE), _open(folder / FILE)
    try:
        gone = {id for (id,) in copied.execute(ids, batches)} - {id for (id,) in now.execute(ids, batches)}
        gone |= {id for (id,) in copied.execute(ids, parts)} - {name.rpartition("/")[2] for name in files}
    finally:
        copied.close()
        now.close()
    if gone:
        raise StateError(
            f"{len(gone)} batches or uploaded files went away while the state was exported.",
            "uploads were landed, a seat was reset or a dataset was deleted at the same time",
            "run the same command again",
        )


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, isolation_level=None, timeout=_WAIT)

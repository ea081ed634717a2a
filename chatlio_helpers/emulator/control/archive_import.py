"""Take the state of a local platform from an archive: whole and checked, or not at all."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import sqlite3
import tarfile
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from ..folder import Folder
from ..state import migration, soundness
from ..state.durable import sync_folder
from ..state.store import FILE, STATE_VERSION, StateDamaged, StateError, StateTooNew, Store
from . import swap
from .archive import FORMAT, JOURNAL, MANIFEST, MOST_FILES, TREES, HashedFile

_NAME = re.compile(
    rf"(state\.sqlite|journal\.sqlite|manifest\.json|({'|'.join(TREES)})(/[A-Za-z0-9_][\w.=-]*)+)", re.ASCII
)
_CHUNK = 1_000_000
_MANIFEST_MOST = 128 * _CHUNK
_HEADER_MOST = 65_536  # bytes, unpacked, before each file: a header, and another that holds a long name


class _Bounded:
    """Reads on in *file*, no more than was allowed last: a header can say of itself that it is gigabytes long."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._left = file, _HEADER_MOST

    def allow(self, size: int) -> None:
        """Let *size* bytes and the next header be read from now on."""
        self._left = size + _HEADER_MOST

    def read(self, most: int) -> bytes:
        """Read on; raises ValueError when it would be too much."""
        self._left -= most
        if self._left < 0:
            raise ValueError(f"a header in it is longer than {_HEADER_MOST} bytes")
        return self._file.read(most)


def restore(file: Path, path: Path, *, replace: bool) -> dict[str, Any]:
    """Put the state of the archive *file* into the folder *path*; *replace* lets it take the place of what is there.

    Raises StateError: the folder is in use or has a state already, the archive is damaged, has something in it that is
    no part of a state, or comes from a newer kit. The folder is then as it was.
    """
    folder = Folder(path)
    try:
        swap.settle(path)
        if not replace and any((path / name).exists() for name in (FILE, JOURNAL, *TREES)):
            raise StateError(
                f"The folder {path} has a state already.", "a local platform ran on it",
                "choose another folder with --data, or replace what is there with --replace",
            )  # fmt: skip
        draft = swap.begin(path)
        files = _checked(_extracted(file, draft), draft)
        _on_disk(draft)
        swap.swap(path)
    except OSError as error:
        raise StateError(
            f"The archive {file} could not be imported ({error}).",
            "the file is not there, or the disk is full or read-only",
            "check the name and the room on the disk, then run the same command again",
        ) from error
    finally:
        shutil.rmtree(path / swap.DRAFT, ignore_errors=True)
        folder.leave()
    return {"data": str(path), "files": len(files), "state_version": STATE_VERSION}


def _extracted(file: Path, draft: Path) -> dict[str, Any]:
    """Unpack the archive into *draft*; gives what was found, as a manifest describes it, and the manifest itself."""
    found: dict[str, Any] = {}
    try:
        with gzip.open(file) as unpacked:
            bounded = _Bounded(unpacked)
            with tarfile.open(fileobj=bounded, mode="r|") as archive:
                for member in archive:
                    _check_member(member, found, draft)
                    bounded.allow(member.size)
                    found[member.name] = _unpacked(archive, member, draft)
                    bounded.allow(0)
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise _damaged(str(error) or type(error).__name__) from error
    if MANIFEST not in found:
        raise _damaged("it has no manifest, so it was cut short")
    return found


def _check_member(member: tarfile.TarInfo, found: dict[str, Any], draft: Path) -> None:
    plain = member.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not member.issparse()
    if not plain or not _NAME.fullmatch(member.name) or member.name in found:
        raise _damaged(f"it holds {member.name[:100]!r}, which is no part of a state")
    if MANIFEST in found:
        raise _damaged("something comes after its manifest")
    if len(found) > MOST_FILES:
        raise _damaged(f"it holds more than {MOST_FILES:,} files")
    if member.size > shutil.disk_usage(draft).free:
        raise StateError(
            f"{member.name} needs {member.size:,} bytes, more than the room on the disk.",
            "the disk is nearly full", "make room, then run the same command again",
        )  # fmt: skip


def _unpacked(archive: tarfile.TarFile, member: tarfile.TarInfo, draft: Path) -> Any:
    source = archive.extractfile(member)
    if source is None:
        raise _damaged(f"{member.name} cannot be read")
    if member.name == MANIFEST:
        if member.size > _MANIFEST_MOST:
            raise _damaged("its manifest is too long")
        return orjson.loads(source.read())
    path = draft / member.name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    hashed = HashedFile(source)
    path.touch(mode=0o600)
    with path.open("wb") as out:
        while part := hashed.read(_CHUNK):
            out.write(part)
        out.flush()
        os.fsync(out.fileno())
    return hashed.described()


def _checked(found: dict[str, Any], draft: Path) -> dict[str, Any]:
    """Give the files of the archive when all are there and whole, and of a version that this kit can read."""
    manifest = found.pop(MANIFEST)
    versions = [manifest.get(name) if isinstance(manifest, dict) else None for name in ("format", "state_version")]
    if not all(isinstance(version, int) for version in versions):
        raise _damaged("its manifest names no version")
    if versions[0] > FORMAT or versions[1] > STATE_VERSION:
        raise _too_new(f"{versions[0]}/{versions[1]}", f"{FORMAT}/{STATE_VERSION}")
    if manifest.get("files") != found or FILE not in found:
        raise _damaged("its files are not those of its manifest")
    try:
        _check_state(draft, versions[1])
    except sqlite3.DatabaseError as error:
        raise _damaged(f"its state: {error}") from error
    return found


def _check_state(draft: Path, version: int) -> None:
    """Open state and journal as a start would, and look into them; raises sqlite3.DatabaseError and StateError."""
    state = _opened(draft / FILE)
    try:
        inside = migration.version_of(state)
        if inside is not None and inside > STATE_VERSION:
            raise _too_new(str(inside), str(STATE_VERSION))
        if inside != version:
            raise soundness.Unsound(f"it has version {inside}, and the manifest says {version}")
        soundness.check(state)
        soundness.check_all(state)
        if (draft / JOURNAL).exists():
            journal = _opened(draft / JOURNAL)
            try:
                soundness.check_journal(journal, state)
            finally:
                journal.close()
    finally:
        state.close()
    if version != STATE_VERSION:
        Store(draft).close()  # brings it up to date, so that a way that is none is found out now


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    try:
        if database.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise soundness.Unsound(f"the pages of {path.name} do not fit together")
    except BaseException:
        database.close()
        raise
    return database


def _on_disk(draft: Path) -> None:
    """Force the folders to disk as the files are: before anything is replaced, all that is new must be there."""
    for path in (draft, *draft.rglob("*")):
        if path.is_dir():
            sync_folder(path)


def _too_new(version: str, known: str) -> StateTooNew:
    return StateTooNew(
        f"The archive is of version {version}; this kit knows up to {known}.",
        "a newer version of the kit wrote it",
        "update the kit",
    )


def _damaged(why: str) -> StateDamaged:
    return StateDamaged(
        f"The archive cannot be used: {why}.",
        "it was cut short or changed, or it is not an export of a local platform",
        "export again, or take another copy of the file",
    )

"""Take the state of a local platform from an archive: whole and checked, or not at all."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tarfile
import zlib
from pathlib import Path
from typing import Any

from ..folder import Folder
from ..state import migration
from ..state.store import FILE, STATE_VERSION, StateDamaged, StateError, StateTooNew
from .archive import FORMAT, JOURNAL, MANIFEST, TREES, HashedFile

_NAME = re.compile(
    rf"(state\.sqlite|journal\.sqlite|manifest\.json|({'|'.join(TREES)})(/[A-Za-z0-9_][\w.=-]*)+)", re.ASCII
)
_CHUNK = 1_000_000
_DRAFT, _FORMER = ".import", ".former"
_STATE = (FILE, f"{FILE}-wal", f"{FILE}-shm", JOURNAL, f"{JOURNAL}-wal", f"{JOURNAL}-shm", *TREES, "credentials",
          "staging")  # fmt: skip


def restore(file: Path, path: Path, *, replace: bool) -> dict[str, Any]:
    """Put the state of the archive *file* into the folder *path*; *replace* lets it take the place of what is there.

    Raises StateError: the folder is in use or has a state already, the archive is damaged, has something in it that is
    no part of a state, or comes from a newer kit. The folder is then as it was.
    """
    folder = Folder(path)
    try:
        if not replace and any((path / name).exists() for name in (FILE, JOURNAL, *TREES)):
            raise StateError(
                f"The folder {path} has a state already.", "a local platform ran on it",
                "choose another folder with --data, or replace what is there with --replace",
            )  # fmt: skip
        shutil.rmtree(path / _DRAFT, ignore_errors=True)
        (path / _DRAFT).mkdir(mode=0o700)
        files = _checked(_extracted(file, path / _DRAFT), path / _DRAFT)
        _swap(path)
    except OSError as error:
        raise StateError(
            f"The archive {file} could not be imported ({error}).",
            "the file is not there, or the disk is full or read-only",
            "check the name and the room on the disk, then run the same command again",
        ) from error
    finally:
        shutil.rmtree(path / _DRAFT, ignore_errors=True)
        folder.leave()
    return {"data": str(path), "files": len(files), "state_version": STATE_VERSION}


def _extracted(file: Path, draft: Path) -> dict[str, Any]:
    """Unpack the archive into *draft*; gives what was found, as a manifest describes it, and the manifest itself."""
    found: dict[str, Any] = {}
    try:
        with tarfile.open(file, "r|gz") as archive:
            for member in archive:
                if not member.isfile() or not _NAME.fullmatch(member.name) or member.name in found:
                    raise _damaged(f"it holds {member.name[:100]!r}, which is no part of a state")
                if MANIFEST in found:
                    raise _damaged("something comes after its manifest")
                if member.size > shutil.disk_usage(draft).free:
                    raise StateError(f"{member.name} is larger than the room on the disk.", "", "make room, try again")
                found[member.name] = _unpacked(archive, member, draft)
    except (tarfile.TarError, EOFError, zlib.error, UnicodeError, ValueError) as error:
        raise _damaged(str(error) or type(error).__name__) from error
    if MANIFEST not in found:
        raise _damaged("it has no manifest, so it was cut short")
    return found


def _unpacked(archive: tarfile.TarFile, member: tarfile.TarInfo, draft: Path) -> Any:
    source = archive.extractfile(member)
    if source is None:
        raise _damaged(f"{member.name} cannot be read")
    if member.name == MANIFEST:
        return json.loads(source.read(64 * _CHUNK))
    path = draft / member.name
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    hashed = HashedFile(source)
    path.touch(mode=0o600)
    with path.open("wb") as out:
        while part := hashed.read(_CHUNK):
            out.write(part)
    return hashed.described()


def _checked(found: dict[str, Any], draft: Path) -> dict[str, Any]:
    """Give the files of the archive when all are there and whole, and of a version that this kit can read."""
    manifest = found.pop(MANIFEST)
    versions = [manifest.get(name) if isinstance(manifest, dict) else None for name in ("format", "state_version")]
    if not all(isinstance(version, int) for version in versions):
        raise _damaged("its manifest names no version")
    if versions[0] > FORMAT or versions[1] > STATE_VERSION:
        raise StateTooNew(
            f"The archive is of version {versions[0]}/{versions[1]}; this kit knows up to {FORMAT}/{STATE_VERSION}.",
            "a newer version of the kit wrote it",
            "update the kit",
        )
    if manifest.get("files") != found or FILE not in found:
        raise _damaged("its files are not those of its manifest")
    for name in (FILE, JOURNAL):
        if name in found:
            _refuse_broken(draft / name, name)
    return found


def _refuse_broken(path: Path, name: str) -> None:
    try:
        database = sqlite3.connect(path)
        try:
            whole = database.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            if name == FILE:
                migration.version_of(database)
        finally:
            database.close()
    except sqlite3.DatabaseError as error:
        raise _damaged(f"{name}: {error}") from error
    if not whole:
        raise _damaged(f"the pages of {name} do not fit together")


def _swap(path: Path) -> None:
    """Put what was unpacked in the place of what is there; the state file comes last."""
    former = path / _FORMER
    shutil.rmtree(former, ignore_errors=True)
    former.mkdir(mode=0o700)
    for name in _STATE:
        if (path / name).exists():
            (path / name).rename(former / name)
    for name in (*TREES, JOURNAL, FILE):
        if (path / _DRAFT / name).exists():
            (path / _DRAFT / name).rename(path / name)
    shutil.rmtree(former, ignore_errors=True)


def _damaged(why: str) -> StateDamaged:
    return StateDamaged(
        f"The archive cannot be used: {why}.",
        "it was cut short or changed, or it is not an export of a local platform",
        "export again, or take another copy of the file",
    )

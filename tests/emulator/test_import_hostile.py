"""Archives that were made to do harm, or that hold a damaged state: refused in words before anything is replaced."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from running import running

from chatlio_helpers.emulator.control.archive import export
from chatlio_helpers.emulator.control.archive_import import restore
from chatlio_helpers.emulator.state.store import StateDamaged, StateTooNew

SEAT = "UPDATE objects SET {} WHERE kind = 'seats'"
ROW = "INSERT INTO objects VALUES (999, {}, 0, 0)"
CHANGES = {
    "a seat's body": SEAT.format("body = '{'"),
    "a seat without fields": SEAT.format("body = '{}'"),
    "a seat's name": SEAT.format("id = '../../evil', body = json_set(body, '$.name', '../../evil')"),
    "a cursor": "INSERT OR REPLACE INTO objects VALUES (999, '', '', 'landing', 'cursor', NULL, '{}', 0, 0)",
    "a table": "DROP TABLE objects",
    "a trigger": "CREATE TRIGGER more AFTER INSERT ON objects BEGIN DELETE FROM objects; END",
    "an object's body": ROW.format("'default', '', 'tokens', 't', NULL, '['"),
    "an object's kind of body": ROW.format("'default', 'dev', 'flows', 'f', NULL, '[]'"),
    "an object's seat": ROW.format("'../../evil', 'dev', 'flows', 'f', NULL, '{}'"),
    "a dataset's id": ROW.format("'default', 'dev', 'dataSets', '../../evil', NULL, '{}'"),
    "a batch's id": ROW.format("'default', 'dev', 'batches', '..', NULL, '{}'"),
    "an errand's dataset": ROW.format(
        "'default', 'dev', 'errands', 'e', NULL, '{\"task\": \"forget\", \"dataset\": \"../..\"}'"
    ),
    "an errand's file": ROW.format(
        "'default', 'dev', 'errands', 'e', NULL, '{\"task\": \"unlink\", \"names\": [\"../x\"]}'"
    ),
}
VERSION = "UPDATE meta SET value = '99' WHERE key = 'version'"
JOURNALS = {
    "a message's seat": "INSERT INTO messages VALUES (1, '../../evil', 'dev', 'f', 'd', 'i', 't', 0, x'')",
    "a message's dataset": "INSERT INTO messages VALUES (1, 'default', 'dev', 'f', '../../d', 'i', 't', 0, x'')",
    "a table's shape": "ALTER TABLE messages RENAME COLUMN body TO soul",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Give the files of an archive of a platform on which nothing was made."""
    place = tmp_path_factory.mktemp("hostile")
    with running(place / "state"):
        pass
    export(place / "state", place / "good.tar.gz")
    with tarfile.open(place / "good.tar.gz") as opened:
        return {member.name: opened.extractfile(member).read() for member in opened}


def changed(content: bytes, statement: str) -> bytes:
    """Give a database after a statement."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "database"
        path.write_bytes(content)
        database = sqlite3.connect(path)
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute(statement)
        database.commit()
        database.close()
        return path.read_bytes()


def archived(place: Path, files: dict[str, bytes], manifest: bytes = b"") -> Path:
    """Write an archive whose manifest fits its files, or with another manifest."""
    own = {name: content for name, content in files.items() if name != "manifest.json"}
    sums = {name: {"size": len(one), "sha256": hashlib.sha256(one).hexdigest()} for name, one in own.items()}
    said = manifest or json.dumps(json.loads(files["manifest.json"]) | {"files": sums}).encode()
    with tarfile.open(place, "w:gz") as out:
        for name, content in (own | {"manifest.json": said}).items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))
    return place


def refused(archive: Path, folder: Path) -> None:
    """Import into a folder that has a state, which must be refused and leave everything as it was."""
    folder.mkdir()
    (folder / "state.sqlite").write_bytes(b"the old state")
    with pytest.raises(StateDamaged) as caught:
        restore(archive, folder, replace=True)
    assert caught.value.cause
    assert caught.value.next_step
    assert (folder / "state.sqlite").read_bytes() == b"the old state"
    assert {path.name for path in folder.iterdir()} == {"state.sqlite", "admin-token", "lock"}
    assert {path.name for path in folder.parent.iterdir()} == {archive.name, folder.name}


@pytest.mark.parametrize("change", CHANGES)
def test_a_state_that_is_damaged_inside(files: dict[str, bytes], tmp_path: Path, change: str) -> None:
    """An archive that is whole, with a state in it that no platform wrote, changes nothing."""
    state = changed(files["state.sqlite"], CHANGES[change])
    refused(archived(tmp_path / "a.tar.gz", files | {"state.sqlite": state}), tmp_path / "state")


@pytest.mark.parametrize("change", JOURNALS)
def test_a_journal_that_is_damaged_inside(files: dict[str, bytes], tmp_path: Path, change: str) -> None:
    """The same holds for what is not landed yet."""
    journal = changed(files["journal.sqlite"], JOURNALS[change])
    refused(archived(tmp_path / "a.tar.gz", files | {"journal.sqlite": journal}), tmp_path / "state")


def test_the_version_inside_counts(files: dict[str, bytes], tmp_path: Path) -> None:
    """A state of a later version is refused whatever the manifest says, and so is one of another than it says."""
    for version, kind in (("99", StateTooNew), ("0", StateDamaged)):
        state = changed(files["state.sqlite"], VERSION.replace("99", version))
        archive = archived(tmp_path / f"{version}.tar.gz", files | {"state.sqlite": state})
        with pytest.raises(kind):
            restore(archive, tmp_path / "state", replace=True)


def test_an_archive_that_is_good_is_taken(files: dict[str, bytes], tmp_path: Path) -> None:
    """What the tests here write is taken when nothing is changed in it."""
    assert restore(archived(tmp_path / "a.tar.gz", files), tmp_path / "state", replace=False)["files"] == 2


def test_a_manifest_of_brackets(files: dict[str, bytes], tmp_path: Path) -> None:
    """A manifest that is nested without an end is refused in words."""
    refused(archived(tmp_path / "a.tar.gz", files, b"[" * 200_000), tmp_path / "state")


def _long_header(out: tarfile.TarFile) -> None:
    """A pax header of 300 MB, which packs into less than 1 MB."""
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 300_000_000
    out.addfile(header, _Zeros())


def _many_headers(out: tarfile.TarFile) -> None:
    """Headers of headers, each of them short."""
    for _ in range(20_000):
        header = tarfile.TarInfo("././@PaxHeader")
        header.type, header.size = tarfile.XHDTYPE, 12
        out.addfile(header, io.BytesIO(b"12 comment=x"))


def _long_name(out: tarfile.TarFile) -> None:
    """A name of 300 MB in GNU's way."""
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 300_000_000
    out.addfile(header, _Zeros())


def _sparse(out: tarfile.TarFile) -> None:
    """A file of holes: 1 GB out of nothing."""
    member = tarfile.TarInfo("lake/default/holes")
    member.type = tarfile.GNUTYPE_SPARSE
    out.addfile(member)


class _Zeros(io.RawIOBase):
    def read(self, size: int = -1) -> bytes:
        return bytes(size)


@pytest.mark.parametrize("write", [_long_header, _many_headers, _long_name, _sparse])
def test_headers_are_bounded(tmp_path: Path, write: Callable[[tarfile.TarFile], None]) -> None:
    """However much a header says it is, the import refuses it without holding it in memory, in one line."""
    with gzip.open(tmp_path / "a.tar.gz", "wb", 1) as packed, tarfile.open(fileobj=packed, mode="w|") as out:
        write(out)
    # Python's own count: the system's peak of a process takes over that of the one which started it.
    program = (
        "import sys, tracemalloc; from chatlio_helpers.emulator.__main__ import main;"
        "tracemalloc.start(); code = main(sys.argv[1:]);"
        "print(tracemalloc.get_traced_memory()[1]); sys.exit(code)"
    )
    command = [sys.executable, "-c", program, "--data", str(tmp_path / "state"), "--import", str(tmp_path / "a.tar.gz")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 4, done.stderr
    assert set(json.loads(done.stderr)) == {"error", "cause", "next"}
    assert int(done.stdout) < 30_000_000

"""Export and import: the whole state in one file, taken while the platform works, refused when it is not whole."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from importing import Import, begun, record
from running import Chain, Client, make_chain, payload, running, wait_until

from chatlio_helpers.emulator.control.archive import export
from chatlio_helpers.emulator.control.archive_import import restore
from chatlio_helpers.emulator.state.store import StateDamaged, StateError, StateTooNew


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, set[str], Chain]]:
    """Export a platform while events come in; gives the archive and the events acknowledged before it began."""
    folder = tmp_path_factory.mktemp("export")
    with running(folder / "state") as server:
        chain = make_chain(Client(server))
        acknowledged: list[str] = []
        enough = threading.Event()

        def post() -> None:
            while not enough.is_set():
                number = len(acknowledged)
                if chain.post(payload(number)).status_code == 200:
                    acknowledged.append(f"event-{number}")

        sender = threading.Thread(target=post)
        sender.start()
        wait_until(lambda: chain.counts()[0] > 20)
        before = set(acknowledged)
        export(folder / "state", folder / "platform.tar.gz")
        enough.set()
        sender.join()
        yield folder / "platform.tar.gz", before, chain


def test_the_archive_has_every_acknowledged_event(exported: tuple[Path, set[str], Chain], tmp_path: Path) -> None:
    """What was acknowledged before the export is landed exactly once after an import; keys and dataflow still work."""
    archive, before, chain = exported
    restore(archive, tmp_path / "other", replace=False)
    with running(tmp_path / "other") as server:
        moved = Client(server)
        assert moved.keys == chain.client.keys
        there = Chain(moved, chain.dataset, chain.flow, "", chain.mapping, chain.schema)
        there.inlet = there.state()["options"]["inletUrl"]
        assert there.post(payload("after")).status_code == 200
        wait_until(lambda: any(row["_id"] == "event-after" for row in there.landed()))
        ids = [row["_id"] for row in there.landed()]
        assert len(ids) == len(set(ids))
        assert before <= set(ids)
        assert there.failed() == []


def test_uploads_and_queries_are_in_it(tmp_path: Path) -> None:
    """A batch whose file was uploaded before the export is completed after the import; queries are remembered."""
    with running(tmp_path / "state") as server:
        chain = make_chain(Client(server))
        batch = begun(chain)
        batch.put("one.json", json.dumps(record(chain, 1)).encode())
        asked = {"dbName": "dev:all", "sql": "SELECT 1 AS one"}
        query = chain.client.made("POST", "/query/queries", asked)["id"]
        export(tmp_path / "state", tmp_path / "platform.tar.gz")
        for path in (tmp_path / "state" / "imports").rglob("*"):
            if path.is_file():
                path.unlink()
        with pytest.raises(StateError, match="went away"):
            export(tmp_path / "state", tmp_path / "again.tar.gz")
    restore(tmp_path / "platform.tar.gz", tmp_path / "other", replace=False)
    assert not (tmp_path / "other" / "staging").exists()
    with running(tmp_path / "other") as server:
        there = Chain(Client(server), chain.dataset, chain.flow, "", chain.mapping, chain.schema)
        assert Import(there, batch.id).completed()["status"] == "success"
        assert [row["_id"] for row in there.landed()] == ["event-1"]
        assert there.client.made("GET", f"/query/queries/{query}", None)["id"] == query


def test_the_archive_is_its_owners_alone(exported: tuple[Path, set[str], Chain]) -> None:
    """Nobody else may read it, no draft is left beside it, and it is not written over."""
    archive = exported[0]
    assert archive.stat().st_mode & 0o077 == 0
    assert [path.name for path in archive.parent.iterdir() if path.name.startswith(".")] == []
    with pytest.raises(StateError, match="there already"):
        export(archive.parent / "state", archive)
    with pytest.raises(StateError, match="There is no state"):
        export(archive.parent / "nowhere", archive.parent / "none.tar.gz")


def members(archive: Path) -> dict[str, bytes]:
    """Give the files of an archive by name."""
    with tarfile.open(archive) as opened:
        return {member.name: opened.extractfile(member).read() for member in opened}


def rewritten(place: Path, files: dict[str, bytes], *more: tarfile.TarInfo) -> Path:
    """Write an archive of *files*, with odd members before its manifest."""
    with tarfile.open(place, "w:gz") as out:
        for name, content in sorted(files.items(), key=lambda item: item[0] == "manifest.json"):
            for odd in more if name == "manifest.json" else ():
                out.addfile(odd)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            out.addfile(member, io.BytesIO(content))
    return place


def changed_manifest(files: dict[str, bytes], **more: Any) -> dict[str, bytes]:
    """Give the files with another manifest."""
    manifest = json.loads(files["manifest.json"]) | more
    return files | {"manifest.json": json.dumps(manifest).encode()}


def link(name: str, kind: bytes, target: str = "/etc/passwd") -> tarfile.TarInfo:
    """Give a member that is no file."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


DAMAGES: dict[str, Callable[[Path, dict[str, bytes]], Path]] = {
    "cut short": lambda place, files: _cut(rewritten(place, files), 0.6),
    "a byte of the state is another": lambda place, files: rewritten(
        place, files | {"state.sqlite": files["state.sqlite"][:-1] + b"x"}
    ),
    "a file is missing": lambda place, files: rewritten(
        place, {name: content for name, content in files.items() if not name.endswith(".parquet")}
    ),
    "a file too many": lambda place, files: rewritten(place, files | {"lake/default/more.parquet": b"x"}),
    "no manifest": lambda place, files: rewritten(
        place, {name: content for name, content in files.items() if name != "manifest.json"}
    ),
    "a manifest that is no object": lambda place, files: rewritten(place, files | {"manifest.json": b"[]"}),
    "not an archive": lambda place, _: _written(place, b"PK not a tar at all" * 100),
    "a way out": lambda place, files: rewritten(place, files | {"lake/../../outside": b"x"}),
    "an absolute way": lambda place, files: rewritten(place, files | {"/tmp/outside": b"x"}),
    "a backslash": lambda place, files: rewritten(place, files | {"lake\\..\\outside": b"x"}),
    "another file of the folder": lambda place, files: rewritten(place, files | {"admin-token": b"x"}),
    "a symbolic link": lambda place, files: rewritten(place, files, link("lake/link", tarfile.SYMTYPE)),
    "a hard link": lambda place, files: rewritten(place, files, link("lake/link", tarfile.LNKTYPE)),
    "a device": lambda place, files: rewritten(place, files, link("lake/device", tarfile.CHRTYPE)),
}


def _written(place: Path, content: bytes) -> Path:
    place.write_bytes(content)
    return place


def _cut(place: Path, share: float) -> Path:
    content = place.read_bytes()
    return _written(place, content[: int(len(content) * share)])


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_is_not_whole_is_refused(exported: tuple[Path, set[str], Chain], tmp_path: Path, damage: str) -> None:
    """Whatever is wrong with an archive, the folder stays as it was, and nothing is written outside of it."""
    archive = DAMAGES[damage](tmp_path / "spoilt.tar.gz", members(exported[0]))
    with pytest.raises(StateDamaged):
        restore(archive, tmp_path / "state", replace=False)
    left = {path.name for path in (tmp_path / "state").iterdir()}
    assert left <= {"admin-token", "lock"}
    assert {path.name for path in tmp_path.iterdir()} == {"state", "spoilt.tar.gz"}


@pytest.mark.parametrize("more", [{"format": 2}, {"state_version": 99}])
def test_a_newer_archive_is_refused(
    exported: tuple[Path, set[str], Chain], tmp_path: Path, more: dict[str, int]
) -> None:
    """An archive of a later kit is refused with the step to take."""
    archive = rewritten(tmp_path / "newer.tar.gz", changed_manifest(members(exported[0]), **more))
    with pytest.raises(StateTooNew) as caught:
        restore(archive, tmp_path / "state", replace=False)
    assert caught.value.next_step == "update the kit"


def test_a_state_is_replaced_only_when_asked(exported: tuple[Path, set[str], Chain], tmp_path: Path) -> None:
    """A folder with a state refuses an import; with the word it is taken; a folder in use is never."""
    archive, _, chain = exported
    with running(tmp_path / "state") as server:
        make_chain(Client(server), "mine")
        with pytest.raises(StateError, match="in use"):
            restore(archive, tmp_path / "state", replace=True)
    with pytest.raises(StateError, match="has a state already"):
        restore(archive, tmp_path / "state", replace=False)
    restore(archive, tmp_path / "state", replace=True)
    with running(tmp_path / "state") as server:
        flows = Client(server).made("GET", "/flowservice/flows", None)["items"]
        assert [flow["id"] for flow in flows] == [chain.flow]


def test_the_commands_say_what_happened(exported: tuple[Path, set[str], Chain], tmp_path: Path) -> None:
    """As processes, export and import print one JSON line, and refusals too."""

    def run(*words: object) -> tuple[int, dict[str, Any]]:
        command = [sys.executable, "-m", "chatlio_helpers.emulator", *map(str, words)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, json.loads(done.stdout or done.stderr)

    code, said = run("--data", tmp_path / "state", "--import", exported[0])
    assert (code, said["data"]) == (0, str(tmp_path / "state"))
    code, said = run("--data", tmp_path / "state", "--export", tmp_path / "again.tar.gz")
    assert (code, "credentials" in said["holds"]) == (0, True)
    code, said = run("--data", tmp_path / "state", "--import", tmp_path / "missing.tar.gz", "--replace")
    assert (code, set(said)) == (4, {"error", "cause", "next"})

"""An import that is killed at any step: what is there afterwards is the old state or the new one, whole."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from running import Client, running

from chatlio_helpers.emulator.control import swap
from chatlio_helpers.emulator.control.archive import export
from chatlio_helpers.emulator.control.archive_import import restore
from chatlio_helpers.emulator.state.store import StateError

# Imports into copies of a folder, one for each step, and is killed at that step: a rename, a removal or a new folder.
KILLED = """
import json, os, shutil, signal, sys
from pathlib import Path
from chatlio_helpers.emulator.control.archive_import import restore
archive, begin, place = map(Path, sys.argv[1:])
STEPS = {"os.rename", "os.mkdir", "os.rmdir", "os.remove"}
left = 0

def count(event, arguments):
    global left
    if event in STEPS and left:
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(count)
for step in range(1, 200):
    folder = place / str(step)
    shutil.copytree(begin, folder)
    child = os.fork()
    if not child:
        left = step
        restore(archive, folder, replace=True)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        assert os.WEXITSTATUS(status) == 0
        print(json.dumps(step - 1))
        break
"""


def filled(folder: Path, seat: str) -> None:
    """Make a state with one seat more, and a file of its own in each tree and beside the state file."""
    with running(folder) as server:
        server.control("POST", "/seats", {"names": [seat]})
        Client(server, seat=seat)
    for tree in swap.TREES:
        (folder / tree / seat / "one").mkdir(parents=True)
        (folder / tree / seat / "one" / "file").write_text(seat)


def whose(folder: Path) -> set[str]:
    """Give the seats that a folder's parts are of: state file, trees; a missing part is the empty name."""
    database = sqlite3.connect(folder / "state.sqlite")
    rows = database.execute("SELECT id FROM objects WHERE kind = 'seats' AND id <> 'default'").fetchall()
    database.close()
    found = {id for (id,) in rows} or {""}
    for tree in swap.TREES:
        found |= {path.read_text() for path in (folder / tree).rglob("file")} or {""}
    assert (folder / "journal.sqlite").is_file()
    return found


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Give an archive of the new state, and a folder with the old one."""
    place = tmp_path_factory.mktemp("crash")
    filled(place / "new", "new")
    filled(place / "old", "old")
    export(place / "new", place / "new.tar.gz")
    return place / "new.tar.gz", place / "old"


def test_a_kill_at_every_step_loses_nothing(states: tuple[Path, Path], tmp_path: Path) -> None:
    """At each step the next start has the old state or the new one, never none, never a mixture, and no rest of it."""
    archive, old = states
    command = [sys.executable, "-c", KILLED, str(archive), str(old), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    steps = json.loads(done.stdout)
    assert steps > 20
    outcomes = []
    for step in range(1, steps + 1):
        folder = tmp_path / str(step)
        swap.settle(folder)
        outcomes.append(whose(folder))
        assert {path.name for path in folder.iterdir()} & {swap.DRAFT, swap.WHOLE, swap.PLACING, swap.FORMER} == set()
    before = outcomes.count({"old"})
    assert outcomes == [{"old"}] * before + [{"new"}] * (steps - before)
    assert before > 0
    assert steps - before > 8


def test_the_next_start_finishes_it(states: tuple[Path, Path], tmp_path: Path) -> None:
    """A platform that starts on a half-swapped folder has the new state; an export of the folder is refused before."""
    archive, old = states
    shutil.copytree(old, tmp_path / "state")
    restore(archive, tmp_path / "other", replace=False)
    (tmp_path / "state" / swap.WHOLE).mkdir()
    for name in ("state.sqlite", "journal.sqlite", *swap.TREES):
        (tmp_path / "other" / name).rename(tmp_path / "state" / swap.WHOLE / name)
    with pytest.raises(StateError, match="interrupted"):
        export(tmp_path / "state", tmp_path / "half.tar.gz")
    with running(tmp_path / "state") as server:
        assert [seat["name"] for seat in server.control("GET", "/seats")["seats"]] == ["default", "new"]


def test_what_an_earlier_kit_left_is_not_passed_over(states: tuple[Path, Path], tmp_path: Path) -> None:
    """A folder whose only state stands in .former is refused with the way back, by a start and by an import."""
    archive, old = states
    shutil.copytree(old, tmp_path / "state")
    (tmp_path / "state" / swap.FORMER).mkdir()
    (tmp_path / "state" / "state.sqlite").rename(tmp_path / "state" / swap.FORMER / "state.sqlite")
    with pytest.raises(StateError, match="interrupted") as caught:
        restore(archive, tmp_path / "state", replace=True)
    assert swap.FORMER in caught.value.next_step
    assert (tmp_path / "state" / swap.FORMER / "state.sqlite").is_file()


def test_the_rest_of_an_earlier_swap_is_no_obstacle(states: tuple[Path, Path], tmp_path: Path) -> None:
    """What an earlier kit had moved away and not removed yet does not stop an import."""
    archive, old = states
    shutil.copytree(old, tmp_path / "state")
    shutil.copytree(old / "lake", tmp_path / "state" / swap.FORMER / "lake")
    restore(archive, tmp_path / "state", replace=True)
    assert whose(tmp_path / "state") == {"new"}
    assert not (tmp_path / "state" / swap.FORMER).exists()

"""The ledger: written before and after, found again, never mixed up."""

import sqlite3
import stat

import pytest

from chatlio_helpers.errors import WorkspaceError
from chatlio_helpers.ledger import VERSION, Ledger


@pytest.fixture
def ledger(tmp_path):
    """An empty ledger."""
    return Ledger(tmp_path / "ledger.sqlite", place="local org dev", prefix="chatlio")


def test_an_entry_goes_from_intended_to_deleted(ledger):
    """Every state is on disk before the next call."""
    ledger.intend("flows:transcript", "flows", "chatlio dataflow transcript", "[m]")
    assert ledger.entry("flows:transcript").state == "intended"
    ledger.made("flows:transcript", "id-1")
    assert (ledger.entry("flows:transcript").state, ledger.entry("flows:transcript").id) == ("made", "id-1")
    ledger.deleting("flows:transcript")
    ledger.deleted("flows:transcript")
    assert [entry.key for entry in ledger.entries("made", "intended", "deleting")] == []


def test_another_process_reads_what_was_written(ledger):
    """A second ledger on the same file sees the entry at once: a crash loses nothing."""
    ledger.intend("schemas", "schemas", "chatlio events", "[m]")
    again = Ledger(ledger.path, place="local org dev", prefix="chatlio")
    assert again.entry("schemas").marker == "[m]"


def test_places_and_prefixes_are_apart(ledger):
    """Another organisation, sandbox or prefix has entries of its own."""
    ledger.intend("schemas", "schemas", "chatlio events", "[m]")
    assert Ledger(ledger.path, place="live org dev", prefix="chatlio").entries() == []
    assert Ledger(ledger.path, place="local org dev", prefix="other").entries() == []


def test_a_ledger_deleted_under_us_is_noticed(ledger):
    """Nothing is written into a file that nobody will find again."""
    ledger.path.unlink()
    with pytest.raises(WorkspaceError, match="deleted while"):
        ledger.intend("schemas", "schemas", "chatlio events", "[m]")


def test_several_threads_write_at_once(ledger):
    """A panel's thread and the kernel's write into one ledger without losing an entry."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: ledger.intend(f"flows:{n}", "flows", f"n{n}", "[m]"), range(40)))
    assert len(ledger.entries("intended")) == 40


def test_only_the_owner_can_read_it(ledger):
    """The file is 0600."""
    assert stat.S_IMODE(ledger.path.stat().st_mode) == 0o600


def test_a_damaged_ledger_is_refused_in_words(tmp_path):
    """A file that is no database names the next step, and is left as it is."""
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(b"this is not a database, and is long enough to be read as one" * 50)
    with pytest.raises(WorkspaceError, match="cannot be read") as caught:
        Ledger(path, place="p", prefix="x")
    assert "move the file away" in caught.value.next_step
    assert path.read_bytes().startswith(b"this is not")


def test_a_ledger_of_a_newer_kit_is_refused(ledger):
    """A newer version is not written to."""
    with sqlite3.connect(ledger.path) as db:
        db.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(WorkspaceError, match="newer version"):
        Ledger(ledger.path, place="p", prefix="x")


def test_many_processes_open_a_new_ledger_at_once(tmp_path):
    """Six kernels that start at the same moment share the file; each writes its entry."""
    import subprocess
    import sys

    program = (
        "import sys, pathlib\n"
        "from chatlio_helpers.ledger import Ledger\n"
        "Ledger(pathlib.Path(sys.argv[1]), place='p', prefix='x').intend(sys.argv[2], 'flows', 'n', '[m]')\n"
    )
    path = tmp_path / "ledger.sqlite"
    command = [sys.executable, "-c", program, str(path)]
    running = [subprocess.Popen([*command, f"flows:{n}"], stderr=subprocess.PIPE, text=True) for n in range(6)]
    assert [process.communicate()[1] for process in running] == [""] * 6
    assert len(Ledger(path, place="p", prefix="x").entries("intended")) == 6

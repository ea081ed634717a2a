"""The outbox: written before any network, read without being changed, shared by many."""

import sqlite3
import stat
import subprocess
import sys
import time

import pytest

from chatlio_helpers.errors import WorkspaceError
from chatlio_helpers.outbox import NewEntry, Outbox


def entry(event: str, destination: str = "flow-1", kind: str = "transcript") -> NewEntry:
    """Give an entry with a small payload."""
    return NewEntry(destination, event, kind, b'{"a": 1}')


@pytest.fixture
def outbox(tmp_path):
    """Give an empty outbox whose clock stands at 1000 s."""
    with Outbox(tmp_path / "outbox.sqlite", clock=lambda: 1000.0) as made:
        yield made


def test_a_put_entry_is_due_at_once_and_oldest_first(outbox):
    """What was put can be sent, in the order of putting."""
    report = outbox.put([entry("b"), entry("a")])
    assert report.new == ("b", "a")
    assert [found.event for found in outbox.due(1000.0, 10)] == ["b", "a"]
    assert [found.event for found in outbox.due(1000.0, 1)] == ["b"]


def test_reading_changes_nothing(outbox):
    """Asking twice for what is due gives the same entries, to the last field."""
    outbox.put([entry("a"), entry("b")])
    assert outbox.due(1000.0, 10) == outbox.due(1000.0, 10)


def test_an_event_is_put_once_per_destination(outbox):
    """A second put of the same event is recognised; another dataflow is another entry."""
    outbox.put([entry("a")])
    again = outbox.put([entry("a"), entry("a", destination="flow-2"), entry("a", destination="flow-2")])
    assert (again.new, again.already_waiting) == (("a",), ("a", "a"))
    assert outbox.counts() == {"waiting": 2, "delivered": 0, "dead": 0}


def test_a_delivered_event_is_never_due_again(outbox):
    """Acknowledged and put again: reported as delivered, and nothing is due."""
    outbox.put([entry("a")])
    outbox.acknowledge(outbox.due(1000.0, 1)[0].id, "receipt-1")
    assert outbox.put([entry("a")]).already_delivered == ("a",)
    assert outbox.due(2000.0, 10) == []
    assert outbox.find("flow-1", ["a"])["a"].receipt == "receipt-1"


def test_postponed_entries_wait_for_their_time(outbox):
    """A postponed entry is due when its time comes, and remembers the try and the reason."""
    outbox.put([entry("a")])
    outbox.postpone(outbox.due(1000.0, 1)[0].id, 1030.0, "503 from the inlet")
    assert outbox.due(1029.9, 10) == []
    found = outbox.due(1030.0, 10)[0]
    assert (found.tries, found.reason, found.state) == (1, "503 from the inlet", "waiting")


def test_buried_entries_stay_dead_until_postponed(outbox):
    """Putting a dead entry again reports it dead; postponing it asks for another try."""
    outbox.put([entry("a")])
    number = outbox.due(1000.0, 1)[0].id
    outbox.bury(number, "400: unknown inlet")
    assert outbox.put([entry("a")]).dead == ("a",)
    assert outbox.due(9999.0, 10) == []
    outbox.postpone(number, 1000.0, "asked for again")
    assert [found.event for found in outbox.due(1000.0, 10)] == ["a"]


def test_a_slow_failure_does_not_undo_a_success(outbox):
    """Once delivered, neither postpone nor bury changes the entry."""
    outbox.put([entry("a")])
    number = outbox.due(1000.0, 1)[0].id
    outbox.acknowledge(number, "receipt-1")
    outbox.postpone(number, 0.0, "late answer")
    outbox.bury(number, "late answer")
    assert outbox.find("flow-1", ["a"])["a"].state == "delivered"


def test_a_put_is_all_or_nothing(outbox):
    """An entry that cannot be stored leaves nothing of its batch behind."""
    with pytest.raises(WorkspaceError):
        outbox.put([entry("a"), NewEntry("flow-1", None, "transcript", b"{}")])
    assert outbox.counts()["waiting"] == 0


def test_changes_made_together_are_undone_together(outbox):
    """An interrupt inside a group of changes takes all of them back."""
    outbox.put([entry("a"), entry("b")])
    first, second = outbox.due(1000.0, 2)

    def interrupted():
        with outbox.together():
            outbox.acknowledge(first.id, "r")
            outbox.bury(second.id, "r")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert outbox.counts() == {"waiting": 2, "delivered": 0, "dead": 0}


def test_only_the_named_destinations_are_read(outbox):
    """A sender sees the entries of its own dataflows only."""
    outbox.put([entry("a"), entry("b", destination="flow-2")])
    assert [found.event for found in outbox.due(1000.0, 10, destinations=["flow-2"])] == ["b"]
    assert outbox.due(1000.0, 10, destinations=["flow-3"]) == []
    assert [found.event for found in outbox.entries(state="waiting", destinations=["flow-1"])] == ["a"]


def test_finding_many_events_reads_them_all(outbox):
    """More events than one query takes are found in several."""
    names = [f"event-{number}" for number in range(950)]
    outbox.put(entry(name) for name in names)
    assert set(outbox.find("flow-1", names)) == set(names)


def test_only_the_owner_can_read_the_files(outbox):
    """The file and its journals have mode 0600: they hold chat text."""
    outbox.put([entry("a")])
    files = list(outbox.path.parent.glob("outbox.sqlite*"))
    assert len(files) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_what_was_put_survives_a_kill(tmp_path):
    """A process killed right after put leaves its entries waiting."""
    path = tmp_path / "outbox.sqlite"
    program = (
        "import os, signal, sys\n"
        "from chatlio_helpers.outbox import NewEntry, Outbox\n"
        "Outbox(sys.argv[1]).put([NewEntry('flow-1', str(n), 'transcript', b'{}') for n in range(50)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)]).returncode == -9
    with Outbox(path) as outbox:
        assert len(outbox.due(time.time(), 100)) == 50


def test_many_processes_share_one_file(tmp_path):
    """Six processes open a new file at once, put the same events and acknowledge some: each event is there once."""
    path = tmp_path / "outbox.sqlite"
    program = (
        "import sys\n"
        "from chatlio_helpers.outbox import NewEntry, Outbox\n"
        "outbox = Outbox(sys.argv[1])\n"
        "for n in range(40):\n"
        "    outbox.put([NewEntry('flow-1', str(n), 'transcript', b'{}')])\n"
        "for found in outbox.entries()[:20]:\n"
        "    outbox.acknowledge(found.id, 'receipt')\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(path)], stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    assert [process.communicate()[1] for process in running] == [""] * 6
    with Outbox(path) as outbox:
        assert outbox.counts() == {"waiting": 20, "delivered": 20, "dead": 0}


def test_a_damaged_file_is_refused_with_the_way_out(tmp_path):
    """A file that is no database gives one clear error."""
    path = tmp_path / "outbox.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(WorkspaceError, match="move it aside"):
        Outbox(path)


def test_a_newer_file_is_refused_untouched(tmp_path):
    """A file of a later release is left as it is."""
    path = tmp_path / "outbox.sqlite"
    Outbox(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(WorkspaceError, match="newer kit"):
        Outbox(path)


def test_a_folder_in_the_way_is_explained(tmp_path):
    """A path that cannot be a file gives a WorkspaceError, not an OSError."""
    with pytest.raises(WorkspaceError, match="cannot be used"):
        Outbox(tmp_path)


def test_an_outbox_says_what_it_holds(outbox):
    """Its text form counts the states and shows no payload."""
    assert repr(outbox) == "Outbox(outbox.sqlite: empty)"
    outbox.put([entry("a")])
    assert repr(outbox) == "Outbox(outbox.sqlite: 1 waiting)"

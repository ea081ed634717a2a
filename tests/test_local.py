"""The door to the local platform: started once, found again, refused in words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from chatlio_helpers import local
from chatlio_helpers.errors import ConfigurationError, LocalPlatformError

START = "import sys; from chatlio_helpers import local; print(local.start(sys.argv[1]).pid)"


@pytest.fixture
def data(tmp_path):
    """A state folder of its own, whose platform is stopped afterwards."""
    yield tmp_path / "platform"
    local.stop(tmp_path / "platform")


def test_two_kernels_that_start_at_once_share_one_platform(data):
    """Four processes start the platform at the same moment; all get the same process."""
    starters = [
        subprocess.Popen([sys.executable, "-c", START, str(data)], stdout=subprocess.PIPE, text=True) for _ in range(4)
    ]
    pids = {starter.communicate(timeout=60)[0].strip() for starter in starters}
    assert len(pids) == 1
    assert local.attach(data).pid == int(pids.pop())


def test_it_is_found_again_and_keeps_its_address(data):
    """After a stop the platform comes back at the same address, with the same seats: pasted URLs stay valid."""
    first = local.start(data)
    seat = first.seat("ada").read_text()
    assert local.start(data).pid == first.pid
    assert local.stop(data)
    assert local.attach(data) is None
    assert not local.stop(data)
    again = local.start(data)
    assert again.url == first.url
    assert again.pid != first.pid
    assert again.seat("ada").read_text() == seat


def test_after_a_kill_it_starts_again(data):
    """A platform that was killed leaves no trace that hinders the next one."""
    os.kill(local.start(data).pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while local.attach(data) is not None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert local.start(data).call("GET", "/_local/health")["status"] == "up"


def test_a_damaged_state_is_refused_in_words(data):
    """A state file that is no database: one error, with the next step, and the file stays as it is."""
    local.start(data)
    local.stop(data)
    state = data / "state.sqlite"
    for rest in data.glob("state.sqlite-*"):
        rest.unlink()
    state.write_bytes(b"not a database at all " * 500)
    with pytest.raises(LocalPlatformError) as caught:
        local.start(data)
    assert "platform reset" in caught.value.next_step
    assert state.read_bytes().startswith(b"not a database")
    assert local.reset(data).call("GET", "/_local/health")["status"] == "up"


def test_a_state_from_a_newer_version_is_refused(data):
    """A newer state is not touched; the words say to update."""
    import sqlite3

    local.start(data)
    local.stop(data)
    with sqlite3.connect(data / "state.sqlite") as db:
        db.execute("UPDATE meta SET value = '999' WHERE key = 'version'")
    with pytest.raises(LocalPlatformError, match="newer"):
        local.start(data)


def test_a_folder_that_cannot_be_written(tmp_path):
    """A file where the folder should be gives one clear error."""
    (tmp_path / "platform").write_text("a file")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        local.start(tmp_path / "platform")


def test_a_seat_has_its_own_organisation_and_its_files_are_private(data):
    """Two seats are two organisations; credential files and state are readable by their owner only."""
    import json

    running = local.start(data)
    ada, ben = (json.loads(running.seat(name).read_text()) for name in ("ada", "ben"))
    assert ada["org_id"] != ben["org_id"]
    for path in (running.seat("ada"), running.limited_seat("ada"), data / "platform.json", data / "admin-token"):
        assert path.stat().st_mode & 0o077 == 0, path
    with pytest.raises(ConfigurationError, match="seat name"):
        running.seat("../elsewhere")


def test_a_frozen_platform_is_waited_for_and_not_replaced(data, monkeypatch):
    """One that does not answer for a while is the same one afterwards; one that stays silent is told."""
    running = local.start(data)
    monkeypatch.setattr(local, "ANSWER_LIMIT", 0.2)
    running.dials(freeze=1.0)
    assert local.attach(data) is None
    assert local.start(data).pid == running.pid
    running.dials(freeze=60)
    monkeypatch.setattr(local, "START_LIMIT", 0.5)
    with pytest.raises(LocalPlatformError, match="does not answer") as caught:
        local.start(data)
    assert "platform down" in caught.value.next_step
    assert (data / "platform.json").is_file()
    assert local.stop(data)
    assert not local.stop(data)


def test_the_state_moves_in_one_file(data, tmp_path):
    """Export while it runs, import elsewhere: the same seats; a running platform and a folder with a state refuse."""
    running = local.start(data)
    seat = running.seat("ada").read_text()
    archive = tmp_path / "moved.tar.gz"
    assert local.export_state(archive, data)["file"] == str(archive)
    with pytest.raises(LocalPlatformError, match="there already"):
        local.export_state(archive, data)
    with pytest.raises(LocalPlatformError, match="is running"):
        local.import_state(archive, data, replace=True)
    other = tmp_path / "other"
    try:
        local.import_state(archive, other)
        with pytest.raises(LocalPlatformError, match="has a state already"):
            local.import_state(archive, other)
        local.import_state(archive, other, replace=True)
        assert local.start(other).seat("ada").read_text() == seat
    finally:
        local.stop(other)

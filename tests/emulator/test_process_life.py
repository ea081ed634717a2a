"""The process: start, refuse to start, port, lock, kill, stop."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from running import Client, Server, make_chain, running, wait_until

from chatlio_helpers.emulator.platform import assemble
from chatlio_helpers.emulator.state.store import StateDamaged


def start(*arguments: str, timeout: float = 20) -> subprocess.CompletedProcess[str]:
    """Run the platform's command and wait for its end."""
    command = [sys.executable, "-m", "chatlio_helpers.emulator", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)


def refusal(ended: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Give the one JSON line of a platform that could not start."""
    assert (ended.returncode, ended.stdout) == (4, "")
    (line,) = ended.stderr.splitlines()
    found = json.loads(line)
    assert set(found) == {"error", "cause", "next"}
    assert all(found.values())
    return found


def test_ready_line_and_platform_file_agree(shared_server: Server) -> None:
    """platform.json says where the platform is and names files, never a secret."""
    text = (shared_server.folder / "platform.json").read_text()
    found = json.loads(text)
    assert (found["url"], found["data"]) == (shared_server.url, str(shared_server.folder))
    keys = json.loads(Path(found["credentials"]).read_text())
    assert keys["secret"] not in text
    assert Path(found["admin_token_file"]).read_text() not in text


def test_a_second_process_on_the_folder_is_refused(shared_server: Server) -> None:
    """While one process has the state folder, another says so in one line and leaves everything as it is."""
    before = (shared_server.folder / "platform.json").read_text()
    assert "in use" in refusal(start("--data", str(shared_server.folder)))["error"]
    assert (shared_server.folder / "platform.json").read_text() == before
    assert shared_server.control("GET", "/state")


@pytest.mark.parametrize("name", ["state.sqlite", "journal.sqlite"])
def test_a_damaged_file_is_refused(tmp_path: Path, name: str) -> None:
    """A file that is not a database is named, and nothing of it is overwritten."""
    (tmp_path / name).write_bytes(b"not a database, " * 400)
    assert name.split(".")[0] in refusal(start("--data", str(tmp_path)))["error"]
    assert (tmp_path / name).read_bytes() == b"not a database, " * 400


def test_a_cut_state_file_is_refused(tmp_path: Path) -> None:
    """A state file that lost its second half is refused, not silently begun anew."""
    with running(tmp_path / "state") as server:
        server.control("POST", "/seats", {"names": [f"seat-{number}" for number in range(200)]})
    file = tmp_path / "state" / "state.sqlite"
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert "cannot be read" in refusal(start("--data", str(tmp_path / "state")))["error"]


INSIDES = {  # what is damaged: the statement that does it, a word of the refusal
    "a seat's body": ("UPDATE objects SET body = '{' WHERE kind = 'seats'", "seats"),
    "a seat without fields": ("UPDATE objects SET body = '{}' WHERE kind = 'seats'", "seat"),
    "a seat's name that leaves the folder": (
        "UPDATE objects SET id = '../../evil', body = json_set(body, '$.name', '../../evil') WHERE kind = 'seats'",
        "name",
    ),
    "a seat's name whose folder is missing": (
        "UPDATE objects SET id = 'no/ada', body = json_set(body, '$.name', 'no/ada') WHERE kind = 'seats'", "name",
    ),
    "a role that leaves the folder": (
        "UPDATE objects SET body = json_set(body, '$.accounts[1].role', '/../../x') WHERE kind = 'seats'", "seat",
    ),
    "a seat under another's name": ("UPDATE objects SET id = 'ben' WHERE kind = 'seats'", "another name"),
    "where the landing stood": (
        "INSERT OR REPLACE INTO objects VALUES (999, '', '', 'landing', 'cursor', NULL, '{}', 0, 0)", "landing",
    ),
    "a dial": ("INSERT INTO objects VALUES (999, '', '', 'dials', 'dials', NULL, '{\"seed\": []}', 0, 0)", "dial"),
    "a table": ("DROP TABLE objects", "objects"),
    "a table's shape": ("ALTER TABLE objects RENAME COLUMN body TO soul", "body"),
}  # fmt: skip


@pytest.fixture(scope="module")
def stopped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the state folder of a platform that ran and was stopped; not to be changed."""
    folder = tmp_path_factory.mktemp("stopped") / "state"
    with running(folder):
        pass
    database = sqlite3.connect(folder / "state.sqlite")
    database.execute("DELETE FROM objects WHERE kind = 'dials'")
    database.commit()
    database.close()
    return folder


@pytest.mark.parametrize("damage", INSIDES)
def test_a_state_damaged_inside_is_refused(stopped: Path, tmp_path: Path, damage: str) -> None:
    """A whole database that holds what no platform wrote is refused in words, and nothing is written because of it."""
    folder = tmp_path / "one" / "two" / "state"
    shutil.copytree(stopped, folder)
    statement, word = INSIDES[damage]
    database = sqlite3.connect(folder / "state.sqlite")
    database.execute(statement)
    database.commit()
    database.close()
    there = sorted(path for path in tmp_path.rglob("*") if path.suffix == ".json")
    with pytest.raises(StateDamaged, match=word):
        assemble(folder)
    assert sorted(path for path in tmp_path.rglob("*") if path.suffix == ".json") == there


def test_the_process_refuses_a_state_damaged_inside(stopped: Path, tmp_path: Path) -> None:
    """As a process it ends with the one line and with 4."""
    shutil.copytree(stopped, tmp_path / "state")
    database = sqlite3.connect(tmp_path / "state" / "state.sqlite")
    database.execute("UPDATE objects SET body = '{' WHERE kind = 'seats'")
    database.commit()
    database.close()
    assert "cannot be read" in refusal(start("--data", str(tmp_path / "state")))["error"]


def test_a_journal_of_another_shape_is_refused(stopped: Path, tmp_path: Path) -> None:
    """A journal whose table has other columns is refused at the start, and not tried over and over."""
    shutil.copytree(stopped, tmp_path / "state")
    database = sqlite3.connect(tmp_path / "state" / "journal.sqlite")
    database.execute("ALTER TABLE messages RENAME COLUMN body TO soul")
    database.commit()
    database.close()
    assert "journal" in refusal(start("--data", str(tmp_path / "state")))["error"]


def test_a_newer_state_is_refused(tmp_path: Path) -> None:
    """A state file of a later version of the kit is left alone."""
    with running(tmp_path / "state"):
        pass
    database = sqlite3.connect(tmp_path / "state" / "state.sqlite")
    database.execute("UPDATE meta SET value = '99' WHERE key = 'version'")
    database.commit()
    database.close()
    found = refusal(start("--data", str(tmp_path / "state")))
    assert "99" in found["error"]
    assert "update" in found["next"]


def test_a_taken_port_is_refused(shared_server: Server, tmp_path: Path) -> None:
    """A port that was asked for and is taken is an error; without the wish a free one is found."""
    port = shared_server.url.rpartition(":")[2]
    assert port in refusal(start("--data", str(tmp_path), "--port", port))["error"]
    (tmp_path / "port").write_text(port)
    server = Server(tmp_path)
    server.start()
    server.stop()
    assert server.url != shared_server.url


def test_the_port_is_remembered(tmp_path: Path) -> None:
    """After a stop and a start the platform has the same address, so that pasted webhook URLs stay good."""
    server = Server(tmp_path / "state")
    server.start()
    first = server.url
    server.stop()
    assert not (tmp_path / "state" / "platform.json").exists()
    server.start()
    server.stop()
    assert server.url == first


def test_a_stop_is_clean(tmp_path: Path) -> None:
    """SIGTERM ends the process with code 0."""
    server = Server(tmp_path / "state")
    server.start()
    server.process.terminate()
    assert server.process.wait(timeout=10) == 0
    server.process.stdout.close()


def test_it_stops_when_nobody_calls(tmp_path: Path) -> None:
    """After the idle time without a request the platform ends by itself."""
    ended = start("--data", str(tmp_path / "state"), "--idle", "0.4")
    assert ended.returncode == 0
    assert json.loads(ended.stdout)["url"].startswith("http://127.0.0.1:")


def test_nothing_acknowledged_is_lost_by_a_kill(tmp_path: Path) -> None:
    """After kill -9 every object, token, dial and seat that was answered is there, and so is the dataflow's address."""
    with running(tmp_path / "state") as server:
        server.control("POST", "/seats", {"names": ["ada"]})
        client = Client(server, seat="ada")
        chain = make_chain(client)
        before = chain.state()
        server.kill()
        server.start()
        assert chain.state() == before
        assert client.call("GET", f"/conversion/mappingSets/{chain.mapping}").json()["version"] == 0
        assert chain.dataset in client.call("GET", "/catalog/dataSets").json()


def test_a_dataflow_enables_itself_across_a_kill(tmp_path: Path) -> None:
    """A dataflow that was initializing when the process died is enabled after the restart, dated when it was due."""
    with running(tmp_path / "state", enabling_delay=0.3) as server:
        client = Client(server)
        chain = make_chain(client)
        client.made("POST", f"/flowservice/flows/{chain.flow}/action?op=disable", None)
        server.kill()
        server.start()
        wait_until(lambda: chain.state()["state"] == "disabled")


def test_secrets_are_not_in_the_log(shared_server: Server) -> None:
    """Neither secrets nor webhook addresses nor query strings are written to the log."""
    client = Client(shared_server)
    chain = make_chain(client, "logged")
    chain.post({"id": "1"})
    log = (shared_server.folder / "log").read_text()
    assert "POST /collection/••• 200" in log
    for secret in (client.keys["secret"], chain.inlet.rpartition("/")[2], chain.flow + "?", "client_secret"):
        assert secret not in log


def test_idle_memory_is_small(tmp_path: Path) -> None:
    """An idle platform takes well under 200 MB."""
    import psutil

    with running(tmp_path / "state") as server:
        assert psutil.Process(server.process.pid).memory_info().rss < 200 * 2**20

"""A disk that refuses every write: words and Retry-After, nothing lost, and all goes on by itself afterwards.

The system's limit for the size of files (RLIMIT_FSIZE) is set to nothing in the running process, so every write to the
state, the journal and the log is truly refused by the system, as on a full disk, while reading goes on. That needs no
rights and works on every POSIX system. It does not show what a disk does that fails in the middle of a write.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from running import CHATLIO, DATA_LAKE, QUICK, Chain, Client, Server, make_chain, mapping_set, payload, wait_until

LIMITED = """
import resource, signal, sys
full = lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
room = lambda *_: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
signal.signal(signal.SIGUSR1, full)
signal.signal(signal.SIGUSR2, room)
if sys.argv.pop(1) == "full":
    full()
from chatlio_helpers.emulator.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


class LimitedServer(Server):
    """A platform whose disk can be made full, and empty again."""

    def start(self, disk: str = "empty") -> None:
        """Start the process; with a disk that is ``full`` it says so and ends."""
        command = [sys.executable, "-c", LIMITED, disk, "--data", str(self.folder)]
        words = subprocess.PIPE if disk == "full" else subprocess.DEVNULL  # a log that cannot be written is told there
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=words, text=True)
        line = self.process.stdout.readline()
        self.url = json.loads(line)["url"] if line else ""

    def fill(self) -> None:
        """Let every write be refused from now on."""
        self.process.send_signal(signal.SIGUSR1)
        # A process takes a signal a moment after it was sent.
        wait_until(lambda: requests.post(f"{self.url}/ims/token/v3", data=self._form(), timeout=30).status_code == 503)

    def make_room(self) -> None:
        """Let writes succeed again."""
        self.process.send_signal(signal.SIGUSR2)
        wait_until(lambda: requests.post(f"{self.url}/ims/token/v3", data=self._form(), timeout=30).status_code == 200)

    def _form(self) -> dict[str, str]:
        keys = json.loads((self.folder / "credentials" / "default.json").read_text())
        return {"grant_type": "client_credentials", "client_id": keys["client_id"], "client_secret": keys["secret"],
                "scope": keys["scopes"]}  # fmt: skip


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LimitedServer]:
    """Run such a platform."""
    server = LimitedServer(tmp_path_factory.mktemp("disk") / "state")
    server.start()
    server.turn(**QUICK)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def chain(server: LimitedServer) -> Chain:
    """Give a chain on it."""
    return make_chain(Client(server))


@pytest.fixture
def full(server: LimitedServer, chain: Chain) -> Iterator[LimitedServer]:
    """Give the platform with a full disk."""
    server.fill()
    yield server
    server.make_room()


def changes(chain: Chain) -> list[tuple[str, str, Any]]:
    """Give good calls that change something, of every service."""
    client = chain.client
    flow = chain.state()
    reference = {"id": chain.schema["id"], "version": chain.schema["contentType"]}
    identity = {
        "@type": "xdm:descriptorIdentity", "xdm:sourceSchema": chain.schema["id"], "xdm:sourceVersion": 1,
        "xdm:sourceProperty": f"/_{client.tenant}/text", "xdm:namespace": "Email", "xdm:property": "xdm:code",
    }  # fmt: skip
    return [
        ("POST", "/catalog/dataSets", {"name": "full", "schemaRef": chain.schema}),
        ("PATCH", f"/catalog/dataSets/{chain.dataset}", {"description": "full"}),
        ("DELETE", f"/catalog/dataSets/{chain.dataset}", None),
        ("POST", "/flowservice/sourceConnections",
         {"name": "full", "connectionSpec": CHATLIO, "data": {"format": "json"}}),
        ("POST", "/flowservice/targetConnections",
         {"name": "full", "connectionSpec": DATA_LAKE, "data": {"format": "json", "schema": reference},
          "params": {"dataSetId": chain.dataset}}),
        ("POST", f"/flowservice/flows/{chain.flow}/action?op=disable", None),
        ("DELETE", f"/flowservice/flows/{chain.flow}", None),
        ("POST", "/conversion/mappingSets", mapping_set(chain.schema, client.tenant, (("ATTRIBUTE", "id", "_id"),))),
        ("DELETE", f"/conversion/mappingSets/{flow['transformations'][0]['params']['mappingId']}", None),
        ("POST", "/schemaregistry/tenant/schemas",
         {"title": "full", "description": "d", "type": "object",
          "allOf": [{"$ref": "https://ns.adobe.com/xdm/context/experienceevent"}]}),
        ("POST", "/schemaregistry/tenant/descriptors", identity),
        ("POST", "/sandbox-management/sandboxes", {"name": "full", "title": "full", "type": "development"}),
        ("POST", "/import/batches", {"datasetId": chain.dataset, "inputFormat": {"format": "json"}}),
        ("POST", "/query/query-templates", {"sql": "SELECT 1", "name": "full"}),
    ]  # fmt: skip


LISTS = ("/catalog/dataSets", "/flowservice/sourceConnections", "/flowservice/targetConnections", "/flowservice/flows",
         "/conversion/mappingSets", "/schemaregistry/tenant/descriptors", "/sandbox-management/sandboxes",
         "/query/query-templates", "/catalog/batches")  # fmt: skip


def seen(client: Client) -> list[Any]:
    """Give what the lists of all services show, without what is always new."""
    accept = {"Accept": "application/vnd.adobe.xdm-id+json"}
    return [client.made("GET", path, None, headers=accept if "registry" in path else {}) for path in LISTS]


def test_every_change_is_refused_and_leaves_nothing(server: LimitedServer, chain: Chain) -> None:
    """Each service answers 503 with Retry-After and its own words; reading goes on; then everything is as before."""
    calls, before = changes(chain), seen(chain.client)
    server.fill()
    try:
        for method, path, body in calls:
            headers = {"Content-Type": "application/json"} if body is None else {}
            answer = chain.client.call(method, path, body, headers=headers)
            assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), (path, answer.text)
            assert "disk" in (answer.json().get("detail") or answer.json().get("errorMessage") or ""), answer.text
        assert seen(chain.client) == before
    finally:
        server.make_room()
    assert seen(chain.client) == before


def test_the_control_side_says_so_too(full: LimitedServer) -> None:
    """Seats, dials, revoking and reset are refused in words; no dial is turned half."""
    headers = {"x-local-token": (full.folder / "admin-token").read_text()}
    for method, path, body in (
        ("POST", "/seats", {"names": ["late"]}), ("PUT", "/dials", {"landing_delay": 9}),
        ("POST", "/tokens/revoke", {}), ("POST", "/seats/default/reset", {}), ("POST", "/reset", {}),
    ):  # fmt: skip
        answer = requests.request(method, f"{full.url}/_local{path}", json=body, headers=headers, timeout=30)
        assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5"), (path, answer.text)
        assert "disk" in answer.json()["error"]
    assert full.control("GET", "/dials")["dials"]["landing_delay"] == 0
    assert [seat["name"] for seat in full.control("GET", "/seats")["seats"]] == ["default"]


def test_what_was_acknowledged_lands_when_there_is_room(server: LimitedServer, chain: Chain) -> None:
    """Events accepted before the disk was full land by themselves afterwards, once; those refused were never taken."""
    server.turn(landing_delay=0.3)
    accepted = [f"event-{number}" for number in range(30) if chain.post(payload(number)).status_code == 200]
    server.fill()
    answer = chain.post(payload("refused"))
    assert (answer.status_code, answer.headers.get("retry-after")) == (503, "5")
    assert answer.json()["title"] == "Service Unavailable"
    assert len(accepted) == 30
    time.sleep(0.8)  # it was due after 0.3 s
    assert chain.counts() == (0, 0)
    server.make_room()
    assert chain.post(payload("after")).status_code == 200
    wait_until(lambda: chain.counts()[0] >= 31)
    assert sorted(row["_id"] for row in chain.landed()) == sorted([*accepted, "event-after"])


def test_a_kill_on_a_full_disk_loses_nothing(server: LimitedServer, chain: Chain) -> None:
    """Killed while the disk refuses, and started with room: what was acknowledged is there, exactly once."""
    server.turn(landing_delay=0.2)
    before = chain.counts()[0]
    accepted = [number for number in range(100, 120) if chain.post(payload(number)).status_code == 200]
    server.fill()
    server.kill()
    server.start()
    wait_until(lambda: chain.counts()[0] >= before + len(accepted))
    ids = [row["_id"] for row in chain.landed()]
    assert len(ids) == len(set(ids)) == before + len(accepted)


def test_a_start_on_a_full_disk_is_refused_in_words(server: LimitedServer) -> None:
    """The platform ends with one line that names the disk, and the state is as it was."""
    state: Path = server.folder / "state.sqlite"
    server.stop()
    size = state.stat().st_size
    server.start("full")
    said = json.loads(server.process.stderr.read().strip().splitlines()[-1])
    assert server.process.wait(timeout=20) == 4
    assert "disk" in said["cause"]
    assert state.stat().st_size == size
    server.start()
    server.turn(**QUICK)

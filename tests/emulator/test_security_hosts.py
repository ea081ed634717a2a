"""Who may call, and by which name: loopback only, unless told otherwise; then a token, and names that are known."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from raw_http import sent, status
from running import Client, Server

from chatlio_helpers.emulator.front.hosts import Hosts

EVERYWHERE = "0.0.0.0"  # noqa: S104 - that is what is tested


def get(server: Server, host: str, path: str = "/_local/health") -> requests.Response:
    """Call by another name."""
    return requests.get(f"{server.url}{path}", headers={"Host": host}, timeout=30)


@pytest.mark.parametrize(
    "host",
    ["localhost", "127.0.0.1:1", "[::1]:8080", "[::1]", "[::1]:", "LOCALHOST.", "127.0.0.9", "[::ffff:127.0.0.1]",
     "[::ffff:7f00:1]:80"],
)  # fmt: skip
def test_names_of_this_computer_are_ours(shared_server: Server, host: str) -> None:
    """Loopback has several names, at any port, because a tunnel may change it."""
    assert get(shared_server, host).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:80", "localhost.evil.example", "127.0.0.1.evil.example", "192.168.0.1", "[::2]",
     "localhost:80:80", "[::1].evil.example", "[::1].evil.example:80", "[::1]80", "[::1]:8a", "[::1", "[localhost]",
     "[127.0.0.1]", "[::ffff:192.168.0.1]", "localhost:evil", "localhost:-1", "a@localhost", "0x7f000001",
     "2130706433", ""],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/_local/health", "/data/foundation/flowservice/flows", "/collection/abc", "/"])
def test_any_other_name_is_refused(shared_server: Server, host: str, path: str) -> None:
    """A page that points its name here (DNS rebinding), or what is no name, gets 421 with words, on every path."""
    answer = get(shared_server, host, path)
    assert answer.status_code == 421
    assert "is not called" in answer.text


def test_what_a_name_holds_does_not_come_back_raw(shared_server: Server) -> None:
    """A strange Host is shown escaped, cut, and as JSON only."""
    answer = sent(shared_server, b"GET / HTTP/1.1\r\nHost: <script>\xff" + b"a" * 500 + b"\r\n\r\n")
    assert status(answer) in (400, 421)
    assert b"\xff" not in answer
    assert len(answer) < 1_000


def test_without_host_and_with_two(shared_server: Server) -> None:
    """HTTP/1.0 without a Host is refused; so are two of them."""
    assert status(sent(shared_server, b"GET /_local/health HTTP/1.0\r\n\r\n")) == 421
    two = b"GET /_local/health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n"
    assert status(sent(shared_server, two)) == 400


def test_it_listens_on_loopback_only(shared_server: Server) -> None:
    """The only socket that the process listens on is one of 127.0.0.1."""
    sockets = psutil.Process(shared_server.process.pid).net_connections(kind="inet")
    assert {one.laddr.ip for one in sockets if one.status == psutil.CONN_LISTEN} == {"127.0.0.1"}


@pytest.fixture(scope="module")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a platform that listens on every address and has one more name."""
    server = Server(tmp_path_factory.mktemp("open") / "state")
    words = ["--data", str(server.folder), "--host", EVERYWHERE, "--allow-host", "kit.example"]
    command = [sys.executable, "-m", "chatlio_helpers.emulator", *words]
    server.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    server.url = json.loads(server.process.stdout.readline())["url"].replace(EVERYWHERE, "127.0.0.1")
    yield server
    server.stop()


def test_beyond_loopback_addresses_and_allowed_names_are_ours(open_server: Server) -> None:
    """An address in figures cannot be pointed elsewhere; a name must be allowed or be this computer's."""
    for host in ("192.168.0.1", "[fe80::1]:80", "kit.example", "KIT.example:443", socket.gethostname()):
        assert get(open_server, host).status_code == 200
    assert get(open_server, "other.example").status_code == 421


def test_beyond_loopback_the_control_side_needs_its_token(open_server: Server) -> None:
    """Everything under /_local/ but health refuses a call without the token, and services want their own."""
    paths = ["state", "seats", "seats/default", "dials", "requests", "requests?format=har"]
    for path in paths:
        for headers in ({}, {"x-local-token": ""}, {"x-local-token": "\xff" * 8}):
            answer = requests.get(f"{open_server.url}/_local/{path}", headers=headers, timeout=30)
            assert answer.status_code == 403, path
    posts = ["seats", "seats/default/reset", "reset", "tokens/revoke"]
    assert {requests.post(f"{open_server.url}/_local/{path}", json={}, timeout=30).status_code for path in posts} == {
        403
    }
    assert requests.get(f"{open_server.url}/data/foundation/catalog/dataSets", timeout=30).status_code == 403


def test_links_are_made_of_the_name_that_was_called(open_server: Server) -> None:
    """Who calls by an allowed name gets addresses with that name, never with one that was not checked."""
    client = Client(open_server)
    headers = {"Host": "kit.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}
    answer = client.call("GET", "/flowservice/flows", headers=headers)
    assert answer.status_code == 200
    assert "evil.example" not in answer.text


def test_the_known_names_are_bounded() -> None:
    """However many ports are tried, what is remembered stays small."""
    hosts = Hosts()
    assert all(hosts.know(b"localhost:%d" % port) for port in range(5_000))
    assert len(hosts._known) <= 100


def test_secrets_are_compared_in_constant_time() -> None:
    """Client secret and admin token are compared by hmac; access tokens are looked up by their SHA-256."""
    import inspect

    from chatlio_helpers.emulator import ims
    from chatlio_helpers.emulator.control import control
    from chatlio_helpers.emulator.state import tokens

    assert "compare_digest" in inspect.getsource(control._check_token)
    assert "compare_digest" in inspect.getsource(ims)
    assert "sha256" in inspect.getsource(tokens)


def test_the_state_folder_is_closed_to_others(open_server: Server) -> None:
    """The folder and all in it are the owner's alone, also when the platform is open to the network."""
    for path in (open_server.folder, *open_server.folder.rglob("*")):
        assert Path(path).stat().st_mode & 0o077 == 0, path

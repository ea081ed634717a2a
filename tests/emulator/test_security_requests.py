"""Requests that mean harm: each is refused or harmless, nothing outside is read, memory and time stay bounded."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import psutil
import pytest
import requests
from raw_http import connected, received, sent, status
from running import Chain, Client, Server, make_chain, payload, running, wait_until

from chatlio_helpers.emulator import app
from chatlio_helpers.emulator.provenance import OPERATIONS

FLOWS = "/data/foundation/flowservice/flows"
QUICK_LIMITS = """
import sys
from chatlio_helpers.emulator.front import patience
patience.HEADERS, patience.BODY, patience.LOOKS, patience.MOST_CONNECTIONS = 0.6, 0.8, 0.1, 40
patience.UNREAD = 1.0
from chatlio_helpers.emulator.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a platform that these tests may ill-treat."""
    with running(tmp_path_factory.mktemp("harm") / "state") as server:
        yield server


@pytest.fixture(scope="module")
def chain(server: Server) -> Chain:
    """Give a chain on it."""
    return make_chain(Client(server))


@pytest.fixture
def client(chain: Chain) -> Client:
    """Give the client of the chain."""
    return chain.client


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a platform of the same code whose limits for waiting and for connections are small."""
    server = Server(tmp_path_factory.mktemp("hasty") / "state")
    command = [sys.executable, "-c", QUICK_LIMITS, "--data", str(server.folder)]
    server.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    server.url = json.loads(server.process.stdout.readline())["url"]
    yield server
    server.stop()


def memory(server: Server) -> float:
    """Give the memory of the server's process in MB."""
    return psutil.Process(server.process.pid).memory_info().rss / 1e6


def headers_of(client: Client, **more: str) -> bytes:
    """Give the headers of an admitted call as bytes."""
    together = {"Host": "localhost", "Content-Type": "application/json", **client.headers, **more}
    return b"".join(f"{name}: {text}\r\n".encode("latin-1") for name, text in together.items())


# -- paths -------------------------------------------------------------------------------------------------------------

WAYS_OUT = [
    "../../../../etc/passwd", "..%2f..%2f..%2fetc%2fpasswd", "%2e%2e/%2e%2e/state.sqlite", "%2e%2e%2fadmin-token",
    "/etc/passwd", "%2fetc%2fpasswd", "..\\..\\admin-token", "..%5c..%5cadmin-token", "a%00b", "%00",
    "%0d%0ax-evil:%201", "%ff%fe", "....//....//admin-token", "~root", "C:%5cWindows", "%c0%ae%c0%ae/x", "x" * 4_000,
]  # fmt: skip
PATHS = sorted({(one.method, one.path) for one in OPERATIONS if "{" in one.path and one.method != "HEAD"})
LOCAL_PATHS = [("GET", "/_local/seats/{name}"), ("POST", "/_local/seats/{name}/reset")]


@pytest.mark.parametrize(("number", "method", "path"), [(n, *one) for n, one in enumerate([*PATHS, *LOCAL_PATHS])])
def test_no_path_leads_out(server: Server, client: Client, chain: Chain, number: int, method: str, path: str) -> None:
    """Ways out of a folder, raw and encoded, in every part of every path: nothing is found, nothing breaks.

    Each path is tried with a third of the ways, its neighbours with the others: there are many paths.
    """
    ways = WAYS_OUT[number % 3 :: 3]
    token = (server.folder / "admin-token").read_text()
    lines = headers_of(client, **{"x-local-token": token, "Content-Length": "2"})
    with connected(server) as wire:
        for way in ways:
            target = _with(path, way, chain)
            wire.sendall(f"{method} {target} HTTP/1.1\r\n".encode("latin-1") + lines + b"\r\n{}")
        answers = received(wire, answers=len(ways))
    assert b"root:" not in answers
    assert token.encode() not in answers
    assert b"SQLite format" not in answers
    assert b"\r\nx-evil" not in answers.lower()
    codes = [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:]]
    assert len(codes) == len(ways)
    assert max(codes) < 500 or {code for code in codes if code >= 500} == {501}
    if method == "GET" and "preview" not in path:
        assert min(codes) >= 300 or "{field}" in path or "{namespace}" in path


def _with(path: str, way: str, chain: Chain) -> str:
    """Fill every part of a path: the dataset with a real one, where there is a part after it, the rest with *way*."""
    parts = path.split("/")
    last = max(number for number, part in enumerate(parts) if part.startswith("{"))
    filled = [chain.dataset if part == "{dataset}" and number < last else way if part.startswith("{") else part
              for number, part in enumerate(parts)]  # fmt: skip
    return "/".join(filled)


def test_nothing_was_written_outside(server: Server) -> None:
    """After all those paths there is no file beside the state folder, and none in it that does not belong there."""
    assert [path.name for path in server.folder.parent.iterdir()] == ["state"]
    names = {path.name for path in server.folder.iterdir()}
    assert not {name for name in names if "passwd" in name or ".." in name}


@pytest.mark.parametrize("header", ["x-request-id", "x-sandbox-name", "accept", "if-match", "range", "origin"])
def test_no_header_comes_back_as_two(server: Server, client: Client, header: str) -> None:
    """Line breaks in a header, raw and encoded, never make a header of an answer."""
    for text in ("a%0d%0ax-evil: 1", "a\tb", "a\xe9", "é" * 100):
        lines = headers_of(client, **{header: text.encode().decode("latin-1")})
        answer = sent(server, f"GET {FLOWS} HTTP/1.1\r\n".encode() + lines + b"Connection: close\r\n\r\n")
        assert b"x-evil: 1\r\n" not in answer.lower()
        assert 200 <= status(answer) < 500
    folded = f"GET {FLOWS} HTTP/1.1\r\nHost: localhost\r\n{header}: a\r\n x-evil: 1\r\n\r\n".encode()
    assert b"\r\nx-evil" not in sent(server, folded).lower()


# -- bodies ------------------------------------------------------------------------------------------------------------

LARGE = [
    ("POST", FLOWS, 10_000_000), ("POST", "/data/foundation/schemaregistry/tenant/schemas", 10_000_000),
    ("POST", "/ims/token/v3", 100_000), ("PUT", "/_local/dials", 1_000_000), ("POST", "/collection/{inlet}", 1_000_000),
    ("POST", "/collection/batch/{inlet}", 1_000_000), ("POST", "/nowhere", 10_000_000),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "most"), LARGE)
def test_a_body_that_is_announced_too_large(
    server: Server, client: Client, chain: Chain, method: str, path: str, most: int
) -> None:
    """One byte over the limit is refused before anything of it was read."""
    target = path.replace("{inlet}", chain.inlet.rsplit("/", 1)[-1])
    lines = headers_of(client, **{"Content-Length": str(most + 1)})
    began = time.monotonic()
    answer = sent(server, f"{method} {target} HTTP/1.1\r\n".encode() + lines + b"\r\n")
    assert status(answer) == 413
    assert time.monotonic() - began < 2
    assert json.loads(answer.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize(("method", "path", "most"), LARGE)
def test_a_body_that_never_ends(
    server: Server, client: Client, chain: Chain, method: str, path: str, most: int
) -> None:
    """A chunked body is refused at the limit, or without a look at it, and takes no more memory than that."""
    target = path.replace("{inlet}", chain.inlet.rsplit("/", 1)[-1])
    lines = headers_of(client, **{"Transfer-Encoding": "chunked"})
    before, chunk = memory(server), b"10000\r\n" + b" " * 65_536 + b"\r\n"
    with connected(server) as wire:
        wire.sendall(f"{method} {target} HTTP/1.1\r\n".encode() + lines + b"\r\n")
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it has refused, and closed
            for _ in range(100 + most // 65_536):
                wire.sendall(chunk)
        answer = received(wire, 2)
    assert answer == b"" or 400 <= status(answer) < 500
    assert memory(server) - before < 40
    assert client.call("GET", "/flowservice/flows").status_code == 200


def test_many_large_bodies_at_once_leave_no_trace(server: Server, client: Client) -> None:
    """Twenty bodies of almost the limit, one after another, do not add up in memory."""
    body = json.dumps({"name": "x" * 9_000_000})
    headers = {**client.headers, "Content-Type": "application/json"}
    url = f"{server.url}{FLOWS}"
    requests.post(url, data=body, headers=headers, timeout=30)
    before = memory(server)
    assert {requests.post(url, data=body, headers=headers, timeout=30).status_code for _ in range(20)} == {400}
    assert memory(server) - before < 30


WITH_BODY = [
    ("POST", "/catalog/dataSets"), ("POST", "/conversion/mappingSets"), ("POST", "/conversion/mappingSets/preview"),
    ("POST", "/conversion/mappingSets/validate"), ("POST", "/conversion/languages/el/validate"),
    ("POST", "/flowservice/flows"), ("POST", "/flowservice/sourceConnections"), ("POST", "/flowservice/connections"),
    ("POST", "/flowservice/targetConnections"), ("POST", "/flowservice/flows/search"),
    ("POST", "/flowservice/connectionSpecs"), ("POST", "/schemaregistry/tenant/schemas"),
    ("POST", "/schemaregistry/tenant/fieldgroups"), ("POST", "/schemaregistry/tenant/descriptors"),
    ("POST", "/schemaregistry/rpc/import"), ("POST", "/import/batches"), ("POST", "/sandbox-management/sandboxes"),
    ("POST", "/query/queries"), ("POST", "/query/query-templates"),
]  # fmt: skip


def nested(depth: int, inner: str = "1") -> str:
    """Give objects in objects in arrays."""
    return '{"a":[' * (depth // 2) + inner + "]}" * (depth // 2)


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_deep_bodies(client: Client, method: str, path: str) -> None:
    """However deep a body is, in itself or under a key that is read, the answer is below 500 and comes soon."""
    headers = {**client.headers, "Content-Type": "application/json"}
    keys = ("name", "title", "data", "definitions", "params", "mappings", "allOf", "properties", "expression", "sql",
            "schemaRef", "tags", "auth", "outputSchema", "transformations")  # fmt: skip
    began = time.monotonic()
    for depth in (190, 400, 100_000):
        bodies = [nested(depth), "[" * depth + "]" * depth, *(f'{{"{key}": {nested(depth)}}}' for key in keys)]
        for body in bodies if depth < 400 else bodies[:3]:
            answer = client.http.request(
                method, f"{client.server.url}/data/foundation{path}", data=body, headers=headers, timeout=30
            )
            assert answer.status_code < 500, (depth, body[:80], answer.text[:200])
    assert time.monotonic() - began < 10


def test_deep_and_wide_events(chain: Chain) -> None:
    """Deep events and events with very many keys are taken or refused, land or fail, and the inlet goes on."""
    for depth in (50, 400, 1_000):
        answer = requests.post(chain.url, data=f'{{"id": "d{depth}", "text": {nested(depth)}}}', timeout=30)
        assert answer.status_code in (200, 400)
    wide = {f"key{number}": number for number in range(30_000)}
    assert chain.post(payload("wide", **wide)).status_code == 200
    assert chain.post(payload("after")).status_code == 200
    wait_until(lambda: "event-after" in {row["_id"] for row in chain.landed()})
    wait_until(lambda: "event-wide" in {row["_id"] for row in chain.landed()})


ODD = [
    b"\xff\xfe", b'{"name": "\xff"}', b'{"name": "\\ud800"}', b'{"name": NaN}', b'{"name": Infinity}',
    b'{"name": 1e999}', b'{"name": ' + b"9" * 5_000 + b"}", b'{"a": 1, "a": 2}', b"\xef\xbb\xbf{}", b"\0", b"{}{}",
    b'{"__proto__": {"x": 1}}', b'{"": ""}', b"null", b"true", b"1", b'"text"', b"[]", b"{",
    b'{"name": "' + b"\\u0000" * 10 + b'"}', '{"name": "\u202e\u0000"}'.encode(),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), [*WITH_BODY, ("POST", "INLET"), ("PUT", "DIALS")])
def test_odd_bodies(client: Client, chain: Chain, method: str, path: str) -> None:
    """Broken UTF-8, half surrogates, NaN, numbers without end, keys given twice, NUL: never a 5xx, always words."""
    token = (client.server.folder / "admin-token").read_text()
    url = {"INLET": chain.url, "DIALS": f"{client.server.url}/_local/dials"}.get(
        path, f"{client.server.url}/data/foundation{path}"
    )
    headers = {**client.headers, "Content-Type": "application/json", "x-local-token": token}
    for body in ODD:
        answer = client.http.request(method, url, data=body, headers=headers, timeout=30)
        assert answer.status_code < 500, (body[:40], answer.text[:200])
        assert answer.status_code < 300 or answer.json()


ODD_QUERIES = [
    "?" + "a=1&" * 3_000, "?x=%ff%fe", "?limit=" + "9" * 4_000, "?orderBy=%20", "?limit=-1&start=1e9", "?limit=%00",
    "?property=" + quote("(" * 2_000), "?orderBy=%0d%0a",
]  # fmt: skip


@pytest.mark.parametrize("query", ODD_QUERIES, ids=lambda query: query[:20])
def test_odd_queries(client: Client, query: str) -> None:
    """Long, broken and absurd queries are answered below 500."""
    for path in ("/catalog/dataSets", "/catalog/batches", "/flowservice/flows", "/flowservice/runs",
                 "/conversion/mappingSets", "/schemaregistry/tenant/schemas", "/query/queries"):  # fmt: skip
        headers = {"Accept": "application/vnd.adobe.xed-id+json"} if "registry" in path else {}
        answer = client.call("GET", path + query, headers=headers)
        assert answer.status_code < 500, (path, answer.text[:200])


def test_long_lines_and_headers(server: Server, client: Client) -> None:
    """A request line or headers of more than the server's limit are refused with 4xx, soon."""
    for content in (
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nx: " + b"a" * 200_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"x: a\r\n" * 50_000 + b"\r\n",
    ):
        began = time.monotonic()
        assert 400 <= status(sent(server, content)) < 500
        assert time.monotonic() - began < 3


# -- framing -----------------------------------------------------------------------------------------------------------

SMUGGLED = b"GET /_local/health HTTP/1.1\r\nHost: localhost\r\n\r\n"
FRAMES = {
    "length and chunks": b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": b"Content-Length: 0\r\nContent-Length: 50\r\n\r\n" + SMUGGLED,
    "a length with a sign": b"Content-Length: +0\r\n\r\n" + SMUGGLED,
    "a negative length": b"Content-Length: -1\r\n\r\n" + SMUGGLED,
    "a length that is a list": b"Content-Length: 0, 50\r\n\r\n" + SMUGGLED,
    "another coding": b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two codings": b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a space before the colon": b"Content-Length : 0\r\n\r\n" + SMUGGLED,
    "a chunk size that is none": b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + SMUGGLED,
    "a chunk longer than its size": b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n" + SMUGGLED,
}


@pytest.mark.parametrize("frame", FRAMES)
def test_no_request_hides_in_another(server: Server, frame: str) -> None:
    """Where two readers could differ about a body's end, the request is refused and the connection closed."""
    start = b"POST /data/foundation/flowservice/flows HTTP/1.1\r\nHost: localhost\r\n"
    answer = sent(server, start + FRAMES[frame])
    assert b'"status":"up"' not in answer
    assert answer == b"" or 400 <= status(answer) < 500


# -- waiting -----------------------------------------------------------------------------------------------------------


def dripped(server: Server, content: bytes, pause: float = 0.1) -> tuple[bytes, float]:
    """Send one byte after another; gives what came back, and after how many seconds the server had enough."""
    began = time.monotonic()
    with connected(server, 10) as wire:
        for number in range(len(content)):
            try:
                wire.sendall(content[number : number + 1])
            except (BrokenPipeError, ConnectionResetError):
                break
            wire.settimeout(pause)
            try:
                if part := wire.recv(65_536):
                    return part, time.monotonic() - began
                break
            except TimeoutError:
                continue
            except ConnectionResetError:
                break
    return b"", time.monotonic() - began


@pytest.mark.parametrize(
    "content",
    [
        b"GET /_local/health HTTP/1.1\r\nHost: localhost\r\n" + b"x" * 200,
        b"\r\n" * 200,
        b"POST /collection/abc HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900\r\n\r\n",
    ],
    ids=["headers", "empty lines", "a body that does not come"],
)
def test_who_drips_is_cut_off(hasty: Server, content: bytes) -> None:
    """Headers or a body that do not come to an end are given up after their time, with 408."""
    head, _, _ = content.partition(b"\r\n\r\n") if b"Content-Length" in content else (b"", b"", b"")
    if head:
        with connected(hasty, 10) as wire:
            began = time.monotonic()
            wire.sendall(content)
            answer, seconds = received(wire, 5), 0.0
            seconds = time.monotonic() - began
    else:
        answer, seconds = dripped(hasty, content)
    assert seconds < 4
    assert answer == b"" or status(answer) in (400, 408)


def test_a_slow_reader_of_a_good_connection_is_left_alone(hasty: Server) -> None:
    """A connection that rests between two requests is not closed, and a request in time is answered."""
    with connected(hasty, 10) as wire:
        for _ in range(2):
            wire.sendall(b"GET /_local/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert status(received(wire, 2)) == 200
            time.sleep(0.8)


def test_too_many_connections_get_words(hasty: Server) -> None:
    """Beyond the most, a connection is told 503 and closed; when the others go, it is let in again."""
    wires = [connected(hasty, 5) for _ in range(60)]
    try:
        time.sleep(0.2)
        told = [received(wire, 0.3) for wire in wires[-5:]]
        assert {status(answer) for answer in told} == {503}
        assert b"retry-after: 1" in told[0]
    finally:
        for wire in wires:
            wire.close()
    wait_until(lambda: requests.get(f"{hasty.url}/_local/health", timeout=5).ok, seconds=5)


def asked_much(server: Server, path: str, times: int) -> socket.socket:
    """Ask for more than a connection holds, all at once, through a socket that takes little unless it is read."""
    parts, token = urlsplit(server.url), (server.folder / "admin-token").read_text()
    wire = socket.socket()
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    wire.connect((parts.hostname, parts.port))
    wire.settimeout(5)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nx-local-token: {token}\r\n\r\n".encode()
    writer = threading.Thread(target=_send, args=(wire, request * times), daemon=True)
    writer.start()
    return wire


def _send(wire: socket.socket, content: bytes) -> None:
    with contextlib.suppress(OSError):
        wire.sendall(content)


def established(server: Server) -> int:
    """Count the connections that the server holds."""
    return sum(one.status == psutil.CONN_ESTABLISHED for one in psutil.Process(server.process.pid).net_connections())


def test_who_does_not_read_is_cut_off(hasty: Server) -> None:
    """Connections that ask and never take their answers keep nobody out: they are ended, not waited for."""
    wait_until(lambda: established(hasty) == 0, seconds=5)
    wires = [asked_much(hasty, "/_local/dials", 2_000) for _ in range(2)]
    try:
        wait_until(lambda: established(hasty) == 2, seconds=5)
        time.sleep(0.5)
        assert established(hasty) == 2
        wait_until(lambda: established(hasty) == 0, seconds=10)
    finally:
        for wire in wires:
            wire.close()
    assert _answers(hasty)


def test_who_reads_slowly_is_left_alone(hasty: Server) -> None:
    """A connection that takes a little at a time gets all of its answers, however long that lasts."""
    with asked_much(hasty, "/_local/dials", 100) as wire:
        began, content = time.monotonic(), b""
        while content.count(b"HTTP/1.1 200") < 100:
            part = wire.recv(16_384)
            assert part
            content += part
            time.sleep(0.05)
    assert time.monotonic() - began > 1.5


def test_the_control_side_is_reached_when_all_places_are_taken(hasty: Server) -> None:
    """With all connections taken the control side still answers; whoever calls a service is told 503."""
    wait_until(lambda: established(hasty) == 0, seconds=5)
    wires = [connected(hasty, 5) for _ in range(40)]
    try:
        wait_until(lambda: established(hasty) == 40, seconds=5)
        assert requests.get(f"{hasty.url}/_local/health", timeout=5).status_code == 200
        assert requests.get(f"{hasty.url}/data/foundation/catalog/dataSets", timeout=5).status_code == 503
    finally:
        for wire in wires:
            wire.close()


def test_those_who_only_connect_make_room_again(hasty: Server) -> None:
    """Connections that send nothing are closed after the time for headers, so they cannot keep others out."""
    wires = [connected(hasty, 5) for _ in range(40)]
    try:
        wait_until(lambda: _answers(hasty), seconds=5)
    finally:
        for wire in wires:
            wire.close()


def _answers(server: Server) -> bool:
    try:
        return requests.get(f"{server.url}/_local/health", timeout=5).status_code == 200
    except requests.RequestException:
        return False


def test_it_still_works_after_all_that(server: Server, chain: Chain) -> None:
    """At the end the same process takes an event and lands it; its log has no failure of ours."""
    assert chain.post(payload("end")).status_code == 200
    wait_until(lambda: "event-end" in {row["_id"] for row in chain.landed()})
    log = (server.folder / "log").read_text()
    assert "Traceback" not in log, log[log.index("Traceback") :][:3_000]
    assert app.routes()
    assert Path(server.folder / "state.sqlite").is_file()


def test_secrets_are_not_in_the_log(server: Server, chain: Chain) -> None:
    """The log has no token, no secret and no inlet."""
    log = (server.folder / "log").read_text()
    keys: dict[str, Any] = chain.client.keys
    for secret in (keys["secret"], chain.inlet.rsplit("/", 1)[-1], chain.client.headers["Authorization"][7:]):
        assert secret not in log

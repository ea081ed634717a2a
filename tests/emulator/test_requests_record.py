"""The record of requests: what came in, bounded, without secrets, to read page by page and to download."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
import requests
from raw_http import sent, status
from running import CHATLIO, Chain, Client, Server, make_chain, payload, running

from chatlio_helpers.emulator.control.redaction import HIDDEN, Redaction
from chatlio_helpers.emulator.control.request_record import CALL_BODY, Entry, RequestRecord, Ring

RECORD = "/requests"
INLET = "0123456789abcdef" * 4
TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJpZCI6IjEyMyIsInR5cGUiOiJhY2Nlc3MifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
ADMIN = "Zm9yLXRoZS1jb250cm9sLXNpZGUtb25seS0xMjM0NTY"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Run a platform whose record is these tests' own."""
    with running(tmp_path_factory.mktemp("record") / "state") as server:
        yield server


@pytest.fixture(scope="module")
def chain(server: Server) -> Chain:
    """Make a chain, post to it, and let somebody fail to."""
    chain = make_chain(Client(server))
    assert chain.post(payload(1)).status_code == 200
    chain.client.call("GET", "/flowservice/flows/unknown")
    return chain


def read(server: Server, query: str = "") -> list[dict]:
    """Give one page of the record."""
    return server.control("GET", f"{RECORD}?limit=1000{query}")["requests"]


def downloaded(server: Server, form: str) -> requests.Response:
    """Download the record in a form."""
    headers = {"x-local-token": (server.folder / "admin-token").read_text()}
    return requests.get(f"{server.url}/_local{RECORD}?format={form}", headers=headers, timeout=30)


def test_what_came_in_is_there(server: Server, chain: Chain) -> None:
    """Who, what, when, how long, request and answer, in the order in which the requests ended."""
    found = read(server, "&path=sourceConnections&method=post")
    assert len(found) == 1
    one = found[0]
    assert (one["seat"], one["sandbox"], one["status"], one["cut"]) == ("default", "dev", 201, False)
    assert one["request"]["connectionSpec"] == CHATLIO
    assert set(one["answer"]) == {"id", "etag"}
    assert one["at"] > 1_700_000_000_000
    assert one["ms"] > 0


def test_no_secret_is_in_it(server: Server, chain: Chain) -> None:
    """No token, client secret, inlet or admin token is anywhere in any form of the record."""
    secrets = [chain.client.keys["secret"], chain.client.headers["Authorization"].removeprefix("Bearer "),
               chain.inlet.rsplit("/", 1)[-1], (server.folder / "admin-token").read_text()]  # fmt: skip
    query = "grant_type=client_credentials&client_id=x&client_secret=p8e-aSecretInTheQuery"
    requests.post(f"{server.url}/ims/token/v2?{query}", timeout=30)
    connection = {"name": "auth", "connectionSpec": CHATLIO, "auth": {"params": {"password": "hunter2-hunter2"}}}
    chain.client.call("POST", "/flowservice/connections", connection)
    odd = '{"client_secret": "cut-off-secret-value'
    requests.post(f"{server.url}/data/foundation/flowservice/flows", data=odd, headers=chain.client.headers, timeout=30)
    texts = [downloaded(server, form).text for form in ("json&limit=1000", "jsonl", "har")]
    for text in texts:
        assert "inletUrl" in text
        for secret in (*secrets, "p8e-aSecretInTheQuery", "hunter2-hunter2", "cut-off-secret-value"):
            assert secret not in text


def test_filters_and_pages(server: Server, chain: Chain) -> None:
    """By seat, path, method and status; pages join without a gap."""
    assert {one["status"] for one in read(server, "&status=4xx")} >= {404}
    assert all(one["method"] == "GET" for one in read(server, "&method=GET"))
    assert read(server, "&seat=nobody") == []
    posts = read(server, "&path=/collection/&seat=default")
    assert [(one["status"], one["request"]["id"]) for one in posts] == [(200, "event-1")]
    numbers, after = [], 0
    while after is not None:
        page = server.control("GET", f"{RECORD}?limit=7&after={after}")
        numbers += [one["number"] for one in page["requests"]]
        after = page["next"]
    assert numbers == sorted(set(numbers)) == [one["number"] for one in read(server)]


def everywhere(secret: str) -> str:
    """Percent-encode every character."""
    return "".join(f"%{ord(one):02x}" for one in secret)


def raw(server: Server, method: str, target: str, body: bytes = b"", **headers: str) -> int:
    """Send a request as it is written here; gives the status."""
    together = {"Host": "localhost", "Content-Length": str(len(body)), "Connection": "close", **headers}
    lines = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in together.items())
    return status(sent(server, f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + body))


def test_an_inlet_is_hidden_however_it_is_written(server: Server, chain: Chain) -> None:
    """Encoded, in capitals, behind other paths, in queries and bodies: in no form of the record and not in the log."""
    inlet = chain.inlet.rsplit("/", 1)[-1]
    event = json.dumps(payload("hidden")).encode()
    json_body = {"Content_Type": "application/json"}
    for beginning in ("/%63ollection/", "/collectio%6e/", "/collection%2F"):
        target = f"{beginning}{inlet}?x-adobe-flow-id={chain.flow}"
        assert raw(server, "POST", target, event, **json_body) == 200, beginning
    url = f"http://localhost/collection/{inlet}"
    targets = [
        f"/Collection/{inlet}", f"//collection/{inlet}", f"/collection//{inlet}", f"/xx/collection/{inlet}",
        f"/collection/{everywhere(inlet)}",
        f"/x/{inlet[:30]}{everywhere(inlet[30])}{inlet[31:]}", f"/x/{inlet.upper()}",
        f"/flows/{quote(url, safe='')}", f"/flows/{quote(quote(url, safe=''), safe='')}", f"/connections/{inlet}",
        f"/data/foundation/flowservice/connections?property=inletId=={inlet}", f"/x?{everywhere(inlet)}",
    ]  # fmt: skip
    for target in targets:
        raw(server, "GET", target)
    for body in (
        f'{{"a": "%2Fcollection%2F{inlet}"}}',
        f"%2Fcollection%2F{inlet}",
        f'{{"a": "{url.replace("/", chr(92) + "/")}',
    ):
        raw(server, "POST", "/data/foundation/flowservice/flows", body.encode(), Accept=inlet, **json_body)
    log = (server.folder / "log").read_text().lower()
    texts = [downloaded(server, form).text.lower() for form in ("json&limit=1000", "jsonl", "har")]
    for text in (log, *texts):
        assert inlet[:40] not in text
        assert everywhere(inlet)[:60] not in text
        assert inlet[31:] not in text


def test_an_encoded_post_is_a_post(server: Server, chain: Chain) -> None:
    """However its path is written, a post is told with its seat."""
    target = f"/%63ollection/{chain.inlet.rsplit('/', 1)[-1]}?x-adobe-flow-id={chain.flow}"
    assert raw(server, "POST", target, json.dumps(payload("encoded")).encode(), Content_Type="application/json") == 200
    found = read(server, "&path=ollection/&seat=default")
    assert {one["path"] for one in found} >= {"/collection/•••", "/%63ollection/•••"}
    assert found[-1]["request"]["id"] == "event-encoded"


def test_posts_push_out_no_call() -> None:
    """Which ring a request belongs to is decided by its path as it is meant, not as it is written."""
    record = RequestRecord()

    def note(path: str, raw_path: bytes) -> None:
        scope = {"path": path, "raw_path": raw_path, "headers": [], "method": "POST", "query_string": b""}
        record.note(scope, 200, 1.0, b"{}", b"{}", cut=False)

    note("/data/x", b"/data/x")
    for number in range(3_000):
        written = (b"/%63ollection/abc", b"/collectio%6E/abc", b"/collection%2Fabc")[number % 3]
        note("/collection/abc", written)
    assert [entry.path for entry in record.calls] == ["/data/x"]
    assert len(record.posts) == 500


def test_headers_are_looked_through(server: Server, chain: Chain) -> None:
    """Tokens, secrets and the admin token are taken out of headers, queries, methods and forms sent as text."""
    token = chain.client.headers["Authorization"].removeprefix("Bearer ")
    secret, admin = chain.client.keys["secret"], (server.folder / "admin-token").read_text()
    encoded = f"grant_type=client_credentials&client_secret={secret.replace('-', '%2D')}".encode()
    raw(server, "POST", "/ims/token/v3", encoded, Content_Type="text/plain")
    raw(server, "GET", f"/x/{admin}?a={admin}&{everywhere(admin)}", Accept=f"Bearer {token}", If_Match=admin)
    raw(server, admin, "/data/x", Content_Type=secret, x_adobe_flow_id=f"{token}, {admin}", x_sandbox_name=token)
    raw(server, "POST", "/data/x", json.dumps({admin: admin}).encode(), Accept="application/json")
    assert read(server, "&path=/data/x")[-1]["headers"]["accept"] == "application/json"
    log = (server.folder / "log").read_text()
    for text in (log, *(downloaded(server, form).text for form in ("json&limit=1000", "jsonl", "har"))):
        for hidden in (token, secret, secret.replace("-", "%2D"), admin, everywhere(admin)):
            assert hidden not in text


@pytest.mark.parametrize("secret", [INLET, TOKEN, "p8e-abcdefgh12345678", ADMIN, f"Bearer {ADMIN[::-1]}"])
@pytest.mark.parametrize(
    "written", ["{}", "/a/{}/b", "a={}&b=1", "%2F{}", "%252F{}", '{{"a": "{}', '{{"a": "{}"}}', "é{}é", "({})"]
)
def test_forms_of_secrets(secret: str, written: str) -> None:
    """Each form goes wherever it stands, plain and encoded once and twice; the record knows the admin token itself."""
    redaction = Redaction(ADMIN)
    for one in (secret, everywhere(secret), quote(everywhere(secret), safe="")):
        shown = redaction.text(written.format(one))
        assert HIDDEN in shown
        assert one.removeprefix("Bearer ")[8:] not in shown
        for content_type in ("", "application/x-www-form-urlencoded", secret):
            assert one not in str(redaction.body(written.format(one).encode(), content_type))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ('{"a": 1, "client_secret": "cut, off', '{"a": 1, "client_secret": •••'),
        ('5" pipe, "password":"hello"', '5" pipe, "password":•••"'),
        ("grant_type=client_credentials&client_secret=short", "grant_type=client_credentials&client_secret=•••"),
        ("inletId: [abc] imsOrgId: [x]", "inletId: [•••] imsOrgId: [x]"),
        ("/data/foundation/schemaregistry/tenant/schemas/_kit.schemas." + "a1" * 24, ""),
        ("https://ns.adobe.com/kit/schemas/" + "b2" * 24, ""),
        ("e77fde5a-22a8-11ed-861d-0242ac120002", ""),
    ],
)
def test_names_with_values_go_and_ids_stay(given: str, shown: str) -> None:
    """A value goes with its name in text that is no whole JSON; ids of schemas and dataflows stay."""
    assert Redaction().text(given) == (shown or given)


def test_what_was_cut_off_in_the_middle_of_a_secret(server: Server) -> None:
    """Of a body that was cut the last word goes, because it may be most of a secret."""
    for secret in (INLET, TOKEN, ADMIN):
        body = b" " * (CALL_BODY - len(secret) + 4) + secret.encode()
        assert str(Redaction(ADMIN).body(body[:CALL_BODY], "", cut=True)).strip() == HIDDEN


HARD = {
    "a name and spaces": b'{"' + b"secret" * 5_400 + b'"' + b" " * 32_000,
    "escaped quotes": b'{"' + b'\\"' * 32_000, "quotes": b'"' * 65_000, "ids almost": (b"a" * 63 + b"x") * 1_000,
    "percent": b"%" * 65_000, "encoded often": b"%25" * 21_000, "parts": b"eyJ." * 16_000, "part": b"eyJ" * 21_000,
    "words": (b"a" * 16 + b".") * 3_800, "bearer": b"bearer" + b" " * 65_000, "names": b"secret:" * 9_000,
    "names and quotes": b'secret:"' * 8_000, "slashes": b"/collection" + b"/" * 65_000,
    "strings": json.dumps(["%2525252541"] * 4_600).encode(), "deep": b"[" * 65_000,
}  # fmt: skip


@pytest.mark.parametrize("hard", HARD)
def test_no_text_takes_long(hard: str) -> None:
    """The time grows with the length and no faster: four times the text takes nowhere near sixteen times as long."""
    redaction = Redaction(ADMIN)

    def seconds(content: bytes) -> float:
        began = time.process_time()
        redaction.body(content, "")
        redaction.body(content, "application/x-www-form-urlencoded")
        return time.process_time() - began

    assert seconds(HARD[hard]) < 1.5
    assert min(seconds(HARD[hard] * 4) for _ in range(2)) < 10 * max(min(seconds(HARD[hard]) for _ in range(3)), 0.01)


def test_reading_holds_nobody_up(server: Server) -> None:
    """While a hundred of the longest bodies are read, others are answered; all of them come, page after page."""
    for _ in range(100):
        requests.post(f"{server.url}/data/hard", data=HARD["strings"], timeout=30)
    with ThreadPoolExecutor(1) as reader:
        reading = reader.submit(downloaded, server, "json&limit=1000&path=/data/hard")
        slowest = 0.0
        while not reading.done():
            began = time.monotonic()
            assert requests.get(f"{server.url}/_local/health", timeout=30).ok
            slowest = max(slowest, time.monotonic() - began)
    page = reading.result().json()
    assert reading.result().elapsed.total_seconds() < 5
    assert slowest < 1
    found = page["requests"]
    while page["next"]:
        page = server.control("GET", f"{RECORD}?limit=1000&path=/data/hard&after={page['next']}")
        found += page["requests"]
    assert len(found) == 100


@pytest.mark.parametrize("query", ["format=xml", "limit=many", "after=-1", "limit=" + "9" * 5000])
def test_a_wrong_question_is_told(server: Server, query: str) -> None:
    """A form or a number that is none gets a 400 with the next step."""
    headers = {"x-local-token": (server.folder / "admin-token").read_text()}
    answer = requests.get(f"{server.url}/_local{RECORD}?{query}", headers=headers, timeout=30)
    assert answer.status_code == 400
    assert answer.json()["next"]


def test_downloads(server: Server, chain: Chain) -> None:
    """JSON Lines has one request a line; HAR has what the tools need; the control side itself is in neither."""
    lines = [json.loads(line) for line in downloaded(server, "jsonl").text.splitlines()]
    archive = downloaded(server, "har").json()["log"]
    assert archive["version"] == "1.2"
    assert len(archive["entries"]) == len(lines) == len(read(server))
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(archive["entries"][0])
    assert not [one for one in lines if one["path"].startswith("/_local")]


def test_long_bodies_are_cut(server: Server, chain: Chain) -> None:
    """A post to an inlet is kept up to 2 KB, a call up to 64 KB; both say that they were cut."""
    chain.post(payload(2, text="x" * 5000))
    chain.client.call("POST", "/flowservice/flows", {"name": "y" * 70_000})
    posts, calls = read(server, "&path=/collection/"), read(server, "&path=flowservice/flows&method=POST")
    assert posts[-1]["cut"]
    assert len(posts[-1]["request"]) == 2_048
    assert calls[-1]["cut"]
    assert len(calls[-1]["request"]) == 65_536


def test_it_can_be_forgotten(server: Server) -> None:
    """DELETE empties the record."""
    assert server.control("DELETE", RECORD)["forgotten"] > 0
    assert read(server) == []


def test_the_ring_is_bounded_in_number_and_bytes() -> None:
    """The oldest entries go when there are too many, or too many bytes of them."""

    def entry(number: int, size: int) -> Entry:
        return Entry(number, 0.0, "GET", "/", b"", (), 200, 1.0, b"x" * size, b"", cut=False)

    few, small = Ring(3, 10**9), Ring(10**9, 10_000)
    for number in range(100):
        few.add(entry(number, 10))
        small.add(entry(number, 1_000))
    assert [one.number for one in few] == [97, 98, 99]
    assert 5 < len(small) < 10
    assert next(iter(reversed(list(small)))).number == 99

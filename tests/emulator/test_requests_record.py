"""The record of requests: what came in, bounded, without secrets, to read page by page and to download."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests
from running import CHATLIO, Chain, Client, Server, make_chain, payload, running

from chatlio_helpers.emulator.control.request_record import Entry, Ring

RECORD = "/requests"


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

"""The inlets: what they take, what they refuse and in which words, and that a 200 is a promise."""

from __future__ import annotations

import gzip
import json
import re
import resource
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from running import DATA_LAKE, Chain, Client, Server, make_chain, payload, running, wait_until

HTTP_API = {"id": "bc7b00d6-623a-4dfc-9fdb-f1240aeadaeb", "version": "1.0"}
XDM_FLOW = {"id": "d8a6f005-7eaf-4153-983e-e8574508b877", "version": "1.0"}
INLET_PROBLEM = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
LIMIT = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a local platform that all tests of this file share."""
    with running(tmp_path_factory.mktemp("platform")) as shared:
        yield shared


@pytest.fixture(scope="module")
def chain(server: Server) -> Chain:
    """Give a dataflow that the tests which only look at answers share."""
    return make_chain(Client(server), "shared")


@pytest.fixture
def own(server: Server, request: pytest.FixtureRequest) -> Chain:
    """Give a dataflow of the test's own."""
    return make_chain(Client(server), request.node.name)


def _raw(chain: Chain, content: bytes, url: str = "", **headers: str) -> requests.Response:
    return requests.post(url or chain.url, data=content, headers=headers, timeout=30)


def _report(answer: requests.Response) -> str:
    body = answer.json()
    assert body["type"] == INLET_PROBLEM
    assert body["status"] == answer.status_code
    return body["report"]["message"]


def test_an_accepted_message_is_answered_as_the_live_endpoint_does(chain: Chain) -> None:
    """200 names the inlet, a transaction id of three numbers, and the time of receipt as a number."""
    answer = chain.post(payload(1))
    body = answer.json()
    assert answer.status_code == 200
    assert body["inletId"] == chain.inlet.rpartition("/")[2]
    assert re.fullmatch(r"\d{13}:\d+:\d+", body["xactionId"])
    assert abs(body["receivedTimeMs"] / 1000 - time.time()) < 60
    assert body["syncValidation"] == {"skipped": True}


def test_the_dataflow_may_be_named_in_a_header(chain: Chain) -> None:
    """The flow id is taken from the header x-adobe-flow-id as well as from the query."""
    answer = _raw(chain, json.dumps(payload(1)).encode(), chain.inlet, **{"X-Adobe-Flow-Id": chain.flow})
    assert answer.status_code == 200


def test_a_sender_needs_no_content_type(chain: Chain) -> None:
    """A webhook that sends JSON without saying so is understood."""
    assert _raw(chain, json.dumps(payload(1)).encode()).status_code == 200


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "Message body is empty"),
        (b"  \n", "Message body is empty"),
        (b"{}", "empty JSON object"),
        (b'{"text": ', "Message is not JSON"),
        (b'{"text": NaN}', "Message is not JSON"),
        (b"\xff\xfe{}", "Message is not JSON"),
        (b"text=hello", "Message is not JSON"),
        (b'[{"text": "hello"}]', "a JSON array"),
        (b'"hello"', "a JSON string"),
        (b"17", "a JSON number"),
        (b"true", "a JSON boolean"),
        (b"null", "a JSON null"),
        (gzip.compress(b'{"text": "hello"}'), "Message is not JSON"),
        (b"[" * 100_000, "Message is not JSON"),
    ],
)
def test_what_is_not_a_json_object_is_refused(chain: Chain, content: bytes, words: str) -> None:
    """The refusal has the form of the streaming endpoint and says what came instead."""
    answer = _raw(chain, content)
    assert answer.status_code == 400
    assert words in _report(answer)


def test_an_unknown_inlet_is_refused(chain: Chain) -> None:
    """An address that no dataflow has gets a 400, with the id that was asked for."""
    answer = _raw(chain, b'{"a": 1}', chain.url.replace(chain.inlet.rpartition("/")[2], "0" * 64))
    assert answer.status_code == 400
    assert "0" * 64 in _report(answer)


def test_a_bare_inlet_address_is_refused_in_the_documented_words(chain: Chain) -> None:
    """Without a flow id the message has no known format: the mistake that Adobe's own example invites."""
    answer = _raw(chain, json.dumps(payload(1)).encode(), chain.inlet)
    assert answer.status_code == 400
    assert answer.json()["title"] == "Invalid XDM Message Format"
    organisation = chain.client.keys["org_id"]
    inlet = chain.inlet.rpartition("/")[2]
    assert _report(answer) == f"inletId: [{inlet}] imsOrgId: [{organisation}] Message has unknown xdm format"


@pytest.mark.parametrize("flow", ["00000000-0000-0000-0000-000000000000", "x", "' OR 1=1 --"])
def test_an_unknown_dataflow_is_refused(chain: Chain, flow: str) -> None:
    """A flow id that does not exist is told by name."""
    answer = requests.post(chain.inlet, params={"x-adobe-flow-id": flow}, json=payload(1), timeout=30)
    assert answer.status_code == 400
    assert f"flowId: [{flow}]" in _report(answer)


def test_a_dataflow_is_reached_through_its_own_inlet_only(chain: Chain, own: Chain) -> None:
    """One dataflow's id on another's inlet is refused, so that kinds cannot be mixed up."""
    answer = _raw(chain, json.dumps(payload(1)).encode(), f"{chain.inlet}?x-adobe-flow-id={own.flow}")
    assert answer.status_code == 400
    assert "There is no dataflow with this id on this inlet" in _report(answer)


def test_a_paused_dataflow_takes_nothing_until_it_is_resumed(own: Chain) -> None:
    """While a dataflow is disabled its inlet refuses; after enabling it takes messages again."""
    action = f"/flowservice/flows/{own.flow}/action"
    own.client.made("POST", action, None, params={"op": "disable"})
    wait_until(lambda: own.state()["state"] == "disabled")
    answer = own.post(payload(1))
    assert answer.status_code == 400
    assert "its state is disabled" in _report(answer)
    own.client.made("POST", action, None, params={"op": "enable"})
    wait_until(lambda: own.state()["state"] == "enabled")
    assert own.post(payload(2)).status_code == 200
    wait_until(lambda: own.counts() == (1, 0))


def _connection(chain: Chain) -> tuple[socket.socket, str]:
    parts = urlsplit(chain.url)
    connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
    return connection, f"{parts.path}?{parts.query}"


def test_an_oversize_message_is_refused_before_it_is_read(chain: Chain) -> None:
    """A body that announces more than 1 MB gets its 413 at once, and the connection ends."""
    connection, path = _connection(chain)
    with connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {50 * LIMIT}\r\n\r\n"
        connection.sendall(head.encode() + b'{"text": "')
        answer = connection.makefile("rb").read()
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"1000000 bytes (1 MB)" in answer


def test_an_oversize_stream_is_cut_off(chain: Chain) -> None:
    """A body of unknown length is refused as soon as it passes 1 MB."""
    connection, path = _connection(chain)
    with connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        block = b"%x\r\n%s\r\n" % (100_000, b"x" * 100_000)
        for _ in range(11):
            connection.sendall(block)
        answer = connection.makefile("rb").readline()
    assert answer.startswith(b"HTTP/1.1 413")


def test_the_limit_itself_is_allowed(chain: Chain) -> None:
    """1,000,000 bytes pass, one more does not."""
    body = json.dumps(payload(1, filler="")).encode()
    exact = body.replace(b'"filler": ""', b'"filler": "' + b"x" * (LIMIT - len(body)) + b'"')
    assert len(exact) == LIMIT
    assert _raw(chain, exact).status_code == 200
    assert _raw(chain, exact + b" ").status_code == 413


def test_a_sender_that_hangs_up_leaves_nothing(own: Chain) -> None:
    """Half a message is not a message: nothing lands, and the next sender is served."""
    connection, path = _connection(own)
    with connection:
        head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n"
        connection.sendall(head.encode() + b'{"id": "half"')
    assert own.post(payload("whole")).status_code == 200
    wait_until(lambda: own.counts() == (1, 0))
    assert [row["_id"] for row in own.landed()] == ["event-whole"]


def _batch(chain: Chain, messages: Any) -> requests.Response:
    return requests.post(chain.url.replace("/collection/", "/collection/batch/"), json=messages, timeout=30)


def test_several_messages_have_an_outcome_each(own: Chain) -> None:
    """207 gives one outcome for each message, in their order; the good ones land."""
    answer = _batch(own, {"messages": [payload(0), "text", payload(2), [], {}]})
    body = answer.json()
    assert answer.status_code == 207
    assert body["inletId"] == own.inlet.rpartition("/")[2]
    assert [set(one) for one in body["responses"]] == [
        {"xactionId"}, {"statusCode", "message"}, {"xactionId"}, {"statusCode", "message"}, {"statusCode", "message"},
    ]  # fmt: skip
    assert body["responses"][2]["xactionId"] == f"{body['batchId']}:2"
    assert body["responses"][1]["statusCode"] == 400
    wait_until(lambda: own.counts() == (2, 0))
    assert [row["_id"] for row in own.landed()] == ["event-0", "event-2"]


@pytest.mark.parametrize("body", [{}, {"messages": []}, {"messages": {"a": 1}}, {"other": 1}])
def test_a_batch_without_messages_is_refused(chain: Chain, body: dict[str, Any]) -> None:
    """The whole request is refused when there is no array of messages in it."""
    assert _batch(chain, body).status_code == 400


def test_a_valid_message_passes_synchronous_validation_and_lands(own: Chain) -> None:
    """With syncValidation=true the answer says pass, and the message is kept like any other."""
    answer = requests.post(f"{own.url}&syncValidation=true", json=payload(1), timeout=30)
    assert answer.json()["syncValidation"] == {"status": "pass"}
    wait_until(lambda: own.counts() == (1, 0))


def test_an_invalid_message_is_refused_with_its_violations_and_dropped(own: Chain) -> None:
    """With syncValidation=true the documented 400 lists the violations, and nothing is kept."""
    answer = requests.post(f"{own.url}&syncValidation=true", json={"text": "no id", "day": "2026-01-02"}, timeout=30)
    assert answer.status_code == 400
    assert _report(answer).endswith("Message is invalid")
    (cause,) = answer.json()["report"]["cause"]["_streamingValidation"]
    assert cause["message"] == "1 schema violations found"
    (violation,) = cause["causingExceptions"]
    assert (violation["keyword"], violation["message"]) == ("required", "required key [_id] not found")
    assert own.post(payload("next")).status_code == 200
    wait_until(lambda: sum(own.counts()) == 1)
    assert own.counts() == (1, 0)


def test_synchronous_validation_is_limited(own: Chain) -> None:
    """The sixty-first request of a minute gets 429 and is told when to come back; ordinary posts go on."""
    http = requests.Session()
    answers = [http.post(f"{own.url}&syncValidation=true", json=payload(n), timeout=30) for n in range(61)]
    assert [answer.status_code for answer in answers] == [200] * 60 + [429]
    assert answers[-1].json()["title"] == "Too Many Requests"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert own.post(payload(61)).status_code == 200


def test_many_senders_at_once_lose_nothing(own: Chain) -> None:
    """Three hundred posts from sixteen senders are all accepted, with an id each, and all land."""
    with ThreadPoolExecutor(16) as senders:
        answers = list(senders.map(lambda number: requests.post(own.url, json=payload(number), timeout=30), range(300)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["xactionId"] for answer in answers}) == 300
    wait_until(lambda: own.counts() == (300, 0))
    assert Counter(row["_id"] for row in own.landed()) == Counter(f"event-{number}" for number in range(300))


def test_a_full_disk_refuses_and_keeps_its_promises(tmp_path_factory: pytest.TempPathFactory) -> None:
    """When nothing can be written the inlet says 503 with Retry-After; what it accepted before and after lands once."""
    with running(tmp_path_factory.mktemp("full"), landing_delay=3600) as server:
        chain = make_chain(Client(server))
        accepted = [number for number in range(5) if chain.post(payload(number)).status_code == 200]
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (1024, resource.RLIM_INFINITY))
        server_refuses = [chain.post(payload(number)) for number in range(5, 8)]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        accepted += [number for number in range(8, 12) if chain.post(payload(number)).status_code == 200]
        server.turn(landing_delay=0)
        wait_until(lambda: sum(chain.counts()) >= len(accepted), 20)
        landed = Counter(row["_id"] for row in chain.landed())
    assert [answer.status_code for answer in server_refuses] == [503] * 3
    assert {answer.headers["Retry-After"] for answer in server_refuses} == {"5"}
    assert accepted == [0, 1, 2, 3, 4, 8, 9, 10, 11]
    assert landed == Counter(f"event-{number}" for number in accepted)


@pytest.mark.parametrize("largest", [1_024, 16_384], ids=["no file can be written", "the state cannot be written"])
def test_landing_on_a_full_disk_waits_and_then_lands_once(
    tmp_path_factory: pytest.TempPathFactory, largest: int
) -> None:
    """Accepted messages that cannot be brought to the lake or the Catalog stay in the journal until there is room."""
    with running(tmp_path_factory.mktemp("full"), landing_delay=1.0) as server:
        chain = make_chain(Client(server))
        for number in range(5):
            assert chain.post(payload(number)).status_code == 200
        pid = server.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        time.sleep(2.0)
        assert chain.counts() == (0, 0)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        wait_until(lambda: chain.counts() == (5, 0), 20)
        assert [row["_id"] for row in chain.landed()] == [f"event-{number}" for number in range(5)]
        assert len(list((server.folder / "lake").glob("*/*/*"))) == len(chain.batches())


@pytest.fixture(scope="module")
def xdm_chain(server: Server, chain: Chain) -> Chain:
    """Give an HTTP API dataflow that takes XDM messages as they are, into the shared dataset."""
    client = chain.client
    auth = {"specName": "Streaming Connection", "params": {"dataType": "xdm", "name": "xdm"}}
    base = client.made("POST", "/flowservice/connections", {"name": "xdm", "connectionSpec": HTTP_API, "auth": auth})
    body = {"name": "xdm", "connectionSpec": HTTP_API, "baseConnectionId": base["id"], "data": {"format": "json"}}
    source = client.made("POST", "/flowservice/sourceConnections", body)["id"]
    data = {"format": "json", "schema": {"id": chain.schema["id"], "version": chain.schema["contentType"]}}
    body = {"name": "xdm", "connectionSpec": DATA_LAKE, "data": data, "params": {"dataSetId": chain.dataset}}
    target = client.made("POST", "/flowservice/targetConnections", body)["id"]
    body = {"name": "xdm", "flowSpec": XDM_FLOW, "sourceConnectionIds": [source], "targetConnectionIds": [target]}
    made = Chain(client, chain.dataset, client.made("POST", "/flowservice/flows", body)["id"], "", "", chain.schema)
    wait_until(lambda: made.state()["state"] == "enabled")
    made.inlet = made.state()["options"]["inletUrl"]
    return made


def _envelope(chain: Chain, entity: dict[str, Any] | None, **header: Any) -> dict[str, Any]:
    body = {"xdmMeta": {"schemaRef": chain.schema}} | ({"xdmEntity": entity} if entity is not None else {})
    return {"header": {"schemaRef": chain.schema, "datasetId": chain.dataset, **header}, "body": body}


def test_an_xdm_message_lands_as_it_is(xdm_chain: Chain) -> None:
    """A message that names its dataflow in the header needs nothing else, and its entity becomes the row."""
    entity = {"_id": "as-it-is", "timestamp": "2026-01-02T03:04:05Z"}
    answer = requests.post(xdm_chain.inlet, json=_envelope(xdm_chain, entity, flowId=xdm_chain.flow), timeout=30)
    assert answer.status_code == 200
    wait_until(lambda: "as-it-is" in [row["_id"] for row in xdm_chain.landed()])


def _failed(chain: Chain, message: dict[str, Any]) -> dict[str, Any]:
    """Post a message that is accepted and fails; gives its failed row."""
    answer = requests.post(chain.url, json=message, timeout=30)
    assert answer.status_code == 200
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = [row for row in chain.failed() if row["header"]["xactionId"] == answer.json()["xactionId"]]
        return bool(found)

    wait_until(there)
    return found[0]


def test_an_xdm_message_without_entity_is_a_failed_row(xdm_chain: Chain) -> None:
    """The envelope is accepted, and the failed row is what came, with the documented words."""
    message = _envelope(xdm_chain, None, source={"name": "a test"}) | {"more": 1}
    row = _failed(xdm_chain, message)
    assert row["_errors"] == {"_streamingValidation": [{"message": "Payload body is missing xdmEntity"}]}
    assert (row["body"], row["more"]) == (message["body"], 1)
    assert message["header"].items() <= row["header"].items()
    assert row["header"]["imsOrgId"] == xdm_chain.client.keys["org_id"]


def test_an_xdm_message_that_breaks_the_schema_is_a_failed_row(xdm_chain: Chain) -> None:
    """The failed row has the violations in the documented place, and in the one that Adobe's SDK reads."""
    row = _failed(xdm_chain, _envelope(xdm_chain, {"_id": "x", "timestamp": "yesterday"}))
    (violation,) = row["_validationErrors"]
    assert (violation["keyword"], violation["pointerToViolation"]) == ("format", "#/timestamp")
    assert row["_errors"] == {"_streamingValidation": row["_validationErrors"]}


def _other_schema(message: dict[str, Any], place: str) -> None:
    part = message["header"] if place == "header" else message["body"]["xdmMeta"]
    part["schemaRef"] = {**part["schemaRef"], "id": "https://ns.adobe.com/another/schemas/1"}


MISMATCHES = [
    (lambda message: _other_schema(message, "header"), "Payload header names the schema", "#/header/schemaRef"),
    (lambda message: _other_schema(message, "body"), "Payload body names the schema", "#/body/xdmMeta/schemaRef"),
    (lambda message: message["header"].update(datasetId="5da9452f7de80400007"), "Payload header names the dataset",
     "#/header/datasetId"),
    (lambda message: message["header"].update(datasetId=["x"] * 5_000), "Payload header names the dataset",
     "#/header/datasetId"),
    (lambda message: message["header"].pop("datasetId"), "Payload header is missing datasetId", "#/header"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "words", "pointer"), MISMATCHES)
def test_schema_and_dataset_of_an_xdm_message_must_agree(
    xdm_chain: Chain, spoil: Callable[[dict[str, Any]], object], words: str, pointer: str
) -> None:
    """What names another schema or dataset, or no dataset, is refused when asked at once, else kept as a failed row."""
    message = _envelope(xdm_chain, {"_id": "elsewhere", "timestamp": "2026-01-02T03:04:05Z"})
    spoil(message)
    refused = requests.post(f"{xdm_chain.url}&syncValidation=true", json=message, timeout=30)
    assert refused.status_code == 400
    (cause,) = refused.json()["report"]["cause"]["_streamingValidation"]
    (one,) = cause["causingExceptions"]
    assert (one["message"].startswith(words), one["pointerToViolation"]) == (True, pointer)
    (kept,) = _failed(xdm_chain, message)["_errors"]["_streamingValidation"]
    assert kept == {"message": one["message"]}
    assert len(kept["message"]) < 500


def _moment(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def test_an_event_may_not_be_in_the_future(server: Server, xdm_chain: Chain) -> None:
    """A timestamp ahead of the platform's clock fails its row; a little is allowed, for clocks that disagree."""
    late = _envelope(xdm_chain, {"_id": "late", "timestamp": _moment(3600)})
    (violation,) = _failed(xdm_chain, late)["_validationErrors"]
    assert violation["pointerToViolation"] == "#/timestamp"
    assert "is in the future" in violation["message"]
    refused = requests.post(f"{xdm_chain.url}&syncValidation=true", json=late, timeout=30)
    assert refused.status_code == 400
    soon = _envelope(xdm_chain, {"_id": "soon", "timestamp": _moment(60)})
    assert requests.post(f"{xdm_chain.url}&syncValidation=true", json=soon, timeout=30).status_code == 200
    server.turn(clock_offset=3600)
    try:
        assert requests.post(f"{xdm_chain.url}&syncValidation=true", json=late, timeout=30).status_code == 200
    finally:
        server.turn(clock_offset=0)


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"text": "raw"}, "Message has unknown xdm format"),
        ({"header": {"schemaRef": {"id": "x"}}, "body": {}}, "Message has unknown xdm format"),
        ({"header": "text", "body": 5}, "Message has unknown xdm format"),
        (
            {
                "header": {"schemaRef": {"id": "x"}, "imsOrgId": "0@AdobeOrg"},
                "body": {"xdmMeta": {"schemaRef": {"id": "x"}}},
            },
            "Message has an absent or wrong ims org in the header",
        ),
    ],
)
def test_a_wrong_envelope_is_refused_in_the_documented_words(
    xdm_chain: Chain, message: dict[str, Any], words: str
) -> None:
    """A dataflow without a mapping takes XDM messages only, of its own organisation."""
    answer = requests.post(xdm_chain.url, json=message, timeout=30)
    assert answer.status_code == 400
    assert _report(answer).endswith(words)


def test_what_is_known_of_a_dataflow_holds_no_longer_than_it_is_true(server: Server) -> None:
    """A dataflow that has just taken messages refuses them from the moment it is disabled, reset, or deleted."""
    server.control("POST", "/seats", {"names": ["fleeting"]})
    chain = make_chain(Client(server, seat="fleeting"), "fleeting")
    action = f"/flowservice/flows/{chain.flow}/action"
    for operation in ("disable", "enable"):
        assert [chain.post(payload(number)).status_code for number in range(3)] == [200] * 3
        chain.client.made("POST", action, None, params={"op": "disable"})
        assert chain.post(payload("late")).status_code == 400, operation
        wait_until(lambda: chain.state()["state"] == "disabled")
        assert chain.post(payload("late")).status_code == 400
        chain.client.made("POST", action, None, params={"op": "enable"})
        wait_until(lambda: chain.post(payload("again")).status_code == 200)
    assert chain.client.call("DELETE", f"/flowservice/flows/{chain.flow}").status_code == 204
    assert chain.post(payload("late")).status_code == 400
    another = make_chain(chain.client, "another")
    assert another.post(payload(1)).status_code == 200
    server.control("POST", "/seats/fleeting/reset")
    assert another.post(payload(2)).status_code == 400


def test_dials_reach_messages_that_take_the_short_path(server: Server, own: Chain) -> None:
    """Trouble that is dialled meets the next message of a dataflow that has just taken some, and ends as soon."""
    for dial, status in (("fault_rate", 503), ("throttle_rate", 429)):
        assert own.post(payload(1)).status_code == 200
        server.turn(**{dial: 1})
        try:
            assert own.post(payload(2)).status_code == status
        finally:
            server.turn(**{dial: 0})
        assert own.post(payload(3)).status_code == 200


def test_both_paths_answer_alike(own: Chain) -> None:
    """The way through all layers and the short one give the same answers, headers and refusals to the same posts."""
    contents = [json.dumps(payload(1)).encode(), b"{}", b"[1]", b"", b"{", b"x" * (LIMIT + 1)]
    assert own.post(payload(0)).status_code == 200  # from now on the dataflow is known, and the short path is taken
    for address in (own.url, own.url.replace("/collection/", "/collection/batch/")):
        for content in [*contents, b'{"messages": [{"id": "1"}, 2]}', b'{"messages": []}']:
            short = _raw(own, content, address)
            long = _raw(own, content, f"{address}&syncValidation=false")  # which only the long way reads
            assert _shape(short) == _shape(long), content[:50]


def _shape(answer: requests.Response) -> tuple[Any, ...]:
    """Give an answer without what differs from post to post."""
    text = re.sub(r"\d{13}(:\d+)*", "N", answer.text)
    return answer.status_code, text, sorted(name.lower() for name in answer.headers), answer.headers["content-type"]

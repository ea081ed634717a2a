"""Runs of dataflows: one for each window, closed when it is over, with counts that add up."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests
from running import MAPPINGS, QUICK, Chain, Client, Server, make_chain, payload, running, wait_until

from chatlio_helpers.emulator.flowservice import run_metrics
from chatlio_helpers.emulator.flowservice.run_metrics import Micro
from chatlio_helpers.emulator.landing.tally import FURTHER, MOST_REASONS, Causes, Reason, merged

RUNS = "/flowservice/runs"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Give a local platform that all tests of this file share."""
    with running(tmp_path_factory.mktemp("platform")) as shared:
        yield shared


@pytest.fixture
def chain(server: Server, request: pytest.FixtureRequest) -> Iterator[Chain]:
    """Give a dataflow of the test's own."""
    yield make_chain(Client(server), request.node.name)
    server.turn(**QUICK)


def _landed(chain: Chain, *payloads: dict) -> None:
    """Post all payloads into one micro-batch, and wait until they landed or failed."""
    before = sum(chain.counts())
    chain.client.server.turn(landing_delay=3600)
    for one in payloads:
        assert chain.post(one).status_code == 200
    chain.client.server.turn(landing_delay=0)
    wait_until(lambda: sum(chain.counts()) == before + len(payloads))


def _closed(chain: Chain) -> list[dict]:
    wait_until(lambda: chain.runs() and all("state" not in run for run in chain.runs()))
    return chain.runs()


def test_no_rows_no_run(chain: Chain) -> None:
    """A dataflow that received nothing has no run, and no last run."""
    assert chain.runs() == []
    assert "lastRunDetails" not in chain.state()


def test_a_run_is_in_progress_until_its_window_is_over(chain: Chain) -> None:
    """A run shows at once as in progress, and closes with its status when the window has passed."""
    chain.client.server.turn(run_window=3600)
    _landed(chain, payload(1))
    (run,) = chain.runs()
    assert (run["state"], run["metrics"]["statusSummary"]["status"]) == ("inProgress", "inProgress")
    duration = run["metrics"]["durationSummary"]
    assert duration["startedAtUTC"] % 3_600_000 == 0
    assert duration["completedAtUTC"] - duration["startedAtUTC"] == 3_600_000
    chain.client.server.turn(clock_offset=3700)
    (run,) = _closed(chain)
    chain.client.server.turn(clock_offset=0)
    assert run["metrics"]["statusSummary"]["status"] == "success"


def test_a_closed_run_changes_the_etag_of_its_dataflow(chain: Chain) -> None:
    """The etag that was read before the run closed is stale afterwards: 412."""
    chain.client.server.turn(run_window=3600)
    _landed(chain, payload(1))
    before = chain.state()["etag"]
    chain.client.server.turn(clock_offset=3700)
    (run,) = _closed(chain)
    chain.client.server.turn(clock_offset=0)
    wait_until(lambda: chain.state()["etag"] != before)
    patch = [{"op": "replace", "path": "/description", "value": "x"}]
    path = f"/flowservice/flows/{chain.flow}"
    assert chain.client.call("PATCH", path, patch, headers={"If-Match": before}).status_code == 412
    details = chain.state()["lastRunDetails"]
    assert (details["id"], details["state"]) == (run["id"], "success")


@pytest.mark.parametrize(
    ("payloads", "status"),
    [
        ([payload(1)], "success"),
        ([payload(1), payload(2, count="many")], "partialSuccess"),
        ([payload(1, count="many")], "failed"),
    ],
)
def test_the_status_follows_from_the_counts(server: Server, payloads: list[dict], status: str) -> None:
    """All good is success, all bad is failed, and anything between is partialSuccess."""
    chain = make_chain(Client(server), f"status {status}")
    _landed(chain, *payloads)
    (run,) = _closed(chain)
    assert run["metrics"]["statusSummary"]["status"] == status


def test_counts_codes_and_links_of_a_run(chain: Chain) -> None:
    """A run counts what came, landed, failed and was warned about, keeps the words, and links to the failed rows."""
    _landed(chain, payload(1), payload(2, day="some day"), payload(3, count="many"), {"day": "2026-01-02"})
    (run,) = _closed(chain)
    records, (activity,) = run["metrics"]["recordSummary"], run["activities"]
    assert {name: records[name] for name in run_metrics.COUNTS if records[name]} == {
        "inputRecordCount": 4, "outputRecordCount": 2, "createdRecordCount": 2, "failedRecordCount": 2,
        "warningRecordCount": 1,
    }  # fmt: skip
    assert {one["code"]: one["recordCount"] for one in records["failedInfo"]} == {
        "MAPPER-3700-400": 1, "DCVS-1111-400": 1,
    }  # fmt: skip
    assert "some day" in records["warningInfo"][0]["message"]
    assert run["metrics"]["statusSummary"]["errors"] == records["failedInfo"]
    links = activity["statusSummary"]["extensions"]["manifest"]
    listed = chain.client.call("GET", links["failedRecords"]).json()["data"]
    assert [one["name"] for one in listed] == ["conversion_errors_0.json", "validation_errors_0.json"]
    assert len(chain.client.call("GET", links["sampleErrors"]).text.splitlines()) == 2


def test_each_mapping_that_fails_is_told_apart(server: Server) -> None:
    """Two mappings that warn are two items with the rows of each, whatever the values, over all micro-batches."""
    client = Client(server)
    more = ("EXPRESSION", 'date(other, "yyyy-MM-dd")', "eventType")
    server.turn(run_window=3600)
    chain = make_chain(client, "warnings apart", (*MAPPINGS, more))
    _landed(chain, payload(1, day="one", other="x"), payload(2, day="two", other="2026-01-02"))
    _landed(chain, payload(3, day="three", other="y"))
    (run,) = chain.runs()
    server.turn(**QUICK)
    records = run["metrics"]["recordSummary"]
    assert records["warningRecordCount"] == 3
    found = {one["message"].rpartition("destinationField: ")[2]: one["recordCount"] for one in records["warningInfo"]}
    assert found == {f"_{client.tenant}.day": 3, "eventType": 2}
    assert len(records["warningInfo"]) == 2


def test_the_reasons_of_a_run_are_bounded() -> None:
    """A thousand different words are a bounded number of items; no row is lost or counted twice in the last one."""
    causes = Causes()
    for row in range(MOST_REASONS):
        causes.add(row, [Reason("A", f"#/field{row}: wrong")] * 2)
    causes.add(
        99, [Reason("A", f"#/more{number}: wrong") for number in range(1_000)] + [Reason("A", "#/field0: wrong")]
    )
    items = causes.of_run()
    assert len(items) == MOST_REASONS + 1
    assert items[-1] == {"code": "A", "message": FURTHER, "recordCount": 1}
    assert (items[0]["recordCount"], items[1]["recordCount"]) == (2, 1)
    assert len(merged(items, [{"code": "A", "message": "new", "recordCount": 3}])) == MOST_REASONS + 1
    assert merged(items, items)[-1]["recordCount"] == 2
    assert causes.by_code["A"].count == MOST_REASONS + 1


def test_a_run_names_its_batches(chain: Chain) -> None:
    """The activities of a run refer to all batches of its window, good and failed."""
    _landed(chain, payload(1), payload(2, count="many"))
    _closed(chain)
    _landed(chain, payload(3))
    runs = _closed(chain)
    named = [
        batch
        for run in runs
        for activity in run["activities"]
        for target in activity["targetInfo"]
        if target["reference"]["type"] == "Batch"
        for batch in target["reference"]["ids"]
    ]
    assert len(runs) == 2
    assert sorted(named) == sorted(chain.batches())


def test_runs_survive_a_restart_in_the_middle_of_a_window(tmp_path) -> None:
    """A run that was open when the process was killed goes on, and closes after the restart."""
    with running(tmp_path, run_window=5.0) as server:
        chain = make_chain(Client(server))
        _landed(chain, payload(1))
        server.kill()
        server.start()
        server.turn(clock_offset=10)
        (run,) = _closed(chain)
    assert run["metrics"]["recordSummary"]["inputRecordCount"] == 1


@pytest.fixture(scope="module")
def listed(server: Server) -> Chain:
    """Give a dataflow with three closed runs."""
    chain = make_chain(Client(server), "three runs")
    for number, count in enumerate((1, "many", 3)):
        _landed(chain, payload(number, count=count))
        _closed(chain)
    return chain


def _list(chain: Chain, *conditions: str, **query: str) -> requests.Response:
    own = (f"flowId=={chain.flow}", *conditions)
    return chain.client.call("GET", RUNS, params=[*(("property", one) for one in own), *query.items()])


def test_runs_come_newest_first_unless_asked_otherwise(listed: Chain) -> None:
    """The default order is by time of creation, newest first; orderby turns it round."""
    newest_first = [run["id"] for run in _list(listed).json()["items"]]
    assert len(newest_first) == 3
    assert [run["id"] for run in _list(listed, orderby="createdAt").json()["items"]] == newest_first[::-1]


def test_runs_can_be_filtered_and_counted(listed: Chain) -> None:
    """The documented fields filter, conditions are ANDed, and count gives a number only."""
    runs = _list(listed).json()["items"]
    started = runs[1]["metrics"]["durationSummary"]["startedAtUTC"]
    (failed,) = _list(listed, "metrics.statusSummary.status==failed").json()["items"]
    assert failed["id"] == runs[1]["id"]
    later = _list(listed, f"metrics.durationSummary.startedAtUTC>{started}").json()["items"]
    assert [run["id"] for run in later] == [runs[0]["id"]]
    assert _list(listed, count="true").json() == {"count": 3}
    assert _list(listed, "metrics.statusSummary.status==success,failed", count="true").json() == {"count": 3}


def test_runs_are_paged(listed: Chain) -> None:
    """A page links to the next one until there is none."""
    seen, answer = [], _list(listed, limit="2").json()
    while True:
        seen += [run["id"] for run in answer["items"]]
        following = answer["_links"].get("next")
        if not following:
            break
        answer = listed.client.call("GET", f"/flowservice{following['href']}").json()
    assert seen == [run["id"] for run in _list(listed).json()["items"]]


def test_one_run_comes_in_a_list_of_one(listed: Chain) -> None:
    """A single run is read like every object of the service; an unknown one is a 404."""
    newest = _list(listed).json()["items"][0]
    assert listed.client.call("GET", f"{RUNS}/{newest['id']}").json()["items"] == [newest]
    missing = listed.client.call("GET", f"{RUNS}/00000000-0000-0000-0000-000000000000")
    assert missing.status_code == 404
    assert missing.json()["errorMessage"].startswith("runs not found with id = ")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"property": "name==x"}, "1449-400"),
        ({"property": "flowId~x"}, "1440-400"),
        ({"limit": "2", "count": "true"}, "1401-400"),
        ({"flow": "x"}, "1451-400"),
    ],
)
def test_a_wrong_question_gets_its_documented_code(listed: Chain, query: dict[str, str], code: str) -> None:
    """Unknown fields, operators and parameters are refused as Flow Service refuses them."""
    answer = listed.client.call("GET", RUNS, params=query)
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == code


@pytest.mark.parametrize(("method", "path"), [("POST", RUNS), ("PUT", f"{RUNS}/x")])
def test_users_make_no_runs(listed: Chain, method: str, path: str) -> None:
    """Creating or changing a run with a user's token is refused with 1427-400."""
    answer = listed.client.call(method, path, {"flowId": listed.flow})
    assert answer.status_code == 400
    assert answer.json()["errorCode"] == "1427-400"


def test_latency_is_the_mean_over_all_rows() -> None:
    """Minimum, maximum and mean are over the rows of all micro-batches, not over the batches."""
    flow = {"id": "f", "sourceConnectionIds": [], "targetConnectionIds": []}
    run = run_metrics.opened(flow, "etag", now=1_000_500, window=1_000)
    for latencies in ([10], [20, 20, 30]):
        micro = Micro(1, 2, latencies, 5, 7, landed=len(latencies), failed=0, warned=0, landed_batch="B")
        run_metrics.add(run, flow, micro)
    assert run["metrics"]["latencySummary"] == {"minMs": 10, "maxMs": 30, "avgMs": 20}
    assert run["metrics"]["sizeSummary"] == {"inputBytes": 10, "outputBytes": 14}
    assert run["metrics"]["durationSummary"] == {"startedAtUTC": 1_000_000, "completedAtUTC": 1_001_000}


def test_a_run_stays_small_however_long_its_window_is() -> None:
    """Beyond fifty activities the last one takes the rest: no count and no batch is lost."""
    flow = {"id": "f", "sourceConnectionIds": ["s"], "targetConnectionIds": ["t"]}
    run = run_metrics.opened(flow, "etag", now=0, window=3_600_000)
    for number in range(130):
        failed = number % 2
        micro = Micro(number, number, [number], 1, 1, landed=1 - failed, failed=failed, warned=0)
        micro.landed_batch, micro.failed_batch = ("", f"B{number}") if failed else (f"B{number}", "")
        run_metrics.add(run, flow, micro)
    named = [batch for one in run["activities"] for batch in one["targetInfo"][0]["reference"]["ids"]]
    records = [one["recordSummary"] for one in run["activities"]]
    assert len(run["activities"]) == run_metrics.MOST_ACTIVITIES
    assert named == [f"B{number}" for number in range(130)]
    assert sum(one["inputRecordCount"] for one in records) == run["metrics"]["recordSummary"]["inputRecordCount"] == 130
    assert run["activities"][-1]["statusSummary"]["status"] == "partialSuccess"
    assert "B129" in run["activities"][-1]["statusSummary"]["extensions"]["manifest"]["failedRecords"]
    assert run["activities"][-1]["latencySummary"] == {"minMs": 49, "maxMs": 129, "avgMs": pytest.approx(89, abs=0.1)}

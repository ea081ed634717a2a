"""Sent against landed, over real HTTP and real Parquet: a small platform that shows the batches a test gives it."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pyarrow
import pytest
from pyarrow import parquet

from chatlio_helpers.aep import Endpoints, Platform
from chatlio_helpers.credentials import Credentials
from chatlio_helpers.delivery import Delivery, Sent
from chatlio_helpers.errors import VerificationFailed
from chatlio_helpers.progress import silent
from chatlio_helpers.secret import Secret
from chatlio_helpers.verification import LIVE_PATIENCE, pause, verify
from chatlio_helpers.verification.landings import reason
from chatlio_helpers.xdm import event_id

DATASET = "5c8c3c555033b814b69f947f"


class Lake:
    """The parts of Catalog and Data Access that verification asks; ``asked`` holds the paths."""

    def __init__(self):
        self.batches, self.asked = {}, []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        address = f"http://127.0.0.1:{self._server.server_port}"
        credentials = Credentials("id", Secret("canary-client-secret"), "ABCDEF0123456789@AdobeOrg")
        self.platform = Platform(credentials, Endpoints.at(address), sandbox="dev", name="local")

    def close(self):
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def land(self, name, *events, status="success", failures=(), hidden=False, at=None):
        """Show a batch with a row per event id; *hidden*: Catalog counts rows whose file is not there yet."""
        metrics = {"outputRecordCount": len(events), "failedRecordCount": len(failures)}
        when = int((at or time.time()) * 1000)
        shown = {"status": status, "created": when, "completed": when, "metrics": metrics}
        rows = [] if hidden else [{"_id": event, "timestamp": "2026-01-01T00:00:00Z"} for event in events]
        self.batches[name] = (shown, rows, list(failures))

    def verify(self, *deliveries, **more):
        """Verify these deliveries against what is shown."""
        chosen = {"timeout": 0.3, "progress": silent, **more}
        return verify(self.platform.access, self.platform.catalog, DATASET, Sent(tuple(deliveries), 0.1), **chosen)

    def answer(self, path, query):
        """Give the answer to one GET: JSON, or bytes."""
        self.asked.append(path)
        parts = path.split("/")
        if path.endswith("/catalog/batches"):
            after = int(query.get("createdAfter", ["0"])[0])
            return {name: shown for name, (shown, _, _) in self.batches.items() if shown["created"] > after}
        if parts[-1] == "files":
            return {"data": [{"dataSetFileId": f"{parts[-2]}-1"}] if self.batches[parts[-2]][1] else []}
        if parts[-1] == "failed":
            failures = self.batches[parts[-2]][2]
            lines = "\n".join(json.dumps(failure) for failure in failures)
            return lines.encode() if "path" in query else {"data": [{"name": "failed.json"}] if failures else []}
        if "path" in query:
            written = BytesIO()
            parquet.write_table(pyarrow.Table.from_pylist(self.batches[parts[-1].removesuffix("-1")][1]), written)
            return written.getvalue()
        return {"data": [{"name": "part.parquet"}]}

    def _handler(lake):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                address = urlsplit(self.path)
                self._send(lake.answer(address.path, parse_qs(address.query)))

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                self._send({"access_token": "canary-token", "token_type": "bearer", "expires_in": 86399})

            def _send(self, content):
                data = content if isinstance(content, bytes) else json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                """Say nothing."""

        return Handler


def sent(event, *, state="accepted", kind="unanswered", ago=0.0):
    """Give a delivery that was accepted *ago* seconds before now."""
    return Delivery(kind, event, state, where=f"{event}.json", at=time.time() - ago)


@pytest.fixture
def lake():
    """Give an empty dataset."""
    made = Lake()
    yield made
    made.close()


def test_every_event_that_landed_is_counted(lake):
    """All landed: the check says so, with the time of the proof and the latency."""
    lake.land("b1", "a", "b", at=time.time() + 2)
    before = time.time()
    result = lake.verify(sent("a"), sent("b", state="already_delivered"))
    proof = result.check()
    assert (proof.step, proof.status, proof.expected, proof.found) == ("verified", "ok", 2, 2)
    assert before <= proof.evidence["at"] <= time.time()
    assert 1.5 < proof.evidence["latency"]["median"] <= proof.evidence["latency"]["p95"] < 3
    assert len(result.differences) == 0


def test_verification_waits_for_a_late_batch(lake):
    """A batch that shows up while waiting ends the wait at once."""
    threading.Timer(0.3, lake.land, ["b1", "a"]).start()
    began = time.monotonic()
    assert len(lake.verify(sent("a"), timeout=10).landed) == 1
    assert time.monotonic() - began < 3


def test_early_silence_is_not_a_failure(lake):
    """Within the patience an event is under way, and the check is a warning; `again` continues."""
    result = lake.verify(sent("a"), patience=LIVE_PATIENCE)
    assert result.check().status == "warning"
    assert len(result.under_way) == 1
    lake.land("b1", "a")
    assert result.again(1, progress=silent).check().status == "ok"


def test_silence_beyond_the_patience_is_a_failure(lake):
    """An event of which nothing is seen for longer than the platform may take fails the check, with the frame."""
    lake.land("b1", "a")
    result = lake.verify(sent("a"), sent("b", ago=LIVE_PATIENCE + 1), patience=LIVE_PATIENCE)
    with pytest.raises(VerificationFailed, match="1 of 2 landed, 1 under way") as caught:
        result.check()
    assert list(caught.value.differences["event"]) == ["b"]


def test_duplicates_are_counted_and_not_hidden(lake):
    """Two rows with one id: at least once is what is promised, so the check warns and the frame shows it."""
    lake.land("b1", "a", "b")
    lake.land("b2", "a")
    result = lake.verify(sent("a"), sent("b"))
    assert [one.event for one in result.duplicates] == ["a"]
    assert result.check().status == "warning"
    assert list(result.differences["copies"]) == [2]


def test_a_row_of_somebody_else_changes_nothing(lake):
    """Rows and failures that were not sent are not counted."""
    lake.land("b1", "x", "y", "a")
    lake.land("b2", status="failed", failures=[{"body": {"message": "other"}, "_errors": []}])
    result = lake.verify(sent("a"))
    assert (len(result.events), len(result.landed), len(result.failed)) == (1, 1, 0)


PAYLOAD = {"conversationUUID": "c-1", "message": "anyone?"}
VIOLATION = {"pointerToViolation": "#/timestamp", "message": "expected type: String, found: Long"}


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ({"body": PAYLOAD, "_errors": [{"code": "MAPPER-3700-400", "message": "no such key"}]}, "no such key"),
        ({"body": {"xdmEntity": {"_id": event_id("unanswered", PAYLOAD)}},
          "_errors": {"_streamingValidation": [{"message": "2 violations", "causingExceptions": [VIOLATION]}]}},
         "#/timestamp expected type"),
        ({"_id": event_id("unanswered", PAYLOAD), "_validationErrors": [VIOLATION]}, "#/timestamp expected type"),
        ({"_corrupt_record": json.dumps(PAYLOAD), "_errors": [{"code": "X-400", "message": "bad"}]}, "X-400 bad"),
        ({"body": json.dumps(PAYLOAD)}, "the platform gives no reason"),
    ],
)  # fmt: skip
def test_a_failed_row_is_recognised_in_every_documented_form(lake, failure, words):
    """By its _id when it was mapped, by its payload when it was not; with the innermost words as the reason."""
    lake.land("b1", status="failed", failures=[failure, {"_corrupt_record": "not json"}])
    result = lake.verify(sent(event_id("unanswered", PAYLOAD)))
    assert words in result.failed[0].reason
    with pytest.raises(VerificationFailed, match="1 failed"):
        result.check()


def test_a_failed_row_that_landed_later_counts_as_landed(lake):
    """Sent again after a repair: the row is what counts."""
    event = event_id("unanswered", PAYLOAD)
    lake.land("b1", status="failure", failures=[{"body": PAYLOAD, "_errors": [{"message": "no"}]}])
    lake.land("b2", event)
    assert lake.verify(sent(event)).check().status == "ok"


def test_each_batch_is_read_once(lake):
    """Looking again asks for the list of batches, and for no file that was read before."""
    lake.land("b1", "a")
    result = lake.verify(sent("a"), sent("b"), patience=60)
    for _ in range(3):
        result.again(0.1, progress=silent)
    assert sum("/batches/b1/files" in path for path in lake.asked) == 1
    assert sum(path.endswith("/files/b1-1") for path in lake.asked) == 2  # its parts, and the one part


def test_a_batch_in_work_is_left_alone(lake):
    """Only complete batches are read."""
    lake.land("b1", "a", status="processing")
    assert len(lake.verify(sent("a"), patience=60).under_way) == 1
    assert not any("/b1" in path for path in lake.asked)


def test_a_batch_whose_file_is_not_there_yet_is_read_again(lake):
    """Catalog may know a batch before its file can be listed."""
    lake.land("b1", "a", hidden=True)
    result = lake.verify(sent("a"), patience=60)
    assert len(result.under_way) == 1
    lake.land("b1", "a")
    assert len(result.again(1, progress=silent).landed) == 1


def test_a_batch_that_never_adds_up_is_not_read_for_ever(lake):
    """After five readings a batch counts as read, whatever its metrics say."""
    lake.land("b1", "a", hidden=True)
    lake.verify(sent("a"), timeout=1.5, patience=60)
    assert sum("/batches/b1/files" in path for path in lake.asked) == 5


def test_old_batches_are_not_even_listed(lake):
    """What landed long before the first acceptance is not asked for."""
    lake.land("b0", "a", at=time.time() - 3600)
    assert len(lake.verify(sent("a"), patience=60).under_way) == 1


def test_nothing_sent_is_no_proof(lake):
    """Without a received event the check fails instead of saying ok."""
    with pytest.raises(VerificationFailed, match="Nothing was sent"):
        lake.verify(Delivery("feedback", "", "refused")).check()


def test_the_95th_of_many_latencies_is_a_value_that_occurred(lake):
    """Nearest rank: of 20 values the 19th."""
    start = time.time()
    for number in range(1, 21):
        lake.land(f"b{number}", f"e{number}", at=start + number)
    events = [Delivery("unanswered", f"e{number}", "accepted", at=start) for number in range(1, 21)]
    latency = lake.verify(*events).latency
    assert latency["median"] == pytest.approx(10.5, abs=0.01)
    assert latency["p95"] == pytest.approx(19, abs=0.01)


def test_waits_grow_with_the_time_waited():
    """In an hour of silence the platform is asked about a hundred times, and never less than each two minutes."""
    looks = [0.0]
    while looks[-1] < 3600:
        looks.append(looks[-1] + pause(looks[-1]))
    assert 30 < len(looks) < 120
    assert max(after - before for before, after in pairwise(looks)) <= 120


def test_the_result_is_worth_looking_at(lake):
    """Text and HTML count by kind, escaped, and the frame has a row per event."""
    lake.land("b1", "a", status="success")
    hostile = {"_id": "b", "_errors": [{"message": "<script>alert(1)</script>"}]}
    lake.land("b2", status="failed", failures=[hostile])
    result = lake.verify(sent("a"), sent("b"))
    assert repr(result).startswith("Verification: 1 of 2 landed, 1 failed")
    assert "<script>" not in result._repr_html_()
    assert list(result.frame["outcome"]) == ["landed", "failed"]


def test_reasons_are_said_once():
    """The same message five times is one reason."""
    assert reason({"_errors": [{"message": "no"}] * 5}) == "no"

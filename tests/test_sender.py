"""From events through the outbox to a real HTTP inlet: what is sent, what is not, what is tried again."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from chatlio_helpers.aep.collection import Collection
from chatlio_helpers.aep.endpoints import Endpoints
from chatlio_helpers.aep.session import Session
from chatlio_helpers.credentials import Credentials
from chatlio_helpers.errors import CheckFailed, WorkspaceError
from chatlio_helpers.events import KINDS, classify
from chatlio_helpers.outbox import Outbox
from chatlio_helpers.progress import silent
from chatlio_helpers.secret import Secret
from chatlio_helpers.sender import LIMIT, send, transmission, unfit

PATH = "/collection/0123456789abcdef0123456789abcdef"
ACCEPT = (200, {}, {})


FLOWS = {kind: f"flow-{number}" for number, kind in enumerate(KINDS)}
LATER = (503, {"Retry-After": "0"}, {"message": "overloaded"})


class Inlet:
    """A real HTTP inlet that answers as the test says; keeps the bodies and how many requests were open at once."""

    def __init__(self, answer: Callable[[dict, int], tuple[int, dict, dict]] = lambda *_: ACCEPT) -> None:
        self.answer, self.pause = answer, 0.0
        self.bodies: list[dict] = []
        self.open = self.most_open = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def base(self) -> str:
        """Give the base address."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def url(self, flow: str) -> str:
        """Give the webhook URL of a dataflow."""
        return f"{self.base}{PATH}?x-adobe-flow-id={flow}"

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def take(self, body: dict) -> tuple[int, dict, dict]:
        """Count a request in and give its answer."""
        with self._lock:
            self.bodies.append(body)
            number = len(self.bodies)
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        time.sleep(self.pause)
        status, headers, content = self.answer(body, number)
        with self._lock:
            self.open -= 1
        receipt = {"inletId": "0123456789abcdef", "xactionId": f"1584479347507:2153:{number}"}
        return status, headers, content or {**receipt, "receivedTimeMs": 1584479347507}

    def _handler(inlet) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, headers, content = inlet.take(json.loads(body))
                data = json.dumps(content).encode()
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json", "Content-Length": len(data)}.items():
                    self.send_header(name, str(value))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler


def started(number: int, **more):
    """Give a conversation started, different for each number."""
    return classify({"conversationUUID": f"c-{number}", "message": "hi", **more}, "conversation_started")


@pytest.fixture
def inlet():
    """Give an inlet that accepts everything until told otherwise."""
    server = Inlet()
    yield server
    server.close()


@pytest.fixture
def outbox(tmp_path):
    """Give an empty outbox."""
    with Outbox(tmp_path / "outbox.sqlite") as made:
        yield made


@pytest.fixture
def deliver(inlet, outbox, monkeypatch):
    """Give ``send`` towards the inlet, with short waits."""
    monkeypatch.setattr(transmission, "FIRST_WAIT", 0.01)
    session = Session(Endpoints.at(inlet.base), Credentials("id", Secret("canary-client-secret"), "A@AdobeOrg"))
    urls = {kind: Secret(inlet.url(flow)) for kind, flow in FLOWS.items()}

    def run(events, flows=FLOWS, **more):
        return send(Collection(session), urls, flows, events, outbox, **{"progress": silent, **more})

    return run


def test_every_event_is_received_once(deliver, inlet):
    """Forty events are forty requests, several open at once, each with its receipt."""
    inlet.pause = 0.02
    sent = deliver([started(number) for number in range(40)])
    assert sorted(body["conversationUUID"] for body in inlet.bodies) == sorted(f"c-{n}" for n in range(40))
    assert 1 < inlet.most_open <= 8
    assert (len(sent.accepted), len(sent.ids["conversation_started"])) == (40, 40)
    assert all(one.receipt.startswith("1584479347507:2153:") for one in sent.accepted)
    assert {one.received for one in sent.accepted} == {1584479347.507}
    assert sent.check().status == "ok"


def test_sending_again_sends_nothing(deliver, inlet):
    """The second call finds everything delivered and makes no request."""
    events = [started(number) for number in range(5)]
    first, second = deliver(events), deliver(events)
    assert len(inlet.bodies) == 5
    assert len(second.already_delivered) == 5
    assert second.ids == first.ids
    assert second.check().found == 5


def test_an_event_given_twice_is_sent_once(deliver, inlet):
    """Two files with the same event make one request, and the count says so."""
    sent = deliver([started(1), started(1), started(2)])
    assert (len(inlet.bodies), sent.repeats, len(sent.accepted)) == (2, 1, 2)


def test_only_kinds_known_as_fact_are_sent(deliver, inlet):
    """An unknown kind, a guess, a kind without a dataflow and an event without identity stay here, with reasons."""
    unknown = classify({"visitor": {}, "conversationUUID": "c-1", "message": "hi"})
    guess = classify({"conversationUUID": "c-2", "message": "hi"}, "feedback", kind_source="guess")
    without = classify({"message": "hi"}, "conversation_started")
    other = classify({"conversationUUID": "c-3", "endedAt": "2026-01-01T00:00:00Z"}, "transcript")
    sent = deliver([unknown, guess, without, other, started(1)], flows={"conversation_started": "flow-2"})
    assert [body["conversationUUID"] for body in inlet.bodies] == ["c-1"]
    reasons = [one.reason for one in sent.refused]
    for reason, words in zip(reasons, ("not known", "a guess", "conversationUUID", "no dataflow"), strict=True):
        assert words in reason
    assert all(one.next_step for one in sent.refused)
    assert sent.check().status == "warning"


def test_over_a_megabyte_is_refused_before_sending(deliver, inlet):
    """The refusal names both remedies, and the one that the kit offers works."""
    big = {"conversationUUID": "c-1", "endedAt": "2026-01-01T00:00:00Z", "messages": [], "textBody": "é" * LIMIT}
    sent = deliver([classify(big, "transcript")])
    assert inlet.bodies == []
    assert "the inlet takes 1,000,000" in sent.refused[0].reason
    assert "lighten=True (notebook) or --lighten (command line)" in sent.refused[0].next_step
    assert "batch ingestion" in sent.refused[0].next_step
    lighter = deliver([classify(big, "transcript")], lighten=True)
    assert inlet.bodies == [{"conversationUUID": "c-1", "endedAt": "2026-01-01T00:00:00Z", "messages": []}]
    assert "without textBody" in lighter.accepted[0].reason


def test_what_cannot_be_made_lighter_is_refused(deliver, inlet):
    """Without repeated texts to drop, lighten does not help and says so."""
    big = {"conversationUUID": "c-1", "endedAt": "2026-01-01T00:00:00Z", "messages": ["x" * LIMIT]}
    sent = deliver([classify(big, "transcript")], lighten=True)
    assert inlet.bodies == []
    assert "not enough" in sent.refused[0].next_step


def test_exactly_a_megabyte_is_sent(deliver, inlet):
    """The limit itself is allowed; one byte more is not."""
    empty = len(b'{"conversationUUID":"c-1","message":""}')
    assert deliver([started(1, message="x" * (LIMIT - empty))]).accepted
    assert deliver([started(2, message="x" * (LIMIT - empty + 1))]).refused


def test_a_503_is_tried_again(deliver, inlet):
    """An inlet that is overloaded twice has the event at the third try."""
    inlet.answer = lambda _, number: LATER if number < 3 else ACCEPT
    sent = deliver([started(1)])
    assert (len(inlet.bodies), len(sent.accepted), sent.accepted[0].tries) == (3, 1, 3)


def test_retry_after_is_honoured(deliver, inlet):
    """Nothing is asked before the time that the platform named."""
    times = []

    def answer(_, number):
        times.append(time.monotonic())
        return (503, {"Retry-After": "1"}, {}) if number == 1 else ACCEPT

    inlet.answer = answer
    assert len(deliver([started(1)]).accepted) == 1
    assert times[1] - times[0] >= 1.0


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_random_trouble_loses_nothing_and_ends(deliver, inlet, status):
    """With every third request failing, all events are received in one call."""
    inlet.answer = lambda _, number: (status, {"Retry-After": "0"}, {}) if number % 3 == 0 else ACCEPT
    sent = deliver([started(number) for number in range(30)])
    assert (len(sent.accepted), len(sent.waiting)) == (30, 0)


def test_an_outage_ends_the_call_and_the_next_one_continues(deliver, inlet):
    """While the platform is away the call gives up soon, keeps all, and the next call delivers all."""
    inlet.answer = lambda *_: LATER
    events = [started(number) for number in range(30)]
    sent = deliver(events)
    assert len(sent.waiting) == 30
    assert len(inlet.bodies) < 60
    assert max(one.tries for one in sent.waiting) >= 3
    with pytest.raises(CheckFailed, match="30 waiting"):
        sent.check()
    inlet.answer = lambda *_: ACCEPT
    time.sleep(0.2)
    assert len(deliver([]).accepted) == 30


def test_an_event_that_keeps_failing_is_left_to_the_next_call(deliver, inlet):
    """One that gets 500 each time does not hold the call for ever; the next call tries it at once."""
    bad = (500, {}, {})
    inlet.answer = lambda body, _: bad if body["conversationUUID"] == "c-0" else ACCEPT
    sent = deliver([started(number) for number in range(40)])
    assert (len(sent.accepted), [one.tries for one in sent.waiting]) == (39, [transmission.TRIES])
    inlet.answer = lambda *_: ACCEPT
    assert len(deliver([]).accepted) == 1


def test_lines_are_named_where_a_file_has_many(deliver):
    """A JSON Lines file needs the line, a JSON file does not."""
    lines = classify({"message": "x"}, file="chats.jsonl.gz", line=7)
    one = classify({"message": "x"}, file="feedback.json", line=1)
    assert [refused.where for refused in deliver([lines, one]).refused] == ["chats.jsonl.gz:7", "feedback.json"]


def test_a_long_retry_after_is_left_to_the_next_call(deliver, inlet):
    """When the platform asks for an hour, the call returns at once and everything waits."""
    inlet.answer = lambda *_: (503, {"Retry-After": "3600"}, {})
    began = time.monotonic()
    sent = deliver([started(number) for number in range(20)], patience=5)
    assert time.monotonic() - began < 4
    assert len(sent.waiting) == 20


@pytest.mark.parametrize(("status", "word"), [(400, "400"), (401, "401"), (403, "403"), (404, "404"), (413, "413")])
def test_a_refusal_is_buried_with_the_platforms_words(deliver, inlet, status, word):
    """What would fail for ever is asked once, kept, and shown with the platform's answer."""
    inlet.answer = lambda *_: (status, {}, {"status": status, "title": "No", "report": {"message": "Ims token empty"}})
    sent = deliver([started(1)])
    assert (len(inlet.bodies), len(sent.dead)) == (1, 1)
    assert word in sent.dead[0].reason
    assert "Ims token empty" in sent.dead[0].reason
    assert len(deliver([started(1)]).dead) == 1
    assert len(inlet.bodies) == 1
    inlet.answer = lambda *_: ACCEPT
    assert len(deliver([started(1)], revive=True).accepted) == 1


def test_one_bad_event_does_not_stop_the_others(deliver, inlet):
    """A refusal of one is only that one's."""
    bad = (400, {}, {"title": "No"})
    inlet.answer = lambda body, _: bad if body["conversationUUID"] == "c-3" else ACCEPT
    sent = deliver([started(number) for number in range(6)])
    assert (len(sent.accepted), len(sent.dead)) == (5, 1)


def test_a_closed_port_keeps_everything(deliver, inlet):
    """With nobody listening the events wait."""
    inlet.close()
    sent = deliver([started(1), started(2)])
    assert len(sent.waiting) == 2


def test_nothing_secret_is_stored_or_shown(deliver, inlet, outbox, tmp_path):
    """The webhook URL is in no file of the outbox and in no form of the result, refused or not."""
    inlet.answer = lambda _, number: ACCEPT if number > 1 else (400, {}, {"title": f"No {inlet.url('flow-2')}"})
    sent = deliver([started(1), started(2)])
    shown = repr(sent) + sent._repr_html_() + sent.table().to_string()
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert "0123456789abcdef" not in shown
    assert b"0123456789abcdef0123456789abcdef" not in stored


def test_an_interrupt_writes_down_what_was_received(tmp_path, inlet):
    """Ctrl-C in the middle: the call ends, received events are delivered, the others wait, none is lost."""
    inlet.pause = 0.05
    program = (
        "import sys\n"
        "from chatlio_helpers.aep.collection import Collection\n"
        "from chatlio_helpers.aep.endpoints import Endpoints\n"
        "from chatlio_helpers.aep.session import Session\n"
        "from chatlio_helpers.credentials import Credentials\n"
        "from chatlio_helpers.events import classify\n"
        "from chatlio_helpers.outbox import Outbox\n"
        "from chatlio_helpers.secret import Secret\n"
        "from chatlio_helpers.sender import send\n"
        "session = Session(Endpoints.at(sys.argv[1]), Credentials('id', Secret('canary-secret'), 'A@AdobeOrg'))\n"
        "events = [classify({'conversationUUID': f'c-{n}', 'message': 'x'}, 'unanswered') for n in range(200)]\n"
        "send(Collection(session), {'unanswered': Secret(sys.argv[2])}, {'unanswered': 'flow-1'}, events,\n"
        "     Outbox(sys.argv[3]), in_flight=4)\n"
    )
    arguments = [sys.executable, "-c", program, inlet.base, inlet.url("flow-1"), str(tmp_path / "outbox.sqlite")]
    running = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
    while len(inlet.bodies) < 12:
        assert running.poll() is None
        time.sleep(0.01)
    os.kill(running.pid, signal.SIGINT)
    assert "KeyboardInterrupt" in running.communicate(timeout=10)[1]
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        counts = outbox.counts()
    assert counts["delivered"] == len(inlet.bodies)
    assert counts["waiting"] == 200 - len(inlet.bodies)


def test_two_senders_do_not_send_the_same_event(deliver, inlet):
    """Two calls at once on one outbox: the second waits for the first, and each event goes out once."""
    inlet.pause = 0.01
    events = [started(number) for number in range(30)]
    results = []
    threads = [threading.Thread(target=lambda: results.append(deliver(events))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(inlet.bodies) == 30
    assert all(len(sent.ids["conversation_started"]) == 30 for sent in results)


def test_a_sender_that_waits_too_long_says_who_holds_it(deliver, outbox):
    """A second call gives up after its patience, with its events safe in the outbox."""
    from filelock import FileLock

    with FileLock(f"{outbox.path}.sending"), pytest.raises(WorkspaceError, match="Another run"):
        deliver([started(1)], patience=0.2)
    assert outbox.counts()["waiting"] == 1


def test_an_unexpected_error_is_raised_and_nothing_is_lost(outbox):
    """A fault that is not the platform's goes to the caller; the entry waits."""

    class Broken:
        def post(self, url, payload):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        send(Broken(), {"unanswered": Secret("https://x.test/abcdef")}, {"unanswered": "flow-1"},
             [classify({"conversationUUID": "c", "message": "x"}, "unanswered")], outbox, progress=silent)  # fmt: skip
    assert outbox.counts()["waiting"] == 1


def test_the_result_is_worth_looking_at(deliver):
    """Text, HTML and table show each kind and each refusal, escaped."""
    sent = deliver([started(1), classify({"message": "<b>"}, file="<script>.json")])
    assert repr(sent).startswith("Sent: 1 accepted, 1 refused in ")
    assert "&lt;script&gt;.json" in sent._repr_html_()
    assert list(sent.table()["state"]) == ["accepted", "refused"]


def test_a_check_that_fails_names_the_file_the_reason_and_the_next_step(deliver):
    """When nothing was received, the error tells of the first file, not of attributes."""
    sent = deliver([classify({"message": "x"}, file="what.json")])
    with pytest.raises(CheckFailed, match=r"what\.json: its kind is not known") as failed:
        sent.check()
    assert "let the file's name begin with it" in failed.value.next_step


def test_what_can_never_be_sent_is_known_without_a_platform(deliver):
    """Unknown kinds are found before any dataflow is made; what can be sent is not among them."""
    unknown = classify({"message": "x"}, file="what.json")
    assert [one.where for one in unfit([unknown, started(1)])] == ["what.json"]


def test_the_outbox_and_its_lock_are_the_owners_alone(deliver, outbox):
    """No file beside the outbox can be read by others."""
    deliver([started(1)])
    assert {path.stat().st_mode & 0o077 for path in Path(outbox.path).parent.iterdir()} == {0}

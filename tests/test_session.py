"""The session against a real HTTP server that answers what each test scripts: retries, translation, the record."""

from __future__ import annotations

import json
import threading
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
import stamina

from chatlio_helpers import errors
from chatlio_helpers.aep import Endpoints, Platform, exchange
from chatlio_helpers.aep.refusal_table import CODES, STATUSES
from chatlio_helpers.credentials import Credentials
from chatlio_helpers.secret import Secret, leaks

SECRET = "p8e-session-canary-51Qd0"
TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJjYW5hcnkiOjF9.c2lnbmF0dXJl"
FLOWS = "/data/foundation/flowservice/flows"
INLET = "ab" * 32

Reply = tuple[int, dict[str, str], bytes]


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    """Give a scripted answer; a body that is not bytes is written as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return status, {name.replace("_", "-"): value for name, value in headers.items()}, content


class Scripted(ThreadingHTTPServer):
    """A server on loopback that gives one scripted answer after another, and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.script: list[Reply | Callable[[], None]] = []
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.tokens = 0

    @property
    def url(self) -> str:
        """The address of the server."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits 40 ms for an acknowledgement
    server: Scripted

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path.startswith("/ims/") and not self.server.script:
            self.server.tokens += 1
            return self._send(reply(200, {"access_token": f"{TOKEN}{self.server.tokens}", "expires_in": 86399}))
        self.server.asked.append((self.command, self.path, dict(self.headers), body))
        step = self.server.script.pop(0) if self.server.script else reply(200, {"items": []})
        if callable(step):
            self.close_connection = True
            self.connection.close()
            return None
        return self._send(step)

    def _send(self, answer: Reply) -> None:
        status, headers, content = answer
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    def log_message(self, *words: Any) -> None:
        """Say nothing on standard error."""


def cut() -> None:
    """Stand in a script for a connection that is cut without an answer."""


@pytest.fixture(autouse=True)
def _no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=4):
        yield


@pytest.fixture
def server() -> Iterator[Scripted]:
    """Run a scripted server."""
    running = Scripted()
    threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield running
    running.shutdown()
    running.server_close()


def platform_at(url: str) -> Platform:
    """Give a client of the server at *url*."""
    credentials = Credentials("cafecafecafe", Secret(SECRET), "0123456789ABCDEF01234567@AdobeOrg")
    return Platform(credentials, Endpoints.at(url), sandbox="dev", name="local")


@pytest.fixture
def platform(server: Scripted) -> Platform:
    """Give a client of the scripted server, with its token already fetched."""
    made = platform_at(server.url)
    made.ims.token()
    return made


def everything_shown(platform: Platform) -> str:
    """Give all that a reader can see of the calls."""
    shown = platform.show_last(200)
    return f"{shown!r}{shown._repr_html_()}{platform.calls.to_csv()}{platform!r}{platform.session!r}"


def test_the_four_headers_go_out(platform: Platform, server: Scripted) -> None:
    """A call to the gateway carries token, client id, organisation and sandbox."""
    platform.flows.list("flows")
    sent = {name.lower(): value for name, value in server.asked[0][2].items()}
    assert sent["authorization"] == f"Bearer {TOKEN}1"
    assert (sent["x-api-key"], sent["x-sandbox-name"]) == ("cafecafecafe", "dev")
    assert sent["x-gw-ims-org-id"] == "0123456789ABCDEF01234567@AdobeOrg"


def test_netrc_does_not_replace_the_token(
    platform: Platform, server: Scripted, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An entry for the host in ~/.netrc would silently replace the token; it must not."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    platform.session.http.trust_env = True  # as for a live platform
    platform.flows.list("flows")
    assert server.asked[0][2]["Authorization"] == f"Bearer {TOKEN}1"


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_reading_is_repeated_after_passing_faults(platform: Platform, server: Scripted, status: int) -> None:
    """A GET is repeated after 429 and 5xx until it succeeds."""
    server.script = [
        reply(status, {"message": "later"}),
        reply(status, b"<html>busy</html>"),
        reply(200, {"items": []}),
    ]
    assert platform.flows.list("flows") == []
    assert len(server.asked) == 3


def test_reading_is_repeated_after_a_cut_connection(platform: Platform, server: Scripted) -> None:
    """A GET whose connection was cut without an answer is repeated."""
    server.script = [cut, reply(200, {"items": []})]
    assert platform.flows.list("flows") == []


def test_repeating_comes_to_an_end(platform: Platform, server: Scripted) -> None:
    """After a bounded number of attempts the last fault is raised, marked retryable."""
    server.script = [reply(503, b"")] * 10
    with pytest.raises(errors.Unavailable) as caught:
        platform.flows.list("flows")
    assert caught.value.retryable
    assert len(server.asked) == 4


@pytest.mark.parametrize("fault", [reply(503, b""), reply(500, b""), reply(504, b""), cut])
def test_a_post_that_creates_is_never_repeated(platform: Platform, server: Scripted, fault: Any) -> None:
    """After a fault the platform may have done the work, so a creating POST raises Unavailable at once."""
    server.script = [fault]
    with pytest.raises(errors.Unavailable) as caught:
        platform.flows.create("flows", {"name": "one"})
    assert len(server.asked) == 1
    assert "look whether" in caught.value.next_step


def test_a_throttled_post_is_repeated(platform: Platform, server: Scripted) -> None:
    """A 429 was refused before any work, so even a creating POST is sent again."""
    server.script = [reply(429, {"error_code": 429050, "message": "Too many requests"}), reply(201, {"id": "a"})]
    assert platform.flows.create("flows", {"name": "one"})["id"] == "a"


def test_a_post_that_only_reads_is_repeated(platform: Platform, server: Scripted) -> None:
    """Validating a mapping set changes nothing, so it is repeated."""
    server.script = [reply(503, b""), reply(200, {"validationResponse": [{"status": "SUCCESS"}]})]
    assert platform.mappings.validate({"mappings": []}) == [{"status": "SUCCESS"}]


def test_retry_after_is_kept_on_the_error(platform: Platform, server: Scripted) -> None:
    """A Retry-After longer than the session waits is left to the caller, in ``wait``."""
    server.script = [reply(429, {"message": "Too many requests"}, Retry_After="3600")]
    with pytest.raises(errors.RateLimited) as caught:
        platform.flows.list("flows")
    assert caught.value.wait == 3600
    assert len(server.asked) == 1


def test_retry_after_is_waited_for(platform: Platform, server: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    """With waiting switched on, the named seconds pass before the next attempt."""
    server.script = [reply(429, {"message": "Too many requests"}, Retry_After="1"), reply(200, {"items": []})]
    with stamina.set_testing(False):
        platform.flows.list("flows")
    first, second = platform.session.record.last(2)
    assert 1.0 <= (second.at - first.at).total_seconds() < 2.5


def test_an_expired_token_is_replaced_once(platform: Platform, server: Scripted) -> None:
    """401013 in the middle of a run gets one new token and one repetition, also of a creating POST."""
    server.script = [
        reply(401, {"error_code": "401013", "message": "Oauth token is not valid"}),
        reply(200, {"access_token": f"{TOKEN}new", "expires_in": 60}),
        reply(201, {"id": "a", "etag": "b"}),
    ]
    assert platform.flows.create("flows", {"name": "one"})["id"] == "a"
    assert [path for _, path, *_ in server.asked] == [FLOWS, "/ims/token/v3", FLOWS]
    assert server.asked[2][2]["Authorization"] == f"Bearer {TOKEN}new"


def test_a_token_that_stays_refused_is_told(platform: Platform, server: Scripted) -> None:
    """When the new token is refused too, NotAuthorised is raised instead of trying for ever."""
    refusal = reply(401, {"error_code": 401013, "message": "Oauth token is not valid"})
    server.script = [refusal, reply(200, {"access_token": TOKEN, "expires_in": 60}), refusal]
    with pytest.raises(errors.NotAuthorised) as caught:
        platform.session.call("GET", FLOWS)
    assert (caught.value.code, caught.value.status, caught.value.exit_code) == ("401013", 401, 3)


DIALECTS = [
    (403, {"error_code": "403025", "message": "Profile is not valid"}, errors.Forbidden, "403025"),
    (403, {"error_code": 403003, "message": "Api Key is invalid"}, errors.NotAuthorised, "403003"),
    (400, {"errorCode": "1425-400", "errorMessage": "does not match"}, errors.Rejected, "1425-400"),
    (400, {"errorMessage": "1439-400 not found"}, errors.NotFound, "1439-400"),
    (404, {"errorMessage": "flows not found with id = [x]", "errorDetails": "x"}, errors.NotFound, ""),
    (400, {"errorMessage": "flows not found with id = [x]", "errorDetails": "x"}, errors.NotFound, ""),
    (404, {"errorCode": "2100-404", "errorMessage": "Sandbox not found"}, errors.Rejected, "2100-404"),
    (412, {"errorMessage": 'Supplied version=["a"] does not match the current version'}, errors.Conflict, ""),
    (
        400,
        {
            "type": "http://ns.adobe.com/aep/errors/XDM-1521-400",
            "title": "Not unique",
            "status": 400,
            "report": {"registryRequestId": "r-1", "detailed-message": "The title is taken"},
            "detail": "The title is taken",
        },
        errors.Conflict,
        "XDM-1521-400",
    ),
    (403, {"type": "http://ns.adobe.com/aep/errors/PDP-4041-403", "title": "No", "status": "403"}, errors.Forbidden,
     "PDP-4041-403"),
    (400, {"type": "/placeholder/type/uri", "status": 400, "title": "BadRequestError", "detail": "content-type"},
     errors.Rejected, ""),
    (409, {"message": "duplicate", "statusCode": 409}, errors.Conflict, ""),
    (413, b"<html><head><title>x</title></head><body>Entity <b>too</b> large</body></html>", errors.Rejected, ""),
    (501, {"title": "Not built", "detail": "listRuns"}, errors.NotBuilt, ""),
    (302, b"", errors.Rejected, ""),
    (418, b"\xff\xfe", errors.Rejected, ""),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "code"), DIALECTS)
def test_every_dialect_is_translated(
    platform: Platform, server: Scripted, status: int, body: Any, kind: type, code: str
) -> None:
    """Each service's shape of refusal becomes our class, with the vendor's code and words, a cause and a next step."""
    server.script = [reply(status, body)]
    with pytest.raises(errors.PlatformError) as caught:
        platform.session.call("POST", FLOWS, json={})
    assert (type(caught.value), caught.value.code, caught.value.status) == (kind, code, status)
    assert caught.value.cause
    assert caught.value.next_step


def test_words_of_a_page_are_kept_and_its_tags_are_not(platform: Platform, server: Scripted) -> None:
    """A page of some server in between is told in its words."""
    server.script = [reply(413, b"<html><style>p{}</style><body>Entity <b>too</b> large</body></html>")]
    with pytest.raises(errors.Rejected) as caught:
        platform.session.call("POST", FLOWS, json={})
    assert caught.value.vendor == "Entity too large"


def test_the_table_of_refusals_is_whole() -> None:
    """Every entry names one of our classes and says cause and next step."""
    for means in [*CODES.values(), *STATUSES.values()]:
        assert issubclass(getattr(errors, means.kind), errors.PlatformError)
        assert means.cause
        assert means.next_step


@pytest.mark.parametrize("error", ["invalid_client", "invalid_scope"])
@pytest.mark.parametrize("status", [400, 401])
def test_ims_refusals_are_read_by_their_word(server: Scripted, error: str, status: int) -> None:
    """IMS may answer 400 or 401; what counts is the word."""
    server.script = [reply(status, {"error": error, "error_description": "no"})]
    with pytest.raises(errors.NotAuthorised) as caught:
        platform_at(server.url).ims.token()
    assert caught.value.code == error


def test_a_life_in_milliseconds_is_understood(server: Scripted) -> None:
    """A life above a million is in milliseconds, as the retired exchange gave it."""
    server.script = [reply(200, {"access_token": TOKEN, "expires_in": 86399992})]
    assert 86_000 < platform_at(server.url).ims.token().seconds_left < 86_400


def test_a_token_is_renewed_before_its_end(server: Scripted) -> None:
    """One token serves many calls; a token near its end is replaced before it is used."""
    platform = platform_at(server.url)
    assert platform.ims.token() is platform.ims.token()
    server.script = [reply(200, {"access_token": TOKEN, "expires_in": 0})]
    platform.ims.forget()
    platform.ims.token()
    assert platform.ims.token().value.reveal().endswith("2")
    assert TOKEN not in repr(platform.ims.token())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:9", "nothing listens there"),
        ("http://no-such-host.invalid", "name does not resolve"),
        ("nonsense://x", "not an http or https address"),
        ("http://[bad", "not an http or https address"),
    ],
)
def test_no_answer_is_told_in_words(url: str, says: str) -> None:
    """A closed port, an unknown name and an impossible address each become our error, with nothing of the library."""
    platform = platform_at(url)
    platform.session.http.trust_env = False  # a proxy would answer in their place
    with pytest.raises(errors.PlatformError) as caught:
        platform.ims.token()
    assert says in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or isinstance(caught.value.__context__, errors.KitError)


def test_plain_http_behind_https_is_a_tls_failure(server: Scripted) -> None:
    """An https address whose server does not speak TLS is told as an unverifiable certificate or a cut connection."""
    with pytest.raises(errors.Unavailable) as caught:
        platform_at(server.url.replace("http:", "https:")).ims.token()
    assert "TLS" in str(caught.value)


def test_certificates_are_always_verified(platform: Platform) -> None:
    """TLS verification is on, and nothing in the client can switch it off."""
    assert platform.session.http.verify is True


def test_a_refused_inlet_keeps_its_url_secret(platform: Platform, server: Scripted) -> None:
    """Neither a refusal nor a missing answer of an inlet shows its URL, in the error or in the record."""
    url = f"{server.url}/collection/{INLET}?x-adobe-flow-id=1234-5678"
    server.script = [reply(400, {"title": "Bad", "report": {"message": f"inletId: [{INLET}] unknown"}}), cut]
    for kind in (errors.Rejected, errors.Unavailable):
        with pytest.raises(kind) as caught:
            platform.collection.post(Secret(url), {"message": "hello"})
        assert url not in repr(caught.value)
        assert "x-adobe-flow-id=1234" not in f"{caught.value} {caught.value!r}"
    shown = everything_shown(platform)
    assert url not in shown
    assert f"/collection/{INLET}" not in shown
    assert '"$WEBHOOK_URL"' in platform.show_last(1).exchanges[0].curl


def test_an_inlet_gets_no_header_of_the_platform(platform: Platform, server: Scripted) -> None:
    """A post to an inlet is as plain as Chatlio's own: no token, no key, no organisation; and it is sent once."""
    server.script = [reply(503, b"", Retry_After="7")]
    with pytest.raises(errors.Unavailable) as caught:
        platform.collection.post(f"{server.url}/collection/{INLET}", {"message": "hello"})
    assert caught.value.wait == 7
    ((_, _, headers, body),) = server.asked
    assert not {"authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name"} & {name.lower() for name in headers}
    assert json.loads(body) == {"message": "hello"}


def test_a_receipt_reads_numbers_written_as_text(platform: Platform, server: Scripted) -> None:
    """The time of receipt may be a number or text."""
    server.script = [reply(200, {"inletId": INLET, "xactionId": "1:2:3", "receivedTimeMs": "1584479347507"})]
    receipt = platform.collection.post(f"{server.url}/collection/{INLET}", b"{}")
    assert (receipt.ok, receipt.xaction_id, receipt.received_ms) == (True, "1:2:3", 1584479347507)


def test_a_batch_has_one_receipt_for_each_event(platform: Platform, server: Scripted) -> None:
    """Outcomes of several events in one request are independent and in order."""
    outcomes = [{"xactionId": "a"}, {"statusCode": 400, "message": "Message has unknown xdm format"}]
    server.script = [reply(207, {"batchId": "b", "receivedTimeMs": 5, "responses": outcomes})]
    receipts = platform.collection.post_batch(f"{server.url}/collection/{INLET}?x-adobe-flow-id=f", [{}, {}, {}])
    assert [receipt.ok for receipt in receipts] == [True, False, False]
    assert server.asked[0][1] == f"/collection/batch/{INLET}?x-adobe-flow-id=f"


def test_a_probe_never_raises_on_a_refusal(platform: Platform, server: Scripted) -> None:
    """A probe leaves headers out, shows the raw answer with our explanation, and does not repeat or renew."""
    server.script = [reply(403, {"error_code": "403000", "message": "Api Key is required"})]
    exchange = platform.session.probe("GET", FLOWS, without=("X-API-Key",))
    assert "x-api-key" not in {name.lower() for name in server.asked[0][2]}
    assert exchange.status == 403
    assert "Api Key is required" in repr(exchange)
    assert "send the client id" in exchange._repr_html_()


def test_a_probe_replaces_headers(platform: Platform, server: Scripted) -> None:
    """A replaced header goes out once, in place of the right one."""
    platform.session.probe("GET", FLOWS, replace={"authorization": "Bearer wrong-token-here"})
    assert server.asked[0][2]["authorization"] == "Bearer wrong-token-here"
    assert "wrong-token-here" not in everything_shown(platform)


def test_the_record_is_redacted_and_bounded(platform: Platform, server: Scripted) -> None:
    """The last 200 calls are kept; no secret, token, or inlet is in anything shown."""
    server.script = [reply(200, {"items": [{"options": {"inletUrl": f"https://x.test/collection/{INLET}"}}]})]
    platform.flows.list("flows")
    platform.ims.try_secret(SECRET)
    shown = everything_shown(platform)
    assert SECRET not in shown
    assert TOKEN not in shown
    assert leaks(shown) == []
    for _ in range(210):
        platform.session.call("GET", FLOWS)
    assert len(platform.calls) == 200
    assert list(platform.calls.columns) == ["status", "method", "path", "ms", "time", "request id"]


def test_a_secret_at_the_cut_of_a_long_body_is_hidden_too(platform: Platform, server: Scripted) -> None:
    """A long body is cut only after secrets were taken out, so that no half of one is left."""
    server.script = [reply(200, {"text": "a" * 19_980 + SECRET + "b" * 50_000})]
    platform.session.call("GET", FLOWS)
    (exchange,) = platform.session.record.last()
    assert SECRET[:8] not in exchange.answer
    assert len(exchange.answer) < 20_100


def test_the_curl_line_can_be_pasted(platform: Platform, server: Scripted) -> None:
    """The curl line, run by a shell with its variables set, sends the same request."""
    import subprocess

    body = {"name": 'it\'s "$5" `x` \\ é', "price": "$API_KEYS"}
    platform.session.call("POST", FLOWS, json=body, params={"mode": "draft & more"})
    (exchange,) = platform.session.record.last()
    environment = {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "ACCESS_TOKEN": f"{TOKEN}1",
        "API_KEY": "cafecafecafe",
        "IMS_ORG": "0123456789ABCDEF01234567@AdobeOrg",
    }
    subprocess.run(["sh", "-c", exchange.curl], env=environment, check=True, capture_output=True, timeout=20)
    by_kit, by_curl = server.asked[-2:]
    assert by_curl[:2] == by_kit[:2]
    assert json.loads(by_curl[3]) == body
    for name in ("authorization", "x-api-key", "x-gw-ims-org-id", "x-sandbox-name", "content-type"):
        ours = {key.lower(): value for key, value in by_kit[2].items()}
        theirs = {key.lower(): value for key, value in by_curl[2].items()}
        assert ours[name] == theirs[name]


def test_redirects_are_not_followed(platform: Platform, server: Scripted) -> None:
    """A redirect could carry the token elsewhere, so it is refused."""
    server.script = [reply(307, b"", Location=f"{server.url}/elsewhere")]
    with pytest.raises(errors.Rejected, match="307"):
        platform.session.call("GET", FLOWS)
    assert len(server.asked) == 1


def test_no_exception_of_the_library_escapes(platform: Platform, server: Scripted) -> None:
    """A broken body, whatever the encoding says, becomes our error."""
    server.script = [reply(200, b"not gzip", Content_Encoding="gzip")] * 4
    with pytest.raises(errors.KitError) as caught:
        platform.session.call("GET", FLOWS)
    assert not isinstance(caught.value, requests.RequestException)


def test_not_json_in_a_good_answer_is_told(platform: Platform, server: Scripted) -> None:
    """A 200 that is a page of some proxy, where JSON is due, becomes our error."""
    server.script = [reply(200, b"<html>please log in</html>", Content_Type="text/html")]
    with pytest.raises(errors.Unavailable, match="not JSON"):
        platform.flows.list("flows")


def test_threads_that_are_refused_together_renew_the_token_once(platform: Platform, server: Scripted) -> None:
    """When many calls meet an expired token at once, one new token is asked for."""
    stale = platform.ims.token().value.reveal()
    threads = [threading.Thread(target=lambda: (platform.ims.forget(stale), platform.ims.token())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert server.tokens == 2


def test_a_long_body_is_not_pasted_in_half(platform: Platform, server: Scripted) -> None:
    """The curl line of a body that was too long to keep names a file instead of a broken half."""
    platform.session.call("POST", FLOWS, json={"text": "a" * 30_000})
    (exchange,) = platform.session.record.last()
    assert exchange.curl.endswith("-d @body.json")
    assert exchange.body.endswith("(the rest is not recorded)")


def test_a_local_platform_is_never_reached_through_a_proxy(monkeypatch: pytest.MonkeyPatch, server: Scripted) -> None:
    """A company's proxy must not get calls to this computer; a live platform is reached through it."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert platform_at(server.url).ims.token()
    credentials = platform_at(server.url).credentials
    assert Platform(credentials, Endpoints.live()).session.http.trust_env is True


def test_a_traceback_with_all_its_variables_holds_no_secret(platform: Platform, server: Scripted) -> None:
    """Even a front end that shows the variables of each frame shows no token, secret, or webhook URL."""
    webhook = Secret(f"{server.url}/collection/{INLET}?x-adobe-flow-id=1234-5678")
    refusal = reply(400, {"error_code": "400003", "message": "Missing header"})
    server.script = [refusal, refusal, cut, reply(400, {"error": "invalid_client"})]
    tries = (
        lambda: platform.session.call("POST", FLOWS, json={}),
        lambda: platform.collection.post(webhook, {}),
        lambda: platform.collection.post(webhook, {}),
        lambda: platform_at(server.url).ims.token(),
    )
    for attempt in tries:
        with pytest.raises(errors.PlatformError) as caught:
            attempt()
        frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
        frames.stack = traceback.StackSummary([frame for frame in frames.stack if "chatlio_helpers" in frame.filename])
        shown = "".join(frames.format())
        assert "session.py" in shown
        for secret in (SECRET, TOKEN, INLET):
            assert secret not in shown


def test_a_long_answer_is_folded():
    """Two hundred lines, or one long line, are closed until the reader opens them; a short answer is open."""
    for body, folded in ((json.dumps(list(range(100))), True), ("x" * 5_000, True), ('{"a": 1}', False)):
        answer = exchange.Answer(200, {"content-type": "application/json"}, body.encode(), 1.0)
        shown = exchange.recorded(exchange.Outgoing("GET", "https://example.com/x"), answer, "", 1.0)._repr_html_()
        assert ("<details style" in shown) is folded
        assert "<details open" not in shown

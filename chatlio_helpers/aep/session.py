"""The only place that talks HTTP: headers, time-outs, retries, translation of errors, and the record of calls.

What it promises: TLS certificates are always verified; redirects are never followed; GET, HEAD, PUT and DELETE are
repeated after passing faults with growing, jittered waits, and ``Retry-After`` is honoured; a POST that creates is
never repeated after a fault, because the platform may have done the work: it raises Unavailable, and the caller looks
up by name. A throttled call (429) was refused before any work, so it is repeated whatever its verb. An expired token
is replaced once. No exception of the HTTP library escapes, and no error holds a token or a webhook URL.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
import stamina
from requests.adapters import HTTPAdapter

from ..credentials import Credentials
from ..errors import KitError, PlatformError, RateLimited, Unavailable
from . import refusals
from .endpoints import Endpoints
from .exchange import Answer, Exchange, Record, body_text, hidden
from .failures import no_answer
from .ims import Ims

CONNECT_SECONDS = 10.0
READ_SECONDS = 65.0  # the gateway itself gives up after about 60 s
ATTEMPTS = 5
LONGEST_WAIT = 60.0  # seconds; a longer Retry-After is left to the caller
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
TOKEN_EXPIRED = "401013"  # noqa: S105 - a code of the gateway
_CONNECTIONS = 64  # kept open to one host, so that a sender can have many requests in flight

# the retry library warns on standard error when nobody listens; the record of calls shows retries already
logging.getLogger("stamina").addHandler(logging.NullHandler())


@dataclass(repr=False)
class Outgoing:
    """A request about to be sent; its repr shows no header and no URL, so that no traceback can."""

    method: str
    url: str
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes | None = None
    params: Any = None
    what: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Outgoing({self.method})"


class Session:
    """Calls to one platform for one set of credentials; ``record`` holds the last calls, redacted."""

    def __init__(self, endpoints: Endpoints, credentials: Credentials, *, sandbox: str | None = None) -> None:
        self.endpoints, self.credentials = endpoints, credentials
        self.sandbox = sandbox or credentials.sandbox
        self.record = Record()
        self.http = _http(endpoints)
        self.ims = Ims(self)

    def __repr__(self) -> str:
        return f"Session({self.endpoints.gateway}, sandbox {self.sandbox}, {len(self.record)} calls)"

    def call(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        sandbox: bool = True,
        repeatable: bool | None = None,
        what: str = "",
    ) -> Answer:
        """Call the gateway and return its answer (2xx); *path* starts with ``/data/``.

        *sandbox* False leaves ``x-sandbox-name`` out; *repeatable* overrides what the verb allows (True for a POST
        that only reads). *what* is the sentence of what is tried, for errors. Raises the classes of ``errors``.
        """
        method = method.upper()
        again = method in REPEATABLE if repeatable is None else repeatable
        what = what or f"{method} {path}"

        def attempt() -> Answer:
            return self._with_token(method, path, json, params, headers, content, sandbox, what)

        return self._repeated(attempt, repeatable=again)

    def plain(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        repeatable: bool = False,
        what: str = "",
        variables: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call any address without the headers of the gateway (IMS, an inlet); return its answer (2xx).

        It is sent once unless *repeatable*. The record shows *variables* (value -> shell variable) instead of values.
        """
        outgoing = Outgoing(method, url, dict(headers or {}), content, None, what or method, variables or {})

        def attempt() -> Answer:
            return self._accepted(outgoing, self.exchange(outgoing)[0])

        return self._repeated(attempt, repeatable=True) if repeatable else attempt()

    def probe(
        self,
        method: str,
        path: str,
        *,
        without: tuple[str, ...] = (),
        replace: Mapping[str, str] | None = None,
        json: Any = None,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
    ) -> Exchange:
        """Make one raw call with some headers left out or replaced, and return the exchange, refused or not.

        For lessons: nothing is repeated, no token is renewed, and a refusal does not raise. Header names are compared
        without regard to case. Raises Unavailable when no answer comes.
        """
        outgoing = self._outgoing(method.upper(), path, json, params, headers, None, True, f"{method} {path}")
        left_out = {name.lower() for name in without} | {name.lower() for name in replace or {}}
        outgoing.headers = {name: value for name, value in outgoing.headers.items() if name.lower() not in left_out}
        outgoing.headers.update(replace or {})
        return self.exchange(outgoing)[1]

    def exchange(self, outgoing: Outgoing) -> tuple[Answer, Exchange]:
        """Send once and record; raises Unavailable (or Rejected for an impossible address) when no answer comes."""
        started = time.perf_counter()
        answer, failure = self._sent(outgoing)
        ms = (time.perf_counter() - started) * 1000
        exchange = self._recorded(outgoing, answer, failure, ms)
        if answer is None:
            raise failure or Unavailable(outgoing.what)
        return answer, exchange

    def _with_token(self, method: str, path: str, *rest: Any) -> Answer:
        outgoing = self._outgoing(method, path, *rest)
        answer, _ = self.exchange(outgoing)
        if answer.status == 401 and refusals.read(answer.text).code == TOKEN_EXPIRED:
            self.ims.forget(outgoing.headers["Authorization"].removeprefix("Bearer "))
            outgoing = self._outgoing(method, path, *rest)
            answer, _ = self.exchange(outgoing)
        return self._accepted(outgoing, answer)

    def _accepted(self, outgoing: Outgoing, answer: Answer) -> Answer:
        if answer.ok:
            return answer
        raise refusals.error(
            outgoing.what,
            answer.status,
            hidden(answer.text),
            request_id=answer.request_id,
            wait=_retry_after(answer.headers),
        )

    def _outgoing(
        self,
        method: str,
        path: str,
        body: Any,
        params: Any,
        headers: Mapping[str, str] | None,
        content: bytes | None,
        sandbox: bool,
        what: str,
    ) -> Outgoing:
        credentials, token = self.credentials, self.ims.token().value.reveal()
        sent = {
            "Authorization": f"Bearer {token}",
            "x-api-key": credentials.client_id,
            "x-gw-ims-org-id": credentials.org_id,
        }
        if sandbox and self.sandbox:
            sent["x-sandbox-name"] = self.sandbox
        if body is not None:
            content = as_json(body)
        if content is not None:
            sent["Content-Type"] = "application/json"
        variables = {token: "ACCESS_TOKEN", credentials.client_id: "API_KEY", credentials.org_id: "IMS_ORG"}
        url = self.endpoints.gateway + path
        return Outgoing(method, url, {**sent, **(headers or {})}, content, params, what, variables)

    def _repeated(self, attempt: Callable[[], Answer], *, repeatable: bool) -> Answer:
        def wait_before_another(error: Exception) -> bool | float:
            if not isinstance(error, RateLimited) and not (repeatable and isinstance(error, Unavailable)):
                return False
            if error.wait is None:
                return True
            return error.wait + random.uniform(0, 0.25) if error.wait <= LONGEST_WAIT else False

        for tried in stamina.retry_context(
            on=wait_before_another, attempts=ATTEMPTS, timeout=120.0, wait_initial=0.3, wait_max=15.0
        ):
            with tried:
                return attempt()
        raise KitError("no attempt was made")  # the loop above always returns or raises

    def _sent(self, outgoing: Outgoing) -> tuple[Answer | None, PlatformError | None]:
        started = time.perf_counter()
        try:
            response = self.http.request(
                outgoing.method,
                outgoing.url,
                params=outgoing.params,
                data=outgoing.content,
                headers=outgoing.headers,
                auth=_as_given,
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
            )
        except (requests.RequestException, ValueError) as problem:  # an impossible address is a ValueError
            return None, no_answer(outgoing.what, _parts(outgoing.url)[0], problem)
        if response.request.url:
            outgoing.url = response.request.url  # with its parameters, as it went out
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content, (time.perf_counter() - started) * 1000), None

    def _recorded(
        self, outgoing: Outgoing, answer: Answer | None, failure: PlatformError | None, ms: float
    ) -> Exchange:
        variables = outgoing.variables
        _, path = _parts(outgoing.url)
        sent_type = outgoing.headers.get("Content-Type", "")
        heads = answer.headers if answer else {}
        exchange = Exchange(
            method=outgoing.method,
            url=hidden(outgoing.url, variables),
            path=hidden(path, _paths(variables)),
            headers={name: hidden(value, variables) for name, value in outgoing.headers.items()},
            body=hidden(body_text(outgoing.content, sent_type), variables),
            status=answer.status if answer else 0,
            answer_headers={name: hidden(value) for name, value in heads.items()},
            answer=hidden(body_text(answer.content, heads.get("content-type", ""))) if answer else "",
            ms=ms,
            request_id=answer.request_id if answer else "",
            note=failure.what if failure else "",
        )
        self.record.add(exchange)
        return exchange


def as_json(body: Any) -> bytes:
    """Write *body* as compact UTF-8 JSON; raises ValueError for NaN and infinity, which JSON does not have."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _paths(variables: Mapping[str, str]) -> dict[str, str]:
    """Leave a webhook's URL out of paths: there the inlet is hidden by its shape, and the rest stays readable."""
    return {value: name for value, name in variables.items() if not name.startswith("WEBHOOK")}


def _parts(url: str) -> tuple[str, str]:
    """Split *url* into its host and the rest; of an address that is none, both are empty."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    return parts.netloc, parts.path + (f"?{parts.query}" if parts.query else "")


def _as_given(request: Any) -> Any:
    """Keep the Authorization header as it is; without this, an entry in ~/.netrc would replace it."""
    return request


def _http(endpoints: Endpoints) -> requests.Session:
    http = requests.Session()
    http.trust_env = not endpoints.is_loopback  # a proxy of the company must not get calls to this computer
    for scheme in ("https://", "http://"):
        http.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=_CONNECTIONS))
    return http


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Read ``Retry-After`` in seconds; the form with a date is left to the usual back-off."""
    text = headers.get("retry-after", "").strip()
    return float(text) if text.isdigit() else None

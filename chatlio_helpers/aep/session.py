"""The only place that talks HTTP: headers, time-outs, retries, translation of errors, and the record of calls.

What it promises: TLS certificates are always verified; redirects are never followed; GET, HEAD, PUT and DELETE are
repeated after passing faults with growing, jittered waits, and ``Retry-After`` is honoured; a POST that creates is
never repeated after a fault, because the platform may have done the work: it raises Unavailable, and the caller looks
up by name. A throttled call (429) was refused before any work, so it is repeated whatever its verb. An expired token
is replaced once. No exception of the HTTP library escapes, and no error holds a token or a webhook URL.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
import stamina
from requests.adapters import HTTPAdapter

from ..credentials import Credentials
from ..errors import KitError, PlatformError, RateLimited, Unavailable
from . import refusals
from .endpoints import Endpoints
from .exchange import Answer, Exchange, Outgoing, Record, hidden, recorded, split
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
        sandbox: bool = True,
        repeatable: bool | None = None,
        what: str = "",
    ) -> Answer:
        """Call the gateway and return its answer (2xx); *path* starts with ``/data/``.

        *sandbox* False leaves ``x-sandbox-name`` out; *repeatable* overrides what the verb allows (True for a POST
        that only reads). *what* is the sentence of what is tried, for errors. Raises the classes of ``errors``.
        """
        outgoing = self._outgoing(method, path, json, params, headers, what)
        again = outgoing.method in REPEATABLE if repeatable is None else repeatable
        return self._repeated(lambda: self._with_token(outgoing, sandbox), repeatable=again)

    def plain(self, outgoing: Outgoing, *, repeatable: bool = False) -> Answer:
        """Call any address without the headers of the gateway (IMS, an inlet); return its answer (2xx).

        It is sent once unless *repeatable*. Raises the classes of ``errors``.
        """

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
        outgoing = self._signed(self._outgoing(method, path, json, params, headers))
        left_out = {name.lower() for name in (*without, *(replace or {}))}
        kept = {name: value for name, value in outgoing.headers.items() if name.lower() not in left_out}
        return self.exchange(dataclasses.replace(outgoing, headers={**kept, **(replace or {})}))[1]

    def exchange(self, outgoing: Outgoing) -> tuple[Answer, Exchange]:
        """Send once and record; raises Unavailable (or Rejected for an impossible address) when no answer comes."""
        started = time.perf_counter()
        answer, failure = self._sent(outgoing)
        ms = (time.perf_counter() - started) * 1000
        exchange = recorded(outgoing, answer, failure.what if failure else "", ms)
        self.record.add(exchange)
        if answer is None:
            raise failure or Unavailable(outgoing.what)
        return answer, exchange

    def _with_token(self, outgoing: Outgoing, sandbox: bool) -> Answer:
        signed = self._signed(outgoing, sandbox)
        answer, _ = self.exchange(signed)
        if answer.status == 401 and refusals.read(answer.text).code == TOKEN_EXPIRED:
            self.ims.forget(signed.headers["Authorization"].removeprefix("Bearer "))
            answer, _ = self.exchange(self._signed(outgoing, sandbox))
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
        self, method: str, path: str, body: Any, params: Any, headers: Mapping[str, str] | None, what: str = ""
    ) -> Outgoing:
        own = {} if body is None else {"Content-Type": "application/json"}
        return Outgoing(
            method.upper(),
            self.endpoints.gateway + path,
            {**own, **(headers or {})},
            None if body is None else as_json(body),
            params,
            what or f"{method.upper()} {path}",
        )

    def _signed(self, outgoing: Outgoing, sandbox: bool = True) -> Outgoing:
        """Add the headers of the gateway, with a token that is good now."""
        credentials, token = self.credentials, self.ims.token().value.reveal()
        headers = {
            "Authorization": f"Bearer {token}",
            "x-api-key": credentials.client_id,
            "x-gw-ims-org-id": credentials.org_id,
        }
        if sandbox and self.sandbox:
            headers["x-sandbox-name"] = self.sandbox
        variables = {token: "ACCESS_TOKEN", credentials.client_id: "API_KEY", credentials.org_id: "IMS_ORG"}
        return dataclasses.replace(outgoing, headers={**headers, **outgoing.headers}, variables=variables)

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
            return None, no_answer(outgoing.what, split(outgoing.url)[0], problem)
        if response.request.url:
            outgoing.url = response.request.url  # with its parameters, as it went out
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, response.content, (time.perf_counter() - started) * 1000), None


def as_json(body: Any) -> bytes:
    """Write *body* as compact UTF-8 JSON; raises ValueError for NaN and infinity, which JSON does not have."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


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

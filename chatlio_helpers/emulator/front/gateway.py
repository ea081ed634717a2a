"""Who calls: the checks that stand before every service.

The codes are documented in Adobe's troubleshooting guide. The order of the checks is assumed: token there, API key
there and known, token good and the key's own, a product profile for its project, organisation there and the token's
own, content type, then sandbox.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from ..state.clock import Clock
from ..state.seats import OUTSIDER, Account, Sandbox, Seat, Seats
from ..state.tokens import Tokens
from .dialects import Dialect
from .problems import ContentTypeProblem, GatewayProblem

READABLE = ("application/json", "application/json-patch+json", "application/json+patch")
_WITH_BODY = ("POST", "PUT", "PATCH")


@dataclass(frozen=True)
class Caller:
    """Who calls: seat (organisation), account (credential) and, where the service has one, sandbox."""

    seat: Seat
    account: Account
    sandbox: Sandbox | None

    @property
    def client_id(self) -> str:
        """The API key of the call."""
        return self.account.client_id

    def may(self, permission: str) -> bool:
        """Tell whether the account's role has *permission*."""
        return permission in self.account.permissions


class Gateway:
    """The checks before every service."""

    def __init__(self, seats: Seats, tokens: Tokens, clock: Clock) -> None:
        self._seats, self._tokens, self._clock = seats, tokens, clock

    def admit(self, request: Request, dialect: Dialect, *, sandboxed: bool, has_body: bool) -> Caller:
        """Give the caller of *request*; raises GatewayProblem, ContentTypeProblem or the dialect's sandbox problem."""
        seat, account = self._account(request)
        _check_organisation(request, seat)
        if has_body and request.method in _WITH_BODY:
            _check_content_type(request)
        dialect.check_headers(request.headers)
        return Caller(seat, account, self._sandbox(request, seat, dialect) if sandboxed else None)

    def _sandbox(self, request: Request, seat: Seat, dialect: Dialect) -> Sandbox:
        name = request.headers.get("x-sandbox-name", "")
        if not name:
            raise dialect.sandbox_missing()
        sandbox = next((one for one in seat.sandboxes if one.name == name), None)
        # Assumed: while it is made or reset, and after it was deleted, a sandbox is as unknown as one that never was.
        if sandbox is None or (sandbox.state != "active" and sandbox.state_at(self._clock.now_ms()) != "active"):
            raise dialect.sandbox_unknown(name)
        if not sandbox.permitted:
            raise dialect.sandbox_forbidden(name)
        return sandbox

    def _account(self, request: Request) -> tuple[Seat, Account]:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not token.strip() or scheme.lower() != "bearer":
            raise GatewayProblem("403010", "Oauth token is missing.")
        key = request.headers.get("x-api-key", "")
        if not key:
            raise GatewayProblem("403000", "Api Key is required")
        found = self._seats.account(key)
        if found is None:
            raise GatewayProblem("403003", "Api Key is invalid")
        owner = self._tokens.owner(token.strip(), now=self._clock.now_ms())
        if owner is None:
            raise GatewayProblem("401013", "Oauth token is not valid")
        if owner != key:
            raise GatewayProblem("403003", "Api Key is invalid")
        if found[1].role == OUTSIDER:
            raise GatewayProblem("403025", "Profile is not valid")
        return found


def _check_organisation(request: Request, seat: Seat) -> None:
    organisation = request.headers.get("x-gw-ims-org-id", "")
    if not organisation:
        raise GatewayProblem("400003", "Missing header")
    if organisation != seat.org_id:
        raise GatewayProblem("403027", "User region is missing")


def _check_content_type(request: Request) -> None:
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in READABLE:
        raise ContentTypeProblem

"""IMS: access tokens for OAuth server-to-server credentials."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from .front.problems import ImsProblem, Problem
from .front.service import answer, refusal
from .platform import Platform
from .provenance import OPERATIONS, Operation, documented
from .state.seats import SCOPES

_NO_CACHE = {"cache-control": "no-store"}


async def token(request: Request) -> Response:
    """Answer a token request: form fields in the body or in the query string, both versions alike."""
    platform: Platform = request.app.state.platform
    fields = dict(request.query_params) | dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
    try:
        return answer(await platform.store.change(lambda: _issue(platform, fields)), headers=_NO_CACHE)
    except Problem as problem:
        return refusal(problem)


def _issue(platform: Platform, fields: dict[str, str]) -> dict[str, object]:
    if fields.get("grant_type") != "client_credentials":
        raise ImsProblem("unsupported_grant_type", "the grant_type must be client_credentials")
    found = platform.seats.account(fields.get("client_id", ""))
    if found is None:
        raise ImsProblem("invalid_client", "invalid client_id parameter")
    seat, account = found
    if not hmac.compare_digest(fields.get("client_secret", "").encode(), account.secret.encode()):
        raise ImsProblem("invalid_client", "invalid client_secret parameter")
    scope = _checked_scope(fields.get("scope", ""))
    life = platform.dials["token_life"]
    text = platform.tokens.issue(seat.name, account.client_id, scope, life=life, now=platform.clock.now_ms())
    return {"access_token": text, "token_type": "bearer", "expires_in": int(life)}


def _checked_scope(text: str) -> str:
    asked = [word for word in text.replace(" ", ",").split(",") if word]
    if not asked or not set(asked) <= set(SCOPES.split(",")):
        raise ImsProblem("invalid_scope", "the scope must be one or more of the credential's scopes")
    return ",".join(asked)


routes = [Route(f"/ims/token/{version}", token, methods=["POST"], name=f"token {version}") for version in ("v2", "v3")]
_SOURCE = "Developer Console guide, server-to-server authentication"
_NOTE = "wording of invalid_scope and unsupported_grant_type; a missing scope is refused"
OPERATIONS += [
    Operation("IMS", "POST", route.path, route.name, documented(_SOURCE, _NOTE)) for route in routes
]  # fmt: skip

"""The control side, under ``/_local/``: health, seats, dials, revoking tokens, reset, a summary of the state.

Everything but health needs the header ``x-local-token`` with the value in the state folder's file ``admin-token``.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from inspect import isawaitable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ..folder import Folder
from ..front.problems import LocalProblem, Problem
from ..front.service import answer, refusal
from ..platform import Platform
from ..state.dials import DIALS
from ..state.seats import DEFAULT, Seat
from ..state.store import STATE_VERSION

Control = Callable[[Platform, Request, dict[str, Any]], Any]
routes: list[Route] = []


def control(method: str, path: str) -> Callable[[Control], Control]:
    """Mark a function as the answer to *method* ``/_local``*path*; it gets platform, request and JSON body.

    One that takes long is asynchronous, and does its work in a thread.
    """

    def mark(handler: Control) -> Control:
        async def endpoint(request: Request) -> Response:
            try:
                _check_token(request)
                body = await _body(request)
                given = handler(request.app.state.platform, request, body)
                return answer(await given if isawaitable(given) else given)
            except Problem as problem:
                return refusal(problem)

        routes.append(Route(f"/_local{path}", endpoint, methods=[method], name=f"local {method} {path}"))
        return handler

    return mark


async def health(request: Request) -> Response:
    """Say that the platform is up; needs no token."""
    return answer({"status": "up", "state_version": STATE_VERSION, "version": _version()})


routes.append(Route("/_local/health", health, methods=["GET"]))


@control("GET", "/state")
def state(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Sum up what is remembered: the number of objects of each kind, by seat, and the dials."""
    counts = {seat.name: platform.store.counts(seat.name) for seat in platform.seats.list()}
    return {"seats": counts, "dials": platform.dials.all(), "now": platform.clock.now_ms()}


@control("GET", "/seats")
def list_seats(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Give all seats without their secrets."""
    return {"seats": [_outline(_folder(request), seat) for seat in platform.seats.list()]}


@control("POST", "/seats")
def create_seats(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Make the named seats that are not there yet; safe to repeat."""
    names = body.get("names")
    if not isinstance(names, list) or not names:
        raise LocalProblem(400, "No seat was named.", next_step='send {"names": ["ada", "ben"]}')
    try:
        seats = platform.seats.create(names, now=platform.clock.now_ms())
    except ValueError as error:
        raise LocalProblem(400, str(error), next_step="rename these seats") from error
    _folder(request).write_credentials(seats)
    return {"seats": [_outline(_folder(request), seat) for seat in seats]}


@control("GET", "/seats/{name}")
def get_seat(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Give one seat with its credentials."""
    seat = _seat(platform, request)
    accounts = {
        account.role: {
            "client_id": account.client_id,
            "secret": account.secret,
            "technical_account": account.technical_account,
            "permissions": list(account.permissions),
            "file": str(_folder(request).credentials(seat.name, account.role)),
        }
        for account in seat.accounts
    }
    sandboxes = [{"name": one.name, "type": one.type, "permitted": one.permitted} for one in seat.sandboxes]
    return _outline(_folder(request), seat) | {"accounts": accounts, "sandboxes": sandboxes}


@control("POST", "/seats/{name}/reset")
def reset_seat(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Empty one seat; its credentials stay good."""
    seat = _seat(platform, request)
    before = platform.store.counts(seat.name)
    platform.store.forget_seat(seat.name)
    _forget(platform, seat.name)
    return {"seat": seat.name, "deleted": before}


@control("GET", "/dials")
def get_dials(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Give every dial: where it stands, what it does and what the live platform does."""
    about = {name: {"does": dial.does, "live": dial.live, "start": dial.start} for name, dial in DIALS.items()}
    return {"dials": platform.dials.all(), "about": about}


@control("PUT", "/dials")
def put_dials(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Turn some dials; the others stay."""
    try:
        platform.dials.turn(body, now=platform.clock.now_ms())
    except ValueError as error:
        raise LocalProblem(400, str(error), next_step="GET /_local/dials lists the dials") from error
    return {"dials": platform.dials.all()}


@control("POST", "/tokens/revoke")
def revoke(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Make all tokens of one seat invalid, as when a token runs out in the middle of a run."""
    name = body.get("seat", DEFAULT)
    if platform.seats.get(str(name)) is None:
        raise _no_seat(str(name))
    return {"seat": name, "revoked": platform.tokens.revoke(str(name))}


@control("POST", "/reset")
def reset(platform: Platform, request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """Empty all seats and set all dials back; the seats and their credentials stay good."""
    names = [seat.name for seat in platform.seats.list()]
    with platform.store.transaction():
        for name in names:
            platform.store.forget_seat(name)
        platform.dials.reset()
    _forget(platform, None)
    request.app.state.record.clear()
    return {"seats": names}


def _version() -> str:
    try:
        return version("chatlio-helpers")
    except PackageNotFoundError:  # run from a copy that nobody installed
        return "unknown"


def _forget(platform: Platform, seat: str | None) -> None:
    for forget in platform.forgetters:
        forget(seat)


def _check_token(request: Request) -> None:
    given = request.headers.get("x-local-token", "")
    if not hmac.compare_digest(given.encode(), _folder(request).admin_token.encode()):
        raise LocalProblem(
            403,
            "The control side refused the call.",
            cause="the header x-local-token is missing or is another platform's",
            next_step="send the content of the file admin-token in the state folder",
        )


async def _body(request: Request) -> dict[str, Any]:
    content = await request.body()
    try:
        value = orjson.loads(content) if content.strip() else {}
    except orjson.JSONDecodeError as error:
        raise LocalProblem(400, f"The body is not JSON: {error}", next_step="send a JSON object") from error
    if not isinstance(value, dict):
        raise LocalProblem(400, "The body is not a JSON object.", next_step="send a JSON object")
    return value


def _seat(platform: Platform, request: Request) -> Seat:
    name = request.path_params["name"]
    seat = platform.seats.get(name)
    if seat is None:
        raise _no_seat(name)
    return seat


def _no_seat(name: str) -> LocalProblem:
    return LocalProblem(404, f"There is no seat {name!r}.", next_step="GET /_local/seats lists the seats")


def _folder(request: Request) -> Folder:
    return request.app.state.folder


def _outline(folder: Folder, seat: Seat) -> dict[str, Any]:
    file = str(folder.credentials(seat.name, "full"))
    return {"name": seat.name, "org_id": seat.org_id, "tenant": seat.tenant, "credentials": file}

"""Inlets that want a token: those of an HTTP API base connection made with ``authenticationRequired``."""

from __future__ import annotations

from ..front.problems import Problem
from ..front.trouble import AUTHORIZATION_PROBLEM
from ..platform import Platform
from .inlets import Inlet


def check(platform: Platform, inlet: Inlet, authorization: str) -> None:
    """Raise the documented 401 when *inlet* wants a token and *authorization* has no good one of its organisation.

    Form and words for a missing token are printed by Adobe (the status is a text there); the guide says that a token
    that is invalid or has expired is refused alike: its words are assumed.
    """
    if not inlet.owner.get("authenticationRequired"):
        return
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refused(inlet, "empty")
    client_id = platform.tokens.owner(token.strip(), now=platform.clock.now_ms())
    found = platform.seats.account(client_id) if client_id else None
    if found is None or found[0].name != inlet.seat:
        raise _refused(inlet, "invalid or expired")


def _refused(inlet: Inlet, why: str) -> Problem:
    report = {"message": f"[{inlet.id}] Ims service token is {why}"}
    return Problem(401, {"type": AUTHORIZATION_PROBLEM, "status": "401", "title": "Authorization", "report": report})

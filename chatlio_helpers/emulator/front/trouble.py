"""Refusals that any path may meet, in the dialect of the service that the path belongs to.

They come from outside the services: faults by dial, limits, a disk that is full. Throttling's body is documented for
Adobe's gateway (``429050``) and the inlet's 401 for authenticated inlets; the other bodies are assumed: each service's
own problem form with plain words.
"""

from __future__ import annotations

from .problems import INLET_PROBLEM, AepProblem, CollectionProblem, FlowProblem, GatewayProblem, LocalProblem, Problem

AUTHORIZATION_PROBLEM = f"{INLET_PROBLEM.removesuffix('/inlet').replace('http:', 'https:')}-authorization"
_FLOWS, _INLETS, _LOCAL = "/data/foundation/flowservice", "/collection", "/_local"
_FLOW_CODES = {400: "1405-400", 500: "1102-500", 503: "1103-503", 504: "1104-504"}  # documented: its error page
_TITLES = {
    400: "Bad Request", 408: "Request Timeout", 413: "Request Entity Too Large", 421: "Misdirected Request",
    500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip


def throttled(path: str, seconds: int = 1) -> Problem:
    """Refuse with 429: come back after *seconds*."""
    if path.startswith(_INLETS):
        problem: Problem = CollectionProblem(429, "Too Many Requests", "Too many requests")
    else:
        problem = GatewayProblem("429050", "Too many requests")
    problem.headers = {"retry-after": str(seconds)}
    return problem


def token_refused(path: str) -> Problem:
    """Refuse with 401 as if the token had run out; an inlet answers as one that wants a token (documented)."""
    if path.startswith(_INLETS):
        report = {"message": "[local] Ims service token is expired"}
        body = {"type": AUTHORIZATION_PROBLEM, "status": "401", "title": "Authorization", "report": report}
        return Problem(401, body)
    return GatewayProblem("401013", "Oauth token is not valid")


def failed(path: str, status: int) -> Problem:
    """Refuse with a 5xx that passes; 503 says when to come back. The number of the gateway's own code is assumed."""
    if status == 502 or (status == 504 and not path.startswith((_INLETS, _FLOWS))):
        return GatewayProblem(f"{status}000", _TITLES[status])
    words = "The service is unavailable, try again later." if status == 503 else f"{_TITLES[status]}, try again later."
    problem = refused(path, status, words)
    if status == 503:
        problem.headers = {"retry-after": "1"}
    return problem


def refused(path: str, status: int, why: str) -> Problem:
    """Refuse with *status* and plain words, in the form of the service at *path*."""
    title = _TITLES[status]
    if path.startswith(_LOCAL):
        return LocalProblem(status, why)
    if path.startswith(_INLETS):
        return CollectionProblem(status, title, why)
    if path.startswith(_FLOWS) and status in _FLOW_CODES:
        return FlowProblem(_FLOW_CODES[status], why)
    return AepProblem(status, title, why)

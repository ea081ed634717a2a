"""What Adobe has and the local platform does not: 501 by name. And what neither has: 404 with the nearest paths."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from .front.dialects import Dialect
from .front.problems import LocalProblem, NotBuilt, Problem
from .front.service import Service, refusal
from .platform import Platform
from .provenance import OPERATIONS

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


@cache
def adobe_operations() -> list[tuple[str, str, str]]:
    """Give (method, path template, name) of every operation in Adobe's API descriptions."""
    text = files(__package__).joinpath("adobe_operations.json").read_bytes()
    return [(method, path, name) for method, path, name in orjson.loads(text)]


def last_route(services: Sequence[Service]) -> BaseRoute:
    """Give the route that takes what no other took."""

    async def endpoint(request: Request) -> Response:
        try:
            raise _refused(request, services)
        except Problem as problem:
            return refusal(problem)

    return Route("/{path:path}", endpoint, methods=METHODS, name="everything else")


def _refused(request: Request, services: Sequence[Service]) -> Problem:
    path = request.url.path
    if path.startswith("/_local"):
        return LocalProblem(404, f"There is nothing at {path}.", next_step="GET /_local/health, /_local/state")
    dialect = next((one.dialect for one in services if path.startswith(one.base + "/")), Dialect())
    if path.startswith("/data/"):
        platform: Platform = request.app.state.platform
        platform.gateway.admit(request, dialect, sandboxed=False, has_body=False)
    name = _adobe_name(request.method, path)
    built = {(one.method, one.name) for one in OPERATIONS}
    if name and (request.method, name) not in built:  # a built one has no such path, such as a third container
        return NotBuilt(name, request.method, path)
    problem = dialect.nothing_here(path)
    problem.headers = {"x-local-hint": ", ".join(nearest(path))}
    return problem


def nearest(path: str) -> list[str]:
    """Give up to three built routes whose paths look most like *path*."""
    known = {f"{one.method} {one.path}": one.path for one in OPERATIONS}
    alike = difflib.get_close_matches(path, set(known.values()), n=3, cutoff=0.3)
    return [label for one in alike for label, template in known.items() if template == one][:3]


def _adobe_name(method: str, path: str) -> str:
    """Give the name of an operation that is not built; one that is built has no place here: its path was wrong."""
    for known_method, pattern, name in _patterns():
        if known_method == method and pattern.fullmatch(path):
            return name
    return ""


@cache
def _patterns() -> list[tuple[str, re.Pattern[str], str]]:
    built = {one.name for one in OPERATIONS}
    missing = [one for one in adobe_operations() if one[2] not in built]
    return [(method, re.compile(_pattern(path)), name) for method, path, name in missing]


def _pattern(path: str) -> str:
    parts = re.split(r"\{[^}]*\}", path.rstrip("/"))
    return "[^/]+".join(re.escape(part) for part in parts) + "/?"

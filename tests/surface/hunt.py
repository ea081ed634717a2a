"""The hunt: for every operation that is both described and built, requests of every shape, and what came back."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.core import NotSet
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from chatlio_helpers.emulator import app
from chatlio_helpers.emulator.provenance import OPERATIONS
from tests.contract.judge import Description, Judge, _Loader

from .bodies import bent, junk
from .exceptions import EXCEPTIONS
from .world import World

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
PATIENCE = 30  # seconds for one answer


@dataclass(frozen=True)
class Target:
    """One described and built operation; *template* is the path from the platform's root."""

    operation: APIOperation
    template: str

    @property
    def method(self) -> str:
        """GET, POST and so on."""
        return self.operation.method.upper()

    @property
    def label(self) -> str:
        """What a finding is filed under."""
        return f"{self.method} {self.template}"

    @property
    def destroys(self) -> bool:
        """Whether a good request takes something away; such operations come last."""
        return self.method == "DELETE"


@dataclass
class Catch:
    """What was found: how many requests had which status, and each finding with one example."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    findings: dict[str, str] = field(default_factory=dict)
    excused: set[str] = field(default_factory=set)

    def lines(self) -> list[str]:
        """Give the findings as text, one each."""
        return [f"{what}\n    for example {example}" for what, example in sorted(self.findings.items())]


def descriptions(folder: Path) -> list[Path]:
    """Give Adobe's descriptions."""
    return sorted(folder.glob("*.yaml"))


def targets(path: Path) -> list[Target]:
    """Give the operations of one description that the local platform builds, those that destroy last."""
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
    base = Description(path.stem, document).base
    app.routes()  # importing the services registers their operations
    built = {(one.method, _shape(one.path)) for one in OPERATIONS}
    found = []
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        operation = getattr(result, "ok", lambda: None)()
        if operation is not None:
            template = base + operation.path
            if any((operation.method.upper(), shape) in built for shape in _shapes(template)):
                found.append(Target(operation, template))
    return sorted(found, key=lambda target: target.destroys)


def hunt(target: Target, world: World, judge: Judge, catch: Catch, *, examples: int, start: int) -> None:
    """Send *examples* requests to one operation and keep what is wrong with the answers in *catch*."""
    strategies = [target.operation.as_strategy(generation_mode=mode) for mode in MODES]
    known = world.bodies.get(_kept_as(target))

    @seed(start)
    @settings(
        max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.data())
    def send(data: st.DataObject) -> None:
        request = _request(data.draw, strategies, target, world, known)
        _verdict(target, world.client.http.send(request, timeout=PATIENCE), judge, catch)

    send()


def _request(
    draw: Callable[..., Any], strategies: list[Any], target: Target, world: World, known: Any
) -> requests.PreparedRequest:
    case = draw(draw(st.sampled_from(strategies)))
    given_parts = case.path_parameters or {}
    parts = {name: _part(draw, name, given_parts.get(name, "x"), target, world) for name in _parameters(target)}
    path = re.sub(r"\{([^}]*)\}", lambda found: parts[found[1]], target.template)
    request = requests.Request(target.method, world.client.server.url + path, params=_query(case))
    request.headers = {**_headers(case), **world.client.headers}
    if target.method not in ("GET", "HEAD", "DELETE"):
        body = draw(bent(known)) if known is not None and draw(st.integers(0, 3)) else _body(case, draw)
        request.headers["Content-Type"] = "application/json"
        request.data = _json(body)
    return world.client.http.prepare_request(request)


def _part(draw: Callable[..., Any], name: str, drawn: Any, target: Target, world: World) -> str:
    """Give a real id two times in three, else what was drawn."""
    real = draw(st.integers(0, 2)) > 0
    return quote(world.id(name, target.template) if real else str(drawn) or "x", safe="._-~")


def _query(case: Any) -> dict[str, Any]:
    return {str(name): value if isinstance(value, list) else str(value) for name, value in (case.query or {}).items()}


def _headers(case: Any) -> dict[str, str]:
    """Give the drawn headers that HTTP can carry; those of authentication are the caller's own."""
    drawn = {str(name): str(value) for name, value in (case.headers or {}).items()}
    return {name: value for name, value in drawn.items() if re.fullmatch(r"[!-~][ -~]*[!-~]|[!-~]?", value)}


def _body(case: Any, draw: Callable[..., Any]) -> Any:
    return draw(junk) if isinstance(case.body, NotSet) else case.body


def _json(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body, default=str).encode("utf-8", "surrogatepass")


def _verdict(target: Target, response: requests.Response, judge: Judge, catch: Catch) -> None:
    catch.requests += 1
    catch.statuses[response.status_code] += 1
    path = urlsplit(response.request.url).path
    for label, finding in _findings(judge, target, path, response):
        exception = next((one for one in EXCEPTIONS if one.covers(label, finding)), None)
        if exception:
            catch.excused.add(f"{exception.operation} {exception.finding}")
        else:
            sent = response.request.body or b""
            example = f"{response.request.method} {response.request.path_url} {sent[:300]!r} -> {response.text[:300]!r}"
            catch.findings.setdefault(f"{label}: {finding}", example)


def _findings(judge: Judge, target: Target, path: str, response: requests.Response) -> Iterator[tuple[str, str]]:
    if response.status_code >= 500:
        yield target.label, f"status {response.status_code}"
    else:
        yield from judge.findings(target.method, path, response.status_code, response.content)


def _parameters(target: Target) -> list[str]:
    return re.findall(r"\{([^}]*)\}", target.template)


def _kept_as(target: Target) -> str:
    path = target.template.removeprefix("/data/foundation")
    return f"{target.method} {path}"


def _shapes(template: str) -> list[str]:
    """Give the forms of a path that count as built: a container may stand for both of its values."""
    container = "{CONTAINER_ID}"
    forms = [template.replace(container, one) for one in ("tenant", "global")] if container in template else [template]
    return [_shape(form) for form in forms]


def _shape(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", template.rstrip("/"))

"""Requests as Adobe's Postman collections write them, sent in the order of the journey."""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from contract.deviations import DEVIATIONS
from contract.judge import VARIABLE, Judge
from postman_requests import ACCEPT, BASES, JOURNEY, PostmanRequest

from chatlio_helpers import local

PATIENCE = 20.0
# where an answer differs from Adobe's description of it, and why it stays so
REASONS = {
    r"GET .*/connectionSpecs: .*uiAttributes/category: should be string": "the SDK's pages print an object",
    r"GET .*/flowSpecs: .*transformationSpecs: should be object": "the SDK's pages print an array",
    r"GET .*/descriptors/.*: .*sourceVersion: should be string": "the guide of descriptors sends and prints a number",
    r"POST .*/import/batches.*: .*'load(ing|ed)' is not one of .*": "the guide of batch ingestion has both states",
}
# what Postman itself puts on every request
ITS_OWN = {
    "User-Agent": "PostmanRuntime/7.43.0", "Accept": "*/*", "Cache-Control": "no-cache",
    "Accept-Encoding": "gzip, deflate, br", "Connection": "keep-alive",
}  # fmt: skip
_VARIABLE = re.compile(r"\{\{([^{}]+)\}\}")


@dataclass
class Postman:
    """Sends the requests of a collection with the variables of an environment."""

    url: str
    environment: dict[str, str]
    judge: Judge | None
    http: requests.Session = field(default_factory=requests.Session)
    findings: set[tuple[str, str]] = field(default_factory=set)  # operation, and where an answer differs

    def filled(self, text: str) -> str:
        """Put the variables of the environment in place of their names."""
        return _VARIABLE.sub(lambda found: self.environment[found[1]], text)

    def send(self, wanted: PostmanRequest) -> requests.Response:
        """Send one request; one that waits for a value is sent again until the value is there."""
        end = time.monotonic() + PATIENCE
        while True:
            answer = self._sent(wanted)
            assert answer.status_code == wanted.status, f"{wanted.name}: {answer.status_code} {answer.text[:2000]}"
            kept = self._keep(wanted, answer)
            if wanted.until is None or (kept and self.environment[wanted.until[0]] == wanted.until[1]):
                return answer
            assert time.monotonic() < end, f"{wanted.name}: not {wanted.until} in time: {answer.text[:2000]}"
            time.sleep(0.05)

    def _sent(self, wanted: PostmanRequest) -> requests.Response:
        headers = {**ITS_OWN, "Postman-Token": str(uuid.uuid4())}
        if wanted.collection in BASES:
            headers |= {
                "Accept": ACCEPT.get(wanted.collection, "application/json"), "Content-Type": "application/json",
                "Authorization": self.filled("Bearer {{ACCESS_TOKEN}}"), "x-api-key": self.filled("{{API_KEY}}"),
                "x-gw-ims-org-id": self.filled("{{IMS_ORG}}"), "x-sandbox-name": self.filled("{{SANDBOX_NAME}}"),
            }  # fmt: skip
        elif wanted.body is not None:
            headers["Content-Type"] = "application/json"
        headers |= {name: self.filled(value) for name, value in wanted.headers.items()}
        content = None if wanted.body is None else self.filled(json.dumps(wanted.body)).encode()
        query = {name: self.filled(value) for name, value in wanted.query.items()}
        url = self.url + BASES.get(wanted.collection, "") + self.filled(wanted.path)
        answer = self.http.request(wanted.method, url, params=query, data=content, headers=headers, timeout=60)
        path = urlsplit(url).path
        if self.judge and not path.startswith("/ims/"):
            self.findings |= set(self.judge.findings(wanted.method, path, answer.status_code, answer.content))
        return answer

    def _keep(self, wanted: PostmanRequest, answer: requests.Response) -> bool:
        for name, place in wanted.keeps.items():
            found = at(answer.json(), self.filled(place).split("|"))
            if found is None:
                return False
            self.environment[name] = str(found)
        return True


def at(node: Any, steps: list[str]) -> Any:
    """Give what stands at a place: keys, numbers in lists, ``^`` for the first key (or, further on, its value)."""
    for number, step in enumerate(steps):
        if step == "^":
            key = next(iter(node), None)
            if key is None or number == len(steps) - 1:
                return key
            node = node[key]
        else:
            node = node[int(step)] if isinstance(node, list) else node.get(step)
        if node is None:
            return None
    return node


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge | None]:
    """Give the judge when Adobe's descriptions are at hand."""
    return Judge(Path(os.environ[VARIABLE])) if os.environ.get(VARIABLE) else None


@pytest.fixture(scope="module")
def postman(quick_platform: local.LocalPlatform, judge: Judge | None) -> Postman:
    """Give a Postman with the environment that a person fills from the credential file."""
    keys = json.loads(quick_platform.seat("postman").read_text())
    environment = {
        "API_KEY": keys["client_id"], "CLIENT_SECRET": keys["secret"], "IMS_ORG": keys["org_id"],
        "SCOPES": keys["scopes"], "SANDBOX_NAME": "dev",
    }  # fmt: skip
    return Postman(quick_platform.url, environment, judge)


@pytest.mark.parametrize("wanted", JOURNEY, ids=lambda wanted: f"{wanted.collection}: {wanted.name}")
def test_each_request_is_answered(postman: Postman, wanted: PostmanRequest) -> None:
    """The status is the one that the live service is known to give, and the answer has what the next ones need."""
    answer = postman.send(wanted)
    if "DATASET_REFERENCE" in wanted.keeps:
        postman.environment["DATASET_ID"] = postman.environment["DATASET_REFERENCE"].rpartition("/")[2]
    if answer.status_code >= 400:
        assert answer.json().keys() & {"type", "errorMessage"}


def test_the_answers_are_as_described(postman: Postman) -> None:
    """Every answer fits Adobe's own description of it, but for deviations with a reason; no reason is left over."""
    found = {f"{operation}: {finding}" for operation, finding in postman.findings}
    known = {
        f"{operation}: {finding}" for operation, finding in postman.findings
        if any(deviation.covers(operation, finding) for deviation in DEVIATIONS)
    }  # fmt: skip
    assert [one for one in found - known if not any(re.fullmatch(pattern, one) for pattern in REASONS)] == []
    if postman.judge:
        assert [pattern for pattern in REASONS if not any(re.fullmatch(pattern, one) for one in found)] == []
    assert postman.environment["ACCESS_TOKEN"]

"""What Data Prep refuses, call by call: status, form and words; and that a refusal changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from running import MAPPINGS, Client, Server, make_chain, mapping_set

PREP = "/conversion"
SETS = f"{PREP}/mappingSets"
CHECK = f"{PREP}/languages/el/validate"


@dataclass(frozen=True)
class Case:
    """A call that must be refused with *status* and a text that has *words* in it.

    ``{set}``, ``{row}`` and ``{lone}`` in a path stand for a set of five rows, its first row, and a set of one row. A
    body that is a function gets a good body and gives the one to send.
    """

    status: int
    words: str
    method: str
    path: str
    body: Any = None
    role: str = "full"


def with_row(**changes: Any) -> Any:
    """Give a function that changes the first mapping of a set; None takes a field out."""

    def changed(body: dict[str, Any]) -> dict[str, Any]:
        first = {name: value for name, value in (body["mappings"][0] | changes).items() if value is not None}
        return body | {"mappings": [first, *body["mappings"][1:]]}

    return changed


def having(**changes: Any) -> Any:
    """Give a function that changes fields of a set."""
    return lambda body: body | changes


BAD_SETS = [
    ("no mappings", having(mappings=[])),
    ("no mappings", having(mappings=None)),
    ("must be an array", having(mappings={"source": "a"})),
    ("must be an object", having(mappings=["a"])),
    ("must not hold null", having(mappings=[None])),
    ("needs source and destination", with_row(source=None)),
    ("needs source and destination", with_row(destination="")),
    ("must be a text", with_row(source=1)),
    ("must be a text", with_row(destination=["a"])),
    ("must be true or false", with_row(identity="yes")),
    ("none of ATTRIBUTE", with_row(sourceType="MAGIC")),
    ("at most 4096 characters", with_row(sourceType="EXPRESSION", source="x" * 4097)),
    ("names no target schema", having(outputSchema=None)),
    ("names no target schema", having(outputSchema={"schemaRef": {"contentType": "x"}})),
    ("must be an object", having(outputSchema=[])),
    ("must be a text", having(outputSchema={"schemaRef": {"id": 1}})),
    ("cannot be read", having(outputSchema={"schemaRef": {"id": "https://ns.adobe.com/none"}})),
    ("none of DRAFT", having(status="GONE")),
    ("must be a text", having(name=["n"])),
    ("must be a text", having(xdmSchema=1)),
]  # fmt: skip
CASES = [
    *[Case(400, words, method, path, body) for words, body in BAD_SETS
      for method, path in (("POST", SETS), ("PUT", f"{SETS}/{{set}}"))],
    *[Case(400, words, "POST", f"{SETS}/validate", body) for words, body in BAD_SETS if "DRAFT" not in words],
    *[Case(400, words, "POST", f"{SETS}/preview", lambda body, change=change: {"data": {}, "mappingSet": change(body)})
      for words, change in BAD_SETS if "DRAFT" not in words],
    *[Case(400, "JSON", method, path, body) for body in ([], "text", 1) for method, path in (
        ("POST", SETS), ("PUT", f"{SETS}/{{set}}"), ("POST", f"{SETS}/validate"), ("POST", f"{SETS}/preview"),
        ("POST", f"{SETS}/{{set}}/mappings"), ("PUT", f"{SETS}/{{set}}/mappings/{{row}}"), ("POST", CHECK))],
    Case(400, "_id: The expression", "POST", f"{SETS}?validate=True",
         with_row(sourceType="EXPRESSION", source="concat(")),
    Case(400, "A preview needs", "POST", f"{SETS}/preview", lambda body: {"data": "text", "mappingSet": body}),
    Case(400, "A preview needs", "POST", f"{SETS}/preview", lambda body: {"data": [1], "mappingSet": body}),
    Case(400, "A preview needs", "POST", f"{SETS}/preview", {"data": {}}),
    *[Case(400, "whole number", "GET", f"{SETS}?{query}") for query in (
        "limit=two", "limit=0", "limit=-1", "limit=%C2%B2", "start=1.5", "start=-1", f"limit={'9' * 5000}")],
    Case(400, "whole number", "GET", f"{SETS}/{{set}}?version=first"),
    Case(400, "whole number", "GET", f"{SETS}/{{set}}/mappings?version=-1"),
    Case(400, "cannot be ordered", "GET", f"{SETS}?orderBy=colour"),
    Case(400, "cannot be ordered", "GET", f"{SETS}?orderBy=*name"),
    Case(400, "cannot be filtered", "GET", f"{SETS}?property=colour==red"),
    Case(400, "no operator", "GET", f"{SETS}?property=status"),
    Case(400, "The mapping", "POST", f"{SETS}/{{set}}/mappings", {"source": 1, "destination": "b"}),
    Case(400, "needs source", "PUT", f"{SETS}/{{set}}/mappings/{{row}}", {"source": "a"}),
    Case(400, "last one", "DELETE", f"{SETS}/{{lone}}/mappings/{{lone_row}}"),
    Case(400, "no expression", "POST", CHECK, {}),
    Case(400, "no expression", "POST", CHECK, {"expression": 1}),
    Case(400, "no expression", "POST", CHECK, {"expression": {"expression": None}}),
    Case(400, "sampleData", "POST", CHECK, {"expression": "a", "sampleData": "{"}),
    Case(400, "sampleData", "POST", CHECK, {"expression": "a", "sampleData": "[1]"}),
    Case(404, "No mapping set", "POST", CHECK, {"expression": "a", "mappingSetId": "none"}),
    *[Case(404, "No mapping set", method, f"{SETS}/none{rest}", body) for method, rest, body in (
        ("GET", "", None), ("PUT", "", having()), ("DELETE", "", None), ("GET", "/mappings", None),
        ("POST", "/mappings", {"source": "a", "destination": "b"}), ("GET", "/mappings/{row}", None),
        ("PUT", "/mappings/{row}", {}), ("DELETE", "/mappings/{row}", None))],
    *[Case(404, "No mapping exists", method, f"{SETS}/{{set}}/mappings/none", {})
      for method in ("PUT", "DELETE", "GET")],
    Case(404, "version 7", "GET", f"{SETS}/{{set}}?version=7"),
    Case(404, "version 7", "GET", f"{SETS}/{{set}}/mappings?version=7"),
    *[Case(404, "There is nothing", "GET", f"{PREP}{path}") for path in (
        "/mappingSets/{set}/versions", "/languages/sql/functions")],
    *[Case(403, "manage-sources", method, path, {}, "limited") for method, path in (
        ("POST", SETS), ("PUT", f"{SETS}/{{set}}"), ("DELETE", f"{SETS}/{{set}}"), ("POST", f"{SETS}/{{set}}/mappings"),
        ("PUT", f"{SETS}/{{set}}/mappings/{{row}}"), ("DELETE", f"{SETS}/{{set}}/mappings/{{row}}"))],
]  # fmt: skip


@pytest.fixture(scope="module")
def callers(shared_server: Server) -> dict[str, Client]:
    """Give the accounts of a seat of this file's own, by their role."""
    shared_server.control("POST", "/seats", {"names": ["mapping-refusals"]})
    return {role: Client(shared_server, "mapping-refusals", role) for role in ("full", "limited")}


@pytest.fixture(scope="module")
def world(callers: dict[str, Client]) -> dict[str, Any]:
    """Make a set of five rows and a set of one."""
    client = callers["full"]
    chain = make_chain(client)
    good = mapping_set(chain.schema, client.tenant, MAPPINGS)
    lone = client.made("POST", SETS, good | {"mappings": good["mappings"][:1]})["id"]
    rows = {id: client.made("GET", f"{SETS}/{id}/mappings", None)[0]["id"] for id in (chain.mapping, lone)}
    return {"good": good, "set": chain.mapping, "row": rows[chain.mapping], "lone": lone, "lone_row": rows[lone]}


def stored(client: Client) -> list[dict[str, Any]]:
    """Give all that is stored."""
    return client.made("GET", f"{SETS}?limit=1000&start=0", None)["data"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.status} {case.method} {case.path[-60:]} {case.words}")
def test_a_call_is_refused(callers: dict[str, Client], world: dict[str, Any], case: Case) -> None:
    """The answer is the short problem form with the case's words, and what was stored is as it was."""
    before = stored(callers["full"])
    path = case.path
    for name in ("set", "row", "lone", "lone_row"):
        path = path.replace(f"{{{name}}}", world[name])
    body = case.body(world["good"]) if callable(case.body) else case.body
    answer = callers[case.role].call(case.method, path, body)
    said = answer.json()
    assert (answer.status_code, said["status"]) == (case.status, case.status), said
    assert set(said) == {"type", "title", "status", "detail"}
    assert case.words in said["detail"]
    assert stored(callers["full"]) == before


def test_an_empty_body_is_refused(callers: dict[str, Client]) -> None:
    """A POST or PUT without a body is a 400 in words; without a content type the gateway refuses it."""
    for method, path in (("POST", SETS), ("PUT", f"{SETS}/x"), ("POST", f"{SETS}/preview"), ("POST", CHECK)):
        answer = callers["full"].call(method, path, headers={"Content-Type": "application/json"})
        expected = (404, "No mapping set") if method == "PUT" else (400, "empty")
        assert (answer.status_code, expected[1] in answer.json()["detail"]) == (expected[0], True)
        assert callers["full"].call(method, path).json()["title"] == "BadRequestError"

"""Streaming collection: the inlets that webhooks post to.

A 200 (one message) or 207 (several) says that the messages are on disk, not that they are mapped or valid: what becomes
of them shows in batches and runs. Whoever knows the address may post; no header of the platform is needed.
"""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from . import envelopes, flows
from .journal import JournalUnwritable, Message
from .pipeline import Fate
from .pipelines import CannotMap
from .platform import Platform
from .problems import CollectionProblem, Problem
from .provenance import OPERATIONS, Operation, assumed, documented
from .service import answer, refusal
from .store import Row, Scope
from .sync_limit import SyncLimit

LARGEST = 1_000_000  # bytes of a request; documented as 1 MB, which of the two megabytes is meant is not
RETRY_AFTER = 5  # seconds
FLOW_ID = "x-adobe-flow-id"
SMILE = "application/x-jackson-smile"
SHOWN_VIOLATIONS = 5  # documented: synchronous validation stops after five
_INVALID = "Invalid XDM Message Format"

_counter = itertools.count(1)
_sync_limit = SyncLimit()  # inlet ids are unique over all platforms, so one will do


@dataclass(frozen=True)
class Inlet:
    """An inlet and whose it is."""

    id: str
    row: Row
    org_id: str

    def refuse(self, why: str, status: int = 400, *, cause: Any = None) -> CollectionProblem:
        """Give a refusal in the words of the streaming endpoint, which begin with inlet and organisation."""
        return CollectionProblem(status, _INVALID, f"inletId: [{self.id}] imsOrgId: [{self.org_id}] {why}", cause=cause)


async def one(request: Request) -> Response:
    """Take one message: 200 when it is on disk."""
    try:
        platform: Platform = request.app.state.platform
        inlet = _inlet(platform, request)
        content = await _content(request)
        payload = _object(inlet, content)
        message = _message(platform, inlet, _flow_id(request, payload), content, payload, _transaction(platform))
        verdict = _verdict(platform, inlet, request, message, payload)
        await _keep(platform, [message])
    except Problem as problem:
        return refusal(problem)
    body = {"inletId": inlet.id, "xactionId": message.transaction_id, "receivedTimeMs": message.received}
    return answer(body | {"syncValidation": verdict})


async def several(request: Request) -> Response:
    """Take several messages: 207 when those that were taken are on disk; each has its own outcome, in their order."""
    try:
        platform: Platform = request.app.state.platform
        inlet = _inlet(platform, request)
        payloads = _object(inlet, await _content(request)).get("messages")
        if not isinstance(payloads, list) or not payloads:
            raise inlet.refuse("Message body has no messages: an array under the key messages is needed")
        batch = _transaction(platform)
        outcomes = [_outcome(platform, inlet, request, batch, *numbered) for numbered in enumerate(payloads)]
        await _keep(platform, [outcome for outcome in outcomes if isinstance(outcome, Message)])
    except Problem as problem:
        return refusal(problem)
    body = {"inletId": inlet.id, "batchId": batch, "receivedTimeMs": platform.clock.now_ms()}
    return answer(body | {"responses": [_response(outcome) for outcome in outcomes]}, 207)


def _outcome(
    platform: Platform, inlet: Inlet, request: Request, batch: str, number: int, payload: Any
) -> Message | Problem:
    try:
        if not isinstance(payload, dict) or not payload:
            raise inlet.refuse("Message is not a JSON object with fields")
        flow = _flow_id(request, payload)
        return _message(platform, inlet, flow, orjson.dumps(payload), payload, f"{batch}:{number}")
    except Problem as problem:
        return problem


def _response(outcome: Message | Problem) -> dict[str, Any]:
    if isinstance(outcome, Message):
        return {"xactionId": outcome.transaction_id}
    return {"statusCode": outcome.status, "message": outcome.body["report"]["message"]}


def _inlet(platform: Platform, request: Request) -> Inlet:
    id = request.path_params["inlet"]
    row = platform.store.anywhere(flows.INLETS, id)
    seat = platform.seats.get(row.seat) if row else None
    if row is None or seat is None:
        raise CollectionProblem(400, "Invalid Inlet", f"inletId: [{id}] There is no inlet with this id")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == SMILE:
        raise CollectionProblem(501, "Not Implemented", "The local platform does not read Smile: send JSON")
    return Inlet(id, row, seat.org_id)


async def _content(request: Request) -> bytes:
    """Give the body; raises 413 as soon as it is known to be too large, before the rest of it is read."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > LARGEST:
        raise _too_large()
    parts, size = [], 0
    try:
        async for part in request.stream():
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise _too_large()
    except ClientDisconnect as error:
        raise CollectionProblem(400, "Bad Request", "The sender hung up before the message was whole") from error
    return b"".join(parts)


def _too_large() -> CollectionProblem:
    problem = CollectionProblem(
        413, "Request Entity Too Large", f"The request is larger than {LARGEST} bytes (1 MB), the limit of an inlet"
    )
    problem.headers["connection"] = "close"  # the rest of the body is not read
    return problem


def _object(inlet: Inlet, content: bytes) -> dict[str, Any]:
    if not content.strip():
        raise inlet.refuse("Message body is empty")
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise inlet.refuse(f"Message is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise inlet.refuse(f"Message is not a JSON object but a JSON {_json_name(value)}")
    if not value:
        raise inlet.refuse("Message is an empty JSON object")
    return value


def _json_name(value: Any) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _flow_id(request: Request, payload: dict[str, Any]) -> str:
    return (
        request.headers.get(FLOW_ID) or request.query_params.get(FLOW_ID) or envelopes.flow_id(payload) or ""
    ).strip()


def _message(
    platform: Platform, inlet: Inlet, flow_id: str, content: bytes, payload: dict[str, Any], transaction: str
) -> Message:
    if not flow_id:
        raise inlet.refuse("Message has unknown xdm format")
    scope = platform.store.within(inlet.row.seat, inlet.row.sandbox)
    flow = flows.current(platform, scope, flow_id)
    if flow is None or not _belongs(scope, flow, inlet):
        raise inlet.refuse(f"flowId: [{flow_id}] There is no dataflow with this id on this inlet")
    if flow["state"] != "enabled":
        raise inlet.refuse(f"flowId: [{flow_id}] The dataflow is not enabled: its state is {flow['state']}")
    fault = envelopes.fault(payload, inlet.org_id) if envelopes.takes_envelopes(flow) else ""
    if fault:
        raise inlet.refuse(fault)
    return Message(
        scope.seat, scope.sandbox, flow_id, _dataset(scope, flow), inlet.id, transaction,
        platform.clock.now_ms(), content,
    )  # fmt: skip


def _belongs(scope: Scope, flow: dict[str, Any], inlet: Inlet) -> bool:
    if inlet.row.body.get("flowId"):
        return inlet.row.body["flowId"] == flow["id"]
    bases = (scope.get("sourceConnections", id) for id in flow.get("sourceConnectionIds", ()))
    return any(row and row.body.get("baseConnectionId") == inlet.row.body["connectionId"] for row in bases)


def _dataset(scope: Scope, flow: dict[str, Any]) -> str:
    targets = (scope.get("targetConnections", id) for id in flow.get("targetConnectionIds", ()))
    return next((row.body["params"]["dataSetId"] for row in targets if row), "")


def _transaction(platform: Platform) -> str:
    """Make an id in the printed form: epoch milliseconds, node, running number."""
    return f"{platform.clock.now_ms()}:{os.getpid() % 10_000}:{next(_counter)}"


async def _keep(platform: Platform, messages: list[Message]) -> None:
    try:
        await platform.journal.append(messages)
    except JournalUnwritable as error:
        problem = CollectionProblem(503, "Service Unavailable", f"Nothing was accepted, send it again: {error}")
        problem.headers["retry-after"] = str(RETRY_AFTER)
        raise problem from error


def _verdict(
    platform: Platform, inlet: Inlet, request: Request, message: Message, payload: dict[str, Any]
) -> dict[str, Any]:
    """Validate at once when asked to; raises the documented 400, and then the message is not kept."""
    asked = request.query_params.get("syncValidation") or request.query_params.get("synchronousValidation") or ""
    if asked.lower() != "true":
        return {"skipped": True}
    if not _sync_limit.allows(inlet.id):
        raise inlet.refuse("Synchronous validation is limited to 60 requests a minute for each inlet", 429)
    fate = _fate(platform, inlet, message, payload)
    if fate.errors:
        raise inlet.refuse("Message is invalid", cause={"_streamingValidation": [_cause(fate)]})
    return {"status": "pass"}


def _fate(platform: Platform, inlet: Inlet, message: Message, payload: dict[str, Any]) -> Fate:
    scope = platform.store.within(message.seat, message.sandbox)
    try:
        return platform.pipelines.of(scope, message.flow, message.dataset).fate(payload, message.received)
    except CannotMap as problem:
        raise inlet.refuse(str(problem)) from problem


def _cause(fate: Fate) -> dict[str, Any]:
    violations = fate.violations or [
        {"schemaLocation": "#", "pointerToViolation": f"#/{one.destination.replace('.', '/')}", "causingExceptions": [],
         "keyword": one.code, "message": one.message}
        for one in fate.errors
    ]  # fmt: skip
    return {
        "schemaLocation": "#", "pointerToViolation": "#", "causingExceptions": violations[:SHOWN_VIOLATIONS],
        "message": f"{len(violations)} schema violations found",
    }  # fmt: skip


routes = [
    Route("/collection/batch/{inlet}", several, methods=["POST"], name="postBatchOfStreamingMessages"),
    Route("/collection/{inlet}", one, methods=["POST"], name="sendMessage"),
]
_NOTE = (
    "refusals of an unknown inlet, an unknown or paused dataflow, and of what is not a JSON object: 400 in the form "
    "that is printed for other refusals; 1 MB is 1,000,000 bytes; mapped payloads can be validated at once, too"
)
OPERATIONS += [
    Operation(
        "Streaming collection", "POST", "/collection/{inlet}", "sendMessage",
        documented("streaming-ingestion.yaml", _NOTE),
    ),
    Operation(
        "Streaming collection", "POST", "/collection/batch/{inlet}", "postBatchOfStreamingMessages",
        assumed("takes mapped payloads as well as XDM messages; 207 even when every message was refused",
                "streaming-ingestion.yaml"),
    ),
]  # fmt: skip

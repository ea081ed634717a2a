"""Streaming collection: the inlets that webhooks post to.

A 200 (one message) or 207 (several) says that the messages are on disk, not that they are mapped or valid: what becomes
of them shows in batches and runs. Whoever knows the address may post, without any header of the platform, unless the
inlet's base connection wants a token.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any

import orjson
from starlette.routing import Route
from starlette.types import Receive, Send
from starlette.types import Scope as Connection

from ..front.depth import too_deep
from ..front.problems import CollectionProblem, Problem
from ..landing.pipeline import Fate
from ..landing.pipelines import CannotMap
from ..platform import Platform
from ..provenance import OPERATIONS, Operation, documented
from . import envelopes, inlet_tokens, smile
from .inlet_post import LARGEST, Post, refuse, respond
from .inlets import Destination, Inlet, Inlets
from .journal import JournalUnwritable, Message
from .sync_limit import SyncLimit

RETRY_AFTER = 5  # seconds
SHOWN_VIOLATIONS = 5  # documented: synchronous validation stops after five
_SKIPPED = {"skipped": True}

_counter = itertools.count(1)
_process = os.getpid() % 10_000
_sync_limit = SyncLimit()  # inlet ids are unique over all platforms, so one will do


class Endpoint:
    """The ASGI application behind both paths: 200 or 207 once the messages are on disk, else a refusal."""

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        """Take one post."""
        state, post = scope["app"].state, Post(scope, receive)
        try:
            inlet = state.inlets.inlet(post.inlet)
            inlet_tokens.check(state.platform, inlet, post.headers.get(b"authorization", b"").decode("latin-1"))
            take = several if post.several else one
            status, body = await take(state.platform, state.inlets, inlet, post)
        except Problem as problem:
            await refuse(send, problem)
        else:
            await respond(send, status, body)


async def one(platform: Platform, inlets: Inlets, inlet: Inlet, post: Post) -> tuple[int, dict[str, Any]]:
    """Take one message: 200 when it is on disk."""
    content = await _content(inlet, post)
    payload = parsed(inlet, content)
    destination = inlets.destination(inlet, post.flow_id or _named(payload))
    return await keep_one(platform, destination, post, content, payload)


async def keep_one(
    platform: Platform, destination: Destination, post: Post, content: bytes, payload: dict[str, Any]
) -> tuple[int, dict[str, Any]]:
    """Keep the message *payload*, whose bytes are *content*, and give the answer to it."""
    now = platform.clock.now_ms()
    message = _message(destination, content, payload, _transaction(now), now)
    verdict = _verdict(platform, destination.inlet, post, message, payload)
    await _keep(platform, [message])
    return 200, {
        "inletId": destination.inlet.id, "xactionId": message.transaction_id, "receivedTimeMs": now,
        "syncValidation": verdict,
    }  # fmt: skip


async def several(platform: Platform, inlets: Inlets, inlet: Inlet, post: Post) -> tuple[int, dict[str, Any]]:
    """Take several messages: 207 when those that were taken are on disk; each has its own outcome, in their order."""
    payloads = parsed(inlet, await _content(inlet, post)).get("messages")
    if not isinstance(payloads, list) or not payloads:
        raise inlet.refuse("Message body has no messages: an array under the key messages is needed")
    now, named = platform.clock.now_ms(), post.flow_id
    batch = _transaction(now)
    outcomes = [
        _outcome(inlets, inlet, named, payload, f"{batch}:{number}", now) for number, payload in enumerate(payloads)
    ]
    await _keep(platform, [outcome for outcome in outcomes if isinstance(outcome, Message)])
    body = {"inletId": inlet.id, "batchId": batch, "receivedTimeMs": platform.clock.now_ms()}
    return 207, body | {"responses": [_response(outcome) for outcome in outcomes]}


def _outcome(inlets: Inlets, inlet: Inlet, named: str, payload: Any, transaction: str, now: int) -> Message | Problem:
    try:
        if not isinstance(payload, dict) or not payload:
            raise inlet.refuse("Message is not a JSON object with fields")
        destination = inlets.destination(inlet, named or _named(payload))
        return _message(destination, orjson.dumps(payload), payload, transaction, now)
    except Problem as problem:
        return problem


def _response(outcome: Message | Problem) -> dict[str, Any]:
    if isinstance(outcome, Message):
        return {"xactionId": outcome.transaction_id}
    return {"statusCode": outcome.status, "message": outcome.body["report"]["message"]}


async def _content(inlet: Inlet, post: Post) -> bytes:
    """Give the body as JSON; short references let Smile grow, so the limit holds for what became of it, too."""
    content = await post.content()
    if not post.is_smile or not content:
        return content
    try:
        content = await asyncio.to_thread(lambda: orjson.dumps(smile.decoded(content)))
    except smile.NotSmile as error:
        raise inlet.refuse(f"Message is not Smile: {error}") from error
    if len(content) > LARGEST:
        words = f"As JSON the request is larger than {LARGEST} bytes (1 MB), the limit of an inlet"
        raise CollectionProblem(413, "Request Entity Too Large", words)
    return content


def parsed(inlet: Inlet, content: bytes) -> dict[str, Any]:
    """Give the JSON object that *content* is; raises the inlet's refusal when it is none, or an empty one."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if not content.strip():
            raise inlet.refuse("Message body is empty") from error
        raise inlet.refuse(f"Message is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise inlet.refuse(f"Message is not a JSON object but a JSON {_json_name(value)}")
    if not value:
        raise inlet.refuse("Message is an empty JSON object")
    if too_deep(content, value):
        raise inlet.refuse("Message is nested too deeply")
    return value


def _json_name(value: Any) -> str:
    names = {list: "array", str: "string", bool: "boolean", type(None): "null"}
    return names.get(type(value), "number")


def _named(payload: dict[str, Any]) -> str:
    """Give the dataflow that a message names itself, or ""."""
    return envelopes.flow_id(payload).strip()


def _message(destination: Destination, content: bytes, payload: dict[str, Any], transaction: str, now: int) -> Message:
    inlet = destination.inlet
    fault = envelopes.fault(payload, inlet.org_id) if destination.wrapped else ""
    if fault:
        raise inlet.refuse(fault)
    return Message(
        inlet.seat, inlet.sandbox, destination.flow, destination.dataset, inlet.id, transaction, now, content
    )


def _transaction(now: int) -> str:
    """Make an id in the printed form: epoch milliseconds, node, running number."""
    return f"{now}:{_process}:{next(_counter)}"


async def _keep(platform: Platform, messages: list[Message]) -> None:
    try:
        await platform.journal.append(messages)
    except JournalUnwritable as error:
        problem = CollectionProblem(503, "Service Unavailable", f"Nothing was accepted, send it again: {error}")
        problem.headers["retry-after"] = str(RETRY_AFTER)
        raise problem from error


def _verdict(platform: Platform, inlet: Inlet, post: Post, message: Message, payload: dict[str, Any]) -> dict[str, Any]:
    """Validate at once when asked to; raises the documented 400, and then the message is not kept."""
    asked = post.query.get("syncValidation") or post.query.get("synchronousValidation") or ""
    if asked.lower() != "true":
        return _SKIPPED
    if not _sync_limit.allows(inlet.id):
        why = "Synchronous validation is limited to 60 requests a minute for each inlet"
        raise inlet.refuse_for_now(why, _sync_limit.wait(inlet.id))
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
        {"schemaLocation": "#", "pointerToViolation": "/".join(["#", *filter(None, one.destination.split("."))]),
         "causingExceptions": [],
         "keyword": one.code, "message": one.message}
        for one in fate.errors
    ]  # fmt: skip
    return {
        "schemaLocation": "#", "pointerToViolation": "#", "causingExceptions": violations[:SHOWN_VIOLATIONS],
        "message": f"{len(violations)} schema violations found",
    }  # fmt: skip


endpoint = Endpoint()
routes = [
    Route("/collection/batch/{inlet}", endpoint, methods=["POST"], name="postBatchOfStreamingMessages"),
    Route("/collection/{inlet}", endpoint, methods=["POST"], name="sendMessage"),
]
_NOTE = (
    "refusals of an unknown inlet, an unknown or paused dataflow, and of what is not a JSON object: 400 in the form "
    "that is printed for other refusals; 1 MB is 1,000,000 bytes; mapped payloads can be validated at once, too; an "
    "XDM message whose schema references (compared by id) or datasetId are not those of the dataflow, or that has no "
    "datasetId, even when the dataflow is named otherwise, is accepted and fails as a row, or is refused with "
    "syncValidation; flowId may be missing in its header when header or query of the request name the dataflow; an "
    "event more than 5 minutes in the future fails as a row; Smile is kept as JSON, its binary data as Base64"
)
OPERATIONS += [
    Operation(
        "Streaming collection", "POST", "/collection/{inlet}", "sendMessage",
        documented("streaming-ingestion.yaml", _NOTE),
    ),
    Operation(
        "Streaming collection", "POST", "/collection/batch/{inlet}", "postBatchOfStreamingMessages",
        documented("streaming-ingestion.yaml",
                   "takes mapped payloads as well as XDM messages; 207 even when every message was refused"),
    ),
]  # fmt: skip

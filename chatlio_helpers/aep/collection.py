"""Streaming collection: post events to a webhook URL, just as Chatlio does, without any header of the platform.

A 200 means received, not stored: only landed rows prove success. Documented (Adobe's streaming ingestion guide): one
event answers 200, several at once answer 207 with one outcome for each; 1 MB is the limit of a request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..errors import ConfigurationError
from ..secret import Secret, register
from . import refusals
from .exchange import Exchange, Outgoing
from .session import Session, as_json

_SINGLE, _BATCH = "/collection/", "/collection/batch/"


@dataclass(frozen=True)
class Receipt:
    """The inlet's word that it has an event: its transaction id, when it came (epoch ms), how long it took (ms).

    ``status`` is the HTTP status, of one message in a batch its own; ``message`` holds the inlet's words of a refusal.
    """

    status: int
    xaction_id: str
    received_ms: int
    ms: float
    message: str = ""

    @property
    def ok(self) -> bool:
        """Whether the event was received (which does not yet mean stored)."""
        return 200 <= self.status < 300


class Collection:
    """Posts to inlets; a post is never repeated here, because the sender decides when."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def post(self, webhook_url: Secret | str, payload: Mapping[str, Any] | bytes | str) -> Receipt:
        """Post one event; *payload* is the body as received from Chatlio, or its parsed form.

        Raises Rejected (400, 413), NotAuthorised or Forbidden (an inlet that wants a token), and RateLimited or
        Unavailable with ``wait`` (seconds) when the inlet says how long.
        """
        answer = self._session.plain(_outgoing(_checked(webhook_url), _content(payload), "WEBHOOK_URL"))
        body = answer.parsed if isinstance(answer.parsed, dict) else {}
        return _receipt(answer.status, body, body, answer.ms)

    def try_post(self, webhook_url: Secret | str, payload: Mapping[str, Any] | bytes | str) -> Exchange:
        """Post one event and return the exchange, refused or not; for lessons."""
        return self._session.exchange(_outgoing(_checked(webhook_url), _content(payload), "WEBHOOK_URL"))[1]

    def post_batch(self, webhook_url: Secret | str, payloads: Sequence[Mapping[str, Any]]) -> list[Receipt]:
        """Post several events in one request; gives one receipt for each, in the order of *payloads*.

        Adobe documents this call for XDM messages; that it takes mapped payloads too is assumed.
        """
        single = _checked(webhook_url)
        url = Secret(single.reveal().replace(_SINGLE, _BATCH, 1) if _BATCH not in single.reveal() else single.reveal())
        content = as_json({"messages": list(payloads)})
        answer = self._session.plain(_outgoing(url, content, "WEBHOOK_BATCH_URL"))
        body = answer.parsed if isinstance(answer.parsed, dict) else {}
        outcomes = list(body.get("responses") or [])
        outcomes += [{"statusCode": 500, "message": "the answer does not speak of it"}] * (
            len(payloads) - len(outcomes)
        )
        return [_receipt(200, outcome, body, answer.ms) for outcome in outcomes]


def _outgoing(url: Secret, content: bytes, variable: str) -> Outgoing:
    return Outgoing(
        "POST",
        url.reveal(),
        {"Content-Type": "application/json"},
        content,
        what="Posting to the inlet",
        variables={url.reveal(): variable},
    )


def _checked(webhook_url: Secret | str) -> Secret:
    url = webhook_url if isinstance(webhook_url, Secret) else Secret(webhook_url)
    parts = urlsplit(url.reveal())
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise ConfigurationError(
            "The webhook URL is not an http or https address.",
            cause="it was cut or mistyped",
            next_step="take it again from the dataflow",
        )
    register(parts.path.rsplit("/", 1)[-1])  # inlets repeat their id in the words of a refusal
    return url


def _content(payload: Mapping[str, Any] | bytes | str) -> bytes:
    if isinstance(payload, bytes):
        return payload
    return payload.encode() if isinstance(payload, str) else as_json(payload)


def _receipt(status: int, outcome: Mapping[str, Any], body: Mapping[str, Any], ms: float) -> Receipt:
    own_status = int(outcome.get("statusCode") or status)
    message = str(outcome.get("message") or "") if own_status >= 300 else ""
    received = body.get("receivedTimeMs")  # the API description types it as text
    return Receipt(
        status=own_status,
        xaction_id=str(outcome.get("xactionId") or ""),
        received_ms=int(received) if received else 0,
        ms=ms,
        message=refusals.read(message).words,
    )

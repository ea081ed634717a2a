"""The steps after the dataflows stand: send events, let the simulator post, prove what landed, read the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from . import sender, verification
from .connection import Connection
from .delivery import Sent
from .events import Event, Events, classify
from .onboarding import Made, plan
from .outbox import Outbox
from .simulator import Chats
from .tables import table
from .verification import Verification

if TYPE_CHECKING:
    import pandas

Payloads = Iterable[Event] | Iterable[tuple[str, Mapping[str, Any]]]


def send(
    connection: Connection,
    events: Payloads,
    *,
    made: Made | None = None,
    lighten: bool = False,
    revive: bool = False,
) -> Sent:
    """Send *events* to the dataflows of their kinds, through the workspace's outbox; never sends an event twice.

    *events* are events, or pairs of kind and payload. Dataflows that are missing are made; dataflows that a live
    platform has just changed are waited for. *lighten* drops the texts that an oversize transcript repeats; *revive*
    also tries events that the platform once refused for good.
    """
    ready = (made or plan(connection).apply()).settle()
    outbox = Outbox(connection.workspace.outbox_path)
    more = {"lighten": lighten, "revive": revive}
    return sender.send(connection.collection, ready.webhooks, ready.flow_ids, _as_events(events), outbox, **more)


def play(connection: Connection, chats: Chats, made: Made) -> Sent:
    """Post simulated chats to the webhook URLs, in the order in which they happen, as Chatlio would."""
    return send(connection, chats.events(), made=made)


def verify(connection: Connection, sent: Sent, *, timeout: float | None = None) -> Verification:
    """Wait until every accepted event has landed or failed, and compare row by row; may be left and called again."""
    patience = verification.LOCAL_PATIENCE if connection.name == "local" else verification.LIVE_PATIENCE
    return verification.verify(
        connection.access,
        connection.catalog,
        _dataset(connection),
        sent,
        timeout=patience if timeout is None else timeout,
        patience=patience,
    )


def landed(connection: Connection, dataset: str = "") -> pandas.DataFrame:
    """Read every landed row of the dataset as a DataFrame: id, time, type, kind, conversation, message."""
    tenant = f"_{connection.schemas.tenant_id()}"
    return table(
        (_landed(row, row.get(tenant) or {}) for row in connection.access.rows(dataset or _dataset(connection))),
        columns=("_id", "timestamp", "eventType", "kind", "conversation", "visitor", "message", "messages"),
    )


def _landed(row: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    chat = own.get("chatlio") or {}
    return {
        **{name: row.get(name) for name in ("_id", "timestamp", "eventType")},
        "kind": chat.get("kind"),
        "conversation": chat.get("conversationId"),
        "visitor": (chat.get("visitor") or {}).get("id"),
        "message": chat.get("message"),
        "messages": len(chat.get("messages") or []),
    }


def _dataset(connection: Connection) -> str:
    found = connection.ledger.entry("dataSets")
    return found.id if found and found.state == "made" else plan(connection).apply().dataset


def _as_events(events: Payloads) -> Events:
    if isinstance(events, Events):
        return events
    return Events(one if isinstance(one, Event) else classify(dict(one[1]), one[0]) for one in events)

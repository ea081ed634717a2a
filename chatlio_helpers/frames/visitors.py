"""Rows of the visitors: the last payload that says something about each."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from .. import times
from ..events import Event
from .conversations import last

_SAID = {
    "email": "email",
    "name": "name",
    "handle": "handle",
    "ident_user_id": "identUserId",
    "ident_traits": "identTraits",
    "ip_address": "IPAddress",
    "location": "location",
    "user_agent": "userAgent",
}


def visitor(visitor_id: str, events: list[Event]) -> dict[str, Any]:
    """Give the row of one visitor from the *events* that name it, in order of receipt."""
    seen = [event.visitor for event in events]
    row: dict[str, Any] = {column: last(one.get(key) for one in seen) for column, key in _SAID.items()}
    received = [event.received_at for event in events if event.received_at]
    return row | {
        "visitor_id": visitor_id,
        "country": row["location"].rpartition(",")[2].strip() if row["location"] else None,
        "page": address(last(one.get("currentPage") for one in seen)),
        "referrer": address(last(one.get("referrerURL") for one in seen)),
        "created_at": times.rfc3339(last(one.get("createdAt") for one in seen)),
        "first_received_at": min(received, default=None),
        "last_received_at": max(received, default=None),
        "conversations": len({event.conversation_id for event in events} - {None}),
        "offline_messages": sum(event.kind == "offline_message" for event in events),
    }


def address(url: str | None) -> str | None:
    """Give *url* without query and fragment, which may hold tokens and addresses; None when it is no web address."""
    if url is None:
        return None
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme and host else None

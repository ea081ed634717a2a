"""The messages of a transcript, in the order of time, and the transcript that counts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from .. import times
from ..events import Event, said

_LATE = datetime.max.replace(tzinfo=UTC)
_EARLY = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Message:
    """One message; ``author`` is visitor, agent, automatic or unknown, ``copies`` how often its ``ts`` stood there."""

    ts: str | None
    sent_at: datetime | None
    author: str
    author_source: str | None
    from_visitor: bool | None
    user_id: str | None
    username: str | None
    text: str | None
    copies: int = 1


def text(value: Any) -> str | None:
    """Give *value* as trimmed text that every encoding can carry; None when it says nothing."""
    if isinstance(value, str):
        found = said(value)
        return found if found is None or found.isascii() else found.encode("utf-8", "replace").decode("utf-8")
    return None if value is None else json.dumps(value, default=str)


def messages(event: Event) -> list[Message]:
    """Give the messages of a transcript by time; the same ``ts`` twice is one message with two ``copies``."""
    found = event.payload.get("messages")
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    seen: dict[Any, list[dict[str, Any]]] = {}
    for place, entry in enumerate(entries):
        seen.setdefault(text(entry.get("ts")) or place, []).append(entry)
    return sorted((_message(copies) for copies in seen.values()), key=lambda one: (one.sent_at or _LATE, one.ts or ""))


def longest(transcripts: Iterable[tuple[int, Event]]) -> tuple[int, Event, list[Message]]:
    """Choose the transcript that counts: the latest last message, then the most messages, then the last received."""
    read = [(number, event, messages(event)) for number, event in transcripts]
    return max(read, key=lambda one: (_last(one[2]), len(one[2]), one[0]))


def _last(found: list[Message]) -> datetime:
    return max((one.sent_at for one in found if one.sent_at), default=_EARLY)


def _message(copies: list[dict[str, Any]]) -> Message:
    entry = copies[0]
    user, ts = text(entry.get("userId")), text(entry.get("ts"))
    flag = entry.get("isVisitorMsg") if isinstance(entry.get("isVisitorMsg"), bool) else None
    author, source = _author(flag, user, "userId" in entry)
    return Message(
        ts=ts,
        sent_at=times.slack(ts) or times.rfc3339(entry.get("sentAt")),
        author=author,
        author_source=source,
        from_visitor=flag,
        user_id=None if author == "visitor" else user,
        username=text(entry.get("username")),
        text=text(entry.get("text")),
        copies=len(copies),
    )


def _author(flag: bool | None, user: str | None, has_user: bool) -> tuple[str, str | None]:
    if flag is not None:
        return ("visitor" if flag else "agent" if user else "automatic"), "isVisitorMsg"
    if has_user:  # assumed: an empty user id meant the visitor before isVisitorMsg was sent
        return ("agent" if user else "visitor"), "userId"
    return "unknown", None

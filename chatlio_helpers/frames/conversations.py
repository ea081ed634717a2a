"""Rows of the conversations and of the agents: what several payloads say about one conversation."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from .. import times
from ..events import Event
from .messages import Message, text

Numbered = tuple[int, Event]
Chosen = dict[str, tuple[int, Event, list[Message]]]
OUTCOMES = ("answered", "answered after a reminder", "never answered", "waiting", "not known")
_LABEL = re.compile(r"[^\s@]+-\d+")


def is_generated(name: str | None, channel: str | None = None) -> bool | None:
    """Tell whether *name* is a label that Chatlio made: it equals the channel's name or ends in a hyphen and digits."""
    return None if name is None else name == channel or bool(_LABEL.fullmatch(name))


def conversation(conversation_id: str, events: list[Event], transcript: tuple[Event, list[Message]] | None) -> dict:
    """Give the row of one conversation from its *events* in order of receipt and its longest *transcript*."""
    body = transcript[0].payload if transcript else {}
    found = transcript[1] if transcript else []
    visitors = [event.visitor for event in events]
    channel = text(body.get("channelName"))
    name = text(body.get("visitorName")) or last(visitor.get("name") for visitor in visitors)
    opening = first(event.payload.get("message") for event in events if event.kind == "conversation_started")
    counts = {kind: sum(event.kind == kind for event in events) for kind in (*_COUNTED.values(), None)}
    timing = _timing(body, found, events)
    return {
        "conversation_id": conversation_id,
        "visitor_id": last(event.visitor_id for event in events),
        "visitor_email": text(body.get("visitorEmail")) or last(visitor.get("email") for visitor in visitors),
        "visitor_name": name,
        "name_is_generated": is_generated(name, channel),
        "channel_id": text(body.get("channelId")) or last(event.payload.get("channelId") for event in events),
        "channel_name": channel,
        "agent_email": text(body.get("agentEmail")),
        "agent_name": text(body.get("agentName")),
        **timing,
        "messages": len(found) if transcript else None,
        "visitor_messages": _by(found, "visitor") if transcript else None,
        "agent_messages": _by(found, "agent") if transcript else None,
        "outcome": _outcome(bool(found), _by(found, "agent"), counts["unanswered"]),
        "opening_message": opening or first(one.text for one in found if one.author == "visitor"),
        "feedback": last(event.payload.get("message") for event in events if event.kind == "feedback"),
        **{column: counts[kind] for column, kind in _COUNTED.items()},
        "of_unknown_kind": counts[None],
    }


_COUNTED = {
    "starts": "conversation_started",
    "reminders": "unanswered",
    "transcripts": "transcript",
    "feedbacks": "feedback",
}


def _timing(body: dict[str, Any], found: list[Message], events: list[Event]) -> dict[str, Any]:
    sent = [one.sent_at for one in found if one.sent_at]
    start, end = (sent[0], sent[-1]) if sent else (None, None)
    started, ended = times.rfc3339(body.get("startedAt")), times.rfc3339(body.get("endedAt"))
    asked = next((one.sent_at for one in found if one.author == "visitor" and one.sent_at), None)
    received = [event.received_at for event in events if event.kind == "conversation_started" and event.received_at]
    candidates = (("message", asked), ("startedAt", started), ("received", min(received, default=None)))
    source, opened = next(((word, moment) for word, moment in candidates if moment), (None, None))
    return {
        "opened_at": opened,
        "opened_source": source,
        "started_at": started,
        "first_message_at": start,
        "last_message_at": end,
        "ended_at": ended,
        "duration_s": seconds(start, end) if start and end else None,
        **_response(found, asked, started),
        "clock_skew": _after(started, start) or _after(end, ended) if sent and (started or ended) else None,
    }


def _response(found: list[Message], asked: datetime | None, started: datetime | None) -> dict[str, Any]:
    since = asked or started
    answers = [one.sent_at for one in found if one.author == "agent" and one.sent_at]
    answer = next((moment for moment in answers if asked is None or moment >= asked), None)
    if since is None or answer is None:
        return {"first_response_s": None, "response_source": None, "response_clamped": None}
    wait = seconds(since, answer)
    return {
        "first_response_s": max(wait, 0.0),
        "response_source": "message" if asked else "startedAt",
        "response_clamped": wait < 0,
    }


def _after(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and seconds(other, one) >= 0.001


def seconds(since: datetime, until: datetime) -> float:
    """Give the seconds from *since* to *until*, to the millisecond; negative when it is the other way round."""
    return round((until - since).total_seconds(), 3)  # the last three digits of a Slack ts only count messages


def _outcome(has_messages: bool, answers: int, reminders: int) -> str:
    if has_messages:
        return "never answered" if not answers else "answered after a reminder" if reminders else "answered"
    return "waiting" if reminders else "not known"


def _by(found: list[Message], author: str) -> int:
    return sum(one.author == author for one in found)


def agents(chosen: Chosen) -> list[dict[str, Any]]:
    """Give the rows of the agents: by Slack user id where they wrote, else by the transcript's ``agentEmail``."""
    rows: dict[str, dict[str, Any]] = {}
    known_emails = set()
    for _, event, found in sorted(chosen.values(), key=lambda one: one[0]):
        by_agent: dict[str, list[Message]] = {}
        for one in found:
            if one.author == "agent" and one.user_id:
                by_agent.setdefault(one.user_id, []).append(one)
        for agent, written in by_agent.items():
            _count(rows.setdefault(agent, {"agent": agent, "conversations": 0, "messages": 0}), written)
        if len(by_agent) == 1:
            known_emails.add(text(event.payload.get("agentEmail")))
            row = rows[next(iter(by_agent))]
            row["email"] = text(event.payload.get("agentEmail")) or row.get("email")
            row["name"] = text(event.payload.get("agentName")) or row.get("name")
    for _, event, _ in chosen.values():
        email = text(event.payload.get("agentEmail"))
        if email and email not in known_emails:
            rows.setdefault(email, {"agent": email, "email": email, "name": text(event.payload.get("agentName"))})
    return list(rows.values())


def _count(row: dict[str, Any], written: list[Message]) -> None:
    sent = [one.sent_at for one in written if one.sent_at]
    row["conversations"] += 1
    row["messages"] += len(written)
    row["username"] = last(one.username for one in written) or row.get("username")
    row["first_at"] = min([*sent, *([row["first_at"]] if row.get("first_at") else [])], default=None)
    row["last_at"] = max([*sent, *([row["last_at"]] if row.get("last_at") else [])], default=None)


def first(values: Iterable[Any]) -> str | None:
    """Give the first of *values* that says something."""
    return next((found for value in values if (found := text(value)) is not None), None)


def last(values: Iterable[Any]) -> str | None:
    """Give the last of *values* that says something."""
    return first(reversed(list(values)))

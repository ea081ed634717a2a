"""The paths that Chatlio's documentation shows for each shape, and those that only older payloads had."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_VISITOR = ("email", "UUID", "name", "identUserId", "identTraits", "userAgent", "handle", "currentPage", "referrerURL",
            "createdAt", "IPAddress")  # fmt: skip
_MESSAGE = ("text", "ts", "sentAt", "userId", "username", "isVisitorMsg")

PATHS: dict[str, frozenset[str]] = {
    "visitor": frozenset(
        {f"visitor.{name}" for name in (*_VISITOR, "location")}
        | {"message", "conversationUUID", "channelId", "slackChannelName", "slackChannelId"}
    ),
    "offline": frozenset({f"visitor.{name}" for name in _VISITOR} | {"name", "email", "emailPretty", "message"}),
    "transcript": frozenset(
        {f"messages[].{name}" for name in _MESSAGE}
        | {"agentEmail", "agentName", "archiveUrl", "extraData", "channelId", "channelName", "conversationUUID"}
        | {"startedAt", "endedAt", "htmlBody", "textBody", "visitorEmail", "replyToEmail", "visitorName"}
        | {"visitorTraits"}
    ),
}
OLDER = {"offline": frozenset({"subject"}), "transcript": frozenset({"slackTeamID"})}  # observed in 2017
_OPAQUE = ("visitorTraits", "extraData")  # what a site passes; not looked into for paths


def leaves(payload: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give path and value of every leaf; items of a list share the path ``name[]``, empty containers are leaves."""
    waiting: list[tuple[str, Any]] = [("", payload)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, dict) and value and path not in _OPAQUE:
            waiting.extend((f"{path}.{key}" if path else key, inner) for key, inner in value.items())
        elif isinstance(value, list) and value and path not in _OPAQUE:
            waiting.extend((f"{path}[]", inner) for inner in value)
        elif path:
            yield path, value


def paths(payload: dict[str, Any]) -> set[str]:
    """Give the paths of *payload*; ``messages`` without items counts as having all of theirs."""
    found = {path for path, _ in leaves(payload)}
    return (found - {"messages"}) | ({f"messages[].{name}" for name in _MESSAGE} if "messages" in found else set())

"""What we want in Adobe Experience Platform: the target schema, and the mapping of each kind, as tables of rows.

One XDM ExperienceEvent schema holds the five kinds. No payload says when it happened, which event it is or of what
kind it is, so the mapping stamps ``_id``, ``timestamp`` and ``eventType``:

* ``_id`` is a SHA-256 of content, so that a repeated delivery is recognised (:func:`event_id` computes the same text);
* ``timestamp`` is ``endedAt`` for a transcript and the moment of receipt for the other four, which carry no time;
* ``eventType`` is fixed for each kind, because each kind has a webhook URL, hence a dataflow, of its own.

Calculated fields read only keys that every documented payload of the kind has: a reference to a missing key fails the
whole row (documented: AEP, monitor streaming dataflows). Keys that may be missing are mapped as plain attributes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from .errors import PayloadError
from .events import KINDS
from .tables import table

if TYPE_CHECKING:
    import pandas

EXPERIENCE_EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
INDIVIDUAL_PROFILE = "https://ns.adobe.com/xdm/context/profile"

EVENT_TYPES: Mapping[str, str] = {
    "transcript": "chatlio.conversation.transcript",
    "offline_message": "chatlio.message.offline",
    "conversation_started": "chatlio.conversation.started",
    "unanswered": "chatlio.conversation.unanswered",
    "feedback": "chatlio.feedback.left",
}

# What makes two payloads of a kind the same event: paths in the payload; "#" takes the SHA-256 of the text.
_IDENTITY: Mapping[str, tuple[str, ...]] = {
    "transcript": ("conversationUUID", "endedAt"),
    "offline_message": ("visitor.UUID", "#message"),
    "conversation_started": ("conversationUUID",),
    "unanswered": ("conversationUUID", "#message"),
    "feedback": ("conversationUUID", "#message"),
}


@dataclass(frozen=True)
class Row:
    """One line of a mapping set: a source path or expression, the target path below the tenant, and why."""

    source_type: str
    source: str
    target: str
    why: str = ""

    def body(self, tenant: str) -> dict[str, str]:
        """Give the row in the words of the Data Prep API; our own targets go below ``_{tenant}``."""
        return {"sourceType": self.source_type, "source": self.source, "destination": _target(self.target, tenant)}


def mapping(kind: str) -> list[Row]:
    """Give the mapping rows of *kind*, event stamps first."""
    return [*_stamps(kind), *_ROWS[kind]]


def mapping_bodies(kind: str, tenant: str) -> list[dict[str, str]]:
    """Give the rows of *kind* as Data Prep takes them, with targets under ``_{tenant}``."""
    return [row.body(tenant) for row in mapping(kind)]


def event_id(kind: str, payload: Mapping[str, Any]) -> str:
    """Compute the ``_id`` that the mapping of *kind* gives this payload: 64 hex digits.

    Raises PayloadError when the payload lacks a part of its identity; such an event cannot be told from others.
    """
    parts = [kind]
    for path in _IDENTITY[kind]:
        text = _text_at(payload, path.removeprefix("#"))
        if text is None:
            raise PayloadError(
                f"The payload has no text at {path.removeprefix('#')}, so this {kind} cannot get an event id.",
                cause="a partial or hand-made payload",
                next_step="send a payload with all keys that Chatlio documents for this kind",
            )
        parts.append(_digest(text) if path.startswith("#") else text)
    return _digest(":".join(parts))


def fields(tenant: str) -> dict[str, Any]:
    """Give the ``properties`` of the field group: everything ours under ``_{tenant}.chatlio``."""
    return {f"_{tenant}": {"type": "object", "properties": {"chatlio": _object("Chatlio live chat", _FIELDS)}}}


def fields_table(tenant: str) -> pandas.DataFrame:
    """List every field of ours as a DataFrame: path, type, what it holds."""
    return table(_leaves(_FIELDS, f"_{tenant}.chatlio"))


def mapping_table(kind: str) -> pandas.DataFrame:
    """Give the mapping of *kind* as a DataFrame: source, target (below the tenant where it is ours), why."""
    return table({"source": row.source, "target": row.target, "why": row.why} for row in mapping(kind))


def _stamps(kind: str) -> list[Row]:
    when = _instant("endedAt") if kind == "transcript" else "now()"
    why = "Chatlio's time of the end" if kind == "transcript" else "no time in the payload: the moment of receipt"
    return [
        Row("EXPRESSION", _id_expression(kind), "_id", "from content: a repeat gets the same id"),
        Row("EXPRESSION", when, "timestamp", why),
        Row("EXPRESSION", f'"{EVENT_TYPES[kind]}"', "eventType", "no type in the payload: the dataflow knows"),
        Row("EXPRESSION", f'"{kind}"', "chatlio.kind"),
    ]


def _id_expression(kind: str) -> str:
    parts = [f"sha256({p[1:]})" if p.startswith("#") else p for p in _IDENTITY[kind]]
    joined = ', ":", '.join(parts)
    return f'sha256(concat("{kind}:", {joined}))'


def _instant(path: str) -> str:
    """Read RFC 3339 with 0 to 9 fraction digits: Data Prep's patterns know a fixed number only, so cut the fraction."""
    pattern = "\"yyyy-MM-dd'T'HH:mm:ssXXX\""
    zulu = f'date(concat(left({path}, 19), "Z"), {pattern})'
    offset = f"date(concat(left({path}, 19), right({path}, 6)), {pattern})"
    return f'iif(matches_regex({path}, ".*Z"), {zulu}, {offset})'


def _blank_is_null(path: str) -> str:
    return f'iif({path} == "", null, {path})'


def _visitor_rows(*, location: bool) -> list[Row]:
    rows = [
        Row("ATTRIBUTE", "visitor.UUID", "chatlio.visitor.id", "names the visitor, never the event"),
        Row("EXPRESSION", 'iif(visitor.email == "", null, lower(trim(visitor.email)))', "chatlio.visitor.email",
            'an empty text would be one identity shared by all who gave none'),
        Row("EXPRESSION", _blank_is_null("visitor.identUserId"), "chatlio.visitor.userId",
            "empty means not identified"),
        Row("ATTRIBUTE", "visitor.name", "chatlio.visitor.name", "often a generated label"),
        Row("ATTRIBUTE", "visitor.handle", "chatlio.visitor.handle"),
        Row("ATTRIBUTE", "visitor.identTraits", "chatlio.visitor.traits", "JSON inside a text: kept as text"),
        Row("ATTRIBUTE", "visitor.userAgent", "chatlio.visitor.userAgent"),
        Row("ATTRIBUTE", "visitor.IPAddress", "chatlio.visitor.ipAddress"),
        Row("ATTRIBUTE", "visitor.currentPage", "chatlio.visitor.currentPage"),
        Row("ATTRIBUTE", "visitor.referrerURL", "chatlio.visitor.referrer"),
        Row("EXPRESSION", _instant("visitor.createdAt"), "chatlio.visitor.createdAt",
            "when the visitor was first seen, never the event's time"),
    ]  # fmt: skip
    return [*rows, Row("ATTRIBUTE", "visitor.location", "chatlio.visitor.location")] if location else rows


_CONVERSATION = [
    Row("ATTRIBUTE", "conversationUUID", "chatlio.conversationId", "joins the kinds"),
    Row("ATTRIBUTE", "message", "chatlio.message"),
    Row("ATTRIBUTE", "channelId", "chatlio.channel.id"),
    Row("ATTRIBUTE", "slackChannelId", "chatlio.channel.sharedId"),
    Row("ATTRIBUTE", "slackChannelName", "chatlio.channel.sharedName"),
    *_visitor_rows(location=True),
]

_ROWS: Mapping[str, list[Row]] = {
    "transcript": [
        Row("ATTRIBUTE", "conversationUUID", "chatlio.conversationId", "joins the kinds"),
        Row("EXPRESSION", _instant("startedAt"), "chatlio.startedAt"),
        Row("EXPRESSION", _instant("endedAt"), "chatlio.endedAt"),
        Row("EXPRESSION", 'iif(visitorEmail == "", null, lower(trim(visitorEmail)))', "chatlio.visitor.email",
            "replyToEmail is not used: it may be somebody else's"),
        Row("ATTRIBUTE", "visitorName", "chatlio.visitor.name", "often a generated label"),
        Row("ATTRIBUTE", "agentName", "chatlio.agent.name"),
        Row("ATTRIBUTE", "agentEmail", "chatlio.agent.email"),
        Row("ATTRIBUTE", "channelId", "chatlio.channel.id"),
        Row("ATTRIBUTE", "channelName", "chatlio.channel.name"),
        Row("ATTRIBUTE", "messages[*].text", "chatlio.messages[*].text", "textBody and htmlBody repeat it: left out"),
        Row("ATTRIBUTE", "messages[*].ts", "chatlio.messages[*].slackTs", "text: a number would lose digits"),
        Row("ATTRIBUTE", "messages[*].sentAt", "chatlio.messages[*].sentAt"),
        Row("ATTRIBUTE", "messages[*].userId", "chatlio.messages[*].authorId"),
        Row("ATTRIBUTE", "messages[*].username", "chatlio.messages[*].authorName"),
        Row("ATTRIBUTE", "messages[*].isVisitorMsg", "chatlio.messages[*].fromVisitor"),
    ],
    "offline_message": [
        Row("ATTRIBUTE", "message", "chatlio.message"),
        Row("ATTRIBUTE", "name", "chatlio.contact.name", "typed into the form"),
        Row("EXPRESSION", _blank_is_null("lower(trim(email))"), "chatlio.contact.email", "typed into the form"),
        *_visitor_rows(location=False),
    ],
    "conversation_started": _CONVERSATION,
    "unanswered": _CONVERSATION,
    "feedback": _CONVERSATION,
}  # fmt: skip


def _text(title: str, **rules: Any) -> dict[str, Any]:
    return {"title": title, "type": "string", **rules}


def _moment(title: str) -> dict[str, Any]:
    return _text(title, format="date-time")


def _object(title: str, properties: Mapping[str, Any]) -> dict[str, Any]:
    return {"title": title, "type": "object", "properties": dict(properties)}


_FIELDS: dict[str, Any] = {
    "kind": _text("Which webhook", enum=list(KINDS), **{"meta:enum": {kind: kind.replace("_", " ") for kind in KINDS}}),
    "conversationId": _text("Conversation id", minLength=1),
    "message": _text("Message"),
    "startedAt": _moment("Conversation started at (Chatlio's clock)"),
    "endedAt": _moment("Conversation ended at (Slack's clock)"),
    "visitor": _object("Visitor", {
        "id": _text("Visitor id of Chatlio"),
        "email": _text("E-mail, lower case"),
        "userId": _text("User id given to identify()"),
        "name": _text("Name or generated label"),
        "handle": _text("Generated label"),
        "traits": _text("Traits given to identify(), JSON text"),
        "userAgent": _text("User agent"),
        "ipAddress": _text("IP address"),
        "location": _text("Location guessed from the IP address"),
        "currentPage": _text("Page at the time of the event"),
        "referrer": _text("Referring page"),
        "createdAt": _moment("Visitor first seen at"),
    }),
    "contact": _object("Contact typed into the offline form", {
        "name": _text("Name"),
        "email": _text("E-mail, lower case"),
    }),
    "channel": _object("Slack channels", {
        "id": _text("Channel made for this visitor"),
        "name": _text("Name of that channel"),
        "sharedId": _text("Shared channel of the widget"),
        "sharedName": _text("Name of the shared channel"),
    }),
    "agent": _object("Agent", {"name": _text("Name"), "email": _text("E-mail")}),
    "messages": {"title": "Messages", "type": "array", "items": _object("Message", {
        "text": _text("Text"),
        "slackTs": _text("Slack ts; unique in its channel"),
        "sentAt": _text("Sent at, as Chatlio writes it"),
        "authorId": _text("Slack user id; empty for the visitor"),
        "authorName": _text("Author shown"),
        "fromVisitor": {"title": "Written by the visitor", "type": "boolean"},
    })},
}  # fmt: skip


def _target(path: str, tenant: str) -> str:
    return f"_{tenant}.{path}" if path.startswith("chatlio") else path


def _text_at(payload: Mapping[str, Any], path: str) -> str | None:
    value: Any = payload
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else None


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _leaves(properties: Mapping[str, Any], path: str) -> Iterable[dict[str, str]]:
    for name, field in properties.items():
        here = f"{path}.{name}"
        if field["type"] == "object":
            yield from _leaves(field["properties"], here)
        elif field["type"] == "array":
            yield from _leaves(field["items"]["properties"], f"{here}[]")
        else:
            yield {"field": here, "type": field.get("format", field["type"]), "what it holds": field["title"]}

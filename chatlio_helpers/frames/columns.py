"""The columns of every frame, once: they type the frames and write the data dictionary.

``python -m chatlio_helpers.frames docs/data-dictionary.md`` writes the dictionary anew.
"""

from __future__ import annotations

from typing import NamedTuple

TEXT, TIME, WHOLE, NUMBER, YES_NO, WORD = "string", "datetime64[ms, UTC]", "Int64", "Float64", "boolean", "category"


class Column(NamedTuple):
    """A column: its name, dtype, where it comes from and what it means, and which personal data it holds."""

    name: str
    dtype: str
    says: str
    personal: str = ""


class Frame(NamedTuple):
    """A frame: what one row is, its key (the rows are unique in it), and its columns."""

    row: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]


_CONVERSATION = Column("conversation_id", TEXT, "`conversationUUID`, compared as given", "pseudonymous id")
_VISITOR = Column("visitor_id", TEXT, "`visitor.UUID`, compared as given", "pseudonymous id")
_EVENT = Column("event", WHOLE, "position of the payload in the events, from 0")
_RECEIVED = Column("received_at", TIME, "when a receiver took the payload; missing when nobody stamped it")

FRAMES: dict[str, Frame] = {
    "events": Frame(
        "one payload as received",
        ("event",),
        (
            _EVENT,
            Column("kind", WORD, "one of the five kinds; missing when it cannot be known"),
            Column("kind_source", WORD, "how the kind is known: url, name, shape, guess"),
            Column("family", WORD, "transcript, offline or visitor; the last is shared by three kinds"),
            Column("rule", TEXT, "the rule that decided"),
            Column("confidence", WORD, "certain, high, family only, low or none"),
            _CONVERSATION,
            _VISITOR,
            Column("at", TIME, "time of the event: `endedAt`, else the last message, else the time of receipt"),
            Column("at_source", WORD, "which of the three `at` is"),
            _RECEIVED,
            Column("duplicate_of", WHOLE, "first event with the same kind and content"),
            Column("superseded", YES_NO, "true for a transcript of which a longer one exists"),
            Column("size", WHOLE, "bytes as received"),
            Column("file", TEXT, "name of the file it was read from"),
            Column("line", WHOLE, "line of the file, from 1"),
            Column("notes", TEXT, "what was odd about the reading"),
            Column("payload", TEXT, "the whole payload as JSON text", "everything below"),
        ),
    ),
    "visitors": Frame(
        "one visitor id; of several payloads the last that says something counts",
        ("visitor_id",),
        (
            _VISITOR,
            Column("email", TEXT, "`visitor.email`, trimmed", "direct identifier"),
            Column("name", TEXT, "`visitor.name`", "name"),
            Column("handle", TEXT, "`visitor.handle`, a label made by Chatlio", "location in words"),
            Column("ident_user_id", TEXT, "`visitor.identUserId`, whatever the site passed", "customer id or e-mail"),
            Column("ident_traits", TEXT, "`visitor.identTraits` as received: JSON inside a string", "anything"),
            Column("ip_address", TEXT, "`visitor.IPAddress`; may be a proxy", "online identifier"),
            Column("location", TEXT, "`visitor.location`, derived from the IP address", "city level"),
            Column("country", TEXT, "last part of `location`; a hint, not a fact"),
            Column("user_agent", TEXT, "`visitor.userAgent`", "part of a fingerprint"),
            Column("page", TEXT, "`visitor.currentPage` without query and fragment", "may hold names"),
            Column("referrer", TEXT, "`visitor.referrerURL` without query and fragment", "may hold names"),
            Column("created_at", TIME, "`visitor.createdAt`: of the visitor's record, never of an event"),
            Column("first_received_at", TIME, "earliest time of receipt"),
            Column("last_received_at", TIME, "latest time of receipt"),
            Column("conversations", WHOLE, "distinct conversations"),
            Column("offline_messages", WHOLE, "offline messages received"),
        ),
    ),
    "conversations": Frame(
        "one conversation id, from all payloads that name it; times and texts come from its longest transcript, "
        "and those of which a transcript has messages come first",
        ("conversation_id",),
        (
            _CONVERSATION,
            Column("visitor_id", TEXT, "`visitor.UUID`; transcripts have none", "pseudonymous id"),
            Column("visitor_email", TEXT, "`visitorEmail`, else `visitor.email`", "direct identifier"),
            Column("visitor_name", TEXT, "`visitorName`, else `visitor.name`", "name"),
            Column("name_is_generated", YES_NO, "true when the name is Chatlio's label, not a person's name"),
            Column("channel_id", TEXT, "`channelId`"),
            Column("channel_name", TEXT, "`channelName`", "location or visitor's name"),
            Column("agent_email", TEXT, "`agentEmail`", "employee"),
            Column("agent_name", TEXT, "`agentName`", "employee"),
            Column("opened_at", TIME, "first visitor message, else `startedAt`, else receipt of its start"),
            Column("opened_source", WORD, "which of the three `opened_at` is: message, startedAt, received"),
            Column("started_at", TIME, "`startedAt`, Chatlio's clock"),
            Column("first_message_at", TIME, "first message, Slack's clock"),
            Column("last_message_at", TIME, "last message, Slack's clock"),
            Column("ended_at", TIME, "`endedAt`, Slack's clock"),
            Column("duration_s", NUMBER, "seconds from first to last message"),
            Column("first_response_s", NUMBER, "seconds from the visitor's first message to the next one of an agent"),
            Column("response_source", WORD, "message, or startedAt when no visitor message has a time"),
            Column("response_clamped", YES_NO, "true when the wait was negative (two clocks) and set to 0"),
            Column("clock_skew", YES_NO, "true if `startedAt` is after the first message or `endedAt` before the last"),
            Column("messages", WHOLE, "messages in the longest transcript"),
            Column("visitor_messages", WHOLE, "of these, written by the visitor"),
            Column("agent_messages", WHOLE, "of these, written by an agent"),
            Column("outcome", WORD, "answered, answered after a reminder, never answered, waiting, not known"),
            Column("opening_message", TEXT, "`message` of its start, else its first visitor message", "free text"),
            Column("feedback", TEXT, "`message` of the last feedback", "free text, opinion"),
            Column("starts", WHOLE, "payloads of kind conversation_started"),
            Column("reminders", WHOLE, "payloads of kind unanswered; repeats count"),
            Column("transcripts", WHOLE, "payloads of kind transcript"),
            Column("feedbacks", WHOLE, "payloads of kind feedback"),
            Column("of_unknown_kind", WHOLE, "payloads whose kind is not known"),
        ),
    ),
    "messages": Frame(
        "one message of the longest transcript of each conversation",
        ("event", "position"),
        (
            _CONVERSATION,
            _EVENT,
            Column("position", WHOLE, "place in the order of time, from 0"),
            Column("ts", TEXT, "Slack's `ts` as text; unique within a channel"),
            Column("sent_at", TIME, "`ts` as a time, else `sentAt`"),
            Column("since_previous_s", NUMBER, "seconds since the message before"),
            Column("author", WORD, "visitor, agent, automatic or unknown"),
            Column("author_source", WORD, "isVisitorMsg, or userId (weak) when that is absent"),
            Column("from_visitor", YES_NO, "`isVisitorMsg`; missing in old payloads"),
            Column("agent_id", TEXT, "`userId` of a message that is not the visitor's", "employee"),
            Column("username", TEXT, "`username`, a display name", "employee, or visitor's label"),
            Column("text", TEXT, "`text` as received", "free text"),
            Column("length", WHOLE, "characters of `text`"),
            Column("copies", WHOLE, "how often the same `ts` stood in the transcript"),
        ),
    ),
    "offline_messages": Frame(
        "one payload of kind offline_message",
        ("event",),
        (
            _EVENT,
            _VISITOR,
            Column("name", TEXT, "`name` of the form", "name"),
            Column("email", TEXT, "`email` of the form, trimmed", "direct identifier"),
            Column("subject", TEXT, "`subject`, in older payloads only", "free text"),
            Column("message", TEXT, "`message`", "free text"),
            Column("length", WHOLE, "characters of `message`"),
            _RECEIVED,
            Column("repeat", YES_NO, "true when the same content came before"),
        ),
    ),
    "agents": Frame(
        "one Slack user who answered, else one agent known by e-mail only",
        ("agent",),
        (
            Column("agent", TEXT, "Slack user id, else `agentEmail`", "employee"),
            Column("username", TEXT, "last display name in Slack", "employee"),
            Column("email", TEXT, "`agentEmail` of a transcript in which only this agent wrote", "employee"),
            Column("name", TEXT, "`agentName` of such a transcript", "employee"),
            Column("conversations", WHOLE, "conversations in which the agent wrote"),
            Column("messages", WHOLE, "messages written"),
            Column("first_at", TIME, "first message"),
            Column("last_at", TIME, "last message"),
        ),
    ),
}  # fmt: skip

JOINS = (  # left frame and column, right frame and column, what the join gives
    ("messages", "conversation_id", "conversations", "conversation_id", "each message with its conversation"),
    ("conversations", "visitor_id", "visitors", "visitor_id", "each conversation with its visitor"),
    ("offline_messages", "visitor_id", "visitors", "visitor_id", "each offline message with its visitor"),
    ("messages", "agent_id", "agents", "agent", "each answer with the agent who wrote it"),
    ("messages", "event", "events", "event", "each message with the payload it came in"),
    ("offline_messages", "event", "events", "event", "each offline message with its payload"),
    ("events", "conversation_id", "conversations", "conversation_id", "each payload with its conversation"),
)


def dictionary() -> str:
    """Give the data dictionary: one Markdown table per frame, and the joins."""
    parts = [
        "# Data dictionary\n\nThe frames of `frames.tidy(events)`. Written by "
        "`python -m chatlio_helpers.frames`; do not edit by hand.\n\n"
        "Times are UTC, cut to milliseconds. The empty text, which Chatlio writes for "
        "*missing*, is missing here.\n"
    ]
    parts += [_section(name, frame) for name, frame in FRAMES.items()]
    joins = "".join(f"| {a}.{b} | {c}.{d} | {says} |\n" for a, b, c, d, says in JOINS)
    parts.append(f"## How they join\n\n| from | to | gives |\n| --- | --- | --- |\n{joins}")
    return "\n".join(parts)


def _section(name: str, frame: Frame) -> str:
    rows = "".join(f"| {c.name} | {c.dtype} | {c.says} | {c.personal or '–'} |\n" for c in frame.columns)
    return (
        f"## {name}\n\nOne row: {frame.row}. Key: {', '.join(frame.key)}.\n\n"
        f"| column | dtype | where from, what it means | personal data |\n| --- | --- | --- | --- |\n{rows}"
    )

"""The traps of Chatlio's payloads: how each is recognised, and what to do about it.

The numbers 1 to 25 are those of the list of traps; from 26 on are traps that the kinds and the reading bring.
A finder looks at one event and gives a masked example, or None.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any, NamedTuple

from .. import masks, times
from ..documented import OLDER, PATHS, leaves, paths
from ..events import Event, said
from ..frames.conversations import is_generated
from ..frames.messages import messages

RECOMMENDED = 10 * 1024  # bytes of a streaming record (documented: Adobe, guardrails)
LARGEST = 1024 * 1024  # bytes, hard limit of the platform (documented: Adobe, guardrails)
_RFC4122 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
_ROBOT = re.compile(r"bot\b|bot/|spider|crawl|headless", re.IGNORECASE)
_MARKUP = re.compile(r"<[^>]+>|&(?:amp|lt|gt);|:\w+:|[\r\n]|[\u2600-\u27bf\U0001f000-\U0001faff]")
_FINE = re.compile(r"\.\d{7,}")
_LONG = timedelta(hours=24)


class Trap(NamedTuple):
    """One trap: its number, what it is, what to do, and its finder."""

    number: int
    name: str
    do: str
    find: Callable[[Event], str | None]


def _blank(event: Event) -> str | None:
    return next((path for path, value in leaves(event.payload) if isinstance(value, str) and not value.strip()), None)


def _null(event: Event) -> str | None:
    return next((path for path, value in leaves(event.payload) if value is None), None)


def _traits_in_text(event: Event) -> str | None:
    found = said(event.visitor.get("identTraits"))
    if not found:
        return None
    try:
        inner = json.loads(found)
    except (ValueError, RecursionError):
        return "text that is not JSON"
    return f"JSON object with {len(inner)} keys" if isinstance(inner, dict) else "JSON, but no object"


def _other_type(event: Event) -> str | None:
    expected = {"visitorTraits": dict, "messages": list, "extraData": list}
    wrong = [name for name, kind in expected.items() if not isinstance(event.payload.get(name, kind()), kind)]
    return ", ".join(f"{name}: {_json_type(event.payload[name])}" for name in wrong) or None


def _rows_inside(event: Event) -> str | None:
    return f"{len(found)} messages" if (found := _entries(event)) else None


def _no_time(event: Event) -> str | None:
    return "no time in the body" if event.kind != "transcript" and event.received_at is None else None


def _order(event: Event) -> str | None:
    moments = [moment for entry in _entries(event) if (moment := times.slack(entry.get("ts")))]
    return "messages not by ts" if moments != sorted(moments) else None


def _long_lived(event: Event) -> str | None:
    moments = [one.sent_at for one in messages(event) if one.sent_at]
    gap = max((later - earlier for earlier, later in pairwise(moments)), default=timedelta())
    return f"{gap.days} days between two messages" if gap > _LONG else None


def _fine_fraction(event: Event) -> str | None:
    return next((value for value in _moments(event) if _FINE.search(value)), None)


def _slack_ts(event: Event) -> str | None:
    found = [entry["ts"] for entry in _entries(event) if entry.get("ts")]
    return next((f"{ts!r}, a number" for ts in found if not isinstance(ts, str)), found[0] if found else None)


def _odd_uuid(event: Event) -> str | None:
    ids = (event.conversation_id, event.visitor_id)
    return next((masks.identifier(one) for one in ids if one and not _RFC4122.fullmatch(one)), None)


def _marked_up(event: Event) -> str | None:
    texts = [event.payload.get("message"), *(entry.get("text") for entry in _entries(event))]
    found = next((one for one in texts if isinstance(one, str) and _MARKUP.search(one)), None)
    return f"a text of length {len(found)}" if found else None


def _robot(event: Event) -> str | None:
    found = said(event.visitor.get("userAgent"))
    return found[:60] if found and _ROBOT.search(found) else None


def _odd_location(event: Event) -> str | None:
    if event.family not in ("visitor", "offline") or not event.visitor:
        return None
    found = said(event.visitor.get("location"))
    parts = found.count(",") + 1 if found else 0
    return f"{parts} parts" if parts != 3 else None


def _ipv6(event: Event) -> str | None:
    found = said(event.visitor.get("IPAddress"))
    return masks.address(found) if found and ":" in found else None


def _query(event: Event) -> str | None:
    urls = (said(event.visitor.get(name)) for name in ("currentPage", "referrerURL"))
    return next((masks.text(url) for url in urls if url and ("?" in url or "#" in url)), None)


def _label(event: Event) -> str | None:
    channel = said(event.payload.get("channelName"))
    names = (said(event.payload.get("visitorName")), said(event.visitor.get("name")))
    return next((masks.identifier(name) for name in names if is_generated(name, channel)), None)


def _large(event: Event) -> str | None:
    over = " and over 1 MB: refused" if event.size > LARGEST else ""
    return f"{event.size:,} bytes{over}" if event.size > RECOMMENDED else None


def _new_keys(event: Event) -> str | None:
    known = PATHS.get(event.family, frozenset()) | OLDER.get(event.family, frozenset())
    new = sorted(path for path in paths(event.payload) if not any(path == k or k.startswith(f"{path}.") for k in known))
    return masks.text(", ".join(new)) or None if event.family else None


def _no_author(event: Event) -> str | None:
    missing = sum(not isinstance(entry.get("isVisitorMsg"), bool) for entry in _entries(event))
    return f"{missing} messages" if missing else None


def _reply_to(event: Event) -> str | None:
    mail, reply = said(event.payload.get("visitorEmail")), said(event.payload.get("replyToEmail"))
    return masks.email(reply) if reply and reply != mail else None


def _dates(event: Event) -> str | None:
    unread = next((path for path, value in leaves(event.payload) if path in _TIMES and _not_a_time(value)), None)
    if unread:
        return f"{unread} says no time"
    started, ended = (times.rfc3339(event.payload.get(name)) for name in ("startedAt", "endedAt"))
    sent = [one.sent_at for one in messages(event) if one.sent_at]
    if started and ended and started > ended:
        return "startedAt after endedAt"
    return "startedAt after the first message" if started and sent and started > sent[0] else None


def _incomplete(event: Event) -> str | None:
    missing = sorted(PATHS.get(event.family, frozenset()) - paths(event.payload) - {"extraData"})
    return f"{len(missing)} documented keys missing, first {missing[0]}" if missing else None


def _unknowable(event: Event) -> str | None:
    return event.rule if event.kind is None or event.kind_source == "guess" else None


def _disagrees(event: Event) -> str | None:
    return f"said to be {event.kind}, shaped otherwise" if event.disagrees else None


def _mail_as_id(event: Event) -> str | None:
    found = said(event.visitor.get("identUserId"))
    return masks.email(found) if found and "@" in found else None


def _untidy_mail(event: Event) -> str | None:
    mails = (event.payload.get("email"), event.payload.get("visitorEmail"), event.visitor.get("email"))
    return next((masks.email(one) for one in mails if said(one) and one != one.strip().lower()), None)


def _odd_reading(event: Event) -> str | None:
    return "; ".join(event.notes) or None


def _message_twice(event: Event) -> str | None:
    doubles = sum(one.copies - 1 for one in messages(event))
    return f"{doubles} of one transcript" if doubles else None


TRAPS = (
    Trap(1, "the empty text stands for missing", "turn blanks into null before anything else", _blank),
    Trap(2, "identTraits is JSON inside a text", "keep it raw; map an allow-list of its keys only", _traits_in_text),
    Trap(3, "object, text, list or null for the same key", "bring to one type before flattening", _other_type),
    Trap(4, "messages are rows inside a row", "one frame of conversations, one of messages", _rows_inside),
    Trap(5, "no time of the event", "stamp at receipt or with now(); never visitor.createdAt", _no_time),
    Trap(6, "no id of the event", "build one from content, beginning with the kind", lambda _: "no id in the body"),
    Trap(8, "messages out of order", "sort by ts", _order),
    Trap(9, "one conversation id over days", "do not take it for a session; look at gaps", _long_lived),
    Trap(10, "fractions finer than microseconds", "read with the offset, to UTC, cut to milliseconds", _fine_fraction),
    Trap(11, "Slack's ts", "keep it as text; it is unique only within a channel", _slack_ts),
    Trap(12, "ids that a strict UUID check rejects", "treat ids as texts, compare as given", _odd_uuid),
    Trap(13, "markup, emoji or line breaks in texts", "escape; never render htmlBody", _marked_up),
    Trap(14, "user agent of a robot", "keep raw; leave out of visitor counts", _robot),
    Trap(15, "location without three parts", "keep it as one text; no typed geography", _odd_location),
    Trap(16, "IPv6 address", "expect both versions, and proxies", _ipv6),
    Trap(17, "query string in an address", "strip query and fragment", _query),
    Trap(18, "a label where a name is expected", "do not write it to a person's name", _label),
    Trap(19, "larger than the recommended 10 KB", "leave out htmlBody and textBody", _large),
    Trap(20, "keys that nothing documents", "keep raw, ask what they are", _new_keys),
    Trap(21, "isVisitorMsg is absent", "fall back to userId, marked as weak", _no_author),
    Trap(22, "replyToEmail is not the visitor's address", "never use it as an identity", _reply_to),
    Trap(23, "times that contradict or cannot be read", "two clocks: clamp and flag; year 1 is missing", _dates),
    Trap(24, "documented keys are missing", "upload a full sample to the mapper, not this one", _incomplete),
    Trap(26, "the kind cannot be known from the payload", "one webhook URL per kind", _unknowable),
    Trap(27, "shape of another kind than its URL or file", "look for a URL in the wrong field", _disagrees),
    Trap(28, "null", "treat as missing", _null),
    Trap(29, "identUserId is an e-mail address", "hash it, or leave it out", _mail_as_id),
    Trap(30, "capitals or blanks in an address", "trim and lower-case before comparing", _untidy_mail),
    Trap(31, "a message stands twice in a transcript", "count one ts once", _message_twice),
    Trap(32, "odd encoding or a key twice", "write UTF-8 without byte order mark, keys once", _odd_reading),
)
_TIMES = frozenset({"startedAt", "endedAt", "visitor.createdAt", "messages[].sentAt"})


def _entries(event: Event) -> list[dict[str, Any]]:
    found = event.payload.get("messages")
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def _moments(event: Event) -> list[str]:
    return [value for path, value in leaves(event.payload) if path in _TIMES and isinstance(value, str)]


def _not_a_time(value: Any) -> bool:
    return bool(said(value)) and times.rfc3339(value) is None if isinstance(value, str) else value is not None


def _json_type(value: Any) -> str:
    return {str: "text", list: "list", dict: "object", type(None): "null"}.get(type(value), type(value).__name__)

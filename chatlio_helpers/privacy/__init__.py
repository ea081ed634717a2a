"""Which personal data Chatlio's payloads hold, and what to do with each before it leaves the machine.

A map for engineers, not legal advice. The paths are those of Chatlio's documented samples.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import masks
from ..documented import leaves
from ..events import KINDS, Events, called, said
from ..frames import Tables
from ..frames.columns import FRAMES
from ..tables import table
from .synthetic import synthetic

if TYPE_CHECKING:
    import pandas

__all__ = ["RULES", "masked", "report", "synthetic"]


class Rule(NamedTuple):
    """What a path holds, what to do before a test event, and what to do when live data is needed."""

    what: str
    before_test: str
    live: str
    shown: Callable[[str], str]


def _hidden(value: str) -> str:
    return f"a text of length {len(value)}"


_EMAIL = Rule("direct identifier", "an address at example.com", "trim, lower-case, SHA-256", masks.email)
_DROP = Rule("direct identifier", "drop or replace", "drop", _hidden)
_NAME = Rule("name, or a label made by Chatlio", "an invented name", "drop unless consented", masks.name)
_IDENT = Rule("customer id, often an e-mail", "an invented id", "hash if it looks like an e-mail", masks.identifier)
_ANY = Rule("anything the site passes", "drop or allow-list", "allow-list", _hidden)
_ID = Rule("pseudonymous id", "a random id", "keep as key; salted hash in shared sandboxes", masks.identifier)
_IP = Rule(
    "online identifier (personal in the EU)", "documentation ranges", "cut to /24 or /48, or drop", masks.address
)
_PLACE = Rule("city level", "an invented place", "coarsen to the country", _hidden)
_BROWSER = Rule("part of a fingerprint", "one fixed sample", "family and system only", _hidden)
_URL = Rule("may hold tokens, addresses, order ids", "path only", "strip query and fragment", masks.text)
_LABEL = Rule("location or visitor's name in a label", "an invented label", "hash", masks.identifier)
_TEXT = Rule("free text: phones, cards, health, passwords", "lorem text", "drop, keep length and counts", _hidden)
_STAFF = Rule("employee data", "invented", "hash the id, drop mail and name", masks.identifier)
_STAFF_MAIL = _STAFF._replace(shown=masks.email)
_STAFF_NAME = _STAFF._replace(shown=masks.name)
_INTERNAL = Rule("internal id", "a random id", "keep if joins need it", masks.identifier)
_TIME = Rule("time of a message", "kept", "keep; with other data it can single out a chat", str)

RULES: dict[str, Rule] = {
    "visitor.email": _EMAIL, "email": _EMAIL, "visitorEmail": _EMAIL,
    "emailPretty": _DROP, "replyToEmail": _DROP,
    "visitor.name": _NAME, "name": _NAME, "visitorName": _NAME,
    "visitor.identUserId": _IDENT, "visitor.identTraits": _ANY, "visitorTraits": _ANY, "extraData": _ANY,
    "visitor.UUID": _ID, "conversationUUID": _ID,
    "visitor.IPAddress": _IP, "visitor.location": _PLACE, "visitor.userAgent": _BROWSER,
    "visitor.currentPage": _URL, "visitor.referrerURL": _URL, "archiveUrl": _LABEL._replace(shown=_hidden),
    "visitor.handle": _LABEL, "channelName": _LABEL, "slackChannelName": _LABEL,
    "message": _TEXT, "subject": _TEXT, "messages[].text": _TEXT, "textBody": _TEXT, "htmlBody": _TEXT,
    "agentEmail": _STAFF_MAIL, "agentName": _STAFF_NAME, "messages[].userId": _STAFF,
    "messages[].username": _STAFF_NAME,
    "channelId": _INTERNAL, "slackChannelId": _INTERNAL, "slackTeamID": _INTERNAL, "messages[].ts": _TIME,
}  # fmt: skip
HARMLESS = frozenset({"startedAt", "endedAt", "messages[].sentAt", "messages[].isVisitorMsg", "visitor.createdAt"})
_UNKNOWN = Rule("undocumented key: unknown", "replaced as free text", "look at it first", _hidden)
_SHOWN_AS = {
    "direct identifier": masks.email, "pseudonymous id": masks.identifier, "name": masks.name,
    "online identifier": masks.address,
}  # fmt: skip


def report(what: Events | Tables) -> pandas.DataFrame:
    """Give one row per path of the payloads, or per column of the frames, that holds personal data.

    Counts are of filled and of distinct values; examples are masked, free text is shown by its length only.
    """
    return _of_frames(what) if isinstance(what, Tables) else _of_payloads(what)


def masked(payload: dict[str, Any]) -> dict[str, Any]:
    """Give *payload* for display: the same keys, addresses and ids masked, free text replaced by its length."""
    return {key: _masked(key, value) for key, value in payload.items()}


def _masked(path: str, value: Any) -> Any:
    if isinstance(value, dict) and value and path not in RULES:
        return {key: _masked(f"{path}.{key}", inner) for key, inner in value.items()}
    if isinstance(value, list) and value and path not in RULES:
        return [_masked(f"{path}[]", inner) for inner in value]
    if path in HARMLESS or isinstance(value, bool) or not value or (isinstance(value, str) and not value.strip()):
        return value
    shown = RULES.get(path, _UNKNOWN).shown
    return shown(value) if isinstance(value, str) else f"{called(value)}, hidden"


def _of_payloads(events: Events) -> pandas.DataFrame:
    found: dict[str, list[str]] = {}
    kinds: dict[str, set[str]] = {}
    for event in events:
        for path, value in leaves(event.payload):
            filled = said(value) if isinstance(value, str) else None if value in (None, [], {}) else str(value)
            if filled and path not in HARMLESS:
                found.setdefault(path, []).append(filled)
                kinds.setdefault(path, set()).add(event.kind or "unknown")
    order = [*(path for path in RULES if path in found), *sorted(found.keys() - RULES.keys())]
    return table(
        (_row(path, _named(kinds[path]), found[path]) for path in order),
        columns=("path", "what it is", "before a test", "live data", "example", "filled", "distinct", "kinds"),
    )


def _row(path: str, kinds: str, values: list[str]) -> tuple[Any, ...]:
    rule = RULES.get(path, _UNKNOWN)
    example = rule.shown(values[0])
    return path, rule.what, rule.before_test, rule.live, example, len(values), len(set(values)), kinds


def _named(kinds: set[str]) -> str:
    """Name the kinds in their order, those that are missing when they are fewer."""
    known = [kind for kind in KINDS if kind in kinds]
    if len(known) < len(KINDS) - 1:
        return ", ".join(known) or "unknown"
    return " but ".join(["all", *(kind for kind in KINDS if kind not in kinds)])


def _of_frames(tables: Tables) -> pandas.DataFrame:
    return table(_columns(tables), columns=("frame", "column", "what it is", "filled", "distinct", "example"))


def _columns(tables: Tables) -> Iterator[tuple[Any, ...]]:
    for name, frame in tables.items():
        for column in FRAMES[name].columns:
            if column.personal:
                values = [str(value) for value in frame[column.name].dropna()]
                shown = _SHOWN_AS.get(column.personal, _hidden)
                example = shown(values[0]) if values else None
                yield name, column.name, column.personal, len(values), len(set(values)), example

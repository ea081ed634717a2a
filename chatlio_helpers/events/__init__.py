"""An event is a payload of which we know, or know that we do not know, its kind.

No Chatlio payload carries a type. What is known comes from outside (the URL that it was posted to, the name of its
file) or from its shape; *conversation started*, *unanswered* and *feedback* share one shape and cannot be told apart
by it. A guess is made only when asked for, and stays marked as one. Source: Chatlio's documented samples.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from ..cards import html_table
from ..errors import PayloadError
from ..results import Result, check
from ..tables import table

if TYPE_CHECKING:
    import pandas

KINDS = ("transcript", "offline_message", "conversation_started", "unanswered", "feedback")
KIND_SOURCES = ("url", "name", "shape", "guess")
VISITOR_KINDS = ("conversation_started", "unanswered", "feedback")  # one shape for three kinds
FAMILIES = {"transcript": "transcript", "offline_message": "offline", **dict.fromkeys(VISITOR_KINDS, "visitor")}


class Shape(NamedTuple):
    """What the keys of a payload say: the rule that matched, the family ("" = none), the kind if it is certain."""

    rule: str
    family: str
    kind: str | None
    confidence: str


_TRANSCRIPT = Shape("1: messages, textBody, htmlBody or endedAt", "transcript", "transcript", "high")
_OFFLINE = Shape("2: emailPretty, or email and visitor without conversationUUID", "offline", "offline_message", "high")
_VISITOR = Shape("3: visitor, conversationUUID and message", "visitor", None, "family only")
_PARTIAL = Shape("4: visitor and message, no conversationUUID", "visitor", None, "family only, payload incomplete")
_UNKNOWN = Shape("5: no known shape", "", None, "none")


@dataclass(frozen=True)
class Event:
    """One payload, classified.

    ``kind`` is one of :data:`KINDS` or None; ``kind_source`` says where that comes from (``shape`` when it stayed
    None); ``rule`` and ``confidence`` say why. ``file`` and ``line`` (from 1) name the source, ``size`` is in bytes
    as received, ``received_at`` is known only for payloads that a receiver or the simulator stamped. ``notes`` tell
    what was odd about the reading.
    """

    payload: dict[str, Any] = field(repr=False)
    kind: str | None
    kind_source: str
    rule: str = field(repr=False)
    confidence: str
    file: str = ""
    line: int | None = field(default=None, repr=False)
    received_at: datetime | None = None
    size: int = 0
    notes: tuple[str, ...] = ()

    @property
    def family(self) -> str:
        """``transcript``, ``offline``, ``visitor``, or "" when nothing is known."""
        return FAMILIES[self.kind] if self.kind else shape(self.payload).family

    @property
    def disagrees(self) -> bool:
        """True when the URL or file name says one kind and the shape belongs to another."""
        return bool(self.kind) and shape(self.payload).family != FAMILIES[str(self.kind)]

    @property
    def visitor(self) -> dict[str, Any]:
        """The ``visitor`` object; empty when there is none."""
        found = self.payload.get("visitor")
        return found if isinstance(found, dict) else {}

    @property
    def visitor_id(self) -> str | None:
        """``visitor.UUID``; transcripts have none."""
        return said(self.visitor.get("UUID"))

    @property
    def conversation_id(self) -> str | None:
        """``conversationUUID``; offline messages have none."""
        return said(self.payload.get("conversationUUID"))


@dataclass(frozen=True)
class Unreadable:
    """Something that could not be read as a payload: where it is and why; ``raw`` keeps the bytes as found."""

    file: str
    line: int | None
    reason: str
    raw: bytes = field(default=b"", repr=False)


def said(value: Any) -> str | None:
    """Give the trimmed text of *value*, or None when it says nothing: Chatlio writes ``""`` for missing."""
    return (value.strip() or None) if isinstance(value, str) else None


def shape(payload: Mapping[str, Any]) -> Shape:
    """Say what the top-level keys of *payload* tell; the first matching rule counts."""
    if isinstance(payload.get("messages", 0), list | None) or payload.keys() & {"textBody", "htmlBody", "endedAt"}:
        return _TRANSCRIPT
    has_visitor, has_conversation = "visitor" in payload, "conversationUUID" in payload
    if "emailPretty" in payload or ("email" in payload and has_visitor and not has_conversation):
        return _OFFLINE
    if has_visitor and "message" in payload:
        return _VISITOR if has_conversation else _PARTIAL
    return _UNKNOWN


def classify(
    payload: dict[str, Any],
    kind: str | None = None,
    *,
    kind_source: str = "url",
    file: str = "",
    line: int | None = None,
    received_at: datetime | None = None,
    size: int | None = None,
    notes: Iterable[str] = (),
) -> Event:
    """Make an :class:`Event` of *payload*: *kind* is believed when given (its *kind_source*: url, name), else by shape.

    Raises PayloadError when the payload is not an object, or *kind* or *kind_source* is not a known word.
    """
    if not isinstance(payload, dict):
        raise PayloadError(
            f"A payload is a JSON object, not {called(payload)}.",
            cause="the body of a webhook was wrapped, or cut out of its surroundings",
            next_step="pass the dictionary of one webhook body",
        )
    if kind is not None and (kind not in KINDS or kind_source not in KIND_SOURCES):
        raise PayloadError(
            f"{kind!r} from {kind_source!r} is not a kind that Chatlio sends.",
            next_step=f"use one of {', '.join(KINDS)}, known by one of {', '.join(KIND_SOURCES)}",
        )
    by_shape = shape(payload)
    return Event(
        payload=payload,
        kind=kind or by_shape.kind,
        kind_source=kind_source if kind else "shape",
        rule=f"told by its {kind_source}" if kind else by_shape.rule,
        confidence=("low" if kind_source == "guess" else "certain") if kind else by_shape.confidence,
        file=file,
        line=line,
        received_at=received_at,
        size=payload_size(payload) if size is None else size,
        notes=tuple(notes),
    )


class Events(Sequence[Event]):
    """Events in the order they were read, with what could not be read beside them."""

    def __init__(
        self, events: Iterable[Event] = (), unreadable: Iterable[Unreadable] = (), skipped: Iterable[str] = ()
    ) -> None:
        self._events = tuple(events)
        self.unreadable = list(unreadable)
        self.skipped = tuple(skipped)  # names in the folder that are no payload files

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> Events: ...
    def __getitem__(self, index: int | slice) -> Event | Events:
        return Events(self._events[index]) if isinstance(index, slice) else self._events[index]

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    def of(self, kind: str | None) -> Events:
        """Give the events of one *kind* (None: those of unknown kind); raises PayloadError on an unknown word."""
        if kind is not None and kind not in KINDS:
            raise PayloadError(f"{kind!r} is not a kind.", next_step=f"use one of {', '.join(KINDS)}")
        return Events(event for event in self if event.kind == kind)

    @property
    def unknown(self) -> Events:
        """The events whose kind is not known."""
        return self.of(None)

    def guessed(self) -> Events:
        """Give the same events with a guess for each of unknown kind within the visitor family, marked ``guess``.

        The first of a conversation is taken as its start, one after its transcript as feedback, one that repeats a
        text as unanswered. Weak: a missing subscription, a repeat or a changed order makes it wrong.
        """
        from .guesses import guesses

        return Events(guesses(self), self.unreadable, self.skipped)

    def summary(self) -> pandas.DataFrame:
        """Give one row per kind: how many events, how their kind is known, the largest payload in bytes."""
        return table(self._rows(), columns=("kind", "events", "known_by", "largest_bytes"))

    def check(self, kinds: Iterable[str] = ()) -> Result:
        """Return the result of the reading; raise CheckFailed when there is no event, or none of one of *kinds*."""
        missing = [kind for kind in kinds if not self.of(kind)]
        good = bool(self) and not missing
        odd = len(self.unreadable) + len(self.unknown)
        return check(
            "load",
            good,
            self._says(),
            otherwise="No event was read." if not self else f"No event of kind {', '.join(missing)} was read.",
            next_step="look at .unreadable and .unknown of what load() returned",
            status="warning" if odd else "ok",
            expected=len(self) + len(self.unreadable),
            found=len(self) - len(self.unknown),
        )

    def __repr__(self) -> str:
        lines = [f"Events: {self._says()}", f"  {self._known()}"]
        lines += [f"  {row['kind']}: {row['events']} {row['known_by']}".rstrip() for row in self._rows()]
        return "\n".join(lines + [f"  unreadable {_place(lost)}: {lost.reason}" for lost in self.unreadable[:10]])

    def _repr_html_(self) -> str:
        lost = [{"where": _place(one), "why it cannot be read": one.reason} for one in self.unreadable[:20]]
        return html_table(self._rows(), f"Events: {self._says()}. {self._known()}") + (
            html_table(lost, "Unreadable") if lost else ""
        )

    def _says(self) -> str:
        return f"{len(self)} read, {len(self.unknown)} of unknown kind, {len(self.unreadable)} unreadable"

    def _known(self) -> str:
        counts = Counter(event.kind_source for event in self if event.kind)
        return "The kind is known by: " + ", ".join(f"{word} {counts[word]}" for word in KIND_SOURCES)

    def _rows(self) -> list[dict[str, Any]]:
        groups = [(kind, [event for event in self if event.kind == kind]) for kind in KINDS]
        groups += [
            (f"unknown: one of {', '.join(VISITOR_KINDS)}", [e for e in self if not e.kind and e.family]),
            ("unknown", [event for event in self if not event.kind and not event.family]),
        ]
        return [_row(name, events) for name, events in groups if events or name in KINDS]


def _row(name: str, events: list[Event]) -> dict[str, Any]:
    known = {word: sum(event.kind_source == word for event in events) for word in KIND_SOURCES}
    return {
        "kind": name,
        "events": len(events),
        "known_by": ", ".join(f"{word} {count}" for word, count in known.items() if count),
        "largest_bytes": max((event.size for event in events), default=None),
    }


def classification(events: Events) -> pandas.DataFrame:
    """Give one row per event: where it was read, its kind, how that is known, and by which rule."""
    return table(
        (
            (event.file or None, event.line, event.kind, event.kind_source, event.confidence, event.rule)
            for event in events
        ),
        columns=("file", "line", "kind", "kind_source", "confidence", "rule"),
    )


def as_guess(event: Event, kind: str) -> Event:
    """Give *event* with a guessed *kind*, marked as a guess."""
    return replace(event, kind=kind, kind_source="guess", rule="guessed from its neighbours", confidence="low")


def _place(lost: Unreadable) -> str:
    place = lost.file or "the given list"
    return f"{place}, line {lost.line}" if lost.line else place


def called(value: Any) -> str:
    """Name the JSON type of *value* in words: a list, a text, a number, …"""
    words = {list: "a list", dict: "an object", str: "a text", bool: "true or false", type(None): "null"}
    return words.get(type(value), "a number" if isinstance(value, int | float) else f"a {type(value).__name__}")


def payload_size(payload: dict[str, Any]) -> int:
    """Give the bytes of *payload* as compact JSON; raises PayloadError when JSON cannot carry it."""
    try:
        return len(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadError(
            "The payload holds something that JSON cannot carry.",
            cause=str(error)[:120],
            next_step="pass only text, numbers, booleans, lists and dictionaries",
        ) from error

"""Events as tidy frames: visitors, conversations, messages and what belongs to them.

The columns, their dtypes and meanings stand in ``columns.py`` and in ``docs/data-dictionary.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .. import times
from ..cards import html_table
from ..events import Event, Events
from ..results import Result, check
from ..tables import table
from .columns import FRAMES, JOINS, TIME
from .conversations import Chosen, agents, conversation, seconds
from .messages import Message, longest, text
from .visitors import visitor

if TYPE_CHECKING:
    import pandas

_Numbered = list[tuple[int, Event]]


@dataclass(frozen=True, eq=False, repr=False)
class Tables:
    """Six frames of the same events; see the data dictionary for every column."""

    events: pandas.DataFrame
    visitors: pandas.DataFrame
    conversations: pandas.DataFrame
    messages: pandas.DataFrame
    offline_messages: pandas.DataFrame
    agents: pandas.DataFrame

    def items(self) -> Iterator[tuple[str, pandas.DataFrame]]:
        """Give each frame with its name."""
        return ((name, getattr(self, name)) for name in FRAMES)

    @property
    def joins(self) -> pandas.DataFrame:
        """How the frames join, with the rows that have a value, and those that found no partner."""
        return table(_joined(self, *join) for join in JOINS)

    def check(self) -> Result:
        """Prove that keys are unique and that every message has its conversation; raises CheckFailed when not."""
        wrong = [f"{name}: key not unique" for name, frame in self.items() if frame.duplicated(list(_key(name))).any()]
        wrong += [f"{row['from']} without partner" for row in _partners(self) if row["without_partner"]]
        rows = sum(len(frame) for _, frame in self.items())
        return check(
            "frames",
            not wrong,
            f"{rows} rows in {len(FRAMES)} frames, keys unique, every row finds its partner",
            otherwise=f"The frames do not fit together: {'; '.join(wrong)}.",
            next_step="report the payloads that cause this; the frames should always fit",
            expected=0,
            found=len(wrong),
        )

    def __repr__(self) -> str:
        rows = [f"  {row['frame']}: {row['rows']} ({row['one row is']})" for row in self._rows()]
        return "\n".join(["Tables", *rows, f"  {self._says()}"])

    def _repr_html_(self) -> str:
        return html_table(self._rows(), f"Tables: {self._says()}")

    def _says(self) -> str:
        doubles, superseded = int(self.events["duplicate_of"].notna().sum()), int(self.events["superseded"].sum())
        return (
            f"{_counted(doubles, 'payload says', 'payloads say')} the same as an earlier one, as a repeated reminder "
            f"does; {_counted(superseded, 'transcript is', 'transcripts are')} left out for a longer one"
        )

    def _rows(self) -> list[dict[str, Any]]:
        return [
            {
                "frame": name,
                "rows": len(frame),
                "columns": len(frame.columns),
                "key": ", ".join(_key(name)),
                "one row is": FRAMES[name].row.partition(";")[0],
            }
            for name, frame in self.items()
        ]


def tidy(events: Events) -> Tables:
    """Give the frames of *events*; works on none, and on any payload that ``load`` took.

    The longest transcript of a conversation counts, repeats are counted and never added up, ``""`` is missing.
    """
    numbered = list(enumerate(events))
    chosen = _chosen(numbered)
    written = {name for name, (_, _, found) in chosen.items() if found}
    conversations = sorted(_grouped(numbered, "conversation_id").items(), key=lambda one: one[0] not in written)
    return Tables(
        events=_frame("events", _event_rows(numbered, chosen)),
        visitors=_frame("visitors", [visitor(i, found) for i, found in _grouped(numbered, "visitor_id").items()]),
        conversations=_frame(
            "conversations",
            [conversation(i, found, chosen[i][1:] if i in chosen else None) for i, found in conversations],
        ),
        messages=_frame("messages", _message_rows(chosen)),
        offline_messages=_frame("offline_messages", _offline_rows(numbered)),
        agents=_frame("agents", agents(chosen)),
    )


def _chosen(numbered: _Numbered) -> Chosen:
    groups: dict[str, _Numbered] = {}
    for number, event in numbered:
        if event.kind == "transcript":
            groups.setdefault(event.conversation_id or f" without conversation {number}", []).append((number, event))
    return {name: longest(transcripts) for name, transcripts in groups.items()}


def _grouped(numbered: _Numbered, name: str) -> dict[str, list[Event]]:
    groups: dict[str, list[Event]] = {}
    for _, event in numbered:
        if (found := getattr(event, name)) is not None:
            groups.setdefault(found, []).append(event)
    return {name: sorted(found, key=_receipt) for name, found in groups.items()}


def _receipt(event: Event) -> datetime:
    return event.received_at or datetime.min.replace(tzinfo=UTC)


def _event_rows(numbered: _Numbered, chosen: Chosen) -> Iterator[dict[str, Any]]:
    counting = {number for number, _, _ in chosen.values()}
    last = {number: found[-1].sent_at if found else None for number, _, found in chosen.values()}
    first: dict[tuple[str | None, str], int] = {}
    for number, event in numbered:
        content = json.dumps(event.payload, sort_keys=True)
        original = first.setdefault((event.kind, content), number)
        at_source, at = _when(event, last.get(number))
        yield {
            "event": number,
            **{name: getattr(event, name) for name in _TAKEN},
            "family": event.family or None,
            "at": at,
            "at_source": at_source,
            "duplicate_of": original if original != number else None,
            "superseded": number not in counting if event.kind == "transcript" else None,
            "file": event.file or None,
            "notes": "; ".join(event.notes) or None,
            "payload": json.dumps(event.payload),
        }


_TAKEN = ("kind", "kind_source", "rule", "confidence", "conversation_id", "visitor_id", "received_at", "size", "line")


def _when(event: Event, last_message: Any) -> tuple[str | None, Any]:
    ended = times.rfc3339(event.payload.get("endedAt")) if event.kind == "transcript" else None
    candidates = (("endedAt", ended), ("last message", last_message), ("received", event.received_at))
    return next(((word, moment) for word, moment in candidates if moment), (None, None))


def _message_rows(chosen: Chosen) -> Iterator[dict[str, Any]]:
    for number, event, found in sorted(chosen.values(), key=lambda one: one[0]):
        for position, one in enumerate(found):
            yield {
                "conversation_id": event.conversation_id,
                "event": number,
                "position": position,
                **{name: getattr(one, name) for name in ("ts", "sent_at", "author", "author_source", "from_visitor")},
                "since_previous_s": _between(found[position - 1], one) if position else None,
                "agent_id": one.user_id if one.author == "agent" else None,
                "username": one.username,
                "text": one.text,
                "length": len(one.text) if one.text else 0,
                "copies": one.copies,
            }


def _between(one: Message, other: Message) -> float | None:
    return seconds(one.sent_at, other.sent_at) if one.sent_at and other.sent_at else None


def _offline_rows(numbered: _Numbered) -> Iterator[dict[str, Any]]:
    seen: set[str] = set()
    for number, event in numbered:
        if event.kind != "offline_message":
            continue
        content = json.dumps(event.payload, sort_keys=True)
        message = text(event.payload.get("message"))
        yield {
            "event": number,
            "visitor_id": event.visitor_id,
            **{name: text(event.payload.get(name)) for name in ("name", "email", "subject")},
            "message": message,
            "length": len(message) if message else 0,
            "received_at": event.received_at,
            "repeat": content in seen,
        }
        seen.add(content)


def _frame(name: str, rows: Iterable[dict[str, Any]]) -> pandas.DataFrame:
    from ..frame_view import Frame

    found = list(rows)
    columns = FRAMES[name].columns
    return Frame({column.name: _typed([row.get(column.name) for row in found], column.dtype) for column in columns})


def _typed(values: list[Any], dtype: str) -> pandas.Series:
    import pandas

    if dtype == TIME:
        return pandas.Series(pandas.to_datetime(values, utc=True)).dt.as_unit("ms")
    return (
        pandas.Series(values, dtype="string").astype(dtype)
        if dtype == "category"
        else pandas.Series(values, dtype=dtype)
    )


def _counted(count: int, one: str, several: str) -> str:
    return f"{count or 'no'} {one if count < 2 else several}"


def _key(name: str) -> tuple[str, ...]:
    return FRAMES[name].key


def _joined(tables: Tables, left: str, on: str, right: str, key: str, says: str) -> dict[str, Any]:
    values, partners = getattr(tables, left)[on].dropna(), getattr(tables, right)[key]
    return {
        "from": f"{left}.{on}",
        "to": f"{right}.{key}",
        "gives": says,
        "rows": len(values),
        "without_partner": int((~values.isin(partners)).sum()),
    }


def _partners(tables: Tables) -> list[dict[str, Any]]:
    return [_joined(tables, *join) for join in JOINS]

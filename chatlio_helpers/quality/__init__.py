"""What is wrong, odd or easily misread in the events at hand: every trap, how often, an example, what to do."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ..cards import html_table
from ..documented import paths
from ..events import Event, Events, said
from ..frames.messages import longest
from ..masks import identifier
from ..results import Result
from ..tables import table
from .traps import TRAPS

if TYPE_CHECKING:
    import pandas

COLUMNS = ("trap", "what", "found", "of", "do", "example", "where")


class Finding(NamedTuple):
    """A trap and what was found of it: ``found`` of ``of`` events, a masked example and where it stands."""

    trap: int
    what: str
    found: int
    of: int
    example: str
    where: str
    do: str


@dataclass(frozen=True, repr=False)
class Quality:
    """The findings, in the order of the traps; ``all`` also has those of which nothing was found."""

    all: tuple[Finding, ...]

    @property
    def found(self) -> tuple[Finding, ...]:
        """The findings of which there is at least one."""
        return tuple(finding for finding in self.all if finding.found)

    @property
    def table(self) -> pandas.DataFrame:
        """One row per trap found."""
        return table([one._asdict() for one in self.found], columns=COLUMNS)

    @property
    def absent(self) -> tuple[Finding, ...]:
        """The findings of which there is none."""
        return tuple(finding for finding in self.all if not finding.found)

    def check(self) -> Result:
        """Return how many of the known traps are there; a trap found is no failure, as most are by design."""
        return Result("quality", self._says(), found=len(self.found), expected=len(self.all))

    def __repr__(self) -> str:
        rows = [f"  {one.trap:>2} {one.what}: {one.found} of {one.of}. {one.do}" for one in self.found]
        absent = [f"  not found: {one.trap} {one.what}" for one in self.absent] if self.found else []
        return "\n".join([f"Quality: {self._says()}", *rows, *absent])

    def _repr_html_(self) -> str:
        absent = [{"no.": one.trap, "trap": one.what, "what to do": one.do} for one in self.absent]
        return html_table([_read(one) for one in self.found], f"Quality: {self._says()}") + (
            html_table(absent, "Known traps that are not in these payloads") if absent else ""
        )

    def _says(self) -> str:
        return f"{len(self.found)} of {len(self.all)} known traps are in these payloads"


def _read(one: Finding) -> dict[str, Any]:
    """Give a finding in the order of reading: what, how often, what to do, one example and where it stands."""
    return {
        "no.": one.trap,
        "trap": one.what,
        "found": f"{one.found} of {one.of}",
        "what to do": one.do,
        "example": one.example,
        "first in": one.where,
    }


def report(events: Events) -> Quality:
    """Look for every trap in *events*; examples are masked, texts are shown by their length only."""
    findings = [_counted(trap.number, trap.name, trap.do, events, map(trap.find, events)) for trap in TRAPS]
    findings += [_across(number, events) for number in _ACROSS]
    findings.append(_unreadable(events))
    return Quality(tuple(sorted(findings, key=lambda finding: finding.trap)))


def _counted(number: int, name: str, do: str, events: Events, examples: Iterable[str | None]) -> Finding:
    found = [(event, example) for event, example in zip(events, examples, strict=True) if example is not None]
    example, where = (found[0][1], _place(events, found[0][0])) if found else ("", "")
    return Finding(number, name, len(found), len(events), example, where, do)


def _across(number: int, events: Events) -> Finding:
    name, do, find = _ACROSS[number]
    examples = find(list(events))
    return _counted(number, name, do, events, (examples.get(place) for place in range(len(events))))


def _superseded(events: list[Event]) -> dict[int, str]:
    groups: dict[str, list[tuple[int, Event]]] = {}
    for number, event in enumerate(events):
        if event.kind == "transcript" and event.conversation_id:
            groups.setdefault(event.conversation_id, []).append((number, event))
    counting = {longest(group)[0] for group in groups.values()}
    return {
        number: f"{len(group)} transcripts of {identifier(conversation)}"
        for conversation, group in groups.items()
        for number, _ in group
        if number not in counting
    }


def _wide(events: list[Event]) -> dict[int, str]:
    families = {event.family for event in events} - {""}
    columns: set[str] = set().union(*(paths(event.payload) for event in events))
    if len(families) < 2:
        return {}
    return dict.fromkeys(range(len(events)), f"{len(families)} families, {len(columns)} paths in one table")


def _shared_ids(events: list[Event]) -> dict[int, str]:
    owners: dict[str, set[str]] = {}
    for event in events:
        if (user := said(event.visitor.get("identUserId"))) and event.visitor_id:
            owners.setdefault(user, set()).add(event.visitor_id)
    return {
        number: f"{identifier(user)}: {len(owners[user])} visitors"
        for number, event in enumerate(events)
        if (user := said(event.visitor.get("identUserId"))) and len(owners.get(user, ())) > 1
    }


def _repeated(events: list[Event]) -> dict[int, str]:
    contents = [(event.kind, json.dumps(event.payload, sort_keys=True)) for event in events]
    seen: Counter[Any] = Counter()
    repeats = {}
    for number, content in enumerate(contents):
        seen[content] += 1
        if seen[content] > 1:
            repeats[number] = f"the same {content[0] or 'payload'} again"
    return repeats


_ACROSS = {
    7: ("a conversation has several transcripts", "count conversation ids; keep the longest transcript", _superseded),
    25: ("several families in one table are wide and empty", "one frame per noun, or a clear kind", _wide),
    33: ("one identUserId for several visitors", "check its distribution before using it as an identity", _shared_ids),
    34: ("the same content again", "give it the same id, so that a repeat is recognised", _repeated),
}


def _unreadable(events: Events) -> Finding:
    lost = events.unreadable
    example, where = (lost[0].reason, lost[0].file) if lost else ("", "")
    do = "repair the file or leave it out; nothing of it is sent"
    return Finding(35, "cannot be read as a payload", len(lost), len(events) + len(lost), example, where, do)


def _place(events: Iterable[Event], wanted: Event) -> str:
    if wanted.file:
        return f"{wanted.file}, line {wanted.line}" if wanted.line and wanted.line > 1 else wanted.file
    return f"event {next(number for number, event in enumerate(events) if event is wanted)}"

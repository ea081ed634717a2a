"""From events to the inlet, through the outbox: what to send, what never to send, what to try again and when.

What the platform says, and what follows (documented: Adobe, streaming ingestion):

* 200 is written down at once, so that the same event is never sent to the same dataflow again;
* 429, 5xx and silence are tried again: after ``Retry-After``, else after 0.5 s, 1 s, 2 s … with jitter;
* everything else (400, 401, 403, 404, 413) would fail for ever: the entry is buried with the platform's words.

An interrupt, a crash or a long outage loses nothing: what was not received waits in the outbox for the next call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from ..delivery import NEXT_STEPS, Delivery, Sent
from ..errors import PayloadError, WorkspaceError
from ..events import KINDS, Event
from ..outbox import DELIVERED, WAITING, Entry, NewEntry, Outbox, PutReport
from ..payloads import LINES
from ..progress import Progress
from ..progress import progress as shown
from ..secret import Secret
from ..xdm import event_id
from .transmission import Transmission

if TYPE_CHECKING:
    from ..aep.collection import Collection

LIMIT = 1_000_000  # bytes of one streamed record; Adobe documents "1 MB", and the smaller reading is the safe one
REPEATED_TEXTS = ("htmlBody", "textBody")  # say again what `messages` says; our mapping reads neither
_SAY_KIND = (
    "say which kind it is: let the file's name begin with it, as in feedback_1.json, or use classify(kind=…) (notebook)"
)
_CHUNK = 400  # entries read back at a time

ShowProgress = Callable[[str, int], Progress]


def send(
    collection: Collection,
    urls: Mapping[str, Secret],
    flows: Mapping[str, str],
    events: Iterable[Event],
    outbox: Outbox,
    *,
    progress: ShowProgress | None = None,
    in_flight: int = 8,
    lighten: bool = False,
    revive: bool = False,
    patience: float = 60.0,
) -> Sent:
    """Deliver *events*, and what an earlier call left waiting for the same dataflows; safe to repeat.

    *urls* and *flows* give, for each kind, the webhook URL and the dataflow's id. *in_flight* is how many requests
    may be open at once, *patience* the seconds that the call waits for a platform that says "later"; what still
    waits then is in ``Sent.waiting``. *lighten* drops the texts that a transcript repeats when that brings it under
    1 MB; *revive* also tries entries that the platform once refused for good.
    Raises WorkspaceError when the outbox cannot be used; a refusal by the platform is in the result, never raised.
    """
    started = time.time()
    flows = {kind: flow for kind, flow in flows.items() if kind in urls}
    prepared = [_prepared(event, flows, lighten) for event in events]
    entries = [entry for entry, _ in prepared if entry]
    left = [_left(entry) for entry in outbox.entries(state=WAITING, destinations=list(flows.values()))]
    report = outbox.put(entries)
    if revive:
        _revive(outbox, entries, report)
    with _alone(outbox, patience):
        moving = len(report.new) + len(left) + (len(report.dead) if revive else 0)
        if moving:
            with (progress or shown)("sending", moving) as bar:
                Transmission(collection.post, urls, outbox, list(flows.values()), in_flight, patience, bar).run()
    outcomes = _outcomes(outbox, flows, [*(one for _, one in prepared), *left], set(report.already_delivered))
    repeats = len(entries) - len({(entry.destination, entry.event) for entry in entries})
    return Sent(tuple(outcomes), time.time() - started, repeats)


def unfit(events: Iterable[Event], *, lighten: bool = False) -> list[Delivery]:
    """Give those of *events* that can never be sent, whatever dataflows there are; asks no platform."""
    anywhere = dict.fromkeys(KINDS, "")
    return [delivery for entry, delivery in (_prepared(one, anywhere, lighten) for one in events) if entry is None]


def body(payload: Mapping[str, Any]) -> bytes:
    """Give the compact UTF-8 JSON of *payload*, as it goes over the wire; raises PayloadError when there is none."""
    try:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise PayloadError(
            "The payload holds something that JSON cannot carry.",
            cause="half of a surrogate pair, NaN, infinity, or an object of Python",
            next_step="pass only text, finite numbers, booleans, lists and dictionaries",
        ) from error


def _prepared(event: Event, flows: Mapping[str, str], lighten: bool) -> tuple[NewEntry | None, Delivery]:
    """Give the entry to put, or None, and the delivery as it stands before anything is sent."""
    delivery = Delivery(event.kind or "", "", "refused", _place(event))
    refusal, remedy = _unfit(event, flows)
    if refusal:
        return None, replace(delivery, reason=refusal, next_step=remedy)
    kind = str(event.kind)
    try:
        content, note = _fitting(event.payload, lighten)
        delivery = replace(delivery, event=event_id(kind, event.payload))
    except PayloadError as error:
        return None, replace(delivery, reason=_reason(error), next_step=error.next_step)
    if content is None:
        return None, replace(delivery, reason=note, next_step=_smaller(event.payload))
    return NewEntry(flows[kind], delivery.event, kind, content), replace(delivery, state=WAITING, reason=note)


def _place(event: Event) -> str:
    """Give the file, and the line when the file has one payload a line."""
    one_a_line = any(ending in event.file for ending in LINES)
    return f"{event.file}:{event.line}" if event.line and one_a_line else event.file


def _unfit(event: Event, flows: Mapping[str, str]) -> tuple[str, str]:
    """Say why *event* must not be sent, and what to do; empty when it may."""
    if not event.kind:
        return "its kind is not known: no payload carries one", _SAY_KIND
    if event.kind_source == "guess":
        return f"its kind {event.kind} is a guess, and a guess must not land as a fact", _SAY_KIND
    if event.kind not in flows:
        return f"there is no dataflow for {event.kind}", "apply a plan that has this kind"
    return "", ""


def _reason(error: PayloadError) -> str:
    return f"{error.what} Likely cause: {error.cause}" if error.cause else error.what


def _fitting(payload: dict[str, Any], lighten: bool) -> tuple[bytes | None, str]:
    """Give the bytes to post and a note, or None and the refusal when they pass 1 MB."""
    content = body(payload)
    if len(content) <= LIMIT:
        return content, ""
    lighter = _lighter(payload)
    dropped = " and ".join(name for name in REPEATED_TEXTS if name in payload)
    if len(lighter) <= LIMIT and lighten:
        return lighter, f"sent without {dropped}, which repeat its messages"
    return None, f"{len(content):,} bytes, and the inlet takes {LIMIT:,}"


def _lighter(payload: Mapping[str, Any]) -> bytes:
    return body({name: value for name, value in payload.items() if name not in REPEATED_TEXTS})


def _smaller(payload: Mapping[str, Any]) -> str:
    """Say what can be done with a payload that is over 1 MB."""
    texts, left = " and ".join(REPEATED_TEXTS), len(_lighter(payload))
    if left > LIMIT:
        return f"load it by batch ingestion; to drop {texts} is not enough, {left:,} bytes would be left"
    return f"drop {texts} with lighten=True (notebook) or --lighten (command line); or load it by batch ingestion"


def _left(entry: Entry) -> Delivery:
    return Delivery(entry.kind, entry.event, WAITING, "left by an earlier run")


def _revive(outbox: Outbox, entries: list[NewEntry], report: PutReport) -> None:
    dead = set(report.dead)
    with outbox.together():
        for entry in entries:
            if entry.event in dead:
                found = outbox.find(entry.destination, [entry.event])[entry.event]
                outbox.postpone(found.id, 0.0, "asked for again")


@contextmanager
def _alone(outbox: Outbox, patience: float) -> Iterator[None]:
    """Let one call at a time send from an outbox: two would send the same entries."""
    lock = FileLock(f"{outbox.path}.sending", timeout=patience, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise WorkspaceError(
            "Another run is sending from this outbox.",
            cause="a second notebook or command sends at the same time",
            next_step="wait for it to end and send again: your events are in the outbox, nothing is lost",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _outcomes(
    outbox: Outbox, flows: Mapping[str, str], deliveries: list[Delivery], before: set[str]
) -> Iterator[Delivery]:
    """Read back what became of each event, the outbox being the only truth; each event once, in the order given."""
    put = list(dict.fromkeys((one.kind, one.event) for one in deliveries if one.state == WAITING))
    entries = dict(_read_back(outbox, flows, put))
    for one in deliveries:
        if one.state == "refused":
            yield one
        elif (one.kind, one.event) in entries:
            yield _outcome(one, entries.pop((one.kind, one.event)), before)


def _read_back(
    outbox: Outbox, flows: Mapping[str, str], keys: list[tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], Entry]]:
    """Give the entries of (kind, event) pairs without their payloads, which may be large together."""
    for kind, flow in flows.items():
        events = [event for of, event in keys if of == kind]
        for first in range(0, len(events), _CHUNK):
            for event, entry in outbox.find(flow, events[first : first + _CHUNK]).items():
                yield (kind, event), replace(entry, payload=b"")


def _outcome(delivery: Delivery, entry: Entry, before: set[str]) -> Delivery:
    reason, step = entry.reason or delivery.reason, NEXT_STEPS.get(entry.state, "")
    read = replace(delivery, state=entry.state, reason=reason, next_step=step, tries=entry.tries)
    if entry.state != DELIVERED:
        return read
    receipt = json.loads(entry.receipt)
    return replace(
        read,
        state="already_delivered" if entry.event in before else "accepted",
        receipt=receipt["xactionId"],
        at=entry.changed,
        received=receipt["receivedTimeMs"] / 1000 or None,
    )

"""Guesses between the three kinds that share one shape; made only on request and always marked as guesses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import Event, as_guess


def guesses(events: Iterable[Event]) -> Iterator[Event]:
    """Give *events* in their order; those of unknown kind in the visitor family get a guess where there is ground."""
    texts: dict[str, set[str]] = {}
    ended: set[str] = set()
    for event in events:
        conversation = event.conversation_id
        if conversation is None:
            yield event
            continue
        kind = event.kind or _guess(event, conversation, texts, ended)
        if kind == "transcript":
            ended.add(conversation)
        texts.setdefault(conversation, set()).add(str(event.payload.get("message", "")))
        yield event if event.kind or kind is None else as_guess(event, kind)


def _guess(event: Event, conversation: str, texts: dict[str, set[str]], ended: set[str]) -> str | None:
    if event.family != "visitor":
        return None
    if conversation in ended:
        return "feedback"
    if conversation not in texts:
        return "conversation_started"
    return "unanswered" if str(event.payload.get("message", "")) in texts[conversation] else None

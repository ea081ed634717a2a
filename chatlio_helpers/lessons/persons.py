"""Whether anything of a person is left after the persons were replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..events import Events

_OF_A_PERSON = ("email", "name", "visitorEmail", "visitorName", "agentEmail", "agentName", "emailPretty")
_SHORTEST = 5  # characters; a shorter name is part of ordinary words


def persons_left(before: Events, after: Events) -> list[str]:
    """List the mail addresses and names of *before* that still stand anywhere in *after*; best is none.

    IP addresses are not looked at: samples and replacements both come from the ranges reserved for documentation.
    """
    text = json.dumps([event.payload for event in after], ensure_ascii=False)
    known = {value for event in before for value in _values(event.payload)}
    return sorted(value for value in known if value in text)


def _values(payload: Mapping[str, Any]) -> Iterator[str]:
    for name, value in payload.items():
        if isinstance(value, Mapping):
            yield from _values(value)
        elif name in _OF_A_PERSON and isinstance(value, str) and len(value.strip()) >= _SHORTEST:
            yield value

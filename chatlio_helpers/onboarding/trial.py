"""Try a mapping set on real payloads before anything depends on it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from .. import config
from ..aep import Platform
from ..errors import MappingError
from ..payloads import load


def run(platform: Platform, kind: str, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Let the platform validate *body* and preview it on the sample payload of *kind*; gives the previewed records.

    Raises MappingError with the platform's words when a row is refused or the preview lacks an id or a time.
    """
    refused = [entry for entry in platform.mappings.validate(dict(body)) if entry.get("status") != "SUCCESS"]
    if refused:
        raise MappingError(
            f"The platform refuses {len(refused)} rows of the mapping for {kind}: {_words(refused[0])}",
            cause="a target path that the schema does not have, or an expression that cannot be parsed",
            next_step="compare `xdm.mapping(kind)` with the schema in the platform",
        )
    previewed = [platform.mappings.preview(dict(body), sample(kind))]
    for answer in previewed:
        record = answer.get("data") or {}
        if answer.get("errors") or not record.get("_id") or not record.get("timestamp"):
            raise MappingError(
                f"The mapping for {kind} gives the sample payload no id or no time: {_words(answer)}",
                cause="an expression that works on paper and not on the real payload",
                next_step="read the preview with `platform.mappings.preview(...)` and mend the row",
            )
    return previewed


@cache
def sample(kind: str) -> dict[str, Any]:
    """Give the documented payload of *kind*."""
    return dict(load(config.samples() / f"{kind}.json")[0].payload)


def _words(answer: Mapping[str, Any]) -> str:
    errors = answer.get("errors") or []
    first = errors[0] if isinstance(errors, list) and errors else errors
    return str(first.get("exception", first) if isinstance(first, Mapping) else first)[:300]

"""Payloads from files: what can be read becomes events, what cannot is kept with its place and the reason.

Accepted: a file or a folder of files, JSON (one payload a file) or JSON Lines (one a line), plain or gzip; or the
payloads themselves. A line may also be an *envelope*, as a receiver writes it::

    {"kind": "unanswered", "received_at": "2026-03-01T09:00:00Z", "payload": {…}}
"""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from .. import times
from ..errors import ConfigurationError, PayloadError
from ..events import KINDS, Event, Events, Unreadable, called, classify
from .strict_json import NotJson, decoded, parsed

LINES = (".jsonl", ".ndjson")
LARGEST = 64 * 1024 * 1024  # bytes of one document or line; sixty times what the platform takes
_NAMED = re.compile(rf"({'|'.join(KINDS)})(?=$|[_.\-\s])")
_ENVELOPE = {"payload", "kind", "received_at"}

Found = Event | Unreadable


def load(where: str | Path | Mapping[str, Any] | Iterable[Any], *, strict: bool = False, guess: bool = False) -> Events:
    """Read payloads from *where* (file, folder, or the payloads themselves) and classify them.

    A file whose name starts with a kind, as ``transcript_x.json``, tells the kind of what is in it. *strict* raises
    PayloadError at the first thing that cannot be read; *guess* adds guesses (see ``Events.guessed``). Raises
    ConfigurationError when there is no such file or folder.
    """
    found, skipped = _found(where)
    events, unreadable = [], []
    for one in found:
        if isinstance(one, Event):
            events.append(one)
        elif strict:
            raise _refusal(one)
        else:
            unreadable.append(one)
    loaded = Events(events, unreadable, skipped)
    return loaded.guessed() if guess else loaded


def _found(where: Any) -> tuple[Iterator[Found], list[str]]:
    if isinstance(where, Mapping):
        return _given([where]), []
    if not isinstance(where, str | Path):
        return _given(where), []
    path = Path(where).expanduser()
    if path.is_dir():
        names = sorted(path.iterdir(), key=lambda entry: entry.name)
        chosen = [entry for entry in names if entry.is_file() and _is_payload_file(entry)]
        return _read_all(chosen), [entry.name for entry in names if entry not in chosen]
    if path.is_file():
        return _read_all([path]), []
    raise ConfigurationError(
        f"There is no file or folder {where}.",
        cause="the path is relative to another folder, or misspelt",
        next_step="give the path of a payload file or of a folder of them, such as ../sample_payloads",
    )


def _given(payloads: Iterable[Any]) -> Iterator[Found]:
    for number, given in enumerate(payloads, start=1):
        try:
            payload, notes = parsed(json.dumps(given))
        except (TypeError, ValueError, RecursionError) as reason:  # NotJson is a ValueError
            yield Unreadable("", number, str(reason))
        else:
            yield _event(payload, file="", line=number, name=None, notes=tuple(notes))


def _is_payload_file(path: Path) -> bool:
    name = path.name.lower().removesuffix(".gz")
    return not name.startswith(".") and name.endswith((".json", *LINES))


def _read_all(paths: Iterable[Path]) -> Iterator[Found]:
    for path in paths:
        try:
            yield from _read(path)
        except (OSError, EOFError, zlib.error) as error:
            yield Unreadable(path.name, None, f"the file cannot be read: {getattr(error, 'strerror', '') or error}")


def _read(path: Path) -> Iterator[Found]:
    name = path.name.lower().removesuffix(".gz")
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
        if name.endswith(LINES):
            yield from _lines(stream, path)
            return
        raw = stream.read(LARGEST + 1)
    yield from _document(raw, path)


def _document(raw: bytes, path: Path) -> Iterator[Found]:
    whole = _parse(raw, path, 1)
    lines = raw.splitlines()
    if isinstance(whole, Unreadable) and len(lines) > 1 and isinstance(_parse(lines[0], path, 1), Event):
        yield from _lines(io.BytesIO(raw), path)  # JSON Lines under the name .json
    else:
        yield whole


def _lines(stream: Any, path: Path) -> Iterator[Found]:
    number = 0
    while raw := stream.readline(LARGEST + 1):
        number += 1
        if raw.strip():
            yield _parse(raw, path, number)


def _parse(raw: bytes, path: Path, line: int) -> Found:
    if len(raw) > LARGEST:
        return Unreadable(path.name, line, f"larger than {LARGEST // 2**20} MB, no webhook body", raw)
    try:
        text, notes = decoded(raw)
        payload, more = parsed(text)
    except NotJson as reason:
        return Unreadable(path.name, line, str(reason), raw)
    named = _NAMED.match(path.name)
    return _event(payload, file=path.name, line=line, name=named[1] if named else None, raw=raw, notes=(*notes, *more))


def _event(
    payload: Any, *, file: str, line: int, name: str | None, raw: bytes | None = None, notes: tuple[str, ...] = ()
) -> Found:
    kind, source, received_at, size = name, "name", None, len(raw.strip()) if raw else None
    if isinstance(payload, dict) and isinstance(payload.get("payload"), dict) and payload.keys() <= _ENVELOPE:
        if payload.get("kind"):
            kind, source = payload["kind"], "url"
        received_at, payload, size = times.rfc3339(payload.get("received_at")), payload["payload"], None
    if not isinstance(payload, dict):
        return Unreadable(file, line, _not_an_object(payload), raw or b"")
    try:
        return classify(
            payload, kind, kind_source=source, file=file, line=line, received_at=received_at, size=size, notes=notes
        )
    except PayloadError as error:
        return Unreadable(file, line, error.what, raw or b"")


def _not_an_object(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)} stands on top; a payload is one object (write one a line, as .jsonl)"
    return f"{called(value)} stands on top; a payload is one object"


def _refusal(lost: Unreadable) -> PayloadError:
    return PayloadError(
        f"{lost.file or 'The given list'}, line {lost.line}: {lost.reason}.",
        cause="the file was cut, edited by hand, or is not a webhook body",
        next_step="repair or remove it, or load without strict=True to keep it under .unreadable",
    )

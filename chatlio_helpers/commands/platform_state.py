"""Commands for the local platform's state as a whole: export and import it, look at what came in, send it again."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import click

from .output import STEP_FAILED, as_json, emit, tell
from .platform import data_option, platform

_file = click.argument("file", type=click.Path(path_type=Path))


@platform.command(name="export")
@_file
@data_option
@as_json
def export_state(file: Path, data: Path | None, json_wanted: bool) -> None:
    """Write all state to the new archive FILE, also while the platform runs; it holds the local seats' credentials."""
    from .. import local

    done = local.export_state(file, data)
    emit(f"Exported to {done['file']} ({done['bytes']:,} bytes). It holds {done['holds']}.", done, json_wanted)


@platform.command(name="import")
@_file
@data_option
@click.option("--replace", is_flag=True, help="Put it in the place of the state that is there.")
@as_json
def import_state(file: Path, data: Path | None, replace: bool, json_wanted: bool) -> None:
    """Take all state from the archive FILE, whole or not at all."""
    from .. import local

    done = local.import_state(file, data, replace=replace)
    emit(f"Imported into {done['data']}: {done['files']} files.", done, json_wanted)


@platform.command()
@data_option
@click.option("--seat", help="Only calls of this seat.")
@click.option("--path", help="Only calls with this in their path.")
@click.option("--method", help="Only calls of this method.")
@click.option("--status", help="Only answers of this status, such as 404 or 4xx.")
@click.option("--out", type=click.Path(path_type=Path), help="Write them to a new file: .jsonl to replay, or .har.")
@as_json
def requests(data: Path | None, out: Path | None, json_wanted: bool, **wanted: str | None) -> None:
    """Show what the running platform was asked lately, without secrets."""
    running = _running(data)
    query = {name: text for name, text in wanted.items() if text}
    if out:
        form = "har" if out.suffix == ".har" else "jsonl"
        content = running.download("GET", f"/_local/requests?{urlencode({**query, 'format': form})}")
        _write_new(out, content)
        emit(f"Written to {out} ({len(content):,} bytes).", {"file": str(out), "bytes": len(content)}, json_wanted)
        return
    found = running.call("GET", f"/_local/requests?{urlencode({**query, 'limit': 1000})}")["requests"]
    emit("\n".join(_line(one) for one in found) or "No request is on record.", {"requests": found}, json_wanted)


@platform.command()
@_file
@data_option
@as_json
def replay(file: Path, data: Path | None, json_wanted: bool) -> None:
    """Send the calls of FILE (requests --out FILE.jsonl) again to a local platform, with fresh tokens and new ids.

    Events are sent, too, where the record has them whole and their dataflow was made in it. What is left out is listed
    with its reason. The exit code is 1 when an answer was another one than before, or when nothing could be sent.
    """
    from .. import local
    from ..errors import ConfigurationError
    from ..replay import replay as sent_again

    try:
        lines = file.read_text(encoding="utf-8").split("\n")  # a text in a line may hold other ends of lines
    except (OSError, UnicodeError) as error:
        raise ConfigurationError(
            f"The record {file} cannot be read.", cause=str(error),
            next_step="make one with: chatlio-kit platform requests --out FILE",
        ) from error  # fmt: skip
    done = sent_again(local.start(data), lines)
    odd = [f"{row['method']} {row['path']}: {row['was']} -> {row['is']} {row['why']}" for row in done.rows
           if row["outcome"] == "different"]  # fmt: skip
    emit("\n".join([repr(done), *odd, *_left_out(done.rows)]), {"rows": done.rows}, json_wanted)
    if done.count("skipped") == len(done.rows):
        tell("Nothing was replayed: " + ("no call of the record can be sent again." if done.rows else "it is empty."))
        raise SystemExit(STEP_FAILED)
    if odd:
        raise SystemExit(STEP_FAILED)


def _left_out(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Give a line for each reason and path of what was left out, with how many there were."""
    skipped = Counter((row["method"], row["path"], row["why"]) for row in rows if row["outcome"] == "skipped")
    return [f"skipped {count} x {method} {path}: {why}" for (method, path, why), count in skipped.items()]


def _running(data: Path | None) -> Any:
    from .. import local
    from ..errors import LocalPlatformError

    running = local.attach(data)
    if running is None:
        raise LocalPlatformError(
            "The local platform is not running.",
            cause="the record of requests lives as long as its process",
            next_step="chatlio-kit platform up",
        )
    return running


def _line(one: Mapping[str, Any]) -> str:
    return (f"{one['number']:>6}  {one['status']:>3}  {one['ms']:>8.1f} ms  {one['seat'] or '-':<12} "
            f"{one['method']:<6} {one['path']}")  # fmt: skip


def _write_new(path: Path, content: bytes) -> None:
    from ..errors import ConfigurationError

    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
    except OSError as error:
        raise ConfigurationError(
            f"The file {path} cannot be written.", cause=error.strerror or str(error), next_step="choose another name"
        ) from error

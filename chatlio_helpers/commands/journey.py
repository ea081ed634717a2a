"""Commands of the journey: plan, apply, clean, webhooks, inspect; send and simulate are beside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import reading, sending
from .output import as_json, connection_options, emit
from .where import connected, existing, made_now


@click.command("plan")
@connection_options
@as_json
def plan(json_wanted: bool, **where: str) -> None:
    """Compare what should exist with what does; changes nothing."""
    from .. import onboarding

    planned = onboarding.plan(connected(where))
    rows = [step.row() for step in planned.steps]
    lines = [f"{row['action']:<9} {row['what']:<18} {row['name']}  {row['why']}".rstrip() for row in rows]
    emit("\n".join([*lines, repr(planned)]), {"counts": dict(planned.counts), "steps": rows}, json_wanted)


@click.command("apply")
@connection_options
@as_json
def apply(json_wanted: bool, **where: str) -> None:
    """Make what is missing; running it again makes nothing twice."""
    made = made_now(connected(where))
    emit(f"{made!r}\n{made.check()!r}", {"dataflows": made.rows(), "result": made.check().record()}, json_wanted)


@click.command("clean")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@connection_options
@as_json
def clean(dry_run: bool, json_wanted: bool, **where: str) -> None:
    """Delete exactly what the ledger says the kit made, newest first."""
    from .. import onboarding

    cleaned = onboarding.clean(connected(where), dry_run=dry_run)
    rows = [f"{row['outcome']:<17} {row['what']:<18} {row['name']}" for row in cleaned.rows]
    result = cleaned.check()
    emit("\n".join([*rows, repr(result)]), {"objects": list(cleaned.rows), "result": result.record()}, json_wanted)


@click.command("webhooks")
@click.option("--save", is_flag=True, help="Write the whole URLs into a file that only you can read.")
@connection_options
@as_json
def webhooks(save: bool, json_wanted: bool, **where: str) -> None:
    """List the webhook URL of each kind, masked: the URL is all that guards the dataset."""
    made = existing(connected(where))
    card = made.webhooks.save() if save else None
    text = f"{made.webhooks!r}\n{card!r}" if card else repr(made.webhooks)
    emit(text, {"webhooks": made.webhooks.rows(), **({"file": card.lines["File"]} if card else {})}, json_wanted)


@click.command("inspect")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--export", type=click.Path(path_type=Path, file_okay=False), help="Write the frames into this folder.")
@click.option("--format", "suffix", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@as_json
def inspect(files: tuple[Path, ...], export: Path | None, suffix: str, json_wanted: bool) -> None:
    """Say what FILES (payloads, or folders of them) hold: kinds, frames, quality, personal data."""
    from .. import privacy, quality
    from ..frames import tidy
    from ..tables import rows

    events = reading.read(files, json_wanted)
    tables, traps, personal = tidy(events), quality.report(events), privacy.report(events)
    written = [_exported(frame, export, name, suffix) for name, frame in tables.items()] if export else []
    text = [repr(events), repr(tables), repr(traps), personal.to_string(index=False), *map(str, written)]
    data = {
        "kinds": rows(events.summary()),
        "unreadable": reading.records(reading.unreadable(events.unreadable)),
        "frames": {name: len(frame) for name, frame in tables.items()},
        "quality": rows(traps.table),
        "personal_data": rows(personal),
        "files": [str(path) for path in written],
    }
    emit("\n\n".join(text), data, json_wanted)


COMMANDS = (plan, apply, clean, webhooks, inspect, sending.send, sending.simulate)


def add_to(group: click.Group) -> None:
    """Add the commands of the journey to *group*."""
    for command in COMMANDS:
        group.add_command(command)


def _exported(frame: Any, folder: Path, name: str, suffix: str) -> Path:
    from .. import config

    path = config.private_folder(folder) / f"{name}.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path, index=False)
    return path

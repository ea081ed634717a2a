"""Commands of the journey: plan, apply, clean, webhooks, inspect, send, simulate."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .output import STEP_FAILED, as_json, connection_options, emit

if TYPE_CHECKING:
    from ..connection import Connection
    from ..delivery import Sent
    from ..onboarding import Made


@click.command("plan")
@connection_options
@as_json
def plan(json_wanted: bool, **where: str) -> None:
    """Compare what should exist with what does; changes nothing."""
    from .. import onboarding

    planned = onboarding.plan(_connected(where))
    rows = [step.row() for step in planned.steps]
    lines = [f"{row['action']:<9} {row['what']:<18} {row['name']}  {row['why']}".rstrip() for row in rows]
    emit("\n".join([*lines, repr(planned)]), {"counts": dict(planned.counts), "steps": rows}, json_wanted)


@click.command("apply")
@connection_options
@as_json
def apply(json_wanted: bool, **where: str) -> None:
    """Make what is missing; running it again makes nothing twice."""
    made = _made(_connected(where))
    emit(f"{made!r}\n{made.check()!r}", {"dataflows": made.rows(), "result": made.check().record()}, json_wanted)


@click.command("clean")
@click.option("--dry-run", is_flag=True, help="Only say what would be deleted.")
@connection_options
@as_json
def clean(dry_run: bool, json_wanted: bool, **where: str) -> None:
    """Delete exactly what the ledger says the kit made, newest first."""
    from .. import onboarding

    cleaned = onboarding.clean(_connected(where), dry_run=dry_run)
    rows = [f"{row['outcome']:<17} {row['what']:<18} {row['name']}" for row in cleaned.rows]
    result = cleaned.check()
    emit("\n".join([*rows, repr(result)]), {"objects": list(cleaned.rows), "result": result.record()}, json_wanted)


@click.command("webhooks")
@click.option("--save", is_flag=True, help="Write the whole URLs into a file that only you can read.")
@connection_options
@as_json
def webhooks(save: bool, json_wanted: bool, **where: str) -> None:
    """List the webhook URL of each kind, masked: the URL is all that guards the dataset."""
    made = _existing(_connected(where))
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

    events = _events(files)
    tables, traps, personal = tidy(events), quality.report(events), privacy.report(events)
    written = [_exported(frame, export, name, suffix) for name, frame in tables.items()] if export else []
    text = [repr(events), repr(tables), repr(traps), personal.to_string(index=False), *map(str, written)]
    data = {
        "kinds": rows(events.summary()),
        "unreadable": [{"where": lost.file, "why": lost.reason} for lost in events.unreadable],
        "frames": {name: len(frame) for name, frame in tables.items()},
        "quality": rows(traps.table),
        "personal_data": rows(personal),
        "files": [str(path) for path in written],
    }
    emit("\n\n".join(text), data, json_wanted)


@click.command("send")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--verify/--no-verify", "prove", default=True, show_default=True, help="Wait until the rows landed.")
@connection_options
@as_json
def send(files: tuple[Path, ...], prove: bool, json_wanted: bool, **where: str) -> None:
    """Deliver FILES (payloads, or folders of them) and prove what landed; nothing is sent twice."""
    from .. import journey

    events = _events(files)
    connection = _connected(where)
    _delivered(connection, journey.send(connection, events), prove, json_wanted)


@click.command("simulate")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed and start give the same chats.")
@click.option("--chats", type=click.IntRange(0), default=40, show_default=True, help="How many conversations.")
@click.option(
    "--start", type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]), help="Begin of the hour, UTC; default: an hour ago."
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the posts into this file instead of posting them.")
@click.option("--verify/--no-verify", "prove", default=True, show_default=True, help="Wait until the rows landed.")
@connection_options
@as_json
def simulate(
    seed: int, chats: int, start: datetime | None, out: Path | None, prove: bool, json_wanted: bool, **where: str
) -> None:
    """Play Chatlio: an hour of chats, posted to the webhook URLs of the dataflows."""
    from datetime import UTC

    from .. import journey, simulator

    played = simulator.hour(seed, start and start.replace(tzinfo=UTC), chats)
    if out:
        out.write_text("".join(f"{line}\n" for line in played.lines()), encoding="utf-8")
        emit(f"{played!r}\nWritten to {out}", {"posts": len(played), "file": str(out)}, json_wanted)
        return
    connection = _connected(where)
    _delivered(connection, journey.play(connection, played, _made(connection)), prove, json_wanted)


COMMANDS = (plan, apply, clean, webhooks, inspect, send, simulate)


def add_to(group: click.Group) -> None:
    """Add the commands of the journey to *group*."""
    for command in COMMANDS:
        group.add_command(command)


def _delivered(connection: Connection, sent: Sent, prove: bool, json_wanted: bool) -> None:
    from .. import journey
    from ..tables import rows

    results = [sent.check()]
    if prove:
        verified = journey.verify(connection, sent)
        results.append(verified.check())
    data: dict[str, Any] = {"results": [result.record() for result in results], "events": rows(sent.table())}
    emit("\n".join(map(repr, results)), data, json_wanted)
    if sent.refused:
        raise SystemExit(STEP_FAILED)


def _connected(where: dict[str, str]) -> Connection:
    from ..connection import connect

    return connect(where.pop("platform"), **where)


def _made(connection: Connection) -> Made:
    from .. import onboarding

    return onboarding.plan(connection).apply()


def _existing(connection: Connection) -> Made:
    """Give the dataflows, refusing to make what is not there: a command that lists must not create."""
    from .. import onboarding
    from ..errors import WorkspaceError

    planned = onboarding.plan(connection)
    missing = planned.counts["create"]
    if missing:
        raise WorkspaceError(f"{missing} objects of the journey are not made yet.", next_step="chatlio-kit apply")
    return planned.apply()


def _events(files: tuple[Path, ...]) -> Any:
    from ..events import Events
    from ..payloads import load

    loaded = [load(path) for path in files]
    events = Events(
        [event for each in loaded for event in each],
        [lost for each in loaded for lost in each.unreadable],
        [name for each in loaded for name in each.skipped],
    )
    events.check()
    return events


def _exported(frame: Any, folder: Path, name: str, suffix: str) -> Path:
    from .. import config

    path = config.private_folder(folder) / f"{name}.{suffix}"
    frame.to_csv(path, index=False) if suffix == "csv" else frame.to_parquet(path, index=False)
    return path

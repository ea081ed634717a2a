"""Commands for the local platform: up, down, status, reset, logs."""

from __future__ import annotations

import sys
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .output import STEP_FAILED, as_json, emit, tell

if TYPE_CHECKING:
    from ..local import LocalPlatform

data_option = click.option(
    "--data", type=click.Path(path_type=Path), help="State folder; default: in the kit's own folder."
)


@click.group()
def platform() -> None:
    """The local platform: start, stop, look at, reset."""


@platform.command()
@data_option
@click.option("--seat", default="", help="Whose credentials to name.")
@as_json
def up(data: Path | None, seat: str, json_wanted: bool) -> None:
    """Start the local platform, or find the running one."""
    from .. import local

    running = local.start(data)
    described = described_as(running, seat)
    emit("\n".join(f"{name:<12} {value}" for name, value in described.items()), described, json_wanted)


@platform.command()
@data_option
@as_json
def down(data: Path | None, json_wanted: bool) -> None:
    """Stop the local platform; its state stays."""
    from .. import local

    stopped = local.stop(data)
    emit("Stopped; its state stays." if stopped else "It was not running.", {"stopped": stopped}, json_wanted)


@platform.command()
@data_option
@as_json
def status(data: Path | None, json_wanted: bool) -> None:
    """Say whether the local platform runs, and where."""
    from .. import local

    running = local.attach(data)
    described = described_as(running, "") if running else {"data": str(data or local.default_data())}
    emit(repr(running) if running else "Not running.", {"running": running is not None, **described}, json_wanted)


@platform.command()
@data_option
@click.option("--seat", default="", help="Reset this seat only; without it, all state of every seat is deleted.")
@click.option("--yes", is_flag=True, help="Do not ask; for scripts.")
@as_json
def reset(data: Path | None, seat: str, yes: bool, json_wanted: bool) -> None:
    """Delete what was made on the local platform, and start it anew; asks first."""
    from .. import local

    whose = f"the seat {seat}" if seat else "every seat"
    if not yes and not _agreed(f"Delete all that {whose} made on the local platform {data or local.default_data()}?"):
        tell("Nothing was deleted.")
        raise SystemExit(STEP_FAILED)
    if seat:
        running = local.start(data)
        running.reset_seat(seat)
    else:
        running = local.reset(data)
    emit(f"Reset: {running!r}", described_as(running, seat), json_wanted)


@platform.command()
@data_option
@click.option("-n", "--lines", type=click.IntRange(1), default=40, show_default=True, help="How many last lines.")
@as_json
def logs(data: Path | None, lines: int, json_wanted: bool) -> None:
    """Show the last lines of the local platform's log."""
    from .. import local
    from ..errors import LocalPlatformError

    path = (data or local.default_data()) / "log"
    try:
        with path.open(encoding="utf-8", errors="replace") as log:
            last = [line.rstrip("\n") for line in deque(log, maxlen=lines)]
    except OSError as error:
        raise LocalPlatformError(
            f"There is no log at {path}.",
            cause="the local platform never ran here",
            next_step="chatlio-kit platform up",
        ) from error
    emit("\n".join(last), {"log": str(path), "lines": last}, json_wanted)


def _agreed(question: str) -> bool:
    """Ask at a terminal; raises UsageError where there is nobody to ask."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} There is no terminal to ask at. Next step: say it with --yes.")
    return click.confirm(question, err=True)


def described_as(running: LocalPlatform, seat: str) -> dict[str, Any]:
    """Give address, process, state folder, and the path of the seat's credential file (aepp's config format)."""
    credentials = str(running.seat(seat))
    return {"url": running.url, "pid": running.pid, "data": str(running.data), "credentials": credentials}

"""Commands that deliver events: send (files) and simulate (an hour of Chatlio)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from . import reading
from .output import STEP_FAILED, as_json, connection_options, emit, refuse, tell
from .reading import Problem
from .where import connected, existing, made_now

if TYPE_CHECKING:
    from ..connection import Connection
    from ..delivery import Sent
    from ..events import Events
    from ..onboarding import Made

SYNTHETIC, KEEP = "synthetic", "keep"
_WAY = "add --apply to this command; or, with the same options: chatlio-kit apply"
_PERSONS = {
    SYNTHETIC: "Personal data: replaced by invented data (--personal-data keep sends the files as they are).",
    KEEP: "Personal data: kept, the files are sent as they are.",
}

verify_option = click.option(
    "--verify/--no-verify", "prove", default=True, show_default=True, help="Wait until the rows landed."
)
apply_option = click.option("--apply", "may_make", is_flag=True, help="First make what is missing, as apply does.")


@click.command("send")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--personal-data",
    type=click.Choice([SYNTHETIC, KEEP]),
    default=SYNTHETIC,
    show_default=True,
    help="synthetic replaces names, addresses and texts by invented ones, as the notebooks do; keep changes nothing.",
)
@click.option("--lighten", is_flag=True, help="Drop the texts that a transcript over 1 MB repeats.")
@click.option("--revive", is_flag=True, help="Also try what the platform once refused for good.")
@apply_option
@verify_option
@connection_options
@as_json
def send(
    files: tuple[Path, ...],
    personal_data: str,
    lighten: bool,
    revive: bool,
    may_make: bool,
    prove: bool,
    json_wanted: bool,
    **where: str,
) -> None:
    """Deliver FILES (payloads, or folders of them) and prove what landed; nothing is sent twice.

    The dataflows must be there (chatlio-kit apply), or say --apply.
    """
    from .. import journey

    events = reading.read(files, json_wanted)
    unread = reading.unreadable(events.unreadable)
    events = _replaced(events) if personal_data == SYNTHETIC else events
    _refuse_unfit(events, unread, lighten, json_wanted)
    tell(_PERSONS[personal_data])
    connection = connected(where)
    made = _dataflows(connection, may_make)
    sent = journey.send(connection, events, made=made, lighten=lighten, revive=revive)
    _report(connection, sent, unread, prove, json_wanted)


@click.command("simulate")
@click.option("--seed", type=int, default=7, show_default=True, help="The same seed and start give the same chats.")
@click.option("--chats", type=click.IntRange(1), default=40, show_default=True, help="How many conversations.")
@click.option(
    "--start",
    type=click.DateTime(["%Y-%m-%dT%H:%M:%S"]),
    metavar="YYYY-MM-DDTHH:MM:SS",
    help="Begin of the hour, UTC; default: an hour ago.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write the posts into this file instead of posting them.")
@apply_option
@verify_option
@connection_options
@as_json
def simulate(
    seed: int,
    chats: int,
    start: datetime | None,
    out: Path | None,
    may_make: bool,
    prove: bool,
    json_wanted: bool,
    **where: str,
) -> None:
    """Play Chatlio: an hour of chats, posted to the webhook URLs of the dataflows.

    The dataflows must be there (chatlio-kit apply), or say --apply.
    """
    from datetime import UTC

    from .. import journey, simulator

    played = simulator.hour(seed, start and start.replace(tzinfo=UTC), chats)
    if out:
        out.write_text("".join(f"{line}\n" for line in played.lines()), encoding="utf-8")
        emit(f"{played!r}\nWritten to {out}", {"posts": len(played), "file": str(out)}, json_wanted)
        return
    connection = connected(where)
    _report(connection, journey.play(connection, played, _dataflows(connection, may_make)), [], prove, json_wanted)


def _replaced(events: Events) -> Events:
    from ..privacy import synthetic

    return synthetic(events)


def _dataflows(connection: Connection, may_make: bool) -> Made:
    return made_now(connection) if may_make else existing(connection, _WAY)


def _refuse_unfit(events: Events, unread: list[Problem], lighten: bool, json_wanted: bool) -> None:
    """End the command, before anything is made, when not one of *events* can be sent."""
    from ..sender import unfit

    problems = reading.not_received(unfit(events, lighten=lighten))
    if len(problems) == len(events):
        error = reading.none_of_them("Nothing was sent", problems)
        refuse(error, {"not_sent": reading.records([*unread, *problems])}, json_wanted)


def _report(connection: Connection, sent: Sent, unread: list[Problem], prove: bool, json_wanted: bool) -> None:
    """Print what became of the events; ends with 1 when some of what was given was not sent."""
    from .. import journey
    from ..errors import CheckFailed
    from ..tables import rows

    problems = reading.not_received(sent.not_received)
    reading.tell_all(problems)
    results, failure, failed = [], None, []
    try:
        results.append(sent.check())
        if prove:
            verified = journey.verify(connection, sent)
            failed = reading.not_landed(verified.failed)
            reading.tell_all(failed)
            results.append(verified.check())
    except CheckFailed as error:
        failure = error
    data: dict[str, Any] = {
        "results": [result.record() for result in results],
        "not_sent": reading.records([*unread, *problems]),
        "not_landed": reading.records(failed),
        "events": rows(sent.table()),
    }
    if failure and not json_wanted and results:
        emit("\n".join(map(repr, results)), data, False)
    if failure:
        refuse(failure, data, json_wanted)
    emit("\n".join(map(repr, results)), data, json_wanted)
    if data["not_sent"]:
        tell(f"{len(data['not_sent'])} of what was given was not sent, for the reasons above.")
        raise SystemExit(STEP_FAILED)

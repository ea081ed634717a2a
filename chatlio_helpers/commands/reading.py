"""Payload files of the command line: what they hold, and what could not be read or sent, with file and reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..errors import PayloadError
from .output import refuse, tell

if TYPE_CHECKING:
    from ..delivery import Delivery
    from ..events import Events, Unreadable
    from ..verification import Verified

_SHOWN = 20  # problems in the shell; --json has all
_REPAIR = "repair the file: one webhook body as one JSON object (one a line in .jsonl)"

_CORRECT = "correct the payload, or the mapping"


class Problem(NamedTuple):
    """Something that was not read or not received: ``where`` is the file and, if it is known, the line."""

    where: str
    reason: str
    next_step: str

    def __str__(self) -> str:
        return f"{self.where}: {self.reason}\n  Next step: {self.next_step}"


def unreadable(lost: Iterable[Unreadable]) -> list[Problem]:
    """Give what could not be read."""
    return [Problem(f"{one.file}, line {one.line}" if one.line else one.file, one.reason, _REPAIR) for one in lost]


def not_received(deliveries: Iterable[Delivery]) -> list[Problem]:
    """Give what was refused, is dead or waits."""
    return [Problem(one.where or f"{one.kind} {one.event}", one.reason, one.next_step) for one in deliveries]


def not_landed(failed: Iterable[Verified]) -> list[Problem]:
    """Give what the platform received and then refused by mapping or validation."""
    return [Problem(one.where or f"{one.kind} {one.event}", one.reason, _CORRECT) for one in failed]


def records(problems: Iterable[Problem]) -> list[dict[str, str]]:
    """Give the problems for ``--json``."""
    return [problem._asdict() for problem in problems]


def tell_all(problems: Sequence[Problem]) -> None:
    """Tell the first problems on standard error, and how many more there are."""
    for problem in problems[:_SHOWN]:
        tell(str(problem))
    if len(problems) > _SHOWN:
        tell(f"and {len(problems) - _SHOWN} more; --json lists all")


def read(files: Sequence[Path], json_wanted: bool) -> Events:
    """Read FILES; tells what could not be read, and ends the command when nothing could."""
    from ..events import Events
    from ..payloads import load

    loaded = [load(path) for path in files]
    events = Events(
        [event for each in loaded for event in each],
        [lost for each in loaded for lost in each.unreadable],
        [name for each in loaded for name in each.skipped],
    )
    problems = unreadable(events.unreadable)
    if not events:
        names = ", ".join(str(path) for path in files)
        empty = PayloadError(f"There is no payload in {names}.", next_step="give .json or .jsonl files")
        error = none_of_them("No event was read", problems) if problems else empty
        refuse(error, {"unreadable": records(problems)}, json_wanted)
    tell_all(problems)
    return events


def none_of_them(what: str, problems: Sequence[Problem]) -> PayloadError:
    """Give the error of a command for which every file is a problem; tells them when they are several."""
    if len(problems) == 1:
        where, reason, next_step = problems[0]
        return PayloadError(f"{what}. {where}: {reason}", next_step=next_step)
    tell_all(problems)
    return PayloadError(f"{what}: {len(problems)} problems, named above.", next_step="do what is said for each")

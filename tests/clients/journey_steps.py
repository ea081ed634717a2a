"""The steps of a journey, in their order: each is a function, and prints what it gave as one JSON line."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

PATIENCE = 20.0  # seconds

Step = Callable[[], Any]
steps: list[tuple[str, Step]] = []
made: dict[str, Any] = {}  # what one step made and a later one needs


def step(name: str) -> Callable[[Step], Step]:
    """Mark a function as the next step of the journey."""

    def marked(function: Step) -> Step:
        steps.append((name, function))
        return function

    return marked


def until(true: Callable[[], Any], what: str) -> Any:
    """Wait until *true* gives something true, and give that."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.1)
    raise TimeoutError(f"not in {PATIENCE:.0f} s: {what}")


class Refused(Exception):
    """The client gave back a refusal where it should have given what was asked for."""


def good(answer: Any) -> Any:
    """Give *answer*, unless it is a refusal: the SDK gives both back in the same way."""
    if not isinstance(answer, dict) or not any(key in answer for key in ("id", "$id", "@id", "name", "results")):
        raise Refused(json.dumps(answer)[:1500])
    return answer


def run() -> None:
    """Run every step; what a client prints by itself goes to standard error, as does the traceback of a failure."""
    for name, function in steps:
        line: dict[str, Any] = {"step": name}
        started = time.monotonic()
        with contextlib.redirect_stdout(sys.stderr):
            try:
                line["result"] = function()
            except Exception as error:  # noqa: BLE001  (a client may raise anything; the next step still runs)
                traceback.print_exc()
                line["error"] = f"{type(error).__name__}: {error}"
        line["seconds"] = round(time.monotonic() - started, 2)
        print(json.dumps(line, default=str), flush=True)  # noqa: T201  (this line is the script's output)

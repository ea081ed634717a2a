"""The log of calls: every call has a line, and a flood of messages does not flood the log."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from chatlio_helpers.emulator.control.redaction import Redaction
from chatlio_helpers.emulator.front import call_log
from chatlio_helpers.emulator.front.call_log import CallLog

POST = ("POST", "/collection/0123456789abcdef")


def lines(caplog: pytest.LogCaptureFixture, *notes: tuple[Any, ...]) -> list[str]:
    """Note requests at once, wait until the log has told of them, and give its lines."""

    async def scene() -> None:
        log = CallLog()
        for note in notes:
            log.note(*note)
        await asyncio.sleep(0.05)

    with caplog.at_level(logging.INFO, "local-platform.calls"):
        asyncio.run(scene())
    return caplog.messages


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_log, "_EVERY", 0.01)


def test_a_flood_of_messages_has_its_first_line_and_a_sum(caplog: pytest.LogCaptureFixture) -> None:
    """Of a thousand messages taken at once two lines are written, and neither shows the inlet."""
    first, rest = lines(caplog, *[(*POST, 200, float(number % 7)) for number in range(1_000)])
    assert first == "POST /collection/••• 200 0.0 ms"
    assert rest == "POST to inlets, taken: 999 more, the longest in 6.0 ms"


def test_refusals_and_calls_have_a_line_each(caplog: pytest.LogCaptureFixture) -> None:
    """A message that was refused or cut off in the middle of a flood is told by itself, and so is every other call."""
    told = lines(caplog, (*POST, 200, 1), (*POST, 503, 2), (*POST, 0, 3), ("GET", "/data/x", 200, 4), (*POST, 207, 5))
    assert told == [
        "POST /collection/••• 200 1.0 ms", "POST /collection/••• 503 2.0 ms", "POST /collection/••• cut 3.0 ms",
        "GET /data/x 200 4.0 ms", "POST to inlets, taken: 1 more, the longest in 5.0 ms",
    ]  # fmt: skip


def test_no_secret_is_in_a_line(caplog: pytest.LogCaptureFixture) -> None:
    """An inlet in another path, encoded once more, in a method; and what is known to be secret: none is written."""
    inlet, known = "0123456789abcdef" * 4, "the-word-that-opens-everything"
    paths = [
        f"//collection/{inlet}", f"/xx/{inlet}", f"/flows/http%3A%2F%2Fa%2Fcollection%2F{inlet}", f"/{known}",
        "/\0" + inlet,
    ]  # fmt: skip
    told = lines(caplog, *[(inlet.upper(), path, 404, 1.0, Redaction(known)) for path in paths])
    assert len(told) == len(paths)
    assert not [line for line in told if inlet in line.lower() or known in line or not line.isprintable()]

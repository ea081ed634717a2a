"""The local platform's memory when idle, new and after work, beside a bare Starlette under uvicorn."""

from __future__ import annotations

import sys
import time

from .children import CHECKOUT, output, scratch
from .figure import Figure
from .servers import bare_server, local_platform

SETTLING = 2.0  # seconds without a request before the memory is read
KINDS = ("transcript", "offline_message", "conversation_started", "feedback")


def measure() -> list[Figure]:
    """Give the resident memory before any work, and after one cycle of plan, apply, send and verify."""
    with scratch() as home, local_platform(home / "platform") as platform, bare_server() as bare:
        time.sleep(SETTLING)
        new, other = platform.megabytes(), bare.megabytes()
        samples = [CHECKOUT / "sample_payloads" / f"{kind}.json" for kind in KINDS]
        output([sys.executable, "-m", "chatlio_helpers", "send", "--apply", *samples], home)
        time.sleep(SETTLING)
        worked = platform.megabytes()
    what, alternative = "local platform, idle memory", "a bare Starlette under uvicorn"
    return [
        Figure(f"{what}, new", "MB", new, alternative, other, at_most=200),
        Figure(f"{what}, after apply, send and verify", "MB", worked, alternative, other, at_most=200),
    ]

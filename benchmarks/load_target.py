"""Where the load on the inlets goes: a transcript dataflow, made by the kit itself, and an hour of simulated chats.

Run as ``python -m benchmarks.load_target``: prints the webhook's URL as JSON. It finds the local platform of the kit's
home, as a notebook does.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from .children import output

KIND = "transcript"
_START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def webhook(home: Path) -> str:
    """Make schema, dataset, mapping set and dataflow on the local platform of *home*; gives the webhook's URL."""
    return str(json.loads(output([sys.executable, "-m", "benchmarks.load_target"], home).splitlines()[-1]))


def payloads() -> list[bytes]:
    """Give the transcripts of simulated chats as they are posted, 1 to 3 KB each."""
    from chatlio_helpers import simulator

    chats = [chat.payload for chat in simulator.hour(start=_START, chats=200) if chat.kind == KIND]
    return [json.dumps(payload, ensure_ascii=False).encode() for payload in chats]


def _made() -> str:
    from chatlio_helpers.connection import connect
    from chatlio_helpers.onboarding import plan

    return plan(connect("local"), kinds=(KIND,)).apply().webhooks[KIND].reveal()


if __name__ == "__main__":
    print(json.dumps(_made()))

"""Rows landed per second while messages arrive, mapped as our transcripts are, and the memory meanwhile."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean

import psutil

from . import load_target
from .children import CHECKOUT, Failed, environment, kit_home, output
from .figure import Figure

WARMING, SECONDS = 5.0, 60.0
ALONE = 10.0  # seconds of the script
SHARE = 6  # the memory at a moment: the mean over a sixth of the seconds


def measure() -> list[Figure]:
    """Give the rate of landing, and the memory of the platform's processes at the end beside that at half time."""
    with kit_home() as home:
        url = load_target.webhook(home)
        rate, memory = loaded(home, url, SECONDS)
    alone = float(output([sys.executable, "-m", "benchmarks.bare_landing", str(ALONE)]))
    share = len(memory) // SHARE
    half = len(memory) // 2
    return [
        Figure("landing, mapped, while messages arrive", "rows/s", rate, "parsed and written, unmapped", alone,
               at_least=3_000),
        Figure("landing, memory after a minute", "MB", mean(memory[-share:]), "at half time",
               mean(memory[half : half + share]), at_most_ratio=1.05),
    ]  # fmt: skip


def loaded(home: Path, url: str, seconds: float, warming: float = WARMING) -> tuple[float, list[float]]:
    """Send to *url* for some seconds; gives rows landed per second, and the memory in MB, once a second.

    Raises Failed when the sender failed, or when a message did not land in the end.
    """
    state = home / "platform" / "state.sqlite"
    words = [sys.executable, "-m", "benchmarks.landing_load", url, str(state), str(warming), str(seconds)]
    sender = subprocess.Popen(words, cwd=CHECKOUT, env=environment(home), stdout=subprocess.PIPE, text=True)
    memory = []
    time.sleep(warming)
    for _ in range(int(seconds)):
        time.sleep(1.0)
        memory.append(_megabytes(home))
    said = sender.communicate()[0]
    if sender.returncode:
        raise Failed("the sender of messages failed")
    tally = json.loads(said)
    if tally["landed"] != tally["accepted"]:
        raise Failed(f"{tally['accepted']} messages were accepted and {tally['landed']} landed")
    return tally["rate"], memory


def _megabytes(home: Path) -> float:
    first = psutil.Process(json.loads((home / "platform" / "platform.json").read_text())["pid"])
    return sum(each.memory_info().rss for each in [first, *first.children(recursive=True)]) / 1e6

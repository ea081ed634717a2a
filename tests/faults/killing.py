"""Kill the server, its mapping process or both at random moments under load, start again, and look at what is left."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import psutil

from ..emulator.running import Chain, Client, Server, make_chain, running, wait_until
from . import audit
from .senders import Sender

RUN_WINDOW = 8.0  # seconds; few runs, so that one page holds them
LONGEST = 1.4  # seconds from a start to the kill: a start, and a few rounds of landing
SETTLING = 120.0  # seconds for what was accepted to land
WORKER = "chatlio_helpers.emulator.landing.worker"
VICTIMS = ("server", "server", "server", "worker", "worker", "both")


def killed(folder: Path, kills: int, seed: int, tell: Callable[[str], None] = lambda _: None) -> dict[str, Any]:
    """Kill so many times; gives the numbers, and ``findings``: sentences, none when all is well."""
    chance, victims, found = Random(seed), Counter(), []
    with running(folder, run_window=RUN_WINDOW) as server:
        chains = [make_chain(Client(server), name) for name in ("first", "second")]
        senders = _senders(chains, seed)
        began = time.monotonic()
        for number in range(kills):
            victim = chance.choice(VICTIMS)
            time.sleep(chance.uniform(0.0, LONGEST))
            found += _kill(server, victim, chance)
            victims[victim] += 1
            tell(f"kill {number + 1} of {kills}: {victim}")
        seconds = time.monotonic() - began
        for sender in senders:
            sender.stop()
        rows, more = _settled(server, chains, senders)
        server.stop()
        found += [*more, *audit.strangers(folder)]
    acknowledged = sum(sender.acknowledged.total() for sender in senders)
    unanswered = sum(sender.unanswered.total() for sender in senders)
    return {"kills": kills, "seed": seed, "victims": dict(victims), "seconds": round(seconds, 1),
            "acknowledged": acknowledged, "unanswered": unanswered, "rows": rows, "findings": found}  # fmt: skip


def _senders(chains: list[Chain], seed: int) -> list[Sender]:
    senders = [
        Sender(chain, f"{place}{'b' if batches else 's'}{number}", batches=batches, seed=seed)
        for place, chain in enumerate(chains)
        for batches in (True, False)
        for number in range(1 if batches else 2)
    ]
    for sender in senders:
        sender.start()
    return senders


def _kill(server: Server, victim: str, chance: Random) -> list[str]:
    """Kill, start again what does not start by itself; gives what the start should have removed."""
    if victim != "server":
        for worker in psutil.Process(server.process.pid).children():
            with suppress(psutil.NoSuchProcess):
                if WORKER in worker.cmdline():
                    worker.kill()
    if victim == "worker":
        return []
    if victim == "both":
        time.sleep(chance.uniform(0.0, 0.3))
    server.kill()
    before = audit.files_of(server.folder)
    server.start()
    return audit.orphans_among(server.folder, before)


def _settled(server: Server, chains: list[Chain], senders: list[Sender]) -> tuple[int, list[str]]:
    """Wait until all that was accepted has landed and all runs are closed; then audit each dataflow."""
    wait_until(lambda: audit.waiting(server.folder) == 0, SETTLING)
    server.turn(run_window=0.1)
    rows, found = 0, []
    for chain in chains:
        wait_until(lambda chain=chain: all("state" not in run for run in chain.runs()), 2 * RUN_WINDOW)
        more, count = audit.findings(chain, [sender for sender in senders if sender.chain is chain])
        rows += count
        found += more
    return rows, found

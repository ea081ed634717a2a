"""A hundred seats that make their whole chain at once: how long each call takes, beside a call of one seat alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen

from .children import CHECKOUT, Failed, environment, progress, scratch
from .figure import Figure
from .servers import local_platform

SEATS, ROUNDS = 100, 3


def measure() -> list[Figure]:
    """Give the 99th percentile of all calls of 100 seats, beside that of one seat which has the platform to itself."""
    many, one = [], []
    with scratch() as home, local_platform(home / "platform") as server:
        platform = home / "platform"
        chains(server.url, _seats(server.url, platform, ["warm"]))
        for turn in range(ROUNDS):
            one.append(_percentile(chains(server.url, _seats(server.url, platform, [f"one-{turn}"]))))
            names = [f"many-{turn}-{number}" for number in range(SEATS)]
            many.append(_percentile(chains(server.url, _seats(server.url, platform, names))))
            progress(f"round {turn + 1}: 99 % of the calls of {SEATS} seats within {many[-1]:.0f} ms")
    what = f"control plane, {SEATS} seats make their whole chain at once, p99 of a call"
    return [Figure(what, "ms", median(many), "one seat alone", median(one), at_most=250)]


def chains(url: str, seats: list[dict[str, str]]) -> dict[str, list[float]]:
    """Make one chain for each of *seats* at once; gives the milliseconds of each call by its label."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.load_seats"],
        input=json.dumps({"url": url, "seats": seats}), env=environment(), cwd=CHECKOUT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"a call of {len(seats)} seats failed: {done.stderr[-1000:]}")
    return dict(json.loads(done.stdout))


def _seats(url: str, platform: Path, names: list[str]) -> list[dict[str, str]]:
    """Make seats and give their credentials."""
    token = (platform / "admin-token").read_text().strip()
    headers = {"x-local-token": token, "content-type": "application/json"}
    with urlopen(Request(f"{url}/_local/seats", json.dumps({"names": names}).encode(), headers)) as answer:  # noqa: S310
        made: list[dict[str, Any]] = json.load(answer)["seats"]
    return [json.loads(Path(seat["credentials"]).read_text()) for seat in made if seat["name"] in names]


def _percentile(times: dict[str, list[float]], share: float = 0.99) -> float:
    ordered = sorted(one for each in times.values() for one in each)
    return ordered[int(share * (len(ordered) - 1))]

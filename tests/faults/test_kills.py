"""The short form of the fault suite; the long one is ``python -m tests.faults --kills 200 --seed 7``."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

KILLS = 12
CHECKOUT = Path(__file__).parents[2]


def test_no_kill_loses_or_doubles_a_message() -> None:
    """Twelve kills under load: each acknowledged message landed once or failed once, and all counts agree."""
    command = [sys.executable, "-m", "tests.faults", "--kills", str(KILLS), "--seed", "20"]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    report = json.loads(done.stdout)
    assert (report["kills"], report["findings"]) == (KILLS, [])
    assert report["acknowledged"] > 100 * KILLS
    assert report["rows"] >= report["acknowledged"]

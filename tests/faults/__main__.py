"""Kill the local platform under load and audit what it kept: ``python -m tests.faults --kills 200 --seed 7``.

Prints one JSON object; exits with 1 when something was lost, doubled or does not add up.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from .killing import killed


def main() -> int:
    """Run the suite; gives the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--seed", type=int, default=7, help="decides the moments and the victims (default: 7)")
    parser.add_argument("--keep", metavar="FOLDER", help="keep the state there, to look at it afterwards")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="chatlio-faults-", ignore_cleanup_errors=True) as scratch:
        report = killed(Path(options.keep or scratch) / "state", options.kills, options.seed, _tell)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")
    return 1 if report["findings"] else 0


def _tell(words: str) -> None:
    sys.stderr.write(f"faults: {words}\n")


if __name__ == "__main__":
    sys.exit(main())

"""The long form: ``python -m tests.surface --examples 200 --seed 7``, with AEP_OPENAPI_DIR set."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.contract.judge import VARIABLE, Judge
from tests.emulator.running import running

from .hunt import Catch, descriptions, hunt, targets
from .world import Recording, make_world


def main() -> int:
    """Hunt through all descriptions; gives 1 when something was found."""
    options = _options()
    if not os.environ.get(VARIABLE):
        sys.stderr.write(
            f"{VARIABLE} is not set. Next step: set it to the folder of Adobe's API descriptions (YAML).\n"
        )
        return 2
    folder = Path(os.environ[VARIABLE])
    judge, catch = Judge(folder), Catch()
    with tempfile.TemporaryDirectory() as state, running(Path(state) / "state") as server:
        for number, path in enumerate(descriptions(folder)):
            if options.only and options.only not in path.stem:
                continue
            server.control("POST", "/seats", {"names": [f"hunt{number}"]})
            world = make_world(Recording(server, seat=f"hunt{number}"))
            for target in targets(path):
                began = time.monotonic()
                hunt(target, world, judge, catch, examples=options.examples, start=options.seed)
                sys.stderr.write(f"{time.monotonic() - began:6.1f} s  {target.label}\n")
            log = (server.folder / "log").read_text(encoding="utf-8")
            if "Traceback" in log:
                catch.findings[f"{path.stem}: the platform's log has a traceback"] = log[log.index("Traceback") :][
                    :3000
                ]
    sys.stdout.write("\n".join(catch.lines()) + "\n")
    sys.stdout.write(f"{catch.requests} requests, statuses {dict(sorted(catch.statuses.items()))}, "
                     f"{len(catch.findings)} findings\n")  # fmt: skip
    return 1 if catch.findings else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.surface", description=__doc__)
    parser.add_argument("--examples", type=int, default=50, help="requests for each operation")
    parser.add_argument("--seed", type=int, default=7, help="where the draws start")
    parser.add_argument("--only", help="only descriptions whose name has this in it")
    return parser.parse_args()


sys.exit(main())

"""Which clients of others are here: aepp in an environment of its own, psql on the path."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

DEMANDED = "CHATLIO_KIT_CLIENT_TESTS"  # set where a missing client must fail, as in continuous integration
HOW = {
    "aepp": f"{DEMANDED}=1 make test installs it",
    "psql": "Debian's package `postgresql-client` has it",
}


def aepp_python() -> Path:
    """Give the Python of the environment of aepp, there or not."""
    inside = Path("Scripts", "python.exe") if os.name == "nt" else Path("bin", "python")
    return Path(sys.prefix, "clients") / inside


def missing() -> list[str]:
    """Name the clients whose tests are to be left out: those that are not here, unless they are demanded."""
    if os.environ.get(DEMANDED):
        return []
    here = {"aepp": aepp_python().is_file(), "psql": shutil.which("psql") is not None}
    return [name for name in HOW if not here[name]]

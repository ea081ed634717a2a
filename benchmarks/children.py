"""Child processes: a clean environment, their time by the wall clock, their last words when they fail."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
# What a caller such as `make bench` leaves behind for its children, and what would change what is measured.
_FOREIGN = {
    "ARGS", "MAKEFLAGS", "MAKELEVEL", "MFLAGS", "PYTHON", "VENV", "VIRTUAL_ENV",
    "PIP_NO_CACHE_DIR",  # the cache is meant to be warm
    "PYTHONDONTWRITEBYTECODE",  # pip compiles what it installs; without this the kit alone would compile at every start
}  # fmt: skip
_LAST_LINES = 15


class Failed(Exception):
    """A measured command failed, so there is nothing to compare."""


def environment(home: Path | None = None) -> dict[str, str]:
    """Give this process's environment without what `make bench` put into it; *home* becomes the kit's folder."""
    clean = {
        name: value for name, value in os.environ.items() if name not in _FOREIGN and not name.startswith("CHATLIO_KIT")
    }
    return clean | ({"CHATLIO_KIT_HOME": str(home)} if home else {})


def seconds(command: Sequence[str | Path], home: Path | None = None, cwd: Path | None = None) -> float:
    """Run *command* and give the seconds it took; raises Failed with its last words when it fails."""
    began = time.perf_counter()
    output(command, home, cwd)
    return time.perf_counter() - began


def output(command: Sequence[str | Path], home: Path | None = None, cwd: Path | None = None) -> str:
    """Run *command* and give what it wrote on standard output; raises Failed when it fails."""
    arguments = [str(part) for part in command]
    done = subprocess.run(
        arguments, env=environment(home), cwd=cwd or CHECKOUT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = "\n".join(f"{done.stdout}\n{done.stderr}".strip().splitlines()[-_LAST_LINES:])
        raise Failed(f"exit code {done.returncode} from: {' '.join(arguments)}\n{words}")
    return done.stdout


def base_python() -> str:
    """Give the Python that environments are made with: the one behind this environment."""
    return getattr(sys, "_base_executable", "") or sys.executable


def python_in(environment_folder: Path) -> Path:
    """Give the Python inside an environment."""
    return environment_folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder of our own, removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="chatlio-bench-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def kit_home() -> Iterator[Path]:
    """Give an empty folder for the kit; the local platform that was started in it is stopped at the end."""
    with scratch() as folder:
        try:
            yield folder
        finally:
            output([sys.executable, "-m", "chatlio_helpers", "platform", "down"], folder)


def progress(words: str) -> None:
    """Tell progress on standard error."""
    sys.stderr.write(f"bench: {words}\n")
    sys.stderr.flush()

"""How papermill runs our notebooks: this interpreter, private sockets, time limits, nothing written before it is clean.

Used by :mod:`.runner`; plain ``papermill notebooks/….ipynb out.ipynb`` works without it.
"""

from __future__ import annotations

import logging
import os
import shutil
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import zmq
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines

from ..front_end import HEADLESS_VARIABLE
from .record import Limits

NAME = "chatlio-kit"
LIMIT_TAG = "timeout-"  # a cell tagged timeout-600 may take 600 seconds
_STARTS = 3  # a kernel that dies before it says hello is started again; nothing has run by then
_LONGEST_SOCKET_PATH = 90  # systems allow 104 (macOS) or 108 (Linux) bytes, and the kernel adds a few
_IOPUB_SECONDS = 30  # on a busy machine outputs may trail the reply by more than nbclient's 4 seconds


log = logging.getLogger(__name__)


class OutOfTime(TimeoutError):
    """The whole run's time was used up before this cell began."""


class ThisInterpreter(KernelSpecManager):
    """Every kernel is this interpreter, whatever kernels the machine has under the name ``python3``."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Give the kernel of the running Python; the name asked for does not matter."""
        command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name=kernel_name, language="python")


class Client(PapermillNotebookClient):
    """Executes one notebook within its limits, over sockets in a private folder."""

    def __init__(self, nb_man: Any, limits: Limits, deadline: float, folder: Path, **options: Any) -> None:
        super().__init__(nb_man, startup_timeout=limits.start, timeout_func=self._seconds_for, **options)
        self.iopub_timeout = _IOPUB_SECONDS
        self.limits, self.deadline, self.folder = limits, deadline, folder
        self.began = False

    def create_kernel_manager(self) -> Any:
        """Make the kernel manager: this interpreter; UNIX sockets at a path of its own where the system has them."""
        manager = self.kernel_manager_class(
            kernel_name=self.kernel_name,
            kernel_spec_manager=ThisInterpreter(),
            connection_file=str(self.folder / "kernel.json"),
        )
        if has_unix_sockets():
            manager.transport = "ipc"
            manager.ip = str(self.folder / "k")
        self.km = manager
        return manager

    def papermill_execute_cells(self) -> None:
        """Execute the cells; from here on a failure is the notebook's, and is not tried again."""
        self.began = True
        super().papermill_execute_cells()

    def _seconds_for(self, cell: Any) -> int:
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutOfTime(f"The run's {self.limits.run} seconds are used up.")
        return max(1, int(min(left, cell_seconds(cell, self.limits.cell))))


class KitEngine(Engine):
    """The papermill engine of the runner; ``executed`` receives the notebook, however the execution ends."""

    @classmethod
    def execute_managed_notebook(  # type: ignore[override]
        cls, nb_man: Any, kernel_name: str, *, limits: Limits, deadline: float, executed: list[Any], **_ignored: Any
    ) -> None:
        """Execute the cells, starting the kernel again when it dies before the first of them."""
        executed.append(nb_man.nb)
        for attempt in range(1, _STARTS + 1):
            with private_folder() as folder, kernel_words(folder) as words:
                client = Client(nb_man, limits, deadline, folder, kernel_name=kernel_name)
                try:
                    client.execute(env=kernel_environment(folder), stdout=words, stderr=words)
                    return
                except (RuntimeError, zmq.ZMQError):
                    if client.began or attempt == _STARTS:
                        raise


def register() -> None:
    """Make the engine known to papermill."""
    papermill_engines.register(NAME, KitEngine)


def cell_seconds(cell: Any, otherwise: int) -> int:
    """Give the seconds that *cell* may take: its tag ``timeout-SECONDS``, else *otherwise*."""
    for tag in cell.metadata.get("tags", []):
        if tag.startswith(LIMIT_TAG) and tag[len(LIMIT_TAG) :].isdigit():
            return int(tag[len(LIMIT_TAG) :])
    return otherwise


def kernel_environment(folder: Path) -> dict[str, str]:
    """Give the kernel's environment: headless, and without the start-up files of the user's own IPython."""
    return os.environ | {HEADLESS_VARIABLE: "1", "IPYTHONDIR": str(folder / "ipython")}


def has_unix_sockets() -> bool:
    """Tell whether kernels can be reached over UNIX sockets here; TCP ports race and can be read by neighbours."""
    return hasattr(socket, "AF_UNIX") and os.name != "nt" and bool(zmq.has("ipc"))


@contextmanager
def kernel_words(folder: Path) -> Iterator[IO[bytes]]:
    """Give a file for what the kernel's process itself says, and pass it on to the log instead of the terminal."""
    with (folder / "kernel.log").open("w+b") as words:
        try:
            yield words
        finally:
            words.seek(0)
            said = words.read().decode("utf-8", "replace").strip()
            if said:
                log.info("the kernel's process said: %s", said)


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give a folder of our own (0700) with a path short enough for a socket, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ck-"))
    if len(str(folder)) > _LONGEST_SOCKET_PATH and has_unix_sockets():
        folder.rmdir()
        folder = Path(tempfile.mkdtemp(prefix="ck-", dir="/tmp"))  # private all the same: mkdtemp makes it 0700
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)

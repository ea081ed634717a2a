"""Who is there, and what a traceback may show: asked in real kernels."""

import os
from pathlib import Path

import pytest
from jupyter_client.manager import KernelManager

from chatlio_helpers.front_end import HEADLESS_VARIABLE, interactive, protect_tracebacks
from chatlio_helpers.runner import engine

CANARY = "canary-8f1d2c3b4a596877"


class Kernel:
    """A real kernel of this interpreter, to which cells are sent as a front end would."""

    def __init__(self, folder: Path) -> None:
        connection = str(folder / "kernel.json")
        self.manager = KernelManager(
            kernel_name="python3", kernel_spec_manager=engine.ThisInterpreter(), connection_file=connection
        )
        self.manager.transport, self.manager.ip = "ipc", str(folder / "k")
        environment = {name: value for name, value in os.environ.items() if name != HEADLESS_VARIABLE}
        self.manager.start_kernel(env=environment | {"IPYTHONDIR": str(folder / "ipython")})
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)

    def run(self, code: str, *, allow_stdin: bool) -> str:
        """Run a cell; gives all that it showed, as one text."""
        shown: list[str] = []
        self.client.execute_interactive(
            code, allow_stdin=allow_stdin, timeout=60, output_hook=lambda message: shown.append(str(message["content"]))
        )
        return "\n".join(shown)

    def stop(self) -> None:
        """Stop the kernel."""
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def kernel():
    """Give one kernel to the tests of this module."""
    with engine.private_folder() as folder:
        kernel = Kernel(folder)
        yield kernel
        kernel.stop()


ASK = "from chatlio_helpers.front_end import interactive\nprint('answer', interactive())"


def test_a_front_end_that_can_answer_is_interactive(kernel):
    """A cell sent with allow_stdin, as JupyterLab sends it, has a person behind it."""
    assert "answer True" in kernel.run(ASK, allow_stdin=True)


def test_a_request_without_stdin_is_headless(kernel):
    """A cell sent without allow_stdin, as nbclient sends it, has nobody behind it."""
    assert "answer False" in kernel.run(ASK, allow_stdin=False)


def test_the_headless_word_wins(kernel):
    """Whoever sets CHATLIO_KIT_HEADLESS gets no widgets, even in JupyterLab."""
    said = kernel.run(f"import os\nos.environ['{HEADLESS_VARIABLE}'] = '1'\n{ASK}", allow_stdin=True)
    kernel.run(f"del os.environ['{HEADLESS_VARIABLE}']", allow_stdin=True)
    assert "answer False" in said


@pytest.mark.parametrize(
    "failure",
    [
        "raise ValueError(secret)",
        "raise ExceptionGroup('two', [ValueError(secret)])",
        "try:\n    int(secret)\nexcept ValueError as error:\n    raise RuntimeError('after') from error",
        f"wrong syntax {CANARY}",
    ],
    ids=["plain", "group", "chained", "syntax"],
)
def test_no_traceback_shows_a_secret(kernel, failure):
    """Every kind of traceback passes the filter, however often it was asked for."""
    kernel.run(
        "from chatlio_helpers import secret as secrets, front_end\n"
        f"secret = '{CANARY[:8]}' + '{CANARY[8:]}'\nsecrets.register(secret)\n"
        "front_end.protect_tracebacks()\nfront_end.protect_tracebacks()",
        allow_stdin=True,
    )
    said = kernel.run(failure, allow_stdin=True).replace(repr(failure), "")
    shown = "\n".join(line for line in said.splitlines() if "'code'" not in line)
    assert "•••" in shown
    assert CANARY not in shown


def test_outside_ipython_nothing_is_interactive_or_protected():
    """In a plain program nobody can be asked, and there is no display to protect."""
    assert not interactive()
    assert not protect_tracebacks()

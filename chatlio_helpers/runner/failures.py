"""Why a notebook stopped: in words, whoever stopped it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .. import errors
from ..secret import redact

_LABELS = ("Likely cause", "Next step")  # as KitError writes them


@dataclass(frozen=True)
class Failure:
    """Why a notebook stopped, in words; ``kind`` is the error's class, ``exit_code`` that of the command line."""

    kind: str
    what: str
    cause: str = ""
    next_step: str = ""
    cell: str = ""
    exit_code: int = 1

    def __str__(self) -> str:
        lines = [self.what]
        lines += [f"Likely cause: {self.cause}"] if self.cause else []
        lines += [f"Next step: {self.next_step}"] if self.next_step else []
        return redact("\n".join(lines))


def from_cell(error: Any, notebook: Any) -> Failure:
    """Give the failure of a cell that raised, read back from the text that the kernel sent."""
    lines = redact(str(error.evalue)).splitlines() or [error.ename]
    parts = {label: line[len(label) + 2 :] for line in lines for label in _LABELS if line.startswith(f"{label}: ")}
    kind = getattr(errors, error.ename, None)
    ours = isinstance(kind, type) and issubclass(kind, errors.KitError)
    what = "\n".join(line for line in lines if not line.startswith(tuple(f"{label}: " for label in _LABELS)))
    return Failure(
        kind=error.ename,
        what=what if ours else f"{error.ename}: {what}",
        cause=parts.get("Likely cause", ""),
        next_step=parts.get("Next step", "" if ours else "open the executed notebook at this cell"),
        cell=notebook.cells[error.cell_index].get("id", ""),
        exit_code=kind.exit_code if ours else 1,
    )


def from_outside(error: BaseException, cell_seconds: int, run_seconds: int) -> Failure:
    """Give the failure of a notebook that was stopped by something else than its own cells."""
    kind = type(error).__name__
    if kind == "OutOfTime":
        cause = f"the whole run may take {run_seconds} s"
        return Failure(kind, str(error), cause, "run fewer notebooks, or give more time: --run-seconds")
    if isinstance(error, TimeoutError):
        cause = f"a cell may take {cell_seconds} s unless its tag says otherwise"
        return Failure(kind, "A cell took longer than it may, and was stopped.", cause, "see its last output")
    if kind == "DeadKernelError":
        cause = "the process ran out of memory, or was ended from outside"
        return Failure(kind, "The kernel died.", cause, "free memory and run this notebook again")
    what = f"The kernel could not be used: {redact(str(error))}"
    return Failure(kind, what, "", "see run.log, then: chatlio-kit doctor")


def leak(found: Sequence[str]) -> Failure:
    """Give the failure of a notebook that shows a secret."""
    return Failure(
        "SecretInOutput",
        "An executed notebook holds what looks like a secret; it was not written to disk.",
        "; ".join(found[:3]),
        "do not display credentials, tokens or whole webhook URLs; show them with the kit's own objects",
    )


def left_early(notebook: Any) -> Failure | None:
    """Give the failure of a notebook that ended by ``sys.exit`` before its last cell: green must mean all of it."""
    pending = [cell for cell in notebook.cells if cell.metadata.get("papermill", {}).get("status") == "pending"]
    if not pending:
        return None
    cell = pending[0].get("id", "")
    return Failure("LeftEarly", "The notebook ended itself before its last cell.", "", "remove the call of exit", cell)

"""Where the kit keeps its things.

.. code-block:: text

    $CHATLIO_KIT_HOME   (default: .chatlio-kit beside the notebooks, else ~/.chatlio-kit)
      platform/         state of the local platform
      workspaces/NAME/  ledger, outbox and files of one learner
      runs/TIME/        reports of the runner
"""

from __future__ import annotations

import os
from pathlib import Path

from .errors import ConfigurationError

PACKAGE = Path(__file__).resolve().parent
CHECKOUT = PACKAGE.parent
HOME_VARIABLE = "CHATLIO_KIT_HOME"
DEFAULT_PREFIX = "chatlio"


def home() -> Path:
    """Give the kit's folder, made if needed, readable by its owner only."""
    named = os.environ.get(HOME_VARIABLE, "")
    if named:
        folder = Path(named).expanduser().resolve()
    elif (CHECKOUT / "notebooks").is_dir():
        folder = CHECKOUT / ".chatlio-kit"
    else:
        folder = Path.home() / ".chatlio-kit"
    return private_folder(folder)


def private_folder(folder: Path) -> Path:
    """Make *folder* (0700) and prove that it can be written; raises ConfigurationError when it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be written ({error.strerror or error}).",
            cause="the folder belongs to another user, is read-only, or the disk is full",
            next_step=f"choose another folder: set {HOME_VARIABLE} to one that you own",
        ) from error
    return folder


def notebooks() -> Path:
    """Give the folder of the notebooks; raises ConfigurationError when the package stands alone."""
    return _beside("notebooks")


def samples() -> Path:
    """Give the folder of the sample payloads; raises ConfigurationError when the package stands alone."""
    return _beside("sample_payloads")


def _beside(name: str) -> Path:
    folder = CHECKOUT / name
    if not folder.is_dir():
        raise ConfigurationError(
            f"The folder {name}/ is not beside the package.",
            cause="the package was copied without the rest of the repository",
            next_step="clone the whole repository and install it with `make setup`",
        )
    return folder

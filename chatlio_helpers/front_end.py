"""Who is there: a person at a front end, or nobody; and tracebacks that show no secret to either."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import Any

from .secret import redact

HEADLESS_VARIABLE = "CHATLIO_KIT_HEADLESS"
_PROTECTED = "_chatlio_kit_protected"


def interactive() -> bool:
    """Tell whether a front end can answer: the current cell was sent with ``allow_stdin``, and nobody said headless.

    JupyterLab and its like send true; papermill and nbclient send false (observed, ipykernel 7.4, nbclient 0.11).
    """
    if os.environ.get(HEADLESS_VARIABLE, "") not in ("", "0"):
        return False
    kernel = getattr(_shell(), "kernel", None)
    return bool(getattr(kernel, "_allow_stdin", False))


def protect_tracebacks() -> bool:
    """Let every traceback of this IPython pass the secret filter; gives False outside IPython. Safe to call again."""
    shell = _shell()
    if shell is None:
        return False
    shown: Callable[..., Any] = shell._showtraceback
    if not getattr(shown, _PROTECTED, False):
        shell._showtraceback = _redacting(shown)
        if not shell.custom_exceptions:  # IPython prints groups past its own display (observed, IPython 9.18)
            shell.set_custom_exc((BaseExceptionGroup,), _show_group)
    return True


def _show_group(shell: Any, kind: type[BaseException], error: BaseException, trace: Any, **_ignored: Any) -> None:
    shell._showtraceback(kind, error, traceback.format_exception(kind, error, trace))


def _redacting(shown: Callable[..., Any]) -> Callable[..., Any]:
    def show(kind: type[BaseException], value: Any, lines: list[str]) -> Any:
        return shown(kind, redact(str(value)), [redact(line) for line in lines])

    setattr(show, _PROTECTED, True)
    return show


def _shell() -> Any:
    module = sys.modules.get("IPython")  # never import it: outside a notebook it would cost half a second
    return module.get_ipython() if module is not None else None

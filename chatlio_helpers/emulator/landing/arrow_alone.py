"""Keeps pyarrow from importing what it imports only because it is installed.

pyarrow looks for pandas as soon as it makes its first array, which takes 0.3 s and 55 MB; the local platform hands it
no frames.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType


class _LeftOut:
    """A finder of modules that says of certain packages that they are not installed."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        """Refuse the packages that are left out; others are found as ever."""
        if fullname in self._names:
            raise ModuleNotFoundError(f"the local platform does without {fullname}", name=fullname)


def leave_out(*names: str) -> None:
    """Make this process do without the packages *names*, which it has not imported yet."""
    sys.meta_path.insert(0, _LeftOut(names))

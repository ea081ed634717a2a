"""A file that was uploaded in parts, read as one."""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer


class Chained(io.RawIOBase):
    """The files *paths* (each with its size in bytes), one after the other, read-only and seekable."""

    def __init__(self, parts: Sequence[tuple[Path, int]]) -> None:
        self._paths = [path for path, size in parts if size]
        self._starts = [0, *accumulate(size for _, size in parts if size)]
        self._at, self._number = 0, -1
        self._open: io.FileIO | None = None

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def seekable(self) -> bool:
        """Tell that it can be read from anywhere."""
        return True

    def tell(self) -> int:
        """Give the place of the next byte."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place; gives it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._starts[-1]}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Buffer) -> int:
        """Fill *buffer* from the part at hand; gives the number of bytes, 0 at the end; raises OSError."""
        if self._at >= self._starts[-1]:
            return 0
        number = bisect_right(self._starts, self._at) - 1
        file = self._part(number)
        file.seek(self._at - self._starts[number])
        count = file.readinto(memoryview(buffer)[: self._starts[number + 1] - self._at])
        self._at += count
        return count

    def close(self) -> None:
        """Close the part at hand."""
        if self._open is not None:
            self._open.close()
        super().close()

    def _part(self, number: int) -> io.FileIO:
        if self._open is not None and number == self._number:
            return self._open
        if self._open is not None:
            self._open.close()
        self._open, self._number = io.FileIO(self._paths[number]), number
        return self._open


def opened(parts: Sequence[tuple[Path, int]]) -> io.BufferedReader:
    """Open the parts of a file as one buffered file."""
    return io.BufferedReader(Chained(parts), 1 << 20)

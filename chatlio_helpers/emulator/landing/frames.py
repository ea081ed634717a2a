"""Frames: what the server and its mapping process say to each other over two pipes.

.. code-block:: text

    number of parts (4 bytes) | size of each part (8 bytes each) | the parts        all numbers little-endian

A frame is a list of byte strings, so that the messages' bodies pass as they are.
"""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Sequence
from typing import BinaryIO

COUNT = struct.Struct("<I")


def send(stream: BinaryIO, parts: Sequence[bytes]) -> None:
    """Write one frame; raises OSError when the other side is gone."""
    sizes = struct.pack(f"<{len(parts)}Q", *map(len, parts))
    stream.write(b"".join([COUNT.pack(len(parts)), sizes, *parts]))
    stream.flush()


def receive(stream: BinaryIO) -> list[bytes]:
    """Read one frame; raises EOFError when the other side is gone."""
    (count,) = COUNT.unpack(_exactly(stream, COUNT.size))
    sizes = struct.unpack(f"<{count}Q", _exactly(stream, 8 * count))
    return [_exactly(stream, size) for size in sizes]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) < size:
        raise EOFError("the other side is gone")
    return content


def own_output() -> BinaryIO:
    """Give standard output for frames alone: whoever prints, prints to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own

"""Bytes of a Smile document, and the place that was read up to: numbers and binary data of it."""

from __future__ import annotations


class NotSmile(ValueError):
    """The bytes are not one whole Smile document; the text says what is wrong, and where."""


class SmileBytes:
    """Bytes that are read from the front; everything raises NotSmile when there are too few."""

    def __init__(self, content: bytes, place: int) -> None:
        self.content, self.place = content, place

    def safe(self) -> bytes:
        """Read binary data of which each byte holds seven bits, the last one what is left."""
        size = self.length()
        content = self.take((8 * size + 6) // 7)
        whole = bytearray()
        for start in range(0, size, 7):  # eight bytes hold seven
            first, number, count = start // 7 * 8, 0, min(7, size - start)
            for byte in content[first : first + count]:
                number = number << 7 | byte & 0x7F
            whole += (number << count | content[first + count] & (1 << count) - 1).to_bytes(count, "big")
        return bytes(whole)

    def length(self) -> int:
        """Read how long some data is; no longer than what is left."""
        size = self.number()
        if size > len(self.content) - self.place:
            raise NotSmile(f"the data from byte {self.place} on is shorter than it says")
        return size

    def number(self) -> int:
        """Read an unsigned number: seven bits of each byte, six of the last one, whose high bit is set."""
        number = 0
        for _ in range(10):
            byte = self.byte()
            if byte & 0x80:
                return number << 6 | byte & 0x3F
            number = number << 7 | byte
        raise NotSmile(f"the number before byte {self.place} has no end")

    def next(self) -> int:
        """Give the byte that comes next, and stay before it."""
        if self.place >= len(self.content):
            raise NotSmile(f"it ends in the middle, at byte {self.place}")
        return self.content[self.place]

    def byte(self) -> int:
        """Read one byte."""
        byte = self.next()
        self.place += 1
        return byte

    def take(self, size: int) -> bytes:
        """Read *size* bytes."""
        if size > len(self.content) - self.place:
            raise NotSmile(f"it ends in the middle, at byte {len(self.content)}")
        start, self.place = self.place, self.place + size
        return self.content[start : self.place]


def zigzag(number: int) -> int:
    """Give the signed number whose sign was moved to the lowest bit."""
    return number >> 1 ^ -(number & 1)

"""Smile, Jackson's binary form of JSON, read into plain values.

After the public specification of the format, version 1.0.6 (FasterXML, smile-format-specification). Numbers stand with
their high bits first, as Jackson writes them. What JSON has no form for becomes what Jackson makes of it: binary data
becomes Base64. Integers beyond 64 bits and big decimals become floating point, which is all that the JSON library here
reads back.
"""

from __future__ import annotations

import struct
from base64 import b64encode
from decimal import Decimal
from math import isfinite
from typing import Any

from ..front.depth import MOST
from .smile_bytes import NotSmile, SmileBytes, zigzag

HEADER = b":)\n"
_SHARED_KEYS, _SHARED_TEXTS, _RAW_BINARY = 1, 2, 4  # flags in the fourth byte of the header
_MOST_SHARED = 1_024
_MOST_SCALE = 10_000
_LITERALS: dict[int, Any] = {0x20: "", 0x21: None, 0x22: False, 0x23: True}
_END_ARRAY, _END_OBJECT, _END_TEXT, _END = 0xF9, 0xFB, 0xFC, 0xFF


def decoded(content: bytes) -> Any:
    """Give the value that *content* holds; raises NotSmile."""
    if content[:3] != HEADER or len(content) < 4:
        raise NotSmile("the header is missing, the bytes 3A 29 0A and one of flags")
    if content[3] >> 4:
        raise NotSmile(f"version {content[3] >> 4} of the format is not known")
    reader = _Reader(content)
    try:
        value = reader.value(0)
    except UnicodeDecodeError as error:
        raise NotSmile(f"a text that ends at byte {reader.place} is not UTF-8") from error
    if reader.place < len(content) and content[reader.place] != _END:
        raise NotSmile(f"there is more after the value, at byte {reader.place}")
    return value


class _Shared:
    """Short texts that were read, which later ones refer to by number; when it is full it begins anew."""

    def __init__(self, used: int) -> None:
        self._used, self._texts = bool(used), list[str]()

    def add(self, text: str) -> str:
        if self._used:
            if len(self._texts) == _MOST_SHARED:
                self._texts.clear()
            self._texts.append(text)
        return text

    def get(self, number: int, lowest: int, place: int) -> str:
        if not lowest <= number < len(self._texts):
            raise NotSmile(f"before byte {place} there is a reference to text {number}, which was not read")
        return self._texts[number]


class _Reader(SmileBytes):
    """The tokens of a document: values, and the names of an object's fields."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content, len(HEADER) + 1)
        self._flags = content[len(HEADER)]
        self._keys, self._texts = _Shared(self._flags & _SHARED_KEYS), _Shared(self._flags & _SHARED_TEXTS)

    def value(self, depth: int) -> Any:
        token = self.byte()
        if token in _LITERALS:
            return _LITERALS[token]
        if 0x40 <= token < 0xC0:
            return self._texts.add(self._text(token))
        if 0xC0 <= token < 0xE0:
            return zigzag(token & 0x1F)
        if 0 < token < 0x20:
            return self._texts.get(token - 1, 0, self.place)
        if token in (0xF8, 0xFA):
            if depth >= MOST:
                raise NotSmile(f"there are more than {MOST} levels of objects and arrays")
            return self._array(depth + 1) if token == 0xF8 else self._object(depth + 1)
        if 0xEC <= token < 0xF0:
            return self._texts.get((token & 3) << 8 | self.byte(), 31, self.place)
        return self._other(token)

    def _other(self, token: int) -> Any:
        if token in (0x24, 0x25):
            return self._integer(32 if token == 0x24 else 64)
        if token in (0x26, 0x2A):
            return self._large(self._integer(32) if token == 0x2A else 0)
        if token in (0x28, 0x29):
            return self._float(4 if token == 0x28 else 8)
        if token in (0xE0, 0xE4):
            return self._long_text()
        if token == 0xE8:
            return b64encode(self.safe()).decode()
        if token == 0xFD and self._flags & _RAW_BINARY:
            return b64encode(self.take(self.length())).decode()
        raise self._wrong(token, "value")

    def _array(self, depth: int) -> list[Any]:
        found: list[Any] = []
        while self.next() != _END_ARRAY:
            found.append(self.value(depth))
        self.place += 1
        return found

    def _object(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while (token := self.byte()) != _END_OBJECT:
            name = self._key(token)
            found[name] = self.value(depth)
        return found

    def _key(self, token: int) -> str:
        if 0x80 <= token < 0xC0:
            return self._keys.add(self.take((token & 0x3F) + 1).decode())
        if 0xC0 <= token < 0xF8:
            return self._keys.add(self.take((token & 0x3F) + 2).decode())
        if 0x40 <= token < 0x80:
            return self._keys.get(token & 0x3F, 0, self.place)
        if 0x30 <= token < 0x34:
            return self._keys.get((token & 3) << 8 | self.byte(), 64, self.place)
        if token == 0x34:
            return self._long_text()
        if token == 0x20:
            return ""
        raise self._wrong(token, "name")

    def _text(self, token: int) -> str:
        start = {0x40: 1, 0x60: 33, 0x80: 2, 0xA0: 34}[token & 0xE0]
        return self.take(start + (token & 0x1F)).decode()

    def _long_text(self) -> str:
        end = self.content.find(_END_TEXT, self.place)
        if end < 0:
            raise NotSmile(f"the text from byte {self.place} on has no end")
        start, self.place = self.place, end + 1
        return self.content[start:end].decode()

    def _integer(self, bits: int) -> int:
        value = zigzag(self.number())
        if not -(1 << bits - 1) <= value < 1 << bits - 1:
            raise NotSmile(f"the integer before byte {self.place} has more than {bits} bits")
        return value

    def _large(self, scale: int) -> int | float:
        """Read a big integer, or with a *scale* (digits after the point) a big decimal."""
        value = int.from_bytes(self.safe(), "big", signed=True)
        if not scale and -(1 << 63) <= value < 1 << 64:
            return value
        if abs(scale) > _MOST_SCALE or value.bit_length() > _MOST_SCALE:
            raise NotSmile(f"the number before byte {self.place} is too large")
        return self._finite(float(Decimal(value).scaleb(-scale)))

    def _float(self, size: int) -> float:
        number = 0
        for byte in self.take(size + 1 if size == 4 else size + 2):
            number = number << 7 | byte & 0x7F
        content = (number & (1 << 8 * size) - 1).to_bytes(size, "big")
        return self._finite(struct.unpack(">f" if size == 4 else ">d", content)[0])

    def _finite(self, value: float) -> float:
        if not isfinite(value):
            raise NotSmile(f"the number before byte {self.place} has no form in JSON: {value}")
        return value

    def _wrong(self, token: int, what: str) -> NotSmile:
        return NotSmile(f"byte {self.place - 1} ({token:02X}) begins no {what}")

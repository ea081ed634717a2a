"""PostgreSQL's wire protocol, version 3: the messages of a server, written and read.

Source: PostgreSQL's documentation, *Frontend/Backend Protocol*. A message is a letter, the length of what follows
(itself included, four bytes) and the content; the first message of a client has no letter.
"""

from __future__ import annotations

import datetime
import math
import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from .query_statements import Refused
from .query_values import SIZES, TEXT

PROTOCOL, SSL, GSS, CANCEL = 196608, 80877103, 80877104, 80877102
AUTHENTICATED, ASK_PASSWORD = 0, 3
IDLE, IN_TRANSACTION, FAILED_TRANSACTION = b"I", b"T", b"E"


def message(letter: bytes, content: bytes = b"") -> bytes:
    """Give one message."""
    return letter + struct.pack("!I", len(content) + 4) + content


def text(value: str) -> bytes:
    """Give a text as the protocol has it: with a zero byte at its end."""
    return value.encode().replace(b"\0", b"") + b"\0"


def authentication(kind: int) -> bytes:
    """Say that the client is let in, or ask for its password in clear."""
    return message(b"R", struct.pack("!I", kind))


def parameter(name: str, value: str) -> bytes:
    """Tell a setting of the server."""
    return message(b"S", text(name) + text(value))


def key(process: int, secret: int) -> bytes:
    """Tell what a request to cancel must name."""
    return message(b"K", struct.pack("!II", process, secret))


def ready(state: bytes) -> bytes:
    """Say that the next query may come."""
    return message(b"Z", state)


def complete(tag: str) -> bytes:
    """Say that a statement is carried out."""
    return message(b"C", text(tag))


def row_description(columns: Sequence[dict[str, Any]]) -> bytes:
    """Describe the columns of the rows that follow; each has ``name`` and ``oid``; all values are sent as text."""
    parts = [struct.pack("!H", len(columns))]
    for column in columns:
        size = SIZES.get(column["oid"], -1)
        parts.append(text(column["name"]) + struct.pack("!IHIhih", 0, 0, column["oid"], size, -1, 0))
    return message(b"T", b"".join(parts))


def parameter_description(oids: Sequence[int]) -> bytes:
    """Describe the parameters of a prepared statement."""
    return message(b"t", struct.pack(f"!H{len(oids)}I", len(oids), *(oid or TEXT for oid in oids)))


def data_row(values: Sequence[str]) -> bytes:
    """Give one row of texts."""
    encoded = [value.encode() for value in values]
    content = b"".join(struct.pack("!I", len(one)) + one for one in encoded)
    return message(b"D", struct.pack("!H", len(values)) + content)


def error(code: str, words: str, severity: str = "ERROR") -> bytes:
    """Refuse, with a SQLSTATE and words; *severity* FATAL when the connection ends."""
    fields = (b"S", severity), (b"V", severity), (b"C", code), (b"M", words)
    return message(b"E", b"".join(letter + text(value) for letter, value in fields) + b"\0")


class Reader:
    """Reads the parts of a message one after another; raises Refused 08P01 when it ends too early."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def text(self) -> str:
        """Give a text."""
        end = self._content.find(b"\0", self._at)
        if end < 0:
            raise _malformed()
        found, self._at = self._content[self._at : end], end + 1
        return _decoded(found)

    def bytes(self, length: int) -> bytes:
        """Give some bytes."""
        found = self._content[self._at : self._at + length]
        if length < 0 or len(found) < length:
            raise _malformed()
        self._at += length
        return found

    def numbers(self, form: str) -> list[int]:
        """Give the numbers of an array: their count in two bytes, then each in the form of ``struct``."""
        count = self.number("H")
        return [self.number(form) for _ in range(count)]

    def number(self, form: str) -> int:
        """Give a number in the form of ``struct``."""
        return struct.unpack("!" + form, self.bytes(struct.calcsize("!" + form)))[0]

    @property
    def size(self) -> int:
        """How many bytes the message has, read or not."""
        return len(self._content)

    @property
    def rest(self) -> int:
        """How many bytes are left."""
        return len(self._content) - self._at


def pairs(reader: Reader) -> dict[str, str]:
    """Read the settings that a client begins with."""
    found: dict[str, str] = {}
    while reader.rest > 1:
        name = reader.text()
        found[name] = reader.text()
    return found


def bound(reader: Reader, oids: Sequence[int], count: int) -> list[Any]:
    """Read the *count* values of a Bind message, as JSON can carry them.

    Raises Refused 08P01 (also for another count), 22P02, 22003, 22021 or 0A000.
    """
    forms = reader.numbers("H")
    given = reader.number("H")
    if given != count:
        raise Refused("08P01", f"bind message supplies {given} parameters, but the prepared statement requires {count}")
    if len(forms) not in (0, 1, count):
        raise Refused("08P01", f"bind message has {len(forms)} parameter formats but {count} parameters")
    values = []
    for at in range(count):
        length = reader.number("i")
        content = None if length == -1 else reader.bytes(length)
        form = forms[at] if at < len(forms) else forms[0] if forms else 0
        values.append(_value(content, oids[at] if at < len(oids) else 0, form))
    if any(reader.numbers("H")):
        raise Refused("0A000", "the local platform sends values as text, not in binary form")
    return values


def _value(content: bytes | None, oid: int, form: int) -> Any:
    if content is None:
        return None
    if form:
        if form != 1 or oid not in _BINARY:
            raise Refused("0A000", f"the local platform does not read parameters of type {oid} in the form {form}")
        return _carried(_BINARY[oid](content))
    word = _decoded(content)
    try:
        return _carried(_TEXTS[oid](word) if oid in _TEXTS else word)
    except (ValueError, ArithmeticError) as problem:
        if isinstance(problem, Refused):
            raise
        raise Refused("22P02", f"invalid input syntax for a parameter of type {oid}: [{word[:40]}]") from problem


def _carried(value: Any) -> Any:
    """Give the value; raises Refused 22003 for a number that JSON, by which it goes to the query process, lacks."""
    if isinstance(value, float) and not math.isfinite(value):
        raise Refused("22003", "a parameter is NaN, infinite or beyond a double")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise Refused("22003", "a parameter is beyond a bigint")
    return value


def _number(word: str) -> float | int:
    number = Decimal(word)
    return int(number) if abs(number) < 1 << 63 and number == number.to_integral_value() else float(number)


def _unpacked(form: str) -> Callable[[bytes], Any]:
    def read(content: bytes) -> Any:
        if len(content) != struct.calcsize("!" + form):
            raise _malformed()
        return struct.unpack("!" + form, content)[0]

    return read


def _moment(content: bytes) -> str:
    since = datetime.timedelta(microseconds=_unpacked("q")(content))
    try:
        return (datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC) + since).isoformat()
    except OverflowError as problem:
        raise Refused("22008", "a time is out of range") from problem


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as problem:
        raise Refused("22021", "a text is not UTF-8") from problem


def _malformed() -> Refused:
    return Refused("08P01", "the message is malformed")


_TEXTS: dict[int, Callable[[str], Any]] = {
    16: lambda word: word.lower() in ("t", "true", "1", "on", "yes"),
    20: int, 21: int, 23: int, 700: float, 701: float, 1700: _number,
}  # fmt: skip
_BINARY: dict[int, Callable[[bytes], Any]] = {
    16: _unpacked("?"), 20: _unpacked("q"), 21: _unpacked("h"), 23: _unpacked("i"), 700: _unpacked("f"),
    701: _unpacked("d"), 25: _decoded, 1043: _decoded, 0: _decoded, 1114: _moment, 1184: _moment,
}  # fmt: skip

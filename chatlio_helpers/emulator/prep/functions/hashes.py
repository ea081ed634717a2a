"""Hash functions."""

from __future__ import annotations

import hashlib
import zlib

from ..expression_errors import EvaluationError
from .registry import category

function = category("Hashing")

_CHARSETS = {"UTF-8": "utf-8", "UTF-16": "utf-16", "ISO-8859-1": "iso-8859-1", "US-ASCII": "ascii"}
_PARAMETERS = (
    "String input: text to hash",
    "String charset?: UTF-8 (default), UTF-16, ISO-8859-1 or US-ASCII",
)


def _encoded(string: str, charset: str | None) -> bytes:
    name = (charset or "UTF-8").upper()
    if name not in _CHARSETS:
        raise EvaluationError(f"{charset!r} is not a charset; the charsets are {', '.join(_CHARSETS)}")
    if name == "UTF-16":  # Java writes the mark and then the high byte first
        return b"\xfe\xff" + string.encode("utf-16-be", "replace")
    return string.encode(_CHARSETS[name], "replace")


@function("sha1", "String", "SHA-1 as hexadecimal text.", _PARAMETERS, 'sha1("my text", "UTF-8")',
          '"c3599c11e47719df18a2448690840c5dfcce3c80"')  # fmt: skip
def sha1(string: str, charset: str | None = None) -> str:
    """SHA-1."""
    return hashlib.sha1(_encoded(string, charset), usedforsecurity=False).hexdigest()


@function("sha256", "String", "SHA-256 as hexadecimal text.", _PARAMETERS, 'sha256("my text", "UTF-8")',
          '"7330d2b39ca35eaf4cb95fc846c21ee6a39af698154a83a586ee270a0d372104"')  # fmt: skip
def sha256(string: str, charset: str | None = None) -> str:
    """SHA-256."""
    return hashlib.sha256(_encoded(string, charset)).hexdigest()


@function("sha512", "String", "SHA-512 as hexadecimal text.", _PARAMETERS, 'sha512("my text", "UTF-8")',
          '"a3d7e45a0d9be5fd4e4b9a3b8c9c2163c21ef708bf11b4232bb21d2a8704ada2cdcd7b367dd0788a89a5c908cfe377ac'
          'eb1072a7b386b7d4fd2ff68a8fd24d16"')  # fmt: skip
def sha512(string: str, charset: str | None = None) -> str:
    """SHA-512."""
    return hashlib.sha512(_encoded(string, charset)).hexdigest()


@function("md5", "String", "MD5 as hexadecimal text.", _PARAMETERS, 'md5("my text", "UTF-8")',
          '"d3b96ce8c9fb4e9bd0198d03ba6852c7"')  # fmt: skip
def md5(string: str, charset: str | None = None) -> str:
    """MD5."""
    return hashlib.md5(_encoded(string, charset), usedforsecurity=False).hexdigest()


@function("crc32", "String", "CRC-32 as hexadecimal text, lowest byte first.", _PARAMETERS,
          'crc32("my text", "UTF-8")', '"8df92e80"',
          note="The byte order is read off the printed sample (observed).")  # fmt: skip
def crc32(string: str, charset: str | None = None) -> str:
    """CRC-32; the printed sample has the lowest byte first."""
    return zlib.crc32(_encoded(string, charset)).to_bytes(4, "little").hex()

"""Smile: what the specification's tokens mean, what is refused, and that an inlet takes it like JSON."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from running import Chain, Client, make_chain, payload, wait_until

from chatlio_helpers.emulator.collection.smile import NotSmile, decoded

HEADER = b":)\n"
TYPE = {"Content-Type": "application/x-jackson-smile"}


def _document(tokens: bytes, flags: int = 1) -> bytes:
    return HEADER + bytes([flags]) + tokens


def _vint(number: int) -> bytes:
    found = [0x80 | number & 0x3F]
    number >>= 6
    while number:
        found.insert(0, number & 0x7F)
        number >>= 7
    return bytes(found)


def _safe(content: bytes) -> bytes:
    """Write seven bits of *content* to each byte, bit by bit; what is left stands at the low end of the last byte."""
    bits = "".join(f"{byte:08b}" for byte in content)
    return _vint(len(content)) + bytes(int(bits[start : start + 7], 2) for start in range(0, len(bits), 7))


def _sevens(number: int, size: int) -> bytes:
    return bytes(number >> 7 * place & 0x7F for place in reversed(range(size)))


class Encoder:
    """A tiny writer of Smile that shares names and short texts."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.texts: list[str] = []

    def document(self, value: Any) -> bytes:
        """Give a whole document."""
        return _document(self.value(value), 3)

    def value(self, value: Any) -> bytes:
        """Give the tokens of a value."""
        if value is None or isinstance(value, bool):
            return {None: b"\x21", False: b"\x22", True: b"\x23"}[value]
        if isinstance(value, int):
            zigzag = value * 2 if value >= 0 else -value * 2 - 1
            return bytes([0xC0 + zigzag]) if zigzag < 32 else b"\x25" + _vint(zigzag)
        if isinstance(value, float):
            return b"\x29" + _sevens(int.from_bytes(struct.pack(">d", value), "big"), 10)
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return b"\xf8" + b"".join(self.value(one) for one in value) + b"\xf9"
        return b"\xfa" + b"".join(self.name(name) + self.value(one) for name, one in value.items()) + b"\xfb"

    def text(self, text: str) -> bytes:
        """Give a text, or the reference to one that was written before."""
        content = text.encode()
        if not content:
            return b"\x20"
        if len(content) > 64:
            return b"\xe4" + content + b"\xfc"
        if text in self.texts:
            number = self.texts.index(text)
            return bytes([number + 1]) if number < 31 else bytes([0xEC | number >> 8, number & 0xFF])
        self.texts = ([] if len(self.texts) == 1_024 else self.texts) + [text]
        if text.isascii():
            return bytes([(0x40 + len(content) - 1) if len(content) <= 32 else (0x60 + len(content) - 33)]) + content
        return bytes([(0x80 + len(content) - 2) if len(content) <= 33 else (0xA0 + len(content) - 34)]) + content

    def name(self, name: str) -> bytes:
        """Give a field's name, or the reference to one that was written before."""
        content = name.encode()
        if not content:
            return b"\x20"
        if name in self.names:
            number = self.names.index(name)
            return bytes([0x40 + number]) if number < 64 else bytes([0x30 | number >> 8, number & 0xFF])
        if len(content) > (64 if name.isascii() else 57):
            return b"\x34" + content + b"\xfc"
        self.names = ([] if len(self.names) == 1_024 else self.names) + [name]
        return bytes([0x80 + len(content) - 1] if name.isascii() else [0xC0 + len(content) - 2]) + content


@pytest.mark.parametrize(
    ("tokens", "value"),
    [
        (b"\x20", ""), (b"\x21", None), (b"\x22", False), (b"\x23", True),
        (b"\xc0", 0), (b"\xc1", -1), (b"\xdf", -16), (b"\xde", 15),
        (b"\x24\xa0", 16), (b"\x24\x01\x80", 32), (b"\x24\xa1", -17), (b"\x25\x01\x80", 32),
        (b"\x24\x1f\x7f\x7f\x7f\xbf", -(2**31)), (b"\x25\x03\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\xbf", -(2**63)),
        (b"\x25\x03\x7f\x7f\x7f\x7f\x7f\x7f\x7f\x7f\xbe", 2**63 - 1),
        (b"\x28\x04\x0f\x3e\x37\x26", struct.unpack(">f", struct.pack(">f", 29.9510))[0]),
        (b"\x29" + _sevens(0x3FC0000000000000, 10), 0.125),
        (b"\x26\x81\x40\x01", -127), (b"\x26" + _safe((2**64 - 1).to_bytes(9, "big")), 2**64 - 1),
        (b"\x26" + _safe((10**30).to_bytes(13, "big")), 1e30), (b"\x2a\x84" + _safe(b"\x04\xd2"), 12.34),
        (b"\x2a\x83" + _safe(b"\x05"), 500.0),
        (b"\x40a", "a"), (b"\x5f" + b"x" * 32, "x" * 32), (b"\x60" + b"x" * 33, "x" * 33),
        (b"\x7f" + b"x" * 64, "x" * 64),
        (b"\x80" + "é".encode(), "é"), (b"\xa0" + "é".encode() * 17, "é" * 17),
        (b"\xe0long\xfc", "long"), (b"\xe4" + "länger".encode() + b"\xfc", "länger"),
        (b"\xe8" + _safe(b"hello, world"), "aGVsbG8sIHdvcmxk"), (b"\xe8\x80", ""),
        (b"\xf8\xf9", []), (b"\xf8\xc2\xf8\xf9\xf9", [1, []]), (b"\xfa\xfb", {}),
        (b"\xfa\x80a\xc2\x81bc\xfa\x40\xc4\x20\x21\xfb\xfb", {"a": 1, "bc": {"a": 2, "": None}}),
        (b"\xfa\xc0" + "é".encode() + b"\xc2\x34" + b"n" * 70 + b"\xfc\xc4\xfb", {"é": 1, "n" * 70: 2}),
        (b"\xc2\xff", 1), (b"\xc2\xffanything", 1),
    ],
)  # fmt: skip
def test_each_token_means_what_the_specification_says(tokens: bytes, value: Any) -> None:
    """Literals, numbers of all sizes, texts of all lengths, binary data, arrays, objects, shared names, the end."""
    found = decoded(_document(tokens))
    assert (found, type(found)) == (value, type(value))


def test_flags_of_the_header_are_heeded() -> None:
    """Texts are shared, and raw binary data is there, only when the header says so."""
    assert decoded(_document(b"\xf8\x41hi\x41yo\x01\x02\xf9", 2)) == ["hi", "yo", "hi", "yo"]
    assert decoded(_document(b"\xfd\x83\xff\x00\xfe", 4)) == "/wD+"
    for tokens, flags in ((b"\xf8\x41hi\x01\xf9", 1), (b"\xfd\x81x", 1), (b"\xfa\x80a\x21\x40\x21\xfb", 2)):
        with pytest.raises(NotSmile):
            decoded(_document(tokens, flags))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=80),
    lambda inner: st.lists(inner, max_size=5)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=70), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@given(JSON)
def test_what_is_written_is_read(value: Any) -> None:
    """Any JSON value comes back as it was written, and every document that is cut short is refused."""
    content = Encoder().document(value)
    found = decoded(content)
    assert (found, repr(found)) == (value, repr(value))
    with pytest.raises(NotSmile):
        decoded(content[:-1])


def test_thousands_of_shared_texts_come_back() -> None:
    """More names and texts than can be shared at a time begin the numbering anew, on both sides alike."""
    value = [{f"name{number}": f"text{number}", f"name{number - 20}": f"text{number - 40}"} for number in range(3_000)]
    assert decoded(Encoder().document(value)) == value


@given(st.binary(max_size=60))
def test_no_bytes_do_harm(content: bytes) -> None:
    """Whatever comes after the header is read or refused in words, and what was read is JSON."""
    for flags in (0, 1, 7):
        with suppress(NotSmile):
            assert json.dumps(decoded(_document(content, flags)), allow_nan=False)


@pytest.mark.parametrize(
    "content",
    [
        b"", b":)\n", b"{}", HEADER + b"\x11\xc2", _document(b""), _document(b"\x00"), _document(b"\x3a"),
        _document(b"\xfb"),
        _document(b"\xf9"), _document(b"\xc2\xc2"), _document(b"\x41a"), _document(b"\xe0a"), _document(b"\xf8" * 201),
        _document(b"\x24\x00\x00\x00"), _document(b"\x24" + _vint(2**32)), _document(b"\x25" + b"\x01" * 12),
        _document(b"\x28\x07\x7c\x00\x00\x00"), _document(b"\x29" + _sevens(0x7FF8000000000000, 10)),
        _document(b"\xe8\x3f\x7f\x7f\x7f\xbf"), _document(b"\x2a" + _vint(40_001) + _safe(b"\x05")),
        _document(b"\x2a" + _vint(1_999) + _safe(b"\x05")), _document(b"\x81\xff\xff\xff"),
        _document(b"\xfa\xc2\xc2\xfb"),
        _document(b"\xfa\x30\x05\xc2\xfb"), _document(b"\xec\x05", 2), _document(b"\xff"),
    ],
)  # fmt: skip
def test_what_is_not_smile_is_refused(content: bytes) -> None:
    """A wrong header, unknown tokens, cut or endless data, references to nothing, numbers that JSON does not have."""
    with pytest.raises(NotSmile):
        decoded(content)


@pytest.fixture
def chain(take_seat: Callable[..., Client]) -> Chain:
    """Give a dataflow of the test's own."""
    return make_chain(take_seat(), "smile")


def _post(url: str, content: bytes) -> requests.Response:
    return requests.post(url, data=content, headers=TYPE, timeout=30)


def test_an_inlet_takes_smile_like_json(chain: Chain) -> None:
    """One message and several are accepted in Smile, and land as if they had been JSON."""
    batch = chain.url.replace("/collection/", "/collection/batch/")
    assert _post(chain.url, Encoder().document(payload(1))).status_code == 200
    answer = _post(batch, Encoder().document({"messages": [payload(2), "text", payload(3)]}))
    assert answer.status_code == 207
    assert [one.get("statusCode", 200) for one in answer.json()["responses"]] == [200, 400, 200]
    wait_until(lambda: chain.counts() == (3, 0))
    assert sorted(row["_id"] for row in chain.landed()) == ["event-1", "event-2", "event-3"]


def test_an_inlet_refuses_bad_smile_in_words(chain: Chain) -> None:
    """What is not Smile, no object, or grows beyond the limit is refused in the words of the streaming endpoint."""
    grown = b"\xfa\x80a\xf8\x7f" + b"x" * 64 + b"\x01" * 20_000 + b"\xf9\xfb"
    for content, status, words in (
        (b'{"id": "1"}', 400, "Message is not Smile: the header is missing"),
        (_document(b"\xfa\x80a"), 400, "it ends in the middle"),
        (_document(b"\xf8\xf9"), 400, "a JSON array"),
        (b"", 400, "Message body is empty"),
        (_document(grown, 3), 413, "As JSON the request is larger"),
    ):
        for url in (chain.url, chain.url.replace("/collection/", "/collection/batch/")):
            answer = _post(url, content)
            assert answer.status_code == status
            assert words in answer.json()["report"]["message"]

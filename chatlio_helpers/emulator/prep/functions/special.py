"""Special functions."""

from __future__ import annotations

import hashlib
from uuid import UUID, uuid4

from ..expression_errors import EvaluationError
from .registry import category

function = category("Special Operations")


@function("uuid", "String", "A random id; it differs each time, so a repeated event cannot be recognised by it.", (),
          "uuid()", '"7c0267d2-bb74-4e1a-9275-3bf4fccda5f4"', aliases=("guid",))  # fmt: skip
def uuid() -> str:
    """A random id."""
    return str(uuid4())


@function("fpid_to_ecid", "String", "An Experience Cloud id for a first-party device id: 38 digits, always the same.",
          ("String fpid: a UUID",), 'fpid_to_ecid("4ed70bee-b654-420a-a3fd-b58b6b65e991")', "",
          provenance="assumed",
          note="Adobe does not publish how the digits are made: the shape is the documented one, the digits are ours.",
          )  # fmt: skip
def fpid_to_ecid(fpid: str) -> str:
    """38 digits from two 63-bit halves of a hash."""
    try:
        identity = UUID(fpid)
    except ValueError as problem:
        raise EvaluationError(f"{fpid[:60]!r} is not a UUID") from problem
    digest = hashlib.sha256(identity.bytes).digest()
    halves = (int.from_bytes(digest[start : start + 8], "big") >> 1 for start in (0, 8))
    return "".join(f"{half:019}" for half in halves)

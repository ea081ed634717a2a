"""Good bodies, bent: what a careless or hostile client sends."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

JUNK: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63) - 1, 1.5, 1e308, "", " ", "x", "0", "null", "[]", "true", "%00",
    "a" * 5000, "../../etc/passwd", "https://ns.adobe.com/none", "\u0000", "é\U0001f600", "'; DROP TABLE objects; --",
    "${jndi:ldap://x}", [], [[]], [None], [{}], {}, {"": ""}, {"id": {}}, {"$ref": "#"},
    {"a": {"b": {"c": [1, "2", None]}}},
)  # fmt: skip
junk = st.sampled_from(JUNK) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)

Place = tuple[Any, ...]


def places(value: Any, at: Place = ()) -> Iterator[Place]:
    """Give where each part of a JSON value stands, the whole first."""
    yield at
    if isinstance(value, dict):
        for key, part in value.items():
            yield from places(part, (*at, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from places(part, (*at, number))


@st.composite
def bent(draw: st.DrawFn, body: Any) -> Any:
    """Give *body* with one to three faults."""
    value = copy.deepcopy(body)
    for _ in range(draw(st.integers(1, 3))):
        value = _bend(draw, value)
    return value


def _bend(draw: st.DrawFn, value: Any) -> Any:
    place = draw(st.sampled_from(list(places(value))))
    if not place:
        return draw(junk) if draw(st.booleans()) else value
    holder = value
    for step in place[:-1]:
        holder = holder[step]
    way = draw(st.sampled_from(("lose", "replace", "wrap", "add")))
    if way == "lose":
        del holder[place[-1]]
    elif way == "replace":
        holder[place[-1]] = draw(junk)
    elif way == "wrap":
        holder[place[-1]] = [holder[place[-1]]]
    elif isinstance(holder, dict):
        holder[draw(st.text(max_size=8))] = draw(junk)
    else:
        holder.append(draw(junk))
    return value

"""Conditions of list calls: a dotted path, an operator and values, as in ``property=state==enabled,disabled``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_FORM = re.compile(r"(?P<path>[^=!<>~]+)(?P<operator>==|!=|<=|>=|<|>|~)(?P<value>.*)", re.DOTALL)

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _.:/@-]*")


class NotACondition(ValueError):
    """The text has no operator that is known, or no regular expression after a tilde."""


@dataclass(frozen=True)
class Condition:
    """One condition; it holds when any of its values fits (for ``!=``: when none does)."""

    path: str
    operator: str
    values: tuple[str, ...]

    def holds(self, body: dict[str, Any]) -> bool:
        """Tell whether *body* fits the condition; a path that is not there fits only ``!=``."""
        found = list(at(body, self.path))
        if self.operator == "!=":
            return not any(_equal(one, value) for one in found for value in self.values)
        if self.operator == "exists":
            return bool(found)
        return any(_COMPARE[self.operator](one, value) for one in found for value in self.values)

    def traces(self) -> tuple[str, ...]:
        """Give texts of which at least one stands in the JSON of every body that fits; none where that is not sure."""
        return self.values if self.operator == "==" and all(is_plain(value) for value in self.values) else ()


def is_plain(text: str) -> bool:
    """Tell whether only a text can be equal to *text*, and JSON writes it as it is."""
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in ("true", "false", "none")


def parse(text: str, *, several: bool) -> Condition:
    """Read one condition; *several*: a comma parts alternative values. Raises NotACondition without an operator."""
    found = _FORM.fullmatch(text)
    if not found:
        raise NotACondition(text)
    value = found["value"]
    if found["operator"] == "~":
        try:
            re.compile(value)
        except re.error as error:
            raise NotACondition(text) from error
    values = tuple(value.split(",")) if several else (value,)
    return Condition(found["path"].strip(), found["operator"], tuple(one.strip() for one in values))


def at(body: Any, path: str) -> Iterator[Any]:
    """Give what is at a dotted path; ``[]`` after a name means each element of that array."""
    nodes = [body]
    for name in path.split("."):
        key, each = name.removesuffix("[]"), name.endswith("[]")
        nodes = [node[key] for node in nodes if isinstance(node, dict) and key in node]
        if each:
            nodes = [element for node in nodes if isinstance(node, list) for element in node]
    yield from nodes


def _equal(found: Any, value: str) -> bool:
    if isinstance(found, bool):
        return value.lower() == str(found).lower()
    if isinstance(found, list):
        return any(_equal(one, value) for one in found)
    return str(found) == value


def _order(found: Any, value: str) -> int:
    try:
        left, right = float(found), float(value)
    except (TypeError, ValueError):
        return (str(found) > value) - (str(found) < value)
    return (left > right) - (left < right)


_COMPARE = {
    "==": _equal,
    "<": lambda found, value: _order(found, value) < 0,
    "<=": lambda found, value: _order(found, value) <= 0,
    ">": lambda found, value: _order(found, value) > 0,
    ">=": lambda found, value: _order(found, value) >= 0,
    "~": lambda found, value: bool(re.search(value, str(found))),
}

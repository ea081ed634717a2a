"""The query of Catalog's list calls: filters, order, page and the properties to show (catalog/api/filter-data).

.. code-block:: text

    name=a,b       any of the values          property=name        the property is there
    name=!a,b      none of the values         property=!name       it is not
    tags=a:1,b:*   all of the tags            property=name~^ab    its text fits a regular expression
    orderBy=name,desc:updated                 property=created>17  ==, !=, <, <=, >, >=
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from ..front import filters
from ..front.filters import Condition
from ..front.problems import AepProblem, Problem
from ..front.service import Call
from ..landing.time_limit import TooLong, within
from ..state.store import Row

START, LIMIT, MOST = 0, 20, 100
MOST_SORTED = 20_000  # objects, the newest, that are read to be ordered by a field without an index (assumed)
SLOWEST = 0.2  # seconds of processor time that a regular expression may take with one text (assumed)
PAGING = ("limit", "start", "properties", "orderBy")
_FIELD = re.compile(r"[\w$:/.@\[\]-]{1,200}")
_NAME = "name"  # takes an asterisk in place of any characters (documented)


@dataclass(frozen=True)
class Absent(Condition):
    """Holds when there is nothing at the path."""

    def holds(self, body: dict[str, Any]) -> bool:
        """Tell whether *body* has nothing there."""
        return not any(True for _ in filters.at(body, self.path))


@dataclass(frozen=True)
class Expression(Condition):
    """Holds when a regular expression (the only value) is found in the text at the path."""

    def holds(self, body: dict[str, Any]) -> bool:
        """Tell whether it is found; raises AepProblem 400 for an expression that does not come to an end."""
        search = re.compile(self.values[0]).search
        try:
            return any(within(SLOWEST, search, str(one)) for one in filters.at(body, self.path))
        except TooLong:
            raise bad(f"The regular expression [{self.values[0]}] takes too long: make it simpler.") from None


@dataclass(frozen=True)
class Unlike(Condition):
    """Holds when another condition does not."""

    other: Condition

    def holds(self, body: dict[str, Any]) -> bool:
        """Tell whether the other does not hold."""
        return not self.other.holds(body)


@dataclass(frozen=True)
class Tagged(Condition):
    """Holds when the tag *path* has a value that fits the only value, in which an asterisk stands for anything."""

    def holds(self, body: dict[str, Any]) -> bool:
        """Tell whether the tag is there with such a value."""
        wanted = re.compile(re.escape(self.values[0] or "*").replace(r"\*", ".*"), re.DOTALL)
        return any(wanted.fullmatch(one) for one in (body.get("tags") or {}).get(self.path) or ())

    def traces(self) -> tuple[str, ...]:
        """Give the value, or the name of the tag where the value has an asterisk."""
        wanted = self.path if "*" in (self.values[0] or "*") else self.values[0]
        return (wanted,) if filters.is_plain(wanted) else ()


@dataclass(frozen=True)
class Query:
    """What a list call asks for: conditions, order, page, properties (none: all)."""

    where: tuple[Condition, ...]
    order: tuple[str, ...]
    start: int
    limit: int
    properties: tuple[str, ...]

    def page(self, call: Call, kind: str, columns: dict[str, str]) -> list[Row]:
        """Give the rows of the page; *columns*: the fields of the body that the store orders by itself."""
        fields = [field.removeprefix("-") for field in self.order]
        if all(field in columns for field in fields):
            order = [field[: -len(name)] + columns[name] for field, name in zip(self.order, fields, strict=True)]
            return call.scope.page(kind, where=self.where, order=order, limit=self.limit, start=self.start)
        newest = call.scope.page(kind, where=self.where, limit=MOST_SORTED)
        rows = self.ordered(newest, lambda row: row.body)[self.start :]
        return rows if self.limit < 0 else rows[: self.limit]

    def ordered(self, rows: Iterable[Any], body: Any) -> list[Any]:
        """Sort *rows* by the order; *body* gives the fields of one."""
        found = list(rows)
        for field in reversed(self.order):
            name, falls = field.removeprefix("-"), field.startswith("-")
            found.sort(key=lambda row, name=name: _sortable(body(row).get(name)), reverse=falls)
        return found

    def cut(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give *body* with no more than the properties asked for."""
        return {name: body[name] for name in self.properties if name in body} if self.properties else body


def read(call: Call, *, order: str = "", own: Sequence[str] = (), sortable: Sequence[str] = ()) -> Query:
    """Read the query of *call*; raises AepProblem 400.

    *own*: parameters that the caller reads itself; *sortable*: the fields that its list can be ordered by (none: any).
    """
    where: list[Condition] = []
    for name, text in call.request.query_params.multi_items():
        if name in (*PAGING, *own):
            continue
        if name == "tags":
            where += [_tag(one) for one in text.split(",") if one]
        elif name == "property":
            where.append(condition(text))
        else:
            where.append(simple(name, text))
    limit, start = whole_number(call, "limit", LIMIT, 1), whole_number(call, "start", START, 0)
    if limit > MOST:
        raise bad(f"limit must be from 1 to {MOST}; it is {limit}.")
    names = tuple(name.strip() for name in call.query("properties").split(",") if name.strip())
    fields = _order(call.query("orderBy").strip() or order)
    unknown = [field for field in fields if sortable and field.removeprefix("-") not in sortable]
    if unknown:
        raise bad(f"orderBy names {unknown[0].removeprefix('-')[:100]}, which is none of {', '.join(sortable)}.")
    return Query(tuple(where), fields, start, limit, names)


def simple(name: str, text: str) -> Condition:
    """Read a filter of the form ``name=value,value`` or ``name=!value,value``; raises AepProblem 400."""
    _check_field(name)
    if text.startswith("!"):
        return Unlike("", "unlike", (), simple(name, text[1:]))
    return _equal(name, tuple(text.split(",")))


def condition(text: str) -> Condition:
    """Read the value of ``property``; raises AepProblem 400 when it is no condition."""
    if text.startswith("!"):
        return Absent(_check_field(text[1:].strip()), "absent", ())
    try:
        found = filters.parse(text, several=False)
    except filters.NotACondition:
        return _without_operator(text)
    path = _check_field(found.path)
    if found.operator == "~":
        return Expression(path, "~", found.values)
    values = tuple(value.strip() for value in found.values[0].split(","))
    if found.operator == "==":
        return _equal(path, values)
    if found.operator == "!=":
        return Unlike("", "unlike", (), _equal(path, values))
    return Condition(path, found.operator, values)


def _without_operator(text: str) -> Condition:
    """Read a condition with one equals sign (assumed to be taken as two), or a name alone; refuse a bad expression."""
    name, sign, value = text.partition("=")
    if "~" in name:
        raise bad(f"The regular expression in [{text[:200]}] cannot be read.")
    path = _check_field(name.strip())
    return _equal(path, tuple(value.split(","))) if sign else Condition(path, "exists", ())


def _equal(path: str, values: tuple[str, ...]) -> Condition:
    if path != _NAME or not any("*" in value for value in values):
        return Condition(path, "==", values)
    forms = [re.escape(value).replace(r"\*\*", "\0").replace(r"\*", ".*").replace("\0", r"\*") for value in values]
    return Expression(path, "~", (f"(?s)^(?:{'|'.join(forms)})$",))


def _tag(text: str) -> Condition:
    name, _, value = text.partition(":")
    return Tagged(name.strip(), "tagged", (value.strip(),))


def _order(text: str) -> tuple[str, ...]:
    order = []
    for part in filter(None, (one.strip() for one in text.split(","))):
        direction, colon, field = part.partition(":")
        if not colon:
            direction, field = "asc", part
        if direction not in ("asc", "desc"):
            raise bad(f"orderBy must look like asc:name,desc:created; it is [{text[:200]}].")
        order.append(("-" if direction == "desc" else "") + _check_field(field))
    return tuple(order)


def whole_number(call: Call, name: str, default: int, least: int) -> int:
    """Give a parameter that must be a whole number from *least* on; raises AepProblem 400."""
    text = call.query(name)
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < least:
        raise bad(f"{name} must be a whole number from {least}; it is [{text[:100]}].")
    return int(text)


def etag(body: dict[str, Any], *beside: Any) -> str:
    """Give the etag of an object: the time of its last change (documented).

    *beside*: what else is shown with the object and changes without it; a sum over that follows (assumed).
    """
    told = [one for one in beside if one]
    tail = f"-{crc32(repr(told).encode()):08x}" if told else ""
    return f'"{body["updated"]}{tail}"'


def is_known(call: Call, tag: str) -> bool:
    """Tell whether ``If-None-Match`` says that the reader has what *tag* names (304, as HTTP has it)."""
    return bool(_named(call, "if-none-match") & {tag.strip('"'), "*"})


def check_etag(call: Call, body: dict[str, Any]) -> None:
    """Raise 412 when ``If-Match`` names another state than the object's, or ``If-None-Match`` its own.

    A state is named by the etag or by the version (the pages have both), with or without quotation marks. What is shown
    beside the object does not count: nobody changes it from outside.
    """
    own = {str(body["updated"]), str(body.get("version")), "*"}
    for header, wanted in (("if-match", True), ("if-none-match", False)):
        given = call.request.headers.get(header, "")
        if given and bool({name.partition("-")[0] for name in _named(call, header)} & own) is not wanted:
            raise AepProblem(412, "Precondition Failed", f"{header} is {given[:100]}; the etag is {etag(body)}.")


def _named(call: Call, header: str) -> set[str]:
    given = call.request.headers.get(header, "")
    return {one.strip().removeprefix("W/").strip('"') for one in given.split(",")} if given else set()


def bad(why: str) -> Problem:
    """Refuse with 400."""
    return AepProblem(400, "Bad Request", why)


def _check_field(name: str) -> str:
    if not _FIELD.fullmatch(name):
        raise bad(f"[{name[:200]}] is not the name of a property.")
    return name


def _sortable(value: Any) -> tuple[bool, bool, Any]:
    return (value is not None, isinstance(value, str), value if isinstance(value, str | int | float) else 0)

"""Pages of objects: which SQL indexes there are for the conditions of list calls, and how a list is ordered.

The indexes only narrow down what is read; whether an object fits a condition is decided by the condition itself
(:meth:`filters.Condition.holds`), so that an index can make a list faster but never different.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ..front.filters import Condition

# What is kept beside the body, and so can be ordered by and compared without reading the body.
COLUMNS = ("number", "id", "name", "created", "updated")
NEWEST_FIRST = ("-number",)
# Paths in the body that are looked up by equality; "[]": any element of an array of texts.
INDEXED: dict[str, tuple[str, ...]] = {
    "flows": ("state", "description", "flowSpec.id", "sourceConnectionIds[]", "targetConnectionIds[]",
              "_pending.state"),
    "connections": ("connectionSpec.id", "description", "state"),
    "sourceConnections": ("connectionSpec.id", "baseConnectionId"),
    "targetConnections": ("connectionSpec.id", "baseConnectionId", "params.dataSetId"),
    "runs": ("state", "metrics.statusSummary.status"),
    "dataSets": ("schemaRef.id", "tags.adobe/pqs/table[]"),
    "batches": ("status", "version", "externalId", "createdClient", "createdUser", "updatedUser", "started",
                "completed", "recordCount", "failedRecordCount", "size"),
    "schemas": ("meta:class", "meta:altId"),
    "mixins": ("meta:altId",),
    "classes": ("meta:altId",),
    "datatypes": ("meta:altId",),
    "descriptors": ("@type",),
    "mappingSets": ("xdmSchema",),
}  # fmt: skip
# The fields of the body that stand in the columns id and name as well.
_FLOW, _XDM = {"id": "id", "name": "name"}, {"$id": "id", "title": "name"}
_IN_COLUMNS: dict[str, dict[str, str]] = {
    **dict.fromkeys(("flows", "connections", "sourceConnections", "targetConnections", "mappingSets"), _FLOW),
    **dict.fromkeys(("schemas", "mixins", "classes", "datatypes"), _XDM),
    "dataSets": {"name": "name", "created": "created", "updated": "updated"}, "runs": {"id": "id", "flowId": "name"},
    "batches": {"dataSet": "name", "created": "created", "updated": "updated"},
}  # fmt: skip
_FEW = ("id", "$id", "name", "title", "flowId")
THEN = {"batches": ("created",)}  # the order that a kind is mostly asked for in, where it is not that of number
_NUMBERS = ("started", "completed", "recordCount", "failedRecordCount", "size")  # to SQLite 7 is not equal to '7'
_MOST_VALUES = 100  # of one condition; SQLite takes no more than some hundred searches in one
_COMPARISONS = ("<", "<=", ">", ">=")
_NUMBER = re.compile("0|[1-9][0-9]{0,17}")
_OTHERWISE = "*"  # where an array has not exactly one element, its index says no more than that


def indexes() -> Iterator[str]:
    """Give the statements that make the indexes which are not there yet."""
    yield "CREATE INDEX IF NOT EXISTS objects_in_order ON objects (seat, sandbox, kind)"
    for column in ("created", "updated"):
        yield f"CREATE INDEX IF NOT EXISTS objects_by_{column} ON objects (seat, sandbox, kind, {column})"
    for kind, paths in INDEXED.items():
        for path in paths:
            parts = ", ".join(("seat", "sandbox", _expression(path), *THEN.get(kind, ())))
            yield f"CREATE INDEX IF NOT EXISTS \"objects_{kind}_{path}\" ON objects ({parts}) WHERE kind = '{kind}'"
    status = _expression("status")
    for name, parts in (("dataset", "name, created"), ("dataset_status", f"name, {status}, created")):
        yield (
            f'CREATE INDEX IF NOT EXISTS "objects_batches_{name}" ON objects (seat, sandbox, {parts}) '
            "WHERE kind = 'batches'"
        )


def order_by(order: Sequence[str], where: Sequence[Condition] = (), kind: str = "") -> str:
    """Give the ORDER BY of *order*: columns, or what is indexed of *kind*, each with a minus sign for falling.

    Raises ValueError for another field.

    What is equal in the last of them comes in the order that the objects were made in, or against it when that falls.
    """
    # An element of an array is always an id, which few objects hold: they are found first and sorted afterwards. The
    # plus keeps SQLite from walking through all objects in the order of the list instead.
    # The same holds for an id or a name, unless their own index gives the order as well, which is that of number.
    by_number = not order or order[0].removeprefix("-") == "number"
    few = any(
        condition.path.endswith("[]") or (condition.path in _FEW and condition.operator == "==" and not by_number)
        for condition in where
    )
    sorted_later = "+" if few else ""
    parts = []
    for text in order:
        column = text.removeprefix("-")
        if column not in (*COLUMNS, *sortable(kind)):
            raise ValueError(f"objects cannot be ordered by {column!r}, only by {', '.join(COLUMNS)}")
        direction = "DESC" if text.startswith("-") else "ASC"
        parts.append((column if column in COLUMNS else _expression(column), direction))
        # The index of a path ends in these, so that it gives the whole order.
        parts += [(then, direction) for then in THEN.get(kind, ()) if len(order) == 1 and column not in COLUMNS]
    if parts and parts[-1][0] != "number":
        parts.append(("number", parts[-1][1]))
    return ", ".join(f"{sorted_later}{column} {direction}" for column, direction in parts)


def sortable(kind: str) -> list[str]:
    """Give the paths in the bodies of *kind* that a list can be ordered by without reading all of them."""
    return [path for path in INDEXED.get(kind, ()) if not path.endswith("[]")]


def different(kind: str, path: str) -> str:
    """Give the SQL for the different values at an indexed *path*, of a seat, a sandbox and so many, in their order."""
    expression = _expression(path)
    return (
        f"SELECT DISTINCT {expression} FROM objects WHERE seat = ? AND sandbox = ? AND {_of_kind(kind)} "  # noqa: S608
        f"AND {expression} IS NOT NULL ORDER BY 1 LIMIT ? OFFSET ?"
    )


def narrowed(seat: str, sandbox: str, kind: str, where: Sequence[Condition]) -> tuple[str, tuple[str, ...], bool]:
    """Give an SQL condition, its values, and whether it says the whole of *where* (else it lets too much through)."""
    sql, values, whole = _of_kind(kind), [] if kind in INDEXED else [kind], True
    for condition in where:
        expression = _lookup(kind, condition)
        if expression is None or len(condition.values) > _MOST_VALUES:
            whole = False
            traces = condition.traces()
            if 0 < len(traces) <= _MOST_VALUES:  # SQLite looks through a text many times as fast as Python reads JSON
                sql += f" AND ({' OR '.join(['instr(body, ?)'] * len(traces))})"
                values += traces
        elif condition.operator != "==":
            sql += f" AND {expression} {condition.operator} ?"
            values.append(int(condition.values[0]))
        elif len(condition.values) == 1 and not condition.path.endswith("[]"):
            sql += f" AND {expression} = ?"
            values += _wanted(condition)
        else:
            others = [_OTHERWISE] if condition.path.endswith("[]") else []
            whole = whole and not others
            # One search for each: with IN or OR, SQLite would rather read all objects in the order of the list.
            own = f"seat = ? AND sandbox = ? AND {_of_kind(kind)} AND {expression} = ?"
            found = f"SELECT number FROM objects WHERE {own}"  # noqa: S608
            wanted = [*_wanted(condition), *others]
            sql += f" AND number IN ({' UNION '.join([found] * len(wanted))})"
            values += [part for value in wanted for part in (seat, sandbox, value)]
    return f"seat = ? AND sandbox = ? AND {sql}", (seat, sandbox, *values), whole


def _of_kind(kind: str) -> str:
    """Write a kind that has indexes of its own into the text, without which SQLite does not take a partial index."""
    return f"kind = '{kind}'" if kind in INDEXED else "kind = ?"


def _lookup(kind: str, condition: Condition) -> str | None:
    column = _IN_COLUMNS.get(kind, {}).get(condition.path)
    expression = _expression(condition.path) if condition.path in INDEXED.get(kind, ()) else None
    if condition.operator == "==":
        return column or expression
    is_number = len(condition.values) == 1 and _NUMBER.fullmatch(condition.values[0])
    if condition.operator not in _COMPARISONS or not is_number:
        return None
    return column if column in ("created", "updated") else expression if condition.path in _NUMBERS else None


def _expression(path: str) -> str:
    """Give the SQL for what is at one of our own paths; no text from outside gets here."""
    steps = "$." + ".".join(f'"{name}"' for name in path.removesuffix("[]").split("."))
    if not path.endswith("[]"):
        return f"json_extract(body, '{steps}')"
    return f"CASE json_array_length(body, '{steps}') WHEN 1 THEN json_extract(body, '{steps}[0]') ELSE '*' END"


def _wanted(condition: Condition) -> list[int | str]:
    """Give the values as SQL compares them."""
    numeric = condition.path in _NUMBERS
    return [int(value) if numeric and _NUMBER.fullmatch(value) else value for value in condition.values]

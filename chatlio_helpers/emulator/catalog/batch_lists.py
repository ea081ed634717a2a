"""Catalog: reading batches, one by one, in lists, and the last ones of each dataset."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from starlette.responses import Response

from ..front import filters
from ..front.filters import Condition
from ..front.problems import AepProblem
from ..front.service import Call, answer
from ..provenance import documented
from ..state import selection
from ..state.store import Row, Scope
from . import batch_changes, batches, catalog_query
from .batches import KIND, service
from .catalog_query import Query, Unlike

COLUMNS = {name: name for name in ("created", "updated", *selection.sortable(KIND))}
OWN = ("batch", "dataSet", "createdAfter", "createdBefore", "startAfter", "startBefore", "endAfter", "endBefore",
       "aggregate")  # fmt: skip
_RANGES = {
    "createdAfter": ("created", ">"), "createdBefore": ("created", "<"),
    "startAfter": ("availableDates.startDate", ">"), "startBefore": ("availableDates.startDate", "<"),
    "endAfter": ("availableDates.endDate", ">"), "endBefore": ("availableDates.endDate", "<"),
}  # fmt: skip
_FAILED = ("failed", "failure")  # the two words of Adobe's pages for the same
_OUTLINE = ("lastBatchId", "lastBatchStatus", "lastSuccessfulBatchId", "lastFailedBatchId", "imsOrg", "sandboxId",
            "created", "updated")  # fmt: skip
_VIEW = "view-datasets"
_LAST = (("success", "lastSuccessfulBatchId"), ("failed", "lastFailedBatchId"))
_SOURCE = "catalog.yaml; catalog/api/filter-data"


@service.operation(
    "GET", "/batches", "listBatches",
    documented(_SOURCE, "default order desc:created; failed rows of a stream have a batch of their own; status=failed "
               "and status=failure find the same"),
    permission=_VIEW,
)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give batches as an object keyed by id, newest first unless asked otherwise."""
    query = _query(call)
    return {row.id: query.cut(shown(call, row)) for row in _rows(call, query)}


@service.operation(
    "GET", "/batches/uniques/{field}", "retrieveUniqueBatchValues",
    documented(_SOURCE, "values as texts, at most limit of them"), permission=_VIEW,
)  # fmt: skip
def uniques(call: Call) -> list[str]:
    """Give the different values of a field over the batches that fit the query."""
    query = _query(call)
    field = call.part("field")
    if field in selection.sortable(KIND) and not query.where and not call.query("batch"):
        with call.scope.store.transaction() as database:
            place = (call.scope.seat, call.scope.sandbox, query.limit, query.start)
            return [_text(value) for (value,) in database.execute(selection.different(KIND, field), place)]
    where = (*query.where, catalog_query.condition(field))
    wide = Query(where, query.order, 0, -1, ())
    values = (value for row in _rows(call, wide) for value in filters.at(row.body, field))
    texts = dict.fromkeys(_text(one) for value in values for one in (value if isinstance(value, list) else [value]))
    return list(islice(texts, query.start, query.start + query.limit))


@service.operation(
    "GET", "/batches/{batch}", "retrieveBatch",
    documented(_SOURCE, "several ids with commas between; ETag; 304 for If-None-Match with it"), permission=_VIEW,
)  # fmt: skip
def one(call: Call) -> Response:
    """Give one batch or several, as an object keyed by id; raises 404 when none is there."""
    query = catalog_query.read(call, own=OWN)
    ids = call.part("batch").split(",")
    rows = [row for row in (call.scope.get(KIND, id) for id in ids[: catalog_query.MOST]) if row]
    if not rows:
        raise AepProblem(404, "Not Found", f"No batch exists with id [{call.part('batch')[:200]}].")
    headers = {"etag": catalog_query.etag(rows[0].body)} if len(ids) == 1 else {}
    if headers and catalog_query.is_known(call, headers["etag"]):
        return Response(status_code=304, headers=headers)
    return answer({row.id: query.cut(shown(call, row)) for row in rows}, headers=headers)


@service.operation(
    "GET", "/lastBatches", "listLastBatches",
    documented(_SOURCE, "datasets without a batch are left out; newest first"), permission=_VIEW,
)  # fmt: skip
def last(call: Call) -> dict[str, Any]:
    """Give the last batch, last good one and last failed one of each dataset that has any."""
    query = catalog_query.read(call, own=("dataSetId",), sortable=_OUTLINE)
    found = (pair for pair in _last_of_each(call) if all(one.holds(pair[1]) for one in query.where))
    pairs = query.ordered(found, lambda pair: pair[1]) if query.order else found
    return {dataset: query.cut(body) for dataset, body in islice(pairs, query.start, query.start + query.limit)}


def shown(call: Call, row: Row) -> dict[str, Any]:
    """Give the body of a batch as it is shown."""
    if row.body["status"] != "failed":
        return row.body
    where = f"{call.base_url}/data/foundation/export/batches/{row.id}/failed"
    return {**row.body, "failedBatchLocation": where}


def _query(call: Call) -> Query:
    query = catalog_query.read(call, order="desc:created", own=OWN, sortable=batch_changes.FIELDS)
    where = [_in_both_words(call.scope, condition) for condition in query.where]
    if call.query("dataSet"):
        where.append(batches.condition(*call.query("dataSet").split(",")))
    for name, (path, operator) in _RANGES.items():
        if call.query(name):
            where.append(Condition(path, operator, (str(catalog_query.whole_number(call, name, 0, 0)),)))
    return Query(tuple(where), query.order, query.start, query.limit, query.properties)


def _in_both_words(scope: Scope, condition: Condition) -> Condition:
    """Give *condition* so that a batch of the status ``failed`` and one of ``failure`` fit it alike."""
    if isinstance(condition, Unlike):
        return replace(condition, other=_in_both_words(scope, condition.other))
    if (condition.path, condition.operator) != ("status", "==") or not set(condition.values) & set(_FAILED):
        return condition
    # One word is found in the order of the list, two are sorted afterwards: mostly there are batches of one word only.
    words = {word: [Condition("status", "==", (word,))] for word in _FAILED}
    used = [word for word, where in words.items() if scope.page(KIND, where=where, order=("-created",), limit=1)]
    others = [value for value in condition.values if value not in _FAILED]
    return replace(condition, values=(*others, *(used or _FAILED[:1])))


def _rows(call: Call, query: Query) -> list[Row]:
    ids = [id for id in call.query("batch").split(",") if id]
    if not ids:
        return query.page(call, KIND, COLUMNS)
    rows = [row for row in (call.scope.get(KIND, id) for id in ids[: catalog_query.MOST]) if row]
    fitting = [row for row in rows if all(condition.holds(row.body) for condition in query.where)]
    cut = query.ordered(fitting, lambda row: row.body)[query.start :]
    return cut if query.limit < 0 else cut[: query.limit]


def _last_of_each(call: Call) -> Iterator[tuple[str, dict[str, Any]]]:
    asked = [id for id in call.query("dataSetId").split(",") if id]
    rows = [batches.last(call.scope, id) for id in asked] if asked else _newest_of_each(call.scope)
    for row in rows:
        if row is not None and row.name:
            yield row.name, _outline(call.scope, row)


def _newest_of_each(scope: Scope) -> list[Row]:
    """Give the newest batch of every dataset, newest first."""
    inside = "seat = ? AND sandbox = ? AND kind = ?"
    newest = f"number IN (SELECT max(number) FROM objects WHERE {inside} GROUP BY name)"  # noqa: S608
    where = (scope.seat, scope.sandbox, KIND)
    return scope.store.rows(f"{inside} AND {newest}", (*where, *where), "ORDER BY number DESC")


def _outline(scope: Scope, row: Row) -> dict[str, Any]:
    body = row.body
    outline = {"lastBatchId": row.id, "lastBatchStatus": body["status"]}
    for status, key in _LAST:
        found = batches.last(scope, row.name or "", status)
        outline |= {key: found.id} if found else {}
    return outline | {key: body[key] for key in ("imsOrg", "sandboxId", "created", "updated") if key in body}


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)

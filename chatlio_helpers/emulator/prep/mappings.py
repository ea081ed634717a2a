"""Data Prep: mapping sets, their versions and single mappings, validation and preview."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from starlette.responses import Response

from ..front.filters import Condition, NotACondition, parse
from ..front.problems import AepProblem
from ..front.service import Call, Service
from ..provenance import assumed, documented, observed
from ..registry.composition import SOURCES
from ..state import kept
from ..state.store import Scope
from .mapping_bodies import bad, next_version, rows, schema, schema_reference, stored, stored_row

service = Service("Data Prep", "/data/foundation/conversion")
routes = service.routes
KIND, VERSIONS = "mappingSets", "mappingSetVersions"
MOST = 1000  # mapping sets of one page (assumed)
_SOURCE = "data-prep.yaml; data-prep/api/mapping-set"
_SDK = "aepp"
_NO_BODY = "the body of a refusal"
_NEXT = "not in the description; a change of one mapping makes the next version of its set"
# What orders the store: its number is the order of creation.
_ORDERS = {"createdDate": "number", "modifiedDate": "updated", "updatedDate": "updated", "lastUpdateDate": "updated",
           "name": "name"}  # fmt: skip
_FILTERED = ("id", "name", "xdmSchema", "xdmVersion", "status", "version", "createdBy", "modifiedBy")


def load(scope: Scope, id: str, version: int | None = None) -> dict[str, Any] | None:
    """Give a mapping set in stored form, its newest version unless one is named, or None.

    Each of its ``mappings`` has ``sourceType`` (ATTRIBUTE, EXPRESSION, STATIC), ``source``, ``destination``, and the
    same once more under the older names ``sourceAttribute`` and ``destinationXdmPath``.
    """
    row = scope.get(KIND, id) if version is None else scope.get(VERSIONS, f"{id}:{version}")
    return row.body if row else None


def validated(call: Call, mapping_set: dict[str, Any]) -> list[dict[str, Any]]:
    """Check each mapping against the target schema; gives one entry for each, SUCCESS or FAILED with its errors."""
    from .mapper import check_mappings

    given, target = rows(mapping_set), schema_reference(mapping_set)["id"]
    # What is validated is mostly made next, and a dataflow with it after that: the same mappings, three times.
    said = orjson.dumps([[row[name] for name in ("sourceType", "source", "destination")] for row in given])
    key = (call.scope.seat, call.scope.sandbox, "validated", target, sha256(said).hexdigest())
    checked = kept.of(call.scope.store).value(
        key, call.scope.seat, SOURCES, lambda: check_mappings(given, schema(call, mapping_set))
    )
    return list(checked)


@service.operation(
    "POST", "/mappingSets", "createMappingSet", observed("Chatlio streaming tutorial (API)", _NO_BODY),
    permission="manage-sources",
)  # fmt: skip
def create(call: Call) -> dict[str, Any]:
    """Make a mapping set, version 0."""
    item = stored(call, call.body())
    if call.query("validate").lower() == "true":
        _refuse_faults(validated(call, item))
    _keep(call, item)
    return {key: item[key] for key in ("id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy")}


@service.operation(
    "GET", "/mappingSets", "listMappingSets",
    documented(f"{_SOURCE}; {_SDK}", f"{_NO_BODY}; limit and start may be left out, as the guide does; a limit of 0 "
               "is refused; the operators of property"),
    permission="view-sources",
)  # fmt: skip
def every(call: Call) -> dict[str, Any]:
    """Give mapping sets by ``name`` and ``property``, ordered by ``orderBy``, paged by ``limit`` and ``start``."""
    query = call.request.query_params
    conditions = [_condition(text) for text in query.getlist("property")]
    if query.get("name"):
        conditions.append(Condition("name", "==", (query["name"],)))
    limit, start = min(_number("limit", call.query("limit", "10")), MOST), _number("start", call.query("start", "0"))
    if not limit:  # a page of nothing would lead to itself
        raise bad("The parameter limit must be a whole number from 1.")
    order = (_order(call.query("orderBy", "-modifiedDate")),)
    found = call.scope.page(KIND, where=conditions, order=order, limit=limit + 1, start=start)
    links = {}
    if len(found) > limit:  # one more than asked for tells of a next page
        kept = [(key, value) for key, value in query.multi_items() if key not in ("limit", "start")]
        text = urlencode([*kept, ("limit", limit), ("start", start + limit)], quote_via=quote)
        links["next"] = {"href": f"{call.base_url}{service.base}/mappingSets?{text}", "templated": False}
    shown = [_shown(call, row.body) for row in found[:limit]]
    return {"data": shown, "_page": {"limit": limit, "count": len(shown)}, "_links": links}


@service.operation(
    "GET", "/mappingSets/{id}", "retrieveMappingSet", documented(_SOURCE, _NO_BODY), permission="view-sources"
)
def one(call: Call) -> dict[str, Any]:
    """Give one mapping set, its newest version or the one in ``version``."""
    return _shown(call, _read(call))


@service.operation(
    "PUT", "/mappingSets/{id}", "putMappingSet", documented(_SOURCE, "older versions stay readable"),
    permission="manage-sources",
)  # fmt: skip
def replace(call: Call) -> dict[str, Any]:
    """Replace a mapping set: same id, next version; dataflows keep the version that they name."""
    old, new = _newest(call), stored(call, call.body())
    item = next_version(call, old, new)
    _keep(call, item)
    return item


@service.operation(
    "DELETE", "/mappingSets/{id}", "deleteMappingSet", assumed("the status 204", _SDK), permission="manage-sources"
)
def delete(call: Call) -> Response:
    """Delete a mapping set with all its versions."""
    item = _newest(call)
    for version in range(item["version"] + 1):
        call.scope.delete(VERSIONS, f"{item['id']}:{version}")
    call.scope.delete(KIND, item["id"])
    return Response(status_code=204)


@service.operation(
    "GET", "/mappingSets/{id}/mappings", "listMappings", documented(_SOURCE), permission="view-sources"
)  # fmt: skip
def rows_of(call: Call) -> list[dict[str, Any]]:
    """Give the mappings of a set."""
    return _read(call)["mappings"]


@service.operation(
    "GET", "/mappingSets/{id}/mappings/{mapping}", "retrieveMapping", documented(_SOURCE), permission="view-sources"
)  # fmt: skip
def row_of(call: Call) -> dict[str, Any]:
    """Give one mapping of a set."""
    item = _read(call)
    return item["mappings"][_place(call, item)]


@service.operation(
    "POST", "/mappingSets/{id}/mappings", "createMapping", assumed(_NEXT, _SDK), permission="manage-sources"
)
def add_row(call: Call) -> dict[str, Any]:
    """Add a mapping to a set; gives the mapping."""
    item, mapping = _newest(call), stored_row(call, call.body())
    _keep(call, next_version(call, item, item | {"mappings": [*item["mappings"], mapping]}))
    return mapping


@service.operation(
    "PUT", "/mappingSets/{id}/mappings/{mapping}", "putMapping", assumed(_NEXT, _SDK), permission="manage-sources"
)
def replace_row(call: Call) -> dict[str, Any]:
    """Replace one mapping of a set; gives the mapping, which keeps its id."""
    item = _newest(call)
    place = _place(call, item)
    old = item["mappings"][place]
    mapping = stored_row(call, call.body(), old["id"], old["createdDate"])
    mappings = [*item["mappings"][:place], mapping, *item["mappings"][place + 1 :]]
    _keep(call, next_version(call, item, item | {"mappings": mappings}))
    return mapping


@service.operation(
    "DELETE", "/mappingSets/{id}/mappings/{mapping}", "deleteMapping",
    assumed(f"{_NEXT}; the last one stays; the status 204", _SDK), permission="manage-sources",
)  # fmt: skip
def delete_row(call: Call) -> Response:
    """Take one mapping out of a set: 204; raises a 400 for its last one."""
    item = _newest(call)
    place = _place(call, item)
    mappings = [*item["mappings"][:place], *item["mappings"][place + 1 :]]
    if not mappings:
        raise bad("A mapping set needs a mapping: its last one cannot be deleted, delete the set.")
    _keep(call, next_version(call, item, item | {"mappings": mappings}))
    return Response(status_code=204)


@service.operation(
    "POST", "/mappingSets/validate", "validateMappingSet", documented(_SOURCE, "words of an exception"),
    permission="view-sources",
)  # fmt: skip
def validate(call: Call) -> dict[str, Any]:
    """Check a mapping set without keeping it."""
    return {"validationResponse": validated(call, call.body())}


@service.operation(
    "POST", "/mappingSets/preview", "previewMappingSet", documented(_SOURCE, "data may be one object or an array"),
    permission="view-sources",
)  # fmt: skip
def preview(call: Call) -> list[dict[str, Any]]:
    """Map sample data without keeping anything: one entry for each payload."""
    from .mapper import Mapper

    body = call.body()
    mapping_set, data = body.get("mappingSet"), body.get("data")
    payloads = data if isinstance(data, list) else [data]
    if not isinstance(mapping_set, dict) or not all(isinstance(payload, dict) for payload in payloads):
        raise bad("A preview needs data (an object or an array of objects) and mappingSet.")
    mappings = rows(mapping_set)
    mapper, now = Mapper(mappings, schema(call, mapping_set)), call.platform.clock.now()
    kinds = {row["destination"]: row["sourceType"] for row in mappings}
    return [_previewed(mapper.apply(payload, now), kinds) for payload in payloads]


def _keep(call: Call, item: dict[str, Any]) -> None:
    call.scope.put(KIND, item["id"], item, name=item.get("name"), now=call.now)
    call.scope.put(VERSIONS, f"{item['id']}:{item['version']}", item, now=call.now)


def _newest(call: Call) -> dict[str, Any]:
    item = load(call.scope, call.part("id"))
    if item is None:
        raise AepProblem(404, "Not Found", f"No mapping set exists with id [{call.part('id')}].")
    return item


def _read(call: Call) -> dict[str, Any]:
    """Give the version that the query names, or the newest (the description's default of 0 is an example: assumed)."""
    newest = _newest(call)
    if "version" not in call.request.query_params:
        return newest
    version = _number("version", call.query("version"))
    item = load(call.scope, newest["id"], version)
    if item is None:
        raise AepProblem(404, "Not Found", f"No mapping set exists with id [{newest['id']}] version {version}.")
    return item


def _place(call: Call, item: dict[str, Any]) -> int:
    for place, mapping in enumerate(item["mappings"]):
        if mapping["id"] == call.part("mapping"):
            return place
    raise AepProblem(404, "Not Found", f"No mapping exists with id [{call.part('mapping')}].")


def _shown(call: Call, item: dict[str, Any]) -> dict[str, Any]:
    if call.query("expandSchema").lower() != "true":
        return item
    return item | {"outputSchema": item["outputSchema"] | {"jsonSchema": schema(call, item)}}


def _previewed(mapped: Any, kinds: dict[str, str]) -> dict[str, Any]:
    errors = [
        {"destination": one.destination, "exception": one.message, "source": one.source, "columnName": one.source,
         "sourceType": kinds.get(one.destination, "ATTRIBUTE")}
        for one in mapped.problems
    ]  # fmt: skip
    return {"data": mapped.record, "errors": errors or None}


def _refuse_faults(entries: list[dict[str, Any]]) -> None:
    faults = [error for entry in entries if entry["status"] != "SUCCESS" for error in entry["errors"] or ()]
    if faults:
        raise bad("; ".join(f"{fault['destination']}: {fault['exception']}" for fault in faults))


def _condition(text: str) -> Condition:
    try:
        condition = parse(text, several=True)
    except NotACondition as error:
        raise bad(f"The condition {text[:100]!r} has no operator such as ==.") from error
    if condition.path not in _FILTERED:
        raise bad(f"Mapping sets cannot be filtered by {condition.path[:50]!r}, only by {', '.join(_FILTERED)}.")
    return condition


def _order(text: str) -> str:
    found = re.fullmatch(r"([-+ ]?)([A-Za-z]+)", text)  # a plus sign arrives as a space when it is not encoded
    if not found or found[2] not in _ORDERS:
        raise bad(f"Mapping sets cannot be ordered by {text[:50]!r}, only by {', '.join(_ORDERS)}.")
    return ("-" if found[1] == "-" else "") + _ORDERS[found[2]]


def _number(name: str, text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise bad(f"The parameter {name} must be a whole number; it was {text[:50]!r}.")
    return int(text)

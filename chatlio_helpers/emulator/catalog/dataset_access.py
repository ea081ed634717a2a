"""Catalog: what else is asked of datasets: credentials for their files, and who carries a tag. Both are deprecated."""

from __future__ import annotations

from typing import Any

from ..front import filters
from ..front.problems import AepProblem
from ..front.service import Call
from ..provenance import assumed, documented
from . import batches, datasets
from .batches import service

MOST_TAGGED = 1_000  # objects of a kind, the newest (assumed: the page says nothing of a limit)
_VIEW = "view-datasets"


@service.operation(
    "GET", "/dataSets/{id}/credentials", "retrieveDatasetCredentials",
    assumed("the local platform has no storage account: names in place of keys", "catalog.yaml"), permission=_VIEW,
)  # fmt: skip
def credentials(call: Call) -> dict[str, Any]:
    """Give where a dataset's files are; with ``batchId`` also where that batch would be staged. Raises 404."""
    id, batch = call.part("id"), call.query("batchId")
    if call.scope.get(datasets.KIND, id) is None:
        raise AepProblem(404, "Not Found", f"No dataset exists with id [{id}].")
    where = datasets.base_path(call, id)
    keys = {
        "clientId": call.caller.client_id, "clientKey": "", "tenantId": call.caller.seat.tenant,
        "resourceGroupName": "local", "subscriptionId": "local", "name": call.caller.seat.name, "adlsType": "local",
        "adlsUri": where, "hadoopUri": where,
    }  # fmt: skip
    staged = {"stagePath": f"{call.caller.account.technical_account}/stage/{batch}"} if batch else {}
    return {"dataSetId": id, "path": where, **staged, "credentials": keys}


@service.operation(
    "GET", "/tags/{namespace:path}", "listTags",
    documented("catalog.yaml", f"the newest {MOST_TAGGED} of a kind; 404 when nothing has the tag"), permission=_VIEW,
)  # fmt: skip
def tags(call: Call) -> dict[str, Any]:
    """Give the values of a tag over datasets and batches, and which of them have it."""
    name = call.part("namespace")
    found = {kind: _tagged(call, kind, name) for kind in (datasets.KIND, batches.KIND)}
    if not any(found.values()):
        raise AepProblem(404, "Not Found", f"No dataset and no batch has the tag [{name[:200]}].")
    values = dict.fromkeys(value for tagged in found.values() for of_one in tagged.values() for value in of_one)
    whose = {kind: [f"@/{kind}/{id}" for id in tagged] for kind, tagged in found.items() if tagged}
    return {"objectType": whose, name: list(values)}


def _tagged(call: Call, kind: str, name: str) -> dict[str, list[str]]:
    """Give the values of the tag by id, newest first."""
    if '"' in name:  # SQLite's paths have no way to write one
        return {}
    trace = f'"{name}"' if filters.is_plain(name) else '"tags"'  # found faster than JSON is read
    rows = call.scope.store.rows(
        "seat = ? AND sandbox = ? AND kind = ? AND instr(body, ?) AND json_type(body, ?) = 'array'",
        (call.scope.seat, call.scope.sandbox, kind, trace, f'$.tags."{name}"', MOST_TAGGED),
        "ORDER BY number DESC LIMIT ?",
    )
    return {row.id: row.body["tags"][name] for row in rows}

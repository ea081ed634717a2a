"""Flow Service: the runs of dataflows, as they are read; :mod:`run_metrics` makes them."""

from __future__ import annotations

import copy
from typing import Any

from .flow_service import envelope, listing, read, service
from .problems import FlowProblem
from .provenance import documented
from .service import Call

KIND = "runs"
_ONE_FLOW = "flowId=="


@service.operation(
    "GET", "/runs", "listFlowRuns",
    documented("dataflows/api/sort-and-filter; sources/tutorials/api/monitor", "an open window shows as inProgress"),
    permission="view-sources",
)  # fmt: skip
def list_runs(call: Call) -> dict[str, Any]:
    """Give runs, newest first, with the filters, order and pages of every list of the service."""
    conditions = call.request.query_params.getlist("property")
    flows = [text.removeprefix(_ONE_FLOW) for text in conditions if text.startswith(_ONE_FLOW)]
    rows = call.scope.find(KIND, flows[0]) if flows and "," not in flows[0] else call.scope.list(KIND)
    answer = listing(call, KIND, [row.body for row in reversed(rows)])
    if "items" in answer:
        answer["items"] = [_shown(call, run) for run in answer["items"]]
    return answer


@service.operation(
    "GET", "/runs/{id}", "retrieveFlowRun", documented("flow-service.yaml"), permission="view-sources"
)  # fmt: skip
def one_run(call: Call) -> dict[str, Any]:
    """Give one run, in a list of one."""
    return envelope([_shown(call, read(call, KIND))])


@service.operation(
    "POST", "/runs", "createFlowRun", documented("sources/errors/flow-service-errors"), permission="manage-sources"
)  # fmt: skip
def create_run(call: Call) -> dict[str, Any]:
    """Refuse with 1427-400: the runs of a streaming dataflow are the platform's own."""
    raise _not_yours()


@service.operation(
    "PUT", "/runs/{id}", "updateRun", documented("sources/errors/flow-service-errors"), permission="manage-sources"
)  # fmt: skip
def update_run(call: Call) -> dict[str, Any]:
    """Refuse with 1427-400, as for creating."""
    raise _not_yours()


def _not_yours() -> FlowProblem:
    return FlowProblem("1427-400", "Flow runs cannot be created or updated with a user token.")


def _shown(call: Call, run: dict[str, Any]) -> dict[str, Any]:
    """Give a run with whole addresses of its failed rows; it keeps only their paths."""
    shown = copy.deepcopy(run)
    for activity in shown["activities"]:
        links = activity["statusSummary"]["extensions"].get("manifest", {})
        links |= {name: f"{call.base_url}{path}" for name, path in links.items()}
    return shown

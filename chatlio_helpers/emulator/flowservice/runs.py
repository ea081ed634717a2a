"""Flow Service: the runs of dataflows, as they are read; :mod:`run_metrics` makes them."""

from __future__ import annotations

import copy
from typing import Any

from ..front.problems import FlowProblem
from ..front.service import Call
from ..provenance import documented
from . import actions, listings
from .flow_service import check_etag, read, service
from .listings import envelope

KIND = "runs"


@service.operation(
    "GET", "/runs", "listFlowRuns",
    documented("dataflows/api/sort-and-filter; sources/tutorials/api/monitor", "an open window shows as inProgress"),
    permission="view-sources",
)  # fmt: skip
def list_runs(call: Call) -> dict[str, Any]:
    """Give runs, newest first, with the filters, order and pages of every list of the service."""
    return listings.listing(call, KIND, lambda run: _shown(call, run))


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


@service.operation(
    "POST", "/runs/{id}/action", "postAction",
    documented("flow-service.yaml", "1422-400 for a run that did not fail; 1100-400 for one that did, since a source "
               "that streams cannot be read again"),
    permission="manage-sources", has_body=False,
)  # fmt: skip
def act(call: Call) -> dict[str, Any]:
    """Refuse to re-trigger a run of a streaming dataflow, as its state has it."""
    run = read(call, KIND)
    if call.request.headers.get("if-match"):
        check_etag(call, run)
    operation, status = actions.operation(call, "re_trigger"), run["metrics"]["statusSummary"]["status"]
    if status != "failed":
        raise FlowProblem("1422-400", f"The action {operation} cannot be applied on the current state {status}.")
    raise FlowProblem(
        "1100-400", "Error from flow provider: Not entitled to this operation: what streamed in cannot be read again."
    )


def _not_yours() -> FlowProblem:
    return FlowProblem("1427-400", "Flow runs cannot be created or updated with a user token.")


def _shown(call: Call, run: dict[str, Any]) -> dict[str, Any]:
    """Give a run with whole addresses of its failed rows; it keeps only their paths."""
    shown = copy.deepcopy(run)
    for activity in shown["activities"]:
        links = activity["statusSummary"]["extensions"].get("manifest", {})
        links |= {name: f"{call.base_url}{path}" for name, path in links.items()}
    return shown

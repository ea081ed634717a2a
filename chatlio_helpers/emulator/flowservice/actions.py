"""Flow Service's actions: what the query and the body of ``POST .../action`` ask for."""

from __future__ import annotations

from typing import Any

from ..front import shapes
from ..front.problems import FlowProblem
from ..front.service import Call

FINALIZING = ("finalize", "finalize_update")
_SUB_OPERATIONS = ("apply", "rollback", "progress")
_STATUSES = (
    "inprogress", "completed", "success", "partialsuccess", "failed", "partialfailure", "queued", "scheduled",
)  # fmt: skip
_ENDED = {"completed", "success", "failed"}
_SHAPE = {
    "percentCompleted": (int, float), "status": {"value": str, "errors": list, "properties": dict},
    "recordTypes": list,
}  # fmt: skip


def operation(call: Call, *allowed: str) -> str:
    """Give the ``op`` of an action in lower case, with ``_`` between its words; raises what Adobe's page lists.

    1435 for another op, 1436 for a subOp that does not go with it, 1406 to 1408, 1437 and 1454 for what makes no sense
    together, and 1402 for FINALIZE and FINALIZE_UPDATE, which only a provider may send. An op that changes a state
    takes the subOp APPLY or none (assumed: the description requires one, the guides send none).
    """
    op = call.query("op").strip().lower().replace("-", "_")
    if op not in allowed:
        raise FlowProblem("1435-400", f"Unsupported sub action '{call.query('op')[:50]}' received.")
    subs = [text.strip().lower() for one in call.request.query_params.getlist("subOp") for text in one.split(",")]
    subs = [sub for sub in subs if sub]
    for sub in subs:
        if sub not in (_SUB_OPERATIONS if op in FINALIZING else ("apply",)):
            raise FlowProblem("1436-400", f"Unsupported sub operation {sub[:50]} received for operation {op}.")
    if "progress" in subs and len(set(subs)) > 1:
        raise FlowProblem("1406-400", "The sub operation 'progress' cannot be applied with other sub operations.")
    _check_body(call, subs)
    if op in FINALIZING:
        raise FlowProblem("1402-400", f"The action '{op}' is supported for provider requests only.")
    return op


def _check_body(call: Call, subs: list[str]) -> None:
    if not call.content.strip():
        return
    body = call.body()
    wrong = shapes.misfit(body, _SHAPE)
    if wrong:
        raise FlowProblem("1454-400", wrong)
    status = _status(body)
    if status == "failed" and "progress" in subs:
        raise FlowProblem("1407-400", "The status failed cannot be used with the `progress` subOp.")
    if status in _ENDED and body.get("percentCompleted", 100) != 100:
        raise FlowProblem("1408-400", "The percent-completed should be 100 for the completed or failed states.")


def _status(body: dict[str, Any]) -> str:
    value = (body.get("status") or {}).get("value")
    status = (value or "").replace("_", "").lower()
    if value and status not in _STATUSES:
        raise FlowProblem("1437-400", f"Unsupported status value '{value[:50]}' received.")
    return status

"""The journey with ``aepp``, last part: queries, batch ingestion, changes, and the way back."""

from __future__ import annotations

import uuid
from typing import Any

import aepp_more  # noqa: F401  (its steps come first)
from aepp import queryservice
from journey_steps import good, made, step, until

# --- query -----------------------------------------------------------------------------------------------------------


@step("query")
def query() -> Any:
    """Query the landed rows, poll the query and list it."""
    made["queries"] = api = queryservice.QueryService()
    sql = f"SELECT _id FROM {made['table']} ORDER BY _id"  # noqa: S608  (the platform's own name of the table)
    created = good(api.createQuery(name="All chats", dbname="prod:all", sql=sql, description="by aepp"))
    made["query"] = created["id"]
    over = until(lambda: _finished(created["id"]), "the query is over")
    return {
        "created": created["state"], "state": over["state"], "sql": over["request"]["sql"],
        "listed": created["id"] in [each["id"] for each in api.getQueries()],
        "connection": sorted(api.connection()),
    }  # fmt: skip


@step("rows of a query")
def rows_of_query() -> Any:
    """Read rows over the wire protocol, with the connection parameters that the service gives."""
    api = queryservice.InteractiveQuery2(made["queries"].connection())
    words = f"_{made['tenant']}.text AS words"
    table = api.query(f"SELECT _id, {words} FROM {made['table']} ORDER BY _id")  # noqa: S608  (no reader's text)
    api.connect.close()
    return table.to_dict("list")


@step("query that cannot be")
def wrong_query() -> Any:
    """Make a query that must fail."""
    api = made["queries"]
    created = good(api.createQuery(name="No such table", dbname="prod:all", sql="SELECT * FROM nowhere_to_be_found"))
    over = until(lambda: _finished(created["id"]), "the wrong query is over")
    return {"state": over["state"], "errors": over.get("errors")}


@step("query taken away")
def deleted_query() -> Any:
    """Delete the first query."""
    return made["queries"].deleteQuery(made["query"])


def _finished(id: str) -> Any:
    found = made["queries"].getQuery(id)
    return found if found["state"] in ("SUCCESS", "FAILED") else None


# --- batch ingestion -------------------------------------------------------------------------------------------------


@step("batch upload")
def batch_upload() -> Any:
    """Upload two rows as a file, complete the batch, and take it back when it has landed."""
    api, tenant = made["ingestion"], f"_{made['tenant']}"
    created = good(api.createBatch(made["dataset"], format="json", multiline=True))
    rows = [{"_id": f"u{number}", "timestamp": "2026-11-22T10:00:00Z", tenant: {"text": "up"}} for number in range(2)]
    uploaded = api.uploadSmallFile(created["id"], made["dataset"], "rows.json", rows)
    finished = api.uploadSmallFileFinish(created["id"])
    over = until(lambda: _over(created["id"]), "the uploaded batch is over")
    return {
        "created": created["status"], "uploaded": uploaded, "finished": finished, "status": over["status"],
        "rows": over["metrics"].get("outputRecordCount"),
        "preview": sorted(row["_id"] for row in made["access"].getPreview(made["dataset"]) if row["_id"][0] == "u"),
        "taken back": api.deleteBatch(created["id"]),
    }  # fmt: skip


@step("batch given up")
def batch_given_up() -> Any:
    """Open a batch and give it up."""
    api = made["ingestion"]
    created = good(api.createBatch(made["dataset"]))
    answer = api.uploadSmallFileFinish(created["id"], action="ABORT")
    over = until(lambda: _over(created["id"]), "the batch is given up")
    return {"answer": answer, "status": over["status"]}


def _over(id: str) -> Any:
    batch = made["catalog"].getBatch(id)[id]
    return batch if batch["status"] in ("success", "failed", "aborted", "failure") else None


# --- changes ---------------------------------------------------------------------------------------------------------


@step("changes under an etag")
def changes() -> Any:
    """Change dataflow and connections by patches under their etags, once under a stale one."""
    api = made["flows"]
    flow, source = api.getFlow(made["flow"]), api.getSourceConnection(made["source"])
    target = api.getTargetConnection(made["target"])
    described = [{"op": "Replace", "path": "/description", "value": "Second words"}]
    first = [{"op": "Add", "path": "/description", "value": "First words"}]
    changed = api.updateFlow(made["flow"], flow["etag"], described)
    return {
        "changed": changed.get("id"), "new etag": changed.get("etag") != flow["etag"],
        "stale": api.updateFlow(made["flow"], flow["etag"], described),
        "source": api.updateSourceConnection(made["source"], source["etag"], first).get("id"),
        "target": api.updateTargetConnection(made["target"], target["etag"], first).get("id"),
        "base": api.patchConnection(made["base"], first).get("id"),
        "description": until(lambda: _in_state(made["flow"], "enabled"), "it is enabled again")["description"],
    }  # fmt: skip


@step("dataflow off and on")
def off_and_on() -> Any:
    """Disable the dataflow, send in vain, enable it."""
    api, id = made["flows"], made["flow"]
    off = api.postFlowAction(id, "disable")
    state = until(lambda: _in_state(id, "disabled"), "the dataflow is disabled")["state"]
    refused = made["ingestion"].streamMessage(made["inlet"], {"id": "too late"}, id)
    on = api.postFlowAction(id, "enable")
    until(lambda: _in_state(id, "enabled"), "the dataflow is enabled again")
    return {"off": off.get("id"), "on": on.get("id"), "state": state, "refused": refused}


def _in_state(id: str, state: str) -> Any:
    flow = made["flows"].getFlow(id)
    return flow if flow["state"] == state else None


@step("dataset for Profile")
def dataset_for_profile() -> Any:
    """Enable schema and dataset for Profile, then disable the dataset."""
    api, id = made["catalog"], made["dataset"]
    union = made["schemas"].enableSchemaForRealTime(made["schema"])
    on = api.enableDatasetProfile(id), api.enableDatasetIdentity(id)
    tags = api.getDataSet(id)[id]["tags"]
    off = api.disableDatasetProfile(id), api.disableDatasetIdentity(id)
    unions = made["schemas"].getUnions()
    return {
        "schema": union.get("meta:immutableTags"), "on": on, "tags": tags, "off": off,
        "after": api.getDataSet(id)[id]["tags"], "unions": [each["$id"] for each in unions],
    }  # fmt: skip


@step("what is not there")
def not_there() -> Any:
    """Ask for things that are not there."""
    unknown = str(uuid.uuid4())
    return {
        "flow": made["flows"].getResource(f"{made['flows'].endpoint}/flows/{unknown}"),
        "schema": made["schemas"].getSchema(f"https://ns.adobe.com/{made['tenant']}/schemas/{unknown}"),
        "dataset": made["catalog"].getDataSet(unknown.replace("-", "")[:24]),
        "mapping set": made["mapper"].getMappingSet(unknown),
        "batch": made["catalog"].getBatch(unknown),
    }  # fmt: skip


# --- the way back ----------------------------------------------------------------------------------------------------


@step("everything deleted")
def deleted() -> Any:
    """Delete everything, what uses something before what is used."""
    flows, schemas = made["flows"], made["schemas"]
    xdm = made["xdm"]
    calls = {
        "xdm flow": lambda: flows.deleteFlow(xdm["flow"]),
        "xdm source": lambda: flows.deleteSourceConnection(xdm["source"]),
        "xdm base": lambda: flows.deleteConnection(xdm["base"]),
        "flow": lambda: flows.deleteFlow(made["flow"]), "http flow": lambda: flows.deleteFlow(made["http flow"]),
        "source": lambda: flows.deleteSourceConnection(made["source"]),
        "target": lambda: flows.deleteTargetConnection(made["target"]),
        "http source": lambda: flows.deleteSourceConnection(made["http source"]),
        "http target": lambda: flows.deleteTargetConnection(made["http target"]),
        "base": lambda: flows.deleteConnection(made["base"]),
        "mapping set": lambda: made["mapper"].deleteMappingSet(made["mapping set"]),
        "dataset": lambda: made["catalog"].deleteDataSet(made["dataset"]),
    }  # fmt: skip
    return {name: call() for name, call in calls.items()} | {
        "flows left": len(flows.getFlows()), "dataset left": made["dataset"] in made["catalog"].getDataSets(),
        "data type": schemas.deleteDataType(made["data type"]),
    }  # fmt: skip

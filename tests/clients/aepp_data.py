"""The journey with ``aepp``, second half: dataflows, messages, what landed and what did not, and the way back."""

from __future__ import annotations

import json
import uuid
from typing import Any

import aepp_model  # noqa: F401  (its steps come first)
from aepp import dataaccess, flowservice, ingestion, queryservice
from journey_steps import good, made, step, until

CHATLIO = {"id": "073127a3-26e3-496c-9d94-9f48fb93fba8", "version": "1.0"}
DATA_LAKE = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
GENERIC_STREAMING = {"id": "e77fde5a-22a8-11ed-861d-0242ac120002", "version": "1.0"}


# --- dataflows -------------------------------------------------------------------------------------------------------


@step("dataflow over the HTTP API")
def http_flow() -> Any:
    """Make the dataflow of the HTTP API and wait until it is enabled."""
    api = made["flows"]
    answer = api.createFlowStreaming(
        name="Chats over HTTP", source_connection_id=made["http source"], target_connection_id=made["http target"],
        transformation=True, transformation_mapping_id=made["mapping set"], transformation_name="Mapping",
    )  # fmt: skip
    made["http flow"] = answer["flow"]["id"]
    read = until(lambda: _enabled(made["http flow"]), "the dataflow over the HTTP API is enabled")
    return {"id": made["http flow"], "state": read["state"], "source": answer["source_connection_id"]["id"]}


@step("dataflow of Chatlio")
def chatlio_flow() -> Any:
    """Make source, target and dataflow of Chatlio's source; find the dataflow in lists."""
    api = made["flows"]
    source = good(api.createSourceConnection(
        {"name": "Chatlio in", "connectionSpec": CHATLIO, "data": {"format": "json"}, "params": {}}
    ))  # fmt: skip
    target = good(api.createTargetConnection(
        name="Chatlio out", connectionSpecId=DATA_LAKE["id"], datasetId=made["dataset"], format="parquet_xdm"
    ))  # fmt: skip
    flow = good(api.createFlow(
        flow_spec_id=GENERIC_STREAMING["id"],
        obj={"name": "Chatlio", "description": "Chats", "flowSpec": GENERIC_STREAMING,
             "sourceConnectionIds": [source["id"]], "targetConnectionIds": [target["id"]],
             "transformations": [{"name": "Mapping", "params": {
                 "mappingId": made["mapping set"], "mappingVersion": 0}}]},
    ))  # fmt: skip
    made["source"], made["target"], made["flow"] = source["id"], target["id"], flow["id"]
    read = until(lambda: _enabled(flow["id"]), "Chatlio's dataflow is enabled")
    made["inlet"] = read["options"]["inletUrl"].rsplit("/", 1)[-1]
    return {
        "id": flow["id"], "inlet": made["inlet"], "inherited": sorted(read["inheritedAttributes"]),
        "listed": [each["id"] for each in api.getFlows()],
        "page by page": [each["id"] for each in api.getFlows(limit=1)],
        "of the mapping set": len(api.getFlows(filterMappingSetIds=[made["mapping set"]])),
        "of the source": [each["id"] for each in api.getFlows(filterSourceIds=[source["id"]])],
        "sources only": len(api.getFlows(onlySources=True)), "named": len(api.getFlows(prop="name==Chatlio")),
    }  # fmt: skip


@step("flow manager")
def flow_manager() -> Any:
    """Read the dataflow and all it hangs on with the SDK's manager."""
    manager = flowservice.FlowManager(made["flow"])
    return manager.summary()


def _enabled(id: str) -> Any:
    flow = made["flows"].getFlow(id)
    return flow if flow["state"] == "enabled" else None


# --- messages --------------------------------------------------------------------------------------------------------


@step("single message")
def single_message() -> Any:
    """Send one message to each inlet."""
    made["ingestion"] = api = ingestion.DataIngestion()
    return {
        "to Chatlio's inlet": api.streamMessage(made["inlet"], {"id": "a1", "text": "hello", "count": 1}, made["flow"]),
        "to the HTTP API": api.streamMessage(
            made["http inlet"], {"id": "h1", "text": "by HTTP", "count": 2}, made["http flow"]
        ),
    }  # fmt: skip


@step("messages in one call")
def batch_message() -> Any:
    """Send six messages in one call; three of them cannot land."""
    rows = [{"id": f"b{number}", "text": "many", "count": number} for number in range(3)]
    rows.append({"id": "b-wrong", "text": "no such plan", "plan": "gold"})
    rows.append({"id": "b-odd", "text": "not a number", "count": "many"})
    rows.append({"text": "without an id"})
    return made["ingestion"].streamMessages(made["inlet"], rows, made["flow"])


@step("message checked at once")
def checked_message() -> Any:
    """A message in XDM form, to an inlet and a dataflow for that, with synchronous validation."""
    api = made["flows"]
    base = good(api.createConnectionStreaming(name="XDM", sourceId="xdm", dataType="xdm", paramName="xdm"))
    source = good(api.createSourceConnectionStreaming(connectionId=base["id"], name="XDM in", format="json"))
    flow = api.createFlowStreaming(
        name="XDM", source_connection_id=source["id"], target_connection_id=made["http target"]
    )["flow"]  # fmt: skip
    until(lambda: _enabled(flow["id"]), "the dataflow of XDM messages is enabled")
    inlet = api.getConnection(base["id"])["auth"]["params"]["inletId"]
    made["xdm"] = {"flow": flow["id"], "source": source["id"], "base": base["id"]}
    event = {"_id": "x1", "timestamp": "2026-11-22T10:00:00Z", f"_{made['tenant']}": {"text": "in XDM"}}
    send = made["ingestion"].streamMessage
    return {
        "right": send(inlet, _xdm(event, flow["id"]), flow["id"], True),
        "wrong": send(inlet, _xdm(event | {"_id": 7, "extra": 1}, flow["id"]), flow["id"], True),
    }  # fmt: skip


def _xdm(entity: dict[str, Any], flow: str) -> dict[str, Any]:
    reference = {"id": made["schema"], "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    organisation = made["ingestion"].connector.config["org_id"]
    header = {"schemaRef": reference, "imsOrgId": organisation, "datasetId": made["dataset"], "flowId": flow}
    return {"header": header | {"source": {"name": "aepp"}},
            "body": {"xdmMeta": {"schemaRef": reference}, "xdmEntity": entity}}  # fmt: skip


# --- what landed -----------------------------------------------------------------------------------------------------


@step("batches")
def batches() -> Any:
    """Wait for the batches; list, read and follow them."""

    def landed() -> Any:
        found = made["catalog"].getBatches(dataSet=made["dataset"], limit=100, n_results=200)
        rows = sum(each["metrics"]["outputRecordCount"] for each in found.values())
        return found if rows >= 6 else None

    found = until(landed, "the good messages are in batches")
    made["good"] = [id for id, each in found.items() if each["status"] == "success"]
    table = made["catalog"].getBatches(output="dataframe", dataSet=made["dataset"])
    one = made["catalog"].getBatch(made["good"][0])
    return {
        "statuses": sorted({each["status"] for each in found.values()}), "one": list(one) == made["good"][:1],
        "rows": sum(each["metrics"]["outputRecordCount"] for each in found.values()),
        "table": sorted(table["status"].unique()), "last": len(made["catalog"].getLastBatches(made["dataset"])),
        "active": made["catalog"].findActiveBatch(made["good"][0]) == made["good"][0],
    }  # fmt: skip


@step("failed batches")
def failed_batches() -> Any:
    """Read the failed batches as the SDK's table."""
    table = made["catalog"].getFailedBatchesDF(n_results=100)
    made["failed"] = table.index.tolist()
    return {
        "rows": int(table["invalidRecordCount"].sum()), "codes": table["errorCode"].tolist(),
        "messages": table["errorMessage"].tolist(), "flows": table["flowId"].tolist(),
        "datasets": table["dataSetId"].tolist(),
    }  # fmt: skip


@step("mapper errors")
def mapper_errors() -> Any:
    """Read the mapper's errors as the SDK's table."""
    table = made["catalog"].getMapperErrors()
    return table.to_dict("records")


@step("failed rows")
def failed_rows() -> Any:
    """Download the failed rows and the names of the diagnostics."""
    access = made["access"] = dataaccess.DataAccess()
    rows: list[Any] = []
    for batch in made["failed"]:
        for file in access.getBatchFailed(batch):
            text = access.getResource(f"{access.endpoint}/batches/{batch}/failed", {"path": file["name"]}, "txt")
            rows += made["catalog"].jsonStreamMessages(text)
    meta = [entry["name"] for entry in access.getBatchMeta(made["failed"][0])["data"]]
    return {
        "ids": sorted(_sent_id(row["body"]) for row in rows), "keys": sorted({key for row in rows for key in row}),
        "reasons": [json.dumps(row["_errors"]) for row in rows], "meta": meta,
    }  # fmt: skip


def _sent_id(body: Any) -> str:
    sent = json.loads(body) if isinstance(body, str) else body
    return str(sent.get("id") or sent.get("_id"))


@step("files to a data frame")
def files() -> Any:
    """Download the Parquet files of the good batches into data frames."""
    access, ids, heads = made["access"], [], []
    for batch in made["good"]:
        for file in access.getBatchFiles(batch):
            part = access.getFiles(file["dataSetFileId"])["data"][0]
            heads.append(access.getHeadFile(file["dataSetFileId"], part["name"]))
            table = access.transformDataToDataFrame(access.getFiles(file["dataSetFileId"], path=part["name"]))
            ids += table["_id"].tolist()
    return {"ids": sorted(ids), "heads": heads}


@step("preview of the dataset")
def preview() -> Any:
    """Read the first rows of the dataset."""
    return sorted(row["_id"] for row in made["access"].getPreview(made["dataset"]))


@step("observable schema")
def observable_schema() -> Any:
    """The fields that the landed rows have; filled after rows have landed."""
    found = made["catalog"].getDataSetObservableSchema(made["dataset"], appendDatasetInfo=True)
    return {"keys": sorted(found), "dataset": found["datasetId"]}


@step("runs")
def runs() -> Any:
    """Wait for the run of the dataflow and read its counts."""
    api = made["flows"]
    found = until(lambda: _closed(api.getRuns(prop=[f"flowId=={made['flow']}"])), "the run of the dataflow is over")
    counts = [run["metrics"]["recordSummary"] for run in found]
    return {
        "statuses": sorted({run["metrics"]["statusSummary"]["status"] for run in found}),
        "in": sum(each["inputRecordCount"] for each in counts),
        "out": sum(each["outputRecordCount"] for each in counts),
        "one": api.getRun(found[0]["id"])[0]["id"] == found[0]["id"],
        "last": api.getFlow(made["flow"]).get("lastRunDetails", {}).get("state"),
    }  # fmt: skip


def _closed(found: list[dict[str, Any]]) -> Any:
    over = all(run["metrics"]["statusSummary"]["status"] != "inProgress" for run in found)
    return found if found and over else None


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
        "created": created["state"], "state": over["state"], "rows": over.get("rowCount"), "sql": over["request"]["sql"],
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
        "description": until(lambda: _enabled(made["flow"]), "the changed dataflow is enabled")["description"],
    }  # fmt: skip


@step("dataflow off and on")
def off_and_on() -> Any:
    """Disable the dataflow, send in vain, enable it."""
    api, id = made["flows"], made["flow"]
    off = api.postFlowAction(id, "disable")
    state = until(lambda: _in_state(id, "disabled"), "the dataflow is disabled")
    refused = made["ingestion"].streamMessage(made["inlet"], {"id": "too late"}, id)
    on = api.postFlowAction(id, "enable")
    until(lambda: _in_state(id, "enabled"), "the dataflow is enabled again")
    return {"off": off.get("id"), "on": on.get("id"), "state": state, "refused": refused}


def _in_state(id: str, state: str) -> Any:
    return made["flows"].getFlow(id)["state"] == state and state


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

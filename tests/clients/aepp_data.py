"""The journey with ``aepp``, second part: dataflows, messages, what landed and what did not."""

from __future__ import annotations

import json
from typing import Any

import aepp_model  # noqa: F401  (its steps come first)
from aepp import dataaccess, flowservice, ingestion
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

"""The journey with ``aepp``, third part: what else the SDK has for the things of this journey, managers and changes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import aepp
import aepp_data  # noqa: F401  (its steps come first)
import aepp_hosts
from aepp import (
    catalog,
    classmanager,
    flowservice,
    ingestion,
    queryservice,
    sandboxes,
    schema,
    schemamanager,
    synchronizer,
)
from aepp_model import EXPERIENCE_EVENT
from journey_steps import good, made, step, until


@step("view of the dataset")
def view() -> Any:
    """List the files of the dataset by way of its view."""
    api, id = made["catalog"], made["dataset"]
    (found,) = api.getDataSetViews(id)
    return {
        "same": list(api.getDataSetView(id, found)) == [found],
        "batches": sorted(file["batchId"] for file in api.getDataSetViewFiles(id, found).values()),
        "expected": sorted(made["good"]),
    }  # fmt: skip


@step("dataset changed in every way")
def changed_dataset() -> Any:
    """Merge into a dataset, merge deeply, replace it; table and schema stay."""
    api, id = made["catalog"], made["dataset"]
    before = api.getDataSet(id)[id]
    life = {"extensions": {"adobe_lakeHouse": {"rowExpiration": {"ttlValue": "P3Y"}}}}
    merged = api.patchDataset(id, {"description": "Chats, described"}), api.patchDatasetV2(id, life)
    middle = api.getDataSet(id)[id]
    replaced = api.putDataset(id, {"name": "Chats", "schemaRef": before["schemaRef"]})
    after = api.getDataSet(id)[id]
    return {
        "merged": merged, "description": middle["description"], "extensions": middle["extensions"],
        "replaced": replaced, "kept": all(before[key] == after[key] for key in ("schemaRef", "tags", "viewId")),
        "described after": "description" in after,
    }  # fmt: skip


@step("classes and types by their managers")
def managers() -> Any:
    """Read classes, the data type and the schema as tables; make a schema from nothing."""
    api = made["schemas"]
    fresh = schemamanager.SchemaManager(
        title="Fresh", schemaClass=EXPERIENCE_EVENT, fieldGroups=[made["second group"]], schemaAPI=api
    )  # fmt: skip
    whole = api.SchemaManager(made["schema"])
    return {
        "event": classmanager.ClassManager(EXPERIENCE_EVENT, schemaAPI=api).to_dataframe()["path"].tolist(),
        "own": classmanager.ClassManager(made["class"], schemaAPI=api).to_dataframe()["path"].tolist(),
        "type": api.DataTypeManager(made["data type"]).to_dataframe()["path"].tolist(),
        "fresh": good(fresh.createSchema())["meta:class"], "datasets": list(whole.getDatasets()),
        "descriptors": len(whole.getDescriptors()),
        "columns": whole.to_dataframe(queryPath=True, required=True, full=True).columns.tolist(),
        "all parts": sorted(api.getSchema(made["schema"], desc=True, flat=True, deprecated=True)["properties"]),
    }  # fmt: skip


@step("schema and its parts changed")
def changed_parts() -> Any:
    """Add a field group to the schema; change field group, class and data type."""
    api, tenant = made["schemas"], f"_{made['tenant']}"
    own = {"type": "object", "properties": {"third": {"type": "string"}}}
    third = good(api.createFieldGroup(
        {"title": "Third fields", "description": "d", "type": "object", "meta:intendedToExtend": [EXPERIENCE_EVENT],
         "definitions": {"customFields": {"type": "object", "properties": {tenant: own}}},
         "allOf": [{"$ref": "#/definitions/customFields"}]}
    ))  # fmt: skip
    words = [{"op": "replace", "path": "/description", "value": "Other words"}]
    class_body = {
        "title": "Chat class", "type": "object", "description": "Put",
        "allOf": [{"$ref": "https://ns.adobe.com/xdm/data/time-series"}],
    }  # fmt: skip
    return {
        "schema": good(api.addFieldGroupToSchema(made["schema"], [third["$id"]]))["version"],
        "paths": api.getSchemaPaths(made["schema"]),
        "extended": api.extendFieldGroup(made["second group"])["meta:intendedToExtend"],
        "field group": api.patchFieldGroup(made["second group"], words)["description"],
        "class": api.putClass(made["class"], class_body)["description"],
        "type": api.patchDataType(made["data type"], words)["description"],
        "unions": [each["$id"] for each in api.getUnions()],
    }  # fmt: skip


@step("connection object")
def connection_object() -> Any:
    """Use the SDK by an object of its own, as its documentation advises, in another sandbox."""
    instance = aepp.importConfigFile(aepp_hosts.where["credentials"], connectInstance=True)
    aepp_hosts.point_back()
    aepp_hosts.point(instance.getConfigObject())
    instance.setSandbox("dev")
    instance.connect()
    made["instance"] = instance
    listed = instance.getData(f"{aepp_hosts.where['url']}/data/foundation/sandbox-management/")
    return {
        "authorization": instance.header["Authorization"].split()[0],
        "sandboxes": [each["name"] for each in listed["sandboxes"]],
        "datasets": list(catalog.Catalog(config=instance).getDataSets()),
    }  # fmt: skip


@step("everything copied to another sandbox")
def copied() -> Any:
    """Let the SDK's synchronizer copy class, data type, field group, schema and dataset from prod to dev."""
    copier = synchronizer.Synchronizer(baseSandbox="prod", targets=["dev"], config=made["instance"])
    target = copier.dict_targetsConfig["dev"]
    for instance in (copier.baseConfig, target):
        aepp_hosts.point(instance.getConfigObject())
    aepp_hosts.point_at(**aepp_hosts.where)  # the synchronizer left the SDK's own settings in the other sandbox
    for kind in ("class", "data type", "field group", "schema", "dataset"):
        copier.syncComponent(made[kind], kind.replace(" ", ""))
    api = schema.Schema(config=target)
    (copy,) = [each for each in api.getSchemas() if each["title"] == "Chats"]
    return {
        "classes": [each["title"] for each in api.getClasses()],
        "types": [each["title"] for each in api.getDataTypes()],
        "groups": sorted(each["title"] for each in api.getFieldGroups()),
        "paths": api.SchemaManager(copy["$id"]).to_dataframe()["path"].tolist(),
        "descriptors": [each["xdm:title"] for each in api.getDescriptors(type_desc="xdm:alternateDisplayInfo")],
        "datasets": [each["name"] for each in catalog.Catalog(config=target).getDataSets(output="list")],
    }  # fmt: skip


@step("dataflow made from a dataset alone")
def flow_of_dataset() -> Any:
    """Let the SDK make base, source and target connection and the dataflow by itself, then delete what it made."""
    api = made["flows"]
    answer = api.createFlowStreaming(datasetId=made["dataset"])
    flow, source, target = answer["flow"], answer["source_connection_id"], answer["target_connection_id"]
    until(lambda: api.getFlow(flow["id"])["state"] == "enabled", "the SDK's own dataflow is enabled")
    return {
        "dataset": target["params"]["dataSetId"], "flow": api.deleteFlow(flow["id"]),
        "source": api.deleteSourceConnection(source["id"]), "target": api.deleteTargetConnection(target["id"]),
        "base": api.deleteConnection(source["baseConnectionId"]),
    }  # fmt: skip


@step("dataflow changed by its manager")
def managed_flow() -> Any:
    """Rename a dataflow and give it the newest version of its mapping set."""
    name = [{"op": "replace", "path": "/name", "value": "Renamed"}]
    renamed = flowservice.FlowManager(made["http flow"]).updateFlow(name)
    mapped = flowservice.FlowManager(made["http flow"]).updateFlowMapping(made["mapping set"])
    return {
        "renamed": renamed["id"], "mapped": mapped["id"], "name": made["flows"].getFlow(made["http flow"])["name"],
        "runs": len(flowservice.FlowManager(made["flow"]).getRuns()),
        "pages": len(made["flows"].getRuns(limit=1)), "all": len(made["flows"].getRuns(limit=100)),
    }  # fmt: skip


@step("what the SDK itself does not do right")
def own_faults() -> Any:
    """Call what README.md lists, to see that it is still so."""
    flows, catalogue, access, api = made["flows"], made["catalog"], made["access"], made["schemas"]
    (file,) = access.getBatchFiles(made["good"][0])
    name = access.getFiles(file["dataSetFileId"])["data"][0]["name"]
    whole = access.getFiles(file["dataSetFileId"], path=name).getbuffer().nbytes
    calls = {
        "getParquetFilesToDataFrame": lambda: access.getParquetFilesToDataFrame(file["dataSetFileId"], [name]),
        "getHeadFile": lambda: access.getHeadFile(file["dataSetFileId"], name),
        "getFiles(range)": lambda: (
            access.getFiles(file["dataSetFileId"], path=name, range="bytes=0-9").getbuffer().nbytes - whole
        ),
        "FlowManager": lambda: flowservice.FlowManager(made["flow"]).connectionInfo["name"],
        "updatePolicy": lambda: flows.updatePolicy(made["flow"], ["policy"]),
        "getConnections(count)": lambda: flows.getConnections(count=True),
        "getMapperErrors": lambda: catalogue.getMapperErrors(batch=made["good"][0]),
        "disableDatasetValidationContext": lambda: catalogue.disableDatasetValidationContext(made["dataset"]),
        "patchDataset": lambda: catalogue.patchDataset(made["dataset"], [{"op": "add", "path": "/a", "value": 1}]),
        "getSandboxId": lambda: sandboxes.Sandboxes().getSandboxId("dev"),
        "getUnions": lambda: api.getUnions(limit=1),
        "importResource": lambda: api.importResource({"title": "x"}),
        "getMappingSuggestions": lambda: made["mapper"].getMappingSuggestions(dataSetId=made["dataset"]),
    }  # fmt: skip
    return {name: _outcome(call) for name, call in calls.items()}


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        answer = call()
    except Exception as error:  # noqa: BLE001  (what it raises is what is asked for)
        return f"raises {type(error).__name__}"
    if isinstance(answer, dict) and answer:
        return answer.get("errorCode") or answer.get("status")
    return answer


@step("file uploaded in parts")
def uploaded_parts() -> Any:
    """Upload a file in two parts, preview it, and let it land."""
    api = ingestion.DataIngestion()
    batch = good(api.createBatch(made["dataset"], format="json", multiline=True))["id"]
    place = {"batchId": batch, "datasetId": made["dataset"], "filePath": "large.json"}
    content = json.dumps([{"_id": "large", "timestamp": "2026-11-22T10:00:00Z"}]).encode()
    api.uploadLargeFileStartEnd(**place, action="INITIALIZE")
    for first, last in ((0, 9), (10, len(content) - 1)):
        api.uploadLargeFilePart(
            **place, data=content[first : last + 1], contentRange=f"bytes {first}-{last}/{len(content)}"
        )  # fmt: skip
    size = api.uploadLargeFileStartEnd(**place, action="COMPLETE")["sizeInBytes"]
    columns = [each["name"] for each in api.getPreviewBatchDataset(batch, made["dataset"])["preview"]["columns"]]
    api.uploadSmallFileFinish(batch)
    until(lambda: made["catalog"].getBatch(batch)[batch]["status"] == "success", "the file in parts has landed")
    return {"size": size, "sent": len(content), "columns": columns, "taken back": api.deleteBatch(batch)}


@step("query templates, and a table made by a query")
def query_templates() -> Any:
    """Make a template and a query from it; make a dataset by a query; cancel one; list page by page."""
    api = queryservice.QueryService()
    template = good(api.createQueryTemplate(name="One", sql="SELECT 1 AS one"))["id"]
    queries = [
        api.createQuery(name="From the template", templateId=template),
        api.createQuery(
            name="Table", sql=f"SELECT _id FROM {made['table']}",  # noqa: S608  (the platform's own name of the table)
            ctasParameters={"datasetName": "chat_ids", "description": "Ids of chats"},
        ),
    ]  # fmt: skip
    over = [until(lambda id=each["id"]: _over(api, id), "the query is over") for each in queries]
    return {
        "states": [each["state"] for each in over], "templates": [each["name"] for each in api.getTemplates()],
        "datasets": sorted(each["name"] for each in made["catalog"].getDataSets(output="list")),
        "pages": len(api.getQueries(limit=1)), "template deleted": api.deleteTemplate(template),
    }  # fmt: skip


def _over(api: queryservice.QueryService, id: str) -> Any:
    found = api.getQuery(id)
    return found if found["state"] in ("SUCCESS", "FAILED") else None

"""The journey with ``aepp``, first part: who is calling, schema, dataset, connections and mapping set."""

from __future__ import annotations

from typing import Any

import aepp
from aepp import catalog, dataprep, flowservice, sandboxes, schema
from journey_steps import good, made, step, until

TIME_SERIES = "https://ns.adobe.com/xdm/data/time-series"
EXPERIENCE_EVENT = "https://ns.adobe.com/xdm/context/experienceevent"


# --- who is calling -------------------------------------------------------------------------------------------------


@step("token")
def token() -> Any:
    """Get an access token with the credential."""
    client = aepp.connector.AdobeRequest()
    return {"type": client.connectionType, "length": len(client.token), "expires": client.config["date_limit"]}


@step("tenant id")
def tenant_id() -> Any:
    """Read the tenant id of the organisation."""
    made["schemas"] = schema.Schema()
    made["tenant"] = made["schemas"].getTenantId()
    return made["tenant"]


@step("sandboxes")
def list_sandboxes() -> Any:
    """List the sandboxes and read one."""
    api = sandboxes.Sandboxes()
    one = api.getSandbox("dev")
    return {"names": [each["name"] for each in api.getSandboxes()], "types": api.getSandboxTypes(), "dev": one}


@step("sandbox of our own")
def own_sandbox() -> Any:
    """Make a sandbox, rename it, empty it, delete it."""
    api = sandboxes.Sandboxes()
    name = "aepp-trial"
    created = good(api.createSandbox(name=name, title="Trial"))
    until(lambda: api.getSandbox(name).get("state") == "active", "the new sandbox is active")
    changed = api.updateSandbox(name, {"title": "Second title"})
    title = api.getSandbox(name)["title"]
    reset = api.resetSandbox(name)
    until(lambda: api.getSandbox(name).get("state") == "active", "the sandbox is reset")
    return {
        "created": created["name"], "changed": changed["name"], "title": title, "reset": reset,
        "deleted": api.deleteSandbox(name),
    }  # fmt: skip


# --- schema ---------------------------------------------------------------------------------------------------------


@step("behaviors")
def behaviors() -> Any:
    """List the behaviors and read one."""
    api = made["schemas"]
    return {"all": [each["$id"] for each in api.getBehaviors()], "one": api.getBehavior(TIME_SERIES)["title"]}


@step("class")
def own_class() -> Any:
    """Make a class, describe it, read and list it."""
    api = made["schemas"]
    created = good(api.createClass(title="Chat class", class_template=TIME_SERIES))
    made["class"] = created["$id"]
    changed = api.patchClass(created["$id"], [{"op": "add", "path": "/description", "value": "A class of chats"}])
    return {
        "id": created["$id"], "title": api.getClass(created["$id"])["title"], "description": changed["description"],
        "own": [each["$id"] for each in api.getClasses()], "global": [each["$id"] for each in api.getClassesGlobal()],
    }  # fmt: skip


@step("data type")
def own_data_type() -> Any:
    """Make a data type, list and read it."""
    api = made["schemas"]
    created = good(api.createDataType(
        {"title": "Visitor", "type": "object", "description": "Who is chatting",
         "definitions": {"customFields": {"type": "object", "properties": {"plan": {"type": "string"}}}},
         "allOf": [{"$ref": "#/definitions/customFields", "type": "object"}]}
    ))  # fmt: skip
    made["data type"] = created["$id"]
    listed = [each["$id"] for each in api.getDataTypes()]
    return {"id": created["$id"], "listed": listed, "read": api.getDataType(created["$id"])["title"]}


@step("field group")
def field_group() -> Any:
    """Make a field group from a dictionary and list it."""
    own = {"type": "object", "properties": {
        "text": {"type": "string", "title": "Text"}, "count": {"type": "integer", "title": "Count"},
        "plan": {"type": "string", "title": "Plan", "enum": ["free", "paid"]},
    }}  # fmt: skip
    fields = {"type": "object", "properties": {f"_{made['tenant']}": own}}
    created = good(made["schemas"].createFieldGroup(
        {"title": "Chat fields", "description": "What a chat says", "type": "object",
         "meta:intendedToExtend": [EXPERIENCE_EVENT, made["class"]],
         "definitions": {"customFields": fields}, "allOf": [{"$ref": "#/definitions/customFields"}]}
    ))  # fmt: skip
    made["field group"] = created["$id"]
    return {"id": created["$id"], "listed": [each["$id"] for each in made["schemas"].getFieldGroups()]}


@step("field group manager")
def field_group_manager() -> Any:
    """Make a field group with the SDK's manager, then add a field to it."""
    new = made["schemas"].FieldGroupManager(None, title="Visit fields", fg_class=[EXPERIENCE_EVENT])
    new.setTitle("Visit fields")
    new.addField(f"_{made['tenant']}", dataType="object")
    new.addField(f"_{made['tenant']}.visit", dataType="object", objectComponents={"page": "string"}, title="Visit")
    new.addField(f"_{made['tenant']}.visit.seconds", dataType="integer", title="Seconds")
    created = good(new.createFieldGroup())
    made["second group"] = created["$id"]
    again = made["schemas"].FieldGroupManager(created["$id"])
    again.addField(f"_{made['tenant']}.visit.first", dataType="boolean", title="First visit")
    updated = again.updateFieldGroup()
    paths = again.to_dataframe()["path"].tolist()
    return {"id": created["$id"], "updated": updated.get("version"), "paths": paths}


@step("schema")
def event_schema() -> Any:
    """Make an event schema of the first field group."""
    created = good(made["schemas"].createExperienceEventSchema(
        name="Chats", fieldGroupIds=[made["field group"]], description="Chats by aepp"
    ))  # fmt: skip
    made["schema"], made["schema short id"] = created["$id"], created["meta:altId"]
    return {"id": created["$id"], "class": created["meta:class"], "version": created["version"]}


@step("schema manager")
def schema_manager() -> Any:
    """Add the second field group with the SDK's manager and read the fields as a table."""
    manager = made["schemas"].SchemaManager(made["schema"])
    manager.addFieldGroup(made["second group"])
    updated = manager.updateSchema()
    again = made["schemas"].SchemaManager(made["schema"])
    table = again.to_dataframe()
    return {
        "version": updated.get("version"), "groups": sorted(again.fieldGroups.values()),
        "paths": table["path"].tolist(), "class": again.classId,
    }  # fmt: skip


@step("schema read in every way")
def schema_reads() -> Any:
    """Read the schema in each form that the SDK knows."""
    api, id = made["schemas"], made["schema"]
    return {
        "listed": [each["$id"] for each in api.getSchemas()],
        "of the class": [each["$id"] for each in api.getSchemas(classFilter=EXPERIENCE_EVENT)],
        "full": sorted(api.getSchema(id)["properties"]),
        "short id": api.getSchema(made["schema short id"], full=False)["$id"],
        "with descriptors": api.getSchema(id, desc=True)["$id"],
        "deprecated shown": api.getSchema(id, deprecated=True, schema_type="xed")["$id"],
        "paths": api.getSchemaPaths(id),
        "sample": sorted(api.getSchemaSample(id)),
        "exported": [each["$id"] for each in api.exportResource(id)],
        "log": [update["action"] for entry in api.getAuditLogs(id) for update in entry["updates"]],
    }  # fmt: skip


@step("descriptor")
def descriptor() -> Any:
    """Make a descriptor, list, change and read it; make an identity and delete it."""
    api = made["schemas"]
    wanted = api.createDescriptorOperation(
        sourceSchema=made["schema"], descType="xdm:alternateDisplayInfo", completePath=f"_{made['tenant']}.text",
        alternateTitle="What was said", alternateDescription="The words", alternateNote=None, alternateEnum=None,
    )  # fmt: skip
    created = good(api.createDescriptor(wanted))
    listed = [each["@id"] for each in api.getDescriptors(type_desc="xdm:alternateDisplayInfo")]
    changed = api.putDescriptor(created["@id"], wanted | {"xdm:title": {"en_us": "Said"}})
    read = api.getDescriptor(created["@id"])
    identity = good(api.createDescriptor(
        desc_type="xdm:descriptorIdentity", sourceSchema=made["schema"],
        sourceProperty=f"/_{made['tenant']}/text", namespace="Email", primary=False, **{"xdm:property": "xdm:code"},
    ))  # fmt: skip
    return {
        "id": created["@id"], "listed": listed, "changed": changed["@id"], "title": read["xdm:title"],
        "identity": identity["xdm:namespace"], "deleted": api.deleteDescriptor(identity["@id"]),
    }  # fmt: skip


# --- dataset --------------------------------------------------------------------------------------------------------


@step("dataset")
def dataset() -> Any:
    """Make a dataset, read it, and list all with the SDK's own facts about them."""
    made["catalog"] = api = catalog.Catalog()
    answer = api.createDataSet(name="Chats", schemaId=made["schema"], requestDataSource=True)
    made["dataset"] = answer[0].split("/")[-1]
    read = api.getDataSet(made["dataset"])[made["dataset"]]
    made["table"] = read["tags"]["adobe/pqs/table"][0]
    listed = api.getDataSets(output="df")
    return {
        "answer": answer, "name": read["name"], "schema": read["schemaRef"]["id"], "table": made["table"],
        "listed": listed.index.tolist(), "tables": api.data.table_names, "ids": api.data.ids,
        "facts": api.data.infos.to_dict("records"),
    }  # fmt: skip


# --- the chain of the HTTP API source ---------------------------------------------------------------------------------


@step("base connection")
def base_connection() -> Any:
    """Make a base connection of the HTTP API, which has an inlet."""
    made["flows"] = api = flowservice.FlowService()
    created = good(api.createConnectionStreaming(
        name="Chats over HTTP", sourceId="chats-over-http", dataType="raw", paramName="chats over http"
    ))  # fmt: skip
    made["base"] = created["id"]
    read = api.getConnection(created["id"])
    made["http inlet"] = read["auth"]["params"]["inletId"]
    return {
        "id": created["id"], "inlet": made["http inlet"], "url": read["auth"]["params"]["inletUrl"],
        "test": api.connectionTest(created["id"]), "listed": [each["id"] for each in api.getConnections()],
        "spec": api.getConnectionSpecIdFromName("Streaming Connection"),
    }  # fmt: skip


@step("connections over the HTTP API")
def http_connections() -> Any:
    """Make the source and the target connection of the HTTP API."""
    api = made["flows"]
    source = good(api.createSourceConnectionStreaming(connectionId=made["base"], name="Chats in", format="json"))
    target = good(api.createTargetConnectionDataLake(
        name="Chats out", datasetId=made["dataset"], schemaId=made["schema"], format="parquet_xdm"
    ))  # fmt: skip
    made["http source"], made["http target"] = source["id"], target["id"]
    return {
        "source": api.getSourceConnection(source["id"])["baseConnectionId"],
        "target": api.getTargetConnection(target["id"])["params"]["dataSetId"],
        "sources": [each["id"] for each in api.getSourceConnections()],
        "targets": [each["id"] for each in api.getTargetConnections()],
    }  # fmt: skip


# --- mapping --------------------------------------------------------------------------------------------------------


@step("mapping set")
def mapping_set() -> Any:
    """Make a mapping set with validation; read it whole, as rules and row by row."""
    made["mapper"] = api = dataprep.DataPrep()
    rows = [
        {"sourceType": "ATTRIBUTE", "source": "id", "destination": "_id"},
        {"sourceType": "EXPRESSION", "source": "now()", "destination": "timestamp"},
        {"sourceType": "ATTRIBUTE", "source": "text", "destination": f"_{made['tenant']}.text"},
        {"sourceType": "ATTRIBUTE", "source": "count", "destination": f"_{made['tenant']}.count"},
        {"sourceType": "ATTRIBUTE", "source": "plan", "destination": f"_{made['tenant']}.plan"},
    ]
    created = good(api.createMappingSet(schemaId=made["schema"], mappingList=rows, validate=True))
    made["mapping set"] = created["id"]
    read = api.getMappingSet(created["id"])
    rules = api.getMappingSet(created["id"], mappingRulesOnly=True)
    one = api.getMappingSetMappings(created["id"])
    return {
        "id": created["id"], "version": created["version"], "rules": rules, "rows": len(read["mappings"]),
        "same": rules == api.copyMappingRules(read, made["tenant"]), "mappings": len(one),
        "listed": [each["id"] for each in api.getMappingSets()],
    }  # fmt: skip


@step("mapping preview and functions")
def mapping_preview() -> Any:
    """Map a sample, check an expression, list functions and operators."""
    api = made["mapper"]
    rules = made["mapper"].getMappingSet(made["mapping set"], mappingRulesOnly=True)
    reference = {"id": made["schema"], "contentType": "application/vnd.adobe.xed-full+json;version=1"}
    wanted = {"outputSchema": {"schemaRef": reference}, "mappings": rules}
    functions, operators = api.getMappingSetFunctions(), api.getMappingSetOperators()
    return {
        "preview": api.previewDataOutput(data={"id": "a", "text": "hello", "count": "2"}, mappingSet=wanted),
        "functions": len(functions), "concat": [each["syntax"] for each in functions if each["function"] == "concat"],
        "operators": len(operators),
        "valid": api.validateExpression(expression='concat("a", "b")'),
    }  # fmt: skip


@step("mapping row")
def mapping_row() -> Any:
    """One row more, changed and taken away again, on a set of its own."""
    api = made["mapper"]
    rules = api.getMappingSet(made["mapping set"], mappingRulesOnly=True)
    id = api.createMappingSet(schemaId=made["schema"], mappingList=rules[:3])["id"]
    made["second mapping set"] = id
    row = {"sourceType": "ATTRIBUTE", "source": "count", "destination": f"_{made['tenant']}.count"}
    added = good(api.createMappingSetMapping(id, row))
    read = api.getMappingSetMapping(id, added["id"])
    changed = api.updateMappingSetMapping(id, added["id"], row | {"source": "number"})
    updated = api.updateMappingSet(id, rules)
    return {"added": added["id"], "read": read["id"], "changed": changed.get("id"), "updated": updated.get("id")}

"""Adobe's Python SDK, unchanged but for its hosts, goes the whole way on the local platform."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.client("aepp"), pytest.mark.timeout(180)]

NS = "https://ns.adobe.com/"
UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
Result = Callable[[str], Any]


@pytest.fixture
def result(journey: dict[str, Any]) -> Result:
    """Give what a step gave; a step that raised something fails the test with its words."""

    def of(step: str) -> Any:
        line = journey[step]
        assert "error" not in line, line["error"]
        return line["result"]

    return of


def test_no_step_failed(journey: dict[str, Any]) -> None:
    """No function of the SDK raised anything, and no answer was a refusal where none was asked for."""
    assert {name: line["error"] for name, line in journey.items() if "error" in line} == {}
    assert len(journey) > 45


def test_who_is_calling(result: Result) -> None:
    """The SDK gets a token by server-to-server credentials and reads the tenant id."""
    assert result("token")["type"] == "oauthV2"
    assert result("token")["length"] > 100
    assert re.fullmatch(r"[a-z0-9]+", result("tenant id"))


def test_sandboxes(result: Result) -> None:
    """Sandboxes are listed; one is made, renamed, emptied and deleted."""
    listed, own = result("sandboxes"), result("sandbox of our own")
    assert set(listed["names"]) >= {"prod", "dev"}
    assert listed["types"] == ["production", "development"]
    assert (listed["dev"]["name"], listed["dev"]["state"]) == ("dev", "active")
    assert (own["created"], own["changed"], own["title"]) == ("aepp-trial", "aepp-trial", "Second title")


def test_classes_and_types(result: Result) -> None:
    """Behaviors are read; a class and a data type are made, changed, listed and read."""
    tenant = f"{NS}{result('tenant id')}"
    assert f"{NS}xdm/data/time-series" in result("behaviors")["all"]
    own = result("class")
    assert own["id"].startswith(f"{tenant}/classes/")
    assert (own["title"], own["description"]) == ("Chat class", "A class of chats")
    assert own["id"] in own["own"]
    assert f"{NS}xdm/context/experienceevent" in own["global"]
    data_type = result("data type")
    assert (data_type["read"], data_type["listed"]) == ("Visitor", [data_type["id"]])


def test_field_groups(result: Result) -> None:
    """A field group is made from a dictionary, another one by the SDK's manager, field by field."""
    tenant = f"_{result('tenant id')}"
    assert result("field group")["listed"] == [result("field group")["id"]]
    managed = result("field group manager")
    assert managed["updated"] == "1.1"
    assert {f"{tenant}.visit.{name}" for name in ("page", "seconds", "first")} <= set(managed["paths"])


def test_schema(result: Result) -> None:
    """A schema is made, gets a second field group by the SDK's manager, and is read in every form."""
    tenant = f"_{result('tenant id')}"
    made, managed, read = result("schema"), result("schema manager"), result("schema read in every way")
    assert made["class"] == managed["class"] == f"{NS}xdm/context/experienceevent"
    assert (made["version"], managed["version"]) == ("1.0", "1.1")
    assert {"Chat fields", "Visit fields"} <= set(managed["groups"])
    assert {f"{tenant}.text", f"{tenant}.visit.page", "_id", "timestamp"} <= set(managed["paths"])
    assert made["id"] in read["listed"]
    assert made["id"] in read["of the class"]
    assert read["short id"] == read["with descriptors"] == read["deprecated shown"] == made["id"]
    assert {"_id", "timestamp", tenant} <= set(read["full"])
    assert {f"{tenant}.text", f"{tenant}.visit.page"} <= set(read["paths"])
    assert {"_id", "timestamp", tenant} <= set(read["sample"])
    assert [one.rpartition("/")[2] for one in read["exported"]][-1] == made["id"].rpartition("/")[2]
    assert read["log"] == ["add"] * len(read["log"]) != []


def test_descriptors(result: Result) -> None:
    """A descriptor is made, listed, changed and read; an identity is made and deleted."""
    found = result("descriptor")
    assert found["listed"] == [found["id"]]
    assert (found["changed"], found["title"]) == (found["id"], {"en_us": "Said"})
    assert (found["identity"], found["deleted"]) == ("Email", 204)


def test_dataset(result: Result) -> None:
    """A dataset is made and listed, and the SDK's own table of datasets can be filled."""
    found = result("dataset")
    (id,) = found["listed"]
    assert found["answer"] == [f"@/dataSets/{id}"]
    assert (found["name"], found["schema"]) == ("Chats", result("schema")["id"])
    assert (found["tables"], found["ids"]) == ({"Chats": [found["table"]]}, {"Chats": id})
    (facts,) = found["facts"]
    assert (facts["id"], facts["dataBehavior"], facts["qs_table"]) == (id, "time-series", found["table"])


def test_connections(result: Result) -> None:
    """A base connection of the HTTP API has an inlet; source and target connection lead from it to the dataset."""
    base, others = result("base connection"), result("connections over the HTTP API")
    assert re.fullmatch(r"[0-9a-f]{64}", base["inlet"])
    assert base["url"].endswith(f"/collection/{base['inlet']}")
    assert base["listed"] == [base["id"]]
    assert base["test"] == {"result": True}
    assert others["source"] == base["id"]
    assert others["target"] == result("dataset")["listed"][0]


def test_mapping_set(result: Result) -> None:
    """A mapping set is made with validation, read as rules, previewed and changed; functions are listed."""
    made, preview, row = result("mapping set"), result("mapping preview and functions"), result("mapping row")
    assert (made["version"], made["rows"], made["mappings"], made["same"]) == (0, 5, 5, True)
    assert made["listed"] == [made["id"]]
    (mapped,) = preview["preview"]
    assert mapped["errors"] is None
    assert mapped["data"][f"_{result('tenant id')}"] == {"text": "hello", "count": 2}
    assert preview["functions"] > 90
    assert preview["operators"] > 10
    assert preview["concat"] == ["String concat(String...)"]
    assert preview["valid"]["validationStatus"] == "succeeded"
    assert row["added"] == row["read"] == row["changed"]


def test_dataflows(result: Result) -> None:
    """One dataflow over the HTTP API and one of Chatlio's source are enabled, listed and found by what they use."""
    first, second, manager = (
        result("dataflow over the HTTP API"), result("dataflow of Chatlio"), result("flow manager")
    )  # fmt: skip
    assert first["state"] == "enabled"
    assert re.fullmatch(r"[0-9a-f]{64}", second["inlet"])
    assert second["listed"] == second["page by page"] == [second["id"], first["id"]]
    assert (second["of the mapping set"], second["of the source"]) == (2, [second["id"]])
    assert (second["sources only"], second["named"]) == (2, 1)
    assert (manager["id"], manager["name"], manager["frequency"]) == (second["id"], "Chatlio", "streaming")
    assert manager["targetConnection"]["params"]["datasetName"] == "Chats"


def test_messages(result: Result) -> None:
    """Single messages are taken, many in one call too, and synchronous validation tells good from wrong."""
    for answer in result("single message").values():
        assert re.fullmatch(r"\d+:\d+:\d+", answer["xactionId"])
    together = result("messages in one call")
    assert [sorted(one) for one in together["responses"]] == [["xactionId"]] * 6
    checked = result("message checked at once")
    assert checked["right"]["syncValidation"] == {"status": "pass"}
    assert checked["wrong"]["status"] == 400
    assert "extraneous key [extra] is not permitted" in str(checked["wrong"]["report"]["cause"])


def test_batches(result: Result) -> None:
    """Good rows are in batches of success, and every way to list batches finds them."""
    found = result("batches")
    assert found["statuses"] == found["table"] == ["failed", "success"]
    assert (found["rows"], found["one"], found["active"], found["last"]) == (6, True, True, 1)


def test_failed_rows(result: Result) -> None:
    """The failed rows are in failed batches with codes, and the SDK takes the mapper's words apart."""
    batches, rows, (mapped,) = result("failed batches"), result("failed rows"), result("mapper errors")
    assert batches["rows"] == 3
    codes = {code for codes in batches["codes"] for code in codes}
    assert {"MAPPER-3700-400", "DCVS-1106-400", "DCVS-1111-400"} <= codes
    assert set(batches["flows"]) == {result("dataflow of Chatlio")["id"]}
    field = f"_{result('tenant id')}.count"
    assert (mapped["sourceField"], mapped["destinationField"]) == ("count", field)
    assert (mapped["expectedType"], mapped["actualType"]) == ("LONG", "STRING")
    assert (rows["keys"], len(rows["ids"])) == (["_errors", "_validationErrors", "body", "header"], 3)
    assert "b-odd" in rows["ids"]
    assert any("gold is not a valid enum value" in reason for reason in rows["reasons"])
    assert "row_errors" in rows["meta"]


def test_files(result: Result) -> None:
    """Parquet files become data frames with every good row once; the preview has the same rows."""
    good = ["a1", "b0", "b1", "b2", "h1", "x1"]
    assert result("files to a data frame")["ids"] == good
    assert result("preview of the dataset") == good
    assert result("observable schema")["dataset"] == result("dataset")["listed"][0]


def test_runs(result: Result) -> None:
    """The run of Chatlio's dataflow is closed with the counts of what came and what landed."""
    found = result("runs")
    assert (found["in"], found["out"], found["one"]) == (7, 4, True)
    assert set(found["statuses"]) <= {"success", "partialSuccess", "failed"}
    assert found["last"] in ("success", "partialSuccess", "failed")


def test_view_and_dataset(result: Result) -> None:
    """The files of the view are those of the good batches; a dataset is merged into and replaced."""
    view, changed = result("view of the dataset"), result("dataset changed in every way")
    assert view["same"]
    assert view["batches"] == view["expected"] != []
    assert changed["merged"] == [result("dataset")["answer"]] * 2
    assert changed["description"] == "Chats, described"
    assert changed["extensions"]["adobe_lakeHouse"]["rowExpiration"]["ttlValue"] == "P3Y"
    assert (changed["kept"], changed["described after"]) == (True, False)


def test_managers(result: Result) -> None:
    """The SDK's managers read classes, types and schemas, and make a schema from nothing."""
    found, tenant = result("classes and types by their managers"), f"_{result('tenant id')}"
    assert {"_id", "timestamp", "eventType"} <= set(found["event"]) & set(found["own"])
    assert found["type"] == ["plan"]
    assert found["fresh"] == f"{NS}xdm/context/experienceevent"
    assert found["datasets"] == result("dataset")["listed"]
    assert found["descriptors"] == 1
    assert {"path", "type", "querypath", "required"} <= set(found["columns"])
    assert f"{tenant}/visit/page" in found["all parts"]


def test_changed_parts(result: Result) -> None:
    """Schema, field group, class and data type are changed by the SDK's own functions."""
    found, tenant = result("schema and its parts changed"), f"_{result('tenant id')}"
    assert found["schema"] == "1.2"
    assert f"{tenant}.third" in found["paths"]
    assert f"{NS}xdm/context/profile" in found["extended"]
    assert (found["field group"], found["class"], found["type"]) == ("Other words", "Put", "Other words")


def test_another_sandbox(result: Result) -> None:
    """A connection object works in another sandbox; the SDK's synchronizer copies what was made into it."""
    found, copied, tenant = (
        result("connection object"), result("everything copied to another sandbox"), f"_{result('tenant id')}"
    )  # fmt: skip
    assert (found["authorization"], found["datasets"]) == ("bearer", [])
    assert {"prod", "dev"} <= set(found["sandboxes"])
    assert (copied["classes"], copied["types"], copied["datasets"]) == (["Chat class"], ["Visitor"], ["Chats"])
    assert {"Chat fields", "Visit fields"} <= set(copied["groups"])
    assert {f"{tenant}.text", f"{tenant}.visit.page", "timestamp"} <= set(copied["paths"])
    assert copied["descriptors"] == [{"en_us": "Said"}]


def test_more_of_dataflows(result: Result) -> None:
    """The SDK makes a whole chain from a dataset alone; its manager renames and maps anew; runs come page by page."""
    made, managed = result("dataflow made from a dataset alone"), result("dataflow changed by its manager")
    assert made.pop("dataset") == result("dataset")["listed"][0]
    assert set(made.values()) == {204}
    assert managed["renamed"] == managed["mapped"] == result("dataflow over the HTTP API")["id"]
    assert managed["name"] == "Renamed"
    assert managed["runs"] >= 1
    assert managed["pages"] == managed["all"] >= 2


def test_what_the_sdk_does_not_do_right(result: Result) -> None:
    """The faults of the SDK itself that README.md lists are as it says, with the version that is pinned."""
    assert result("what the SDK itself does not do right") == {
        "getParquetFilesToDataFrame": "raises TypeError", "getHeadFile": {}, "getFiles(range)": 0, "FlowManager": None,
        "updatePolicy": "raises Exception", "getConnections(count)": "1401-400",
        "getMapperErrors": "raises KeyError",
        "disableDatasetValidationContext": 400, "patchDataset": "raises ValueError",
        "getSandboxId": "raises KeyError", "getUnions": "raises AttributeError", "importResource": 404,
        "getMappingSuggestions": 404,
    }  # fmt: skip


def test_file_in_parts(result: Result) -> None:
    """A file that comes in parts is whole in the end, previewed and landed."""
    found = result("file uploaded in parts")
    assert found["size"] == found["sent"]
    assert found["columns"] == ["_id", "timestamp"]


def test_templates(result: Result) -> None:
    """A query from a template and one that makes a dataset both succeed; lists come page by page."""
    found = result("query templates, and a table made by a query")
    assert found["states"] == ["SUCCESS", "SUCCESS"]
    assert found["templates"] == ["One"]
    assert "chat_ids" in found["datasets"]
    assert found["pages"] >= 2


def test_queries(result: Result) -> None:
    """A query is made, polled, listed and deleted; one that cannot be fails; rows come over the wire protocol."""
    found, wrong = result("query"), result("query that cannot be")
    assert found["state"] == "SUCCESS"
    assert found["listed"]
    assert {"host", "port", "dbName", "username", "token"} <= set(found["connection"])
    assert wrong["state"] == "FAILED"
    assert wrong["errors"]
    assert result("query taken away") == 202
    rows = result("rows of a query")
    assert rows["_id"] == result("preview of the dataset")
    assert rows["words"][0] == "hello"


def test_batch_ingestion(result: Result) -> None:
    """A file is uploaded into a batch and lands; another batch is given up."""
    done, given_up = result("batch upload"), result("batch given up")
    assert (done["status"], done["rows"], done["preview"]) == ("success", 2, ["u0", "u1"])
    assert given_up["status"] == "aborted"


def test_changes(result: Result) -> None:
    """Capitalised patch operations under the newest etag are taken, under an older one refused."""
    found = result("changes under an etag")
    assert found["new etag"]
    assert "1404-412" in str(found["stale"])
    assert found["description"] == "Second words"
    for kind in ("changed", "source", "target", "base"):
        assert re.fullmatch(UUID, found[kind])


def test_off_and_on(result: Result) -> None:
    """A dataflow is disabled and enabled by an action without a body; while it is off, messages are refused."""
    found = result("dataflow off and on")
    assert (found["off"], found["on"], found["state"]) == (result("dataflow of Chatlio")["id"],) * 2 + ("disabled",)
    assert found["refused"]["status"] == 400


def test_profile(result: Result) -> None:
    """Schema and dataset are enabled for Profile, and the dataset disabled again; the class has a union."""
    found = result("dataset for Profile")
    assert found["schema"] == ["union"]
    assert (found["tags"]["unifiedProfile"], found["tags"]["unifiedIdentity"]) == (["enabled:true"], ["enabled:true"])
    assert (found["after"]["unifiedProfile"], found["after"]["unifiedIdentity"]) == (["enabled:false"],) * 2
    assert f"{NS}xdm/context/experienceevent__union" in found["unions"]


def test_what_is_not_there(result: Result) -> None:
    """Ids that are not there are refused in the service's own form."""
    found = result("what is not there")
    assert "errorMessage" in found["flow"]
    assert found["schema"]["type"].endswith("XDM-1012-404")
    assert {found[kind]["status"] for kind in ("dataset", "mapping set", "batch")} == {404}


def test_everything_goes_again(result: Result) -> None:
    """All that was made is deleted in the order of what uses what."""
    found = result("everything deleted")
    assert (found.pop("flows left"), found.pop("dataset left"), found.pop("dataset")) == (0, False, 200)
    assert set(found.values()) == {204}

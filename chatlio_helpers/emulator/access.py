"""Data Access: the files of a batch, its failed rows with their errors, and the first rows of a dataset.

A batch of landed rows has one Parquet file. A batch of failed rows has one file of JSON lines (``header``, ``body``,
``_errors``), and the same rows as diagnostics: ``conversion_errors_0.json`` for what the mapping refused,
``validation_errors_0.json`` for what the schema refused. Names and layout of diagnostics are documented for batch
ingestion; that streaming has the same is assumed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import FileResponse, Response, StreamingResponse

from . import batches
from .lake import LANDED, Lake
from .problems import AepProblem
from .provenance import documented
from .service import Call, Service
from .store import Row

PREVIEW_ROWS = 100
SAMPLES = 100
LIMIT = 100
ROW_ERRORS = {"conversion_errors_0.json": ("mapper", "unknown"), "validation_errors_0.json": ("validation",)}
SAMPLE_NAMES = ("row_error_samples.json", "row_errors_sample.json")  # Adobe's pages have both spellings
_SOURCE = "data-access.yaml"
_VIEW = "view-datasets"

service = Service("Data Access", "/data/foundation/export")
routes = service.routes


@service.operation("GET", "/batches/{batch}/files", "listDatasetFiles", documented(_SOURCE), permission=_VIEW)
def files_of_batch(call: Call) -> dict[str, Any]:
    """List the Parquet file of a batch; a batch of failed rows has none."""
    row = batches.find(call, call.part("batch"))
    return _page(call, [_file(call, row)] if row.body["status"] == "success" else [])


@service.operation(
    "GET", "/files/{file}", "retrieveDatasetFile", documented(_SOURCE, "a file id is the batch id and -1"),
    permission=_VIEW,
)  # fmt: skip
def file(call: Call) -> dict[str, Any] | Response:
    """List what a file consists of or, with ``path``, give its bytes; honours ``Range``, and answers HEAD."""
    row = _batch_of_file(call)
    name = f"{row.id}{LANDED}"
    path = call.query("path")
    if not path:
        return _page(call, [_entry(call, name, row.body["metrics"]["outputByteSize"])])
    if path != name:
        raise _no_file(path)
    place = _lake(call).path(call.caller.seat.name, row.name or "", row.id)
    if not place.is_file():
        raise _no_file(path)
    return FileResponse(place, media_type="application/octet-stream", filename=name)


@service.operation("GET", "/batches/{batch}/failed", "retrieveFailedBatch", documented(_SOURCE), permission=_VIEW)
def failed(call: Call) -> dict[str, Any] | Response:
    """List the file of failed rows or, with ``path``, give them as JSON lines with their errors."""
    row = batches.find(call, call.part("batch"))
    content = _lines(line["row"] for line in _failures(call, row))
    name = f"{row.id}.json"
    if not call.query("path"):
        return _page(call, [_entry(call, name, len(content))] if content else [])
    if call.query("path") != name or not content:
        raise _no_file(call.query("path"))
    return _json_lines(content)


@service.operation(
    "GET", "/batches/{batch}/meta", "retrieveBatchMeta",
    documented("data-access.yaml; ingestion/quality/error-diagnostics", "input_files is an empty folder for streaming"),
    permission=_VIEW,
)  # fmt: skip
def meta(call: Call) -> dict[str, Any] | Response:
    """List diagnostics of a batch, or give one of its files by ``path``."""
    row = batches.find(call, call.part("batch"))
    diagnostics = _diagnostics(_failures(call, row))
    samples = b"".join(diagnostics.values())
    path = call.query("path").rstrip("/")
    if not path:
        sizes = {"row_errors": sum(map(len, diagnostics.values())), SAMPLE_NAMES[0]: len(samples), "input_files": 0}
        return _page(call, [_entry(call, name, size) for name, size in sizes.items()])
    if path == "row_errors":
        return _page(call, [_entry(call, name, len(text), "row_errors/") for name, text in diagnostics.items()])
    if path == "input_files":
        return _page(call, [])
    if path in SAMPLE_NAMES:
        return _json_lines(b"".join(samples.splitlines(keepends=True)[:SAMPLES]))
    name = path.removeprefix("row_errors/")
    if name not in diagnostics:
        raise _no_file(path)
    return _json_lines(diagnostics[name])


@service.operation(
    "GET", "/datasets/{dataset}/preview", "retrieveDatasetPreview",
    documented(_SOURCE, "newest batches first; keys without a value are left out"), permission=_VIEW,
)  # fmt: skip
def preview(call: Call) -> Response:
    """Give the first rows of a dataset, from its newest batches, as JSON."""
    dataset = call.part("dataset")
    if call.scope.get("dataSets", dataset) is None:
        raise AepProblem(404, "Not Found", f"No dataset exists with id [{dataset}].")
    landed = [row for row in batches.of_dataset(call.scope, dataset)[::-1] if row.body["status"] == "success"]
    # A generator, because Starlette runs it beside the event loop: reading a hundred files takes a while.
    return StreamingResponse(_preview(_lake(call), call.caller.seat.name, landed), media_type="application/json")


def _preview(lake: Lake, seat: str, landed: list[Row]) -> Iterator[bytes]:
    rows: list[dict[str, Any]] = []
    for row in landed:
        rows += lake.read(seat, row.name or "", row.id, limit=PREVIEW_ROWS - len(rows))
        if len(rows) >= PREVIEW_ROWS:
            break
    yield orjson.dumps({"data": rows})


def _lake(call: Call) -> Lake:
    return call.platform.lake


def _batch_of_file(call: Call) -> Row:
    batch, _, number = call.part("file").rpartition("-")
    row = call.scope.get(batches.KIND, batch)
    if number != "1" or row is None or row.body["status"] != "success":
        raise AepProblem(404, "Not Found", f"No dataset file exists with id [{call.part('file')}].")
    return row


def _failures(call: Call, row: Row) -> list[dict[str, Any]]:
    """Give the failed rows of a batch as the landing wrote them: ``row``, ``reasons``, ``refused_by``."""
    if row.body["status"] == "success":
        return []
    return _lake(call).read_failed(call.caller.seat.name, row.name or "", row.id)


def _diagnostics(failures: list[dict[str, Any]]) -> dict[str, bytes]:
    texts = {
        name: _lines(_diagnostic(one, name) for one in failures if one["refused_by"] in kinds)
        for name, kinds in ROW_ERRORS.items()
    }
    return {name: text for name, text in texts.items() if text}


def _diagnostic(failure: dict[str, Any], name: str) -> dict[str, Any]:
    errors = [{"code": code, "message": message} for code, message in failure["reasons"]]
    return {"_corrupt_record": orjson.dumps(failure["row"]["body"]).decode(), "_errors": errors, "_filename": name}


def _file(call: Call, row: Row) -> dict[str, Any]:
    metrics = row.body["metrics"]
    href = f"{call.base_url}{service.base}/files/{row.id}-1"
    return {
        "dataSetFileId": f"{row.id}-1", "dataSetViewId": row.name, "version": "1.0.0",
        "created": str(row.created), "updated": str(row.updated),
        "records": str(metrics["outputRecordCount"]), "size": str(metrics["outputByteSize"]), "isValid": True,
        "_links": {"self": {"href": href}},
    }  # fmt: skip


def _entry(call: Call, name: str, length: int, folder: str = "") -> dict[str, Any]:
    href = f"{call.base_url}{call.request.url.path}?path={quote(folder + name, safe='')}"
    return {"name": name, "length": str(length), "_links": {"self": {"href": href}}}


def _page(call: Call, entries: list[dict[str, Any]]) -> dict[str, Any]:
    start, limit = _number(call, "start", 0), min(_number(call, "limit", LIMIT) or LIMIT, LIMIT)
    shown = entries[start : start + limit]
    href = f"{call.base_url}{call.request.url.path}"
    links: dict[str, Any] = {"page": {"href": f"{href}?start={{start}}&limit={{limit}}", "templated": True}}
    if start + limit < len(entries):
        links["next"] = {"href": f"{href}?start={start + limit}&limit={limit}"}
    return {"data": shown, "_page": {"limit": limit, "count": len(shown)}, "_links": links}


def _number(call: Call, name: str, default: int) -> int:
    text = call.query(name)
    if text and not text.isdigit():
        raise AepProblem(400, "Bad Request", f"{name} must be a whole number; it is [{text}].")
    return int(text) if text else default


def _lines(values: Iterator[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE) for value in values)


def _json_lines(content: bytes) -> Response:
    return Response(content, media_type="application/octet-stream")


def _no_file(path: str) -> AepProblem:
    return AepProblem(404, "Not Found", f"There is no file [{path}].")

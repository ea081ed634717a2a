"""Data Access: the files of a batch, its failed rows with their errors, and the first rows of a dataset.

A batch of landed rows has one Parquet file, and its failed rows, where it has any, are one file of JSON lines.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from starlette.responses import FileResponse, Response, StreamingResponse

from ..catalog import batches
from ..catalog.catalog_query import whole_number
from ..front.filters import Condition
from ..front.problems import AepProblem
from ..front.service import Call, Service
from ..landing.lake import LANDED, Lake
from ..provenance import documented
from ..state.store import Row
from . import diagnostics
from .diagnostics import Piece

PREVIEW_ROWS = 100
LIMIT = 100
SAMPLE_NAMES = ("row_error_samples.json", "row_errors_sample.json")  # Adobe's pages have both spellings
INPUTS = "fileMetaData1.json"
_SOURCE = "data-access.yaml"
_VIEW = "view-datasets"
_RANGE = re.compile(r"([0-9]{1,18}-[0-9]{0,18}|-[0-9]{1,18})")

service = Service("Data Access", "/data/foundation/export")
routes = service.routes


@service.operation("GET", "/batches/{batch}/files", "listDatasetFiles", documented(_SOURCE), permission=_VIEW)
def files_of_batch(call: Call) -> dict[str, Any]:
    """List the Parquet file of a batch; one without landed rows, or reverted, has none."""
    row = batches.find(call, call.part("batch"))
    return _page(call, [_file(call, row)] if _landed(call, row) else [])


@service.operation(
    "HEAD", "/files/{file}", "retrieveDatasetFileHeaders", documented(_SOURCE, "without path it is a 400"),
    permission=_VIEW,
)  # fmt: skip
def file_headers(call: Call) -> Response:
    """Tell the size of a file; raises 400, 404."""
    if not call.query("path"):
        raise AepProblem(400, "Bad Request", "The query parameter path is needed: the name of the file.")
    return _content(call)


@service.operation(
    "GET", "/files/{file}", "retrieveDatasetFile", documented(_SOURCE, "a file id is the batch id and -1"),
    permission=_VIEW,
)  # fmt: skip
def file(call: Call) -> dict[str, Any] | Response:
    """List what a file consists of or, with ``path``, give its bytes; honours ``Range``."""
    if call.query("path"):
        return _content(call)
    row = _batch_of_file(call)
    return _page(call, [_entry(call, f"{row.id}{LANDED}", _place(call, row).stat().st_size)])


@service.operation("GET", "/batches/{batch}/failed", "retrieveFailedBatch", documented(_SOURCE), permission=_VIEW)
def failed(call: Call) -> dict[str, Any] | Response:
    """List the file of failed rows or, with ``path``, give them as JSON lines with their errors."""
    row = batches.find(call, call.part("batch"))
    piece = diagnostics.failed(_lake(call), call.caller.seat.name, row)
    if not call.query("path"):
        return _page(call, [_entry(call, piece.name, piece.length)] if piece else [])
    if piece is None or call.query("path") != piece.name:
        raise _no_file(call.query("path"))
    return _given(call, piece)


@service.operation(
    "GET", "/batches/{batch}/meta", "retrieveBatchMeta",
    documented("data-access.yaml; ingestion/quality/error-diagnostics", "input_files is an empty folder for streaming"),
    permission=_VIEW,
)  # fmt: skip
def meta(call: Call) -> dict[str, Any] | Response:
    """List diagnostics of a batch, or give one of its files by ``path``."""
    row = batches.find(call, call.part("batch"))
    errors = diagnostics.row_errors(_lake(call), call.caller.seat.name, row)
    inputs = _inputs(call, row)
    path = call.query("path").rstrip("/")
    if not path:
        sizes = {
            "row_errors": sum(piece.length for piece in errors),
            SAMPLE_NAMES[0]: len(diagnostics.samples(errors)),
            "input_files": sum(one.length for one in inputs),
        }
        return _page(call, [_entry(call, name, size) for name, size in sizes.items()])
    folders = {"row_errors": errors, "input_files": inputs}
    if path in folders:
        return _page(call, [_entry(call, piece.name, piece.length, f"{path}/") for piece in folders[path]])
    if path in SAMPLE_NAMES:
        return _given(call, Piece(path, diagnostics.samples(errors)))
    folder, _, name = path.partition("/")
    piece = next((piece for piece in folders.get(folder, ()) if piece.name == name), None)
    if piece is None:
        raise _no_file(path)
    return _given(call, piece)


@service.operation(
    "GET", "/datasets/{dataset}/preview", "retrieveDatasetPreview",
    documented(_SOURCE, "newest batches first; keys without a value are left out"), permission=_VIEW,
)  # fmt: skip
def preview(call: Call) -> Response:
    """Give the first rows of a dataset, from its newest batches, as JSON."""
    dataset = call.part("dataset")
    if call.scope.get("dataSets", dataset) is None:
        raise AepProblem(404, "Not Found", f"No dataset exists with id [{dataset[:200]}].")
    where = [batches.condition(dataset), Condition("status", "==", (batches.LANDED[0],))]
    # A batch has at least one row, so this many batches have enough.
    rows = call.scope.page(batches.KIND, where=where, order=("-created",), limit=PREVIEW_ROWS)
    # A generator, because Starlette runs it beside the event loop: reading a hundred files takes a while.
    return StreamingResponse(_preview(_lake(call), call.caller.seat.name, rows), media_type="application/json")


def _preview(lake: Lake, seat: str, landed: list[Row]) -> Iterator[bytes]:
    rows: list[dict[str, Any]] = []
    for row in landed:
        if len(rows) >= PREVIEW_ROWS:
            break
        if lake.path(seat, row.name or "", row.id).is_file():
            rows += lake.read(seat, row.name or "", row.id, limit=PREVIEW_ROWS - len(rows))
    yield orjson.dumps({"data": rows})


def _lake(call: Call) -> Lake:
    return call.platform.lake


def _place(call: Call, row: Row) -> Path:
    return _lake(call).path(call.caller.seat.name, row.name or "", row.id)


def _landed(call: Call, row: Row) -> bool:
    """Tell whether the rows of a batch can be read; one that a caller only told of has none."""
    return row.body["status"] in batches.LANDED and _place(call, row).is_file()


def _batch_of_file(call: Call) -> Row:
    batch, _, number = call.part("file").rpartition("-")
    row = call.scope.get(batches.KIND, batch)
    if number != "1" or row is None or not _landed(call, row):
        raise AepProblem(404, "Not Found", f"No dataset file exists with id [{call.part('file')[:200]}].")
    return row


def _content(call: Call) -> Response:
    row = _batch_of_file(call)
    if call.query("path") != f"{row.id}{LANDED}":
        raise _no_file(call.query("path"))
    return _given(call, Piece(call.query("path"), place=_place(call, row)))


def _given(call: Call, piece: Piece) -> Response:
    """Give a file, or the part of it that ``Range`` asks for; raises 416."""
    if piece.place is None:
        return Response(piece.content, media_type="application/octet-stream")
    _check_range(call, piece.length)
    return FileResponse(
        piece.place, media_type="application/octet-stream", filename=piece.name, stat_result=piece.place.stat()
    )


def _check_range(call: Call, size: int) -> None:
    """Raise 416 for a range that is none, or that has nothing of the file."""
    text = call.request.headers.get("range", "").strip()
    if not text:
        return
    unit, _, several = text.partition("=")
    ranges = [one.strip() for one in several.split(",") if one.strip()]
    if unit.strip().lower() == "bytes" and ranges and all(_is_inside(one, size) for one in ranges):
        return
    problem = AepProblem(416, "Range Not Satisfiable", f"The range [{text[:100]}] is not within {size} bytes.")
    problem.headers = {"content-range": f"bytes */{size}"}
    raise problem


def _is_inside(text: str, size: int) -> bool:
    if not _RANGE.fullmatch(text):
        return False
    first, _, last = text.partition("-")
    if not first:
        return int(last) > 0 and size > 0
    return int(first) < size and (not last or int(first) <= int(last))


def _inputs(call: Call, row: Row) -> list[Piece]:
    """Give the account of the files that were uploaded into a batch."""
    files = call.platform.importer.uploads.files(call.scope, row.id)
    lines = b"".join(orjson.dumps({"path": one["path"]}, option=orjson.OPT_APPEND_NEWLINE) for one in files)
    return [Piece(INPUTS, lines)] if files else []


def _file(call: Call, row: Row) -> dict[str, Any]:
    href = f"{call.base_url}{service.base}/files/{row.id}-1"
    dataset = call.scope.get("dataSets", row.name or "")
    return {
        "dataSetFileId": f"{row.id}-1", "dataSetViewId": dataset.body["viewId"] if dataset else "", "version": "1.0.0",
        "created": str(row.created), "updated": str(row.updated),
        "records": str(row.body["metrics"].get("outputRecordCount", 0)), "size": str(_place(call, row).stat().st_size),
        "isValid": True, "_links": {"self": {"href": href}},
    }  # fmt: skip


def _entry(call: Call, name: str, length: int, folder: str = "") -> dict[str, Any]:
    href = f"{call.base_url}{call.request.url.path}?path={quote(folder + name, safe='')}"
    return {"name": name, "length": str(length), "_links": {"self": {"href": href}}}


def _page(call: Call, entries: list[dict[str, Any]]) -> dict[str, Any]:
    start, limit = whole_number(call, "start", 0, 0), min(whole_number(call, "limit", LIMIT, 0) or LIMIT, LIMIT)
    shown = entries[start : start + limit]
    href = f"{call.base_url}{call.request.url.path}"
    links: dict[str, Any] = {"page": {"href": f"{href}?start={{start}}&limit={{limit}}", "templated": True}}
    if start + limit < len(entries):
        path = f"&path={quote(call.query('path'), safe='')}" if call.query("path") else ""
        links["next"] = {"href": f"{href}?start={start + limit}&limit={limit}{path}"}
    return {"data": shown, "_page": {"limit": limit, "count": len(shown)}, "_links": links}


def _no_file(path: str) -> AepProblem:
    return AepProblem(404, "Not Found", f"There is no file [{path[:200]}].")

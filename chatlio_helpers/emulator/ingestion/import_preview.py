"""Batch ingestion: the first rows of what was uploaded so far, as columns and texts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from ..catalog.catalog_query import whole_number
from ..front.service import Call
from ..provenance import documented
from ..state.store import Row
from .import_service import bad, batch_of_dataset, refuse_long, service
from .imports import FORMATS
from .input_files import Unreadable, rows
from .uploads import DONE

MOST_ROWS = 100
_DEFAULTS = {"delimiter": ",", "quote": '"', "escape": "\\", "charset": "UTF-8"}


@service.operation(
    "GET", "/batches/{batch}/datasets/{dataset}/preview", "retrievePreview",
    documented("batch-ingestion.yaml", f"nrow 0 means {MOST_ROWS}, the most; without format it is the batch's own"),
    permission="view-datasets",
)  # fmt: skip
def preview(call: Call) -> Response:
    """Give the first rows of a batch's files; rows that cannot be read are left out. Raises 400, 404."""
    refuse_long(call)
    row = batch_of_dataset(call)
    own = row.body.get("inputFormat") or {}
    format = (call.query("format") or own.get("format") or FORMATS[0]).lower()
    if format not in FORMATS:
        raise bad(f"format must be json or parquet; it is [{format[:100]}].")
    parameters = {name: call.query(name) or default for name, default in _DEFAULTS.items()}
    parameters |= {"header": call.query("header", "true").lower() != "false", "format": format}
    multiline = call.query("isMultiLineJson").lower() == "true" or own.get("isMultiLineJson") is True
    number = whole_number(call, "nrow", 0, 0)
    found = _records(call, row, {"format": format, "isMultiLineJson": multiline})
    # A generator, because Starlette runs it beside the event loop: a Parquet file may take a while to open.
    return StreamingResponse(
        _shown(parameters, islice(found, min(number or MOST_ROWS, MOST_ROWS))), media_type="application/json"
    )


def _records(call: Call, row: Row, input_format: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the records of the uploaded files or, when they have landed, those of the lake."""
    uploads, lake, seat = call.platform.importer.uploads, call.platform.lake, call.caller.seat.name
    if lake.path(seat, row.name or "", row.id).is_file():
        yield from lake.read(seat, row.name or "", row.id, limit=MOST_ROWS)
        return
    for file in uploads.files(call.scope, row.id):
        if file["state"] != DONE:
            continue
        try:
            with uploads.open(call.scope, row.id, file["path"]) as opened:
                yield from (one.record for one in rows(opened, input_format) if one.record is not None)
        except (Unreadable, FileNotFoundError):  # the promotion will say so; gone: it landed or was reverted meanwhile
            continue


def _shown(parameters: dict[str, Any], records: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    flat = [dict(_fields(record)) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    numbers = {name: str(number) for number, name in enumerate(names)}
    table = {
        "columns": [{"cid": number, "name": name} for name, number in numbers.items()],
        "rows": [{numbers[name]: text for name, text in record.items()} for record in flat],
    }
    yield orjson.dumps({"formatParams": parameters, "preview": table})


def _fields(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Give the way to every field and its value as text; arrays as JSON."""
    for name, one in value.items():
        if isinstance(one, dict):
            yield from _fields(one, f"{path}{name}/")
        else:
            yield path + name, one if isinstance(one, str) else orjson.dumps(one, default=str).decode()

"""Batch ingestion: the first rows of what was uploaded so far, as columns and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from ..catalog.catalog_query import whole_number
from ..front.service import Call
from ..provenance import documented
from ..state.store import Row
from .import_service import bad, batch_of_dataset, refuse_long, service
from .imports import FORMATS
from .promotion_job import Glance
from .promotion_process import shown

MOST_ROWS = 100
_DEFAULTS = {"delimiter": ",", "quote": '"', "escape": "\\", "charset": "UTF-8"}


@service.operation(
    "GET", "/batches/{batch}/datasets/{dataset}/preview", "retrievePreview",
    documented("batch-ingestion.yaml", f"nrow 0 means {MOST_ROWS}, the most; without format it is the batch's own; "
               "rows after 4 MB are left out, and all where files unpack to too much"),
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
    glance = _glance(call, row, {"format": format, "isMultiLineJson": multiline}, parameters, number or MOST_ROWS)
    # A generator, because Starlette runs it beside the event loop: it waits for the process that reads the files.
    return StreamingResponse(_shown(glance), media_type="application/json")


def _glance(
    call: Call, row: Row, input_format: dict[str, Any], parameters: dict[str, Any], most: int
) -> Glance:  # fmt: skip
    """Give what to show: the uploaded files or, when they have landed, that of the lake."""
    landed = call.platform.lake.path(call.caller.seat.name, row.name or "", row.id)
    files = call.platform.importer.uploads.whole(call.scope, row.id)
    return Glance(str(landed) if landed.is_file() else "", files, input_format, parameters, min(most, MOST_ROWS))


def _shown(glance: Glance) -> Iterator[bytes]:
    nothing = {"formatParams": glance.parameters, "preview": {"columns": [], "rows": []}}
    yield shown(glance) or orjson.dumps(nothing)

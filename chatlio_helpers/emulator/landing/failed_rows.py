"""A failed row as a line of JSON: what Data Access shows of it, and what its diagnostics are made of."""

from __future__ import annotations

from typing import Any

import orjson

from .job import Job, Piece
from .pipeline import Fate, SchemaRef
from .tally import Reason


def line(job: Job, ref: SchemaRef | None, piece: Piece, fate: Fate) -> bytes:
    """Give the line of one failed row, with its end of line.

    A row that cannot be written as JSON (an expression may make one that is too deep) is kept without its body: one
    row must not hold up all that come after it.
    """
    failure = {
        "row": _row(job, ref, piece, fate),
        "reasons": [(one.code, one.message) for one in fate.errors],
        "refused_by": fate.refused_by,
    }
    try:
        return orjson.dumps(failure, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        failure["row"] |= {"body": "(not shown: it cannot be written as JSON)"}
        return orjson.dumps(failure, option=orjson.OPT_APPEND_NEWLINE)


def _row(job: Job, ref: SchemaRef | None, piece: Piece, fate: Fate) -> dict[str, Any]:
    """Give a failed row as the live platform's failed files have it: ``header``, ``body`` and why it failed.

    Documented: the keys ``header``, ``body`` and ``_errors`` (Adobe's SDK reads them), code and message of the mapper,
    ``_validationErrors`` for what broke the schema and ``_errors._streamingValidation`` for what is wrong with the
    message around the record. Assumed: that violations stand in ``_errors``, too, where the SDK looks for them; what is
    in the header; that a row which the mapping refused and an XDM message keep what came, while a mapped row that the
    schema refused shows the mapped record; and that the mapping's warnings stand beside the violations, because a
    required field is often missing for no other reason than that its expression failed.
    """
    target = job.target
    header = {
        "imsOrgId": target.org_id, "datasetId": target.dataset, "flowId": target.flow,
        "createdAt": str(piece.received), "xactionId": piece.transaction_id, "inletId": piece.inlet,
    }  # fmt: skip
    if fate.refused_by == "validation" and fate.wrapped:
        return _as_received(header, _payload(piece)) | _broken(fate)
    if fate.refused_by == "validation" and ref:
        body = {"xdmMeta": {"schemaRef": ref.body()}, "xdmEntity": fate.record}
        return {"header": header | {"schemaRef": ref.body()}, "body": body} | _broken(fate)
    return {"header": header, "body": _payload(piece), "_errors": _said(fate.errors)}


def _as_received(ours: dict[str, Any], message: dict[str, Any]) -> dict[str, Any]:
    """Give an XDM message; the endpoint fills in organisation and time where they are missing (documented)."""
    filled = {name: ours[name] for name in ("imsOrgId", "createdAt")}
    traced = {name: ours[name] for name in ("xactionId", "inletId")}
    return message | {"header": filled | message["header"] | traced}


def _broken(fate: Fate) -> dict[str, Any]:
    errors: dict[str, Any] = {
        "_streamingValidation": fate.violations or [{"message": one.message} for one in fate.errors]
    }
    if fate.warnings:
        errors["_mapperWarnings"] = _said(fate.warnings)
    return {"_errors": errors} | ({"_validationErrors": fate.violations} if fate.violations else {})


def _said(reasons: list[Reason]) -> list[dict[str, Any]]:
    return [
        {"code": one.code, "message": one.message, "sourceField": one.source, "destinationField": one.destination}
        for one in reasons
    ]


def _payload(piece: Piece) -> Any:
    try:
        return orjson.loads(piece.body)
    except orjson.JSONDecodeError:
        return piece.body.decode("utf-8", "replace")

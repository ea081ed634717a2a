"""XDM messages: what comes into a dataflow without a mapping, wrapped in ``header`` and ``body``."""

from __future__ import annotations

from typing import Any

XDM_FLOW_SPEC = "d8a6f005-7eaf-4153-983e-e8574508b877"  # HTTP API source, XDM as it is
LONGEST_SHOWN = 200  # characters of what a sender wrote, in the words of a refusal


def takes_envelopes(flow: dict[str, Any]) -> bool:
    """Tell whether *flow* takes XDM messages instead of payloads to map."""
    return flow["flowSpec"]["id"] == XDM_FLOW_SPEC


def flow_id(message: dict[str, Any]) -> str:
    """Give the dataflow that a message names in its header, or ""."""
    return str(_part(message, "header").get("flowId") or "")


def fault(message: dict[str, Any], org_id: str) -> str:
    """Say what is wrong with an envelope, in the documented words, or "".

    A missing organisation is filled in by the endpoint (documented), so only another one's is refused.
    """
    header, meta = _part(message, "header"), _part(_part(message, "body"), "xdmMeta")
    if not header.get("schemaRef") or not meta.get("schemaRef"):
        return "Message has unknown xdm format"
    if header.get("imsOrgId", org_id) != org_id:
        return "Message has an absent or wrong ims org in the header"
    return ""


def mismatches(message: dict[str, Any], schema: str, dataset: str) -> list[tuple[str, str]]:
    """Give the places in an envelope that disagree with the dataset's schema and the dataflow's dataset, with words.

    That both references to the schema and the dataset must agree is documented, and that the header must have a
    ``datasetId``; printed are only words of the form "Payload header is missing ...". Compared are the schemas' ids:
    the content type, which tells form and version, is written in several ways in the printed samples.
    """
    header, meta = _part(message, "header"), _part(_part(message, "body"), "xdmMeta")
    found = [
        (place, f"Payload {part} names the schema [{_shown(named)}], and the schema of the dataset is [{schema}]")
        for part, place, holder in (("header", "header.schemaRef", header), ("body", "body.xdmMeta.schemaRef", meta))
        if (named := _part(holder, "schemaRef").get("id")) != schema
    ]
    named = header.get("datasetId")
    if named in (None, ""):
        found.append(("header", "Payload header is missing datasetId"))
    elif named != dataset:
        words = f"Payload header names the dataset [{_shown(named)}], and the dataset of the dataflow is [{dataset}]"
        found.append(("header.datasetId", words))
    return found if entity(message) is not None else [*found, ("body", "Payload body is missing xdmEntity")]


def entity(message: dict[str, Any]) -> dict[str, Any] | None:
    """Give the record inside, or None when there is none."""
    found = _part(message, "body").get("xdmEntity")
    return found if isinstance(found, dict) else None


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 3] + "..."


def _part(message: dict[str, Any], name: str) -> dict[str, Any]:
    part = message.get(name)
    return part if isinstance(part, dict) else {}

"""Adobe's Chatlio chain as its tutorial prints it, made to run, and what is lost on the way.

The profile keeps what the tutorial prints: one dataflow for whatever arrives, six rows in the older vocabulary, no
event id, no time. It changes only what cannot work anywhere else: Adobe's test tenant becomes yours, and mapping and
target name the same schema. The six targets are all tenant fields, so the schema is an Individual Profile (assumed: an
ExperienceEvent schema would refuse every row, because nothing fills ``_id`` and ``timestamp``).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from .. import xdm
from ..connection import Connection
from ..events import KINDS
from ..tables import table
from . import blueprint, trial
from .blueprint import Body, Ids, Wanted
from .dataflows import Made

if TYPE_CHECKING:
    import pandas

NAME = "as_printed"
_STAMPS = ("_id", "timestamp", "eventType")

PRINTED_ROWS: tuple[tuple[str, str], ...] = (
    ("slackChannelId", "slackchannel_ID"),
    ("slackChannelName", "slackchannel_name"),
    ("visitor.UUID", "UUID"),
    ("visitor.email", "chatlio_email"),
    ("message", "message"),
    ("channelId", "channel_ID"),
)  # documented: Adobe, "Create a source connection and dataflow for Chatlio using the Flow Service API"


def as_printed(*, prefix: str, tenant: str) -> list[Wanted]:
    """List what the tutorial makes, in the order of making; every key ends in ``:as_printed``."""
    bodies = {
        blueprint.FIELD_GROUP: (f"{prefix} printed fields", partial(_field_group, tenant)),
        blueprint.SCHEMA: (f"{prefix} printed schema", _schema),
        blueprint.DATASET: (f"{prefix} printed dataset", _dataset),
        blueprint.SOURCE: (f"{prefix} printed source", _source),
        blueprint.TARGET: (f"{prefix} printed target", _target),
        blueprint.MAPPING: (f"{prefix} printed mapping", partial(_mapping, tenant)),
        blueprint.FLOW: (f"{prefix} printed dataflow", _flow),
    }
    return [
        Wanted(_key(resource), resource, name, partial(body, name), NAME) for resource, (name, body) in bodies.items()
    ]


def losses(connection: Connection, made: Made, printed: Made) -> pandas.DataFrame:
    """Preview one payload of each kind through both mappings, on the platform; nothing is stored.

    Gives a row a kind: values in the payload, values that arrive by the printed mapping and by the kit's, and whether
    the record says which event it is, when it happened and of what kind it is.
    """
    tenant = connection.schemas.tenant_id()
    printed_body = _mapping(tenant, "printed", printed.ids)
    return table([_loss(connection, kind, tenant, made.ids[blueprint.SCHEMA], printed_body) for kind in KINDS])


def _loss(connection: Connection, kind: str, tenant: str, schema_id: str, printed_body: Body) -> dict[str, Any]:
    payload = trial.sample(kind)
    body = blueprint.mapping_body("kit", kind, tenant, schema_id)
    with_kit = connection.mappings.preview(body, payload).get("data") or {}
    with_tutorial = connection.mappings.preview(printed_body, payload).get("data") or {}
    said = {True: "yes", False: "no"}
    return {
        "kind": kind,
        "values in the payload": trial.values_in(payload),
        "arrive as printed": trial.values_in(with_tutorial),
        "arrive with the kit": trial.values_in(with_kit) - trial.STAMPED,
        "id, time, type as printed": said[_stamped(with_tutorial)],
        "id, time, type with the kit": said[_stamped(with_kit)],
    }


def _stamped(record: Mapping[str, Any]) -> bool:
    return all(record.get(name) for name in _STAMPS)


def _key(resource: str) -> str:
    return f"{resource}:{NAME}"


def _schema_ref(schema_id: str) -> dict[str, str]:
    return {"id": schema_id, "contentType": blueprint.SCHEMA_CONTENT_TYPE}


def _rows(tenant: str) -> list[dict[str, Any]]:
    return [
        {"destinationXdmPath": f"_{tenant}.{target}", "sourceAttribute": source, "identity": False, "version": 0}
        for source, target in PRINTED_ROWS
    ]


def _field_group(tenant: str, name: str, _: Ids) -> Body:
    fields = {target: {"title": target, "type": "string"} for _, target in PRINTED_ROWS}
    own = {f"_{tenant}": {"type": "object", "properties": fields}}
    return {
        "title": name,
        "description": "The six fields of Adobe's Chatlio tutorial.",
        "type": "object",
        "meta:intendedToExtend": [xdm.INDIVIDUAL_PROFILE],
        "definitions": {"customFields": {"type": "object", "properties": own}},
        "allOf": [{"$ref": "#/definitions/customFields"}],
    }


def _schema(name: str, ids: Ids) -> Body:
    parts = [{"$ref": xdm.INDIVIDUAL_PROFILE}, {"$ref": ids[_key(blueprint.FIELD_GROUP)]}]
    return {"title": name, "description": "Chatlio as printed.", "type": "object", "allOf": parts}


def _dataset(name: str, ids: Ids) -> Body:
    reference = _schema_ref(ids[_key(blueprint.SCHEMA)])
    return {"name": name, "description": "Chatlio as printed.", "schemaRef": reference}


def _source(name: str, _: Ids) -> Body:
    return {
        "name": name,
        "providerId": blueprint.PROVIDER,
        "description": "Streaming source connection for Chatlio, as printed.",
        "connectionSpec": blueprint.CHATLIO_SOURCE_SPEC,
        "data": {"format": "json"},
    }


def _target(name: str, ids: Ids) -> Body:
    schema = {"id": ids[_key(blueprint.SCHEMA)], "version": blueprint.SCHEMA_CONTENT_TYPE}
    return {
        "name": name,
        "description": "Streaming target connection for Chatlio, as printed.",
        "connectionSpec": blueprint.DATA_LAKE_SPEC,
        "data": {"format": "json", "schema": schema},
        "params": {"dataSetId": ids[_key(blueprint.DATASET)]},
    }


def _mapping(tenant: str, name: str, ids: Ids) -> Body:
    reference = _schema_ref(ids[_key(blueprint.SCHEMA)])
    return {"name": name, "outputSchema": {"schemaRef": reference}, "mappings": _rows(tenant)}


def _flow(name: str, ids: Ids) -> Body:
    return {
        "name": name,
        "description": "Streaming dataflow for Chatlio, as printed.",
        "flowSpec": blueprint.STREAMING_FLOW_SPEC,
        "sourceConnectionIds": [ids[_key(blueprint.SOURCE)]],
        "targetConnectionIds": [ids[_key(blueprint.TARGET)]],
        "transformations": [blueprint.transformation(ids[_key(blueprint.MAPPING)], 0)],
    }

"""Adobe's standard XDM resources that the journey stands on, in the form that AEP gives out.

The facts (ids, names, types, required fields) are those of Adobe's public XDM descriptions; AEP's compatibility form
drops the prefixes there: ``@id`` becomes ``_id``, ``xdm:timestamp`` becomes ``timestamp``. Titles and descriptions are
ours. The suggested values of ``eventType`` are left out.
"""

from __future__ import annotations

from typing import Any

ROOT = "https://ns.adobe.com/xdm/"
RECORD, TIME_SERIES, ADHOC = f"{ROOT}data/record", f"{ROOT}data/time-series", f"{ROOT}data/adhoc"
PROFILE, EXPERIENCE_EVENT = f"{ROOT}context/profile", f"{ROOT}context/experienceevent"
IDENTITY_MAP, IDENTITY_ITEM = f"{ROOT}context/identitymap", f"{ROOT}context/identityitem"
AUDITABLE = f"{ROOT}common/auditable"
SEGMENTATION, SEGMENT_ITEM = f"{ROOT}context/profile-segmentation", f"{ROOT}context/segmentmembershipitem"

Fields = dict[str, dict[str, Any]]


def _text(title: str, description: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "description": description, "type": "string", "meta:xdmType": "string", **more}


def _moment(title: str, description: str) -> dict[str, Any]:
    return _text(title, description, format="date-time") | {"meta:xdmType": "date-time"}


def _resource(kind: str, id: str, title: str, description: str, fields: Fields, **more: Any) -> dict[str, Any]:
    """Give a standard resource: its own fields in ``definitions``, what it extends in ``allOf``."""
    path = id.removeprefix(ROOT)
    extends = more.pop("extends", ())
    own = path.rpartition("/")[2]
    return {
        "$id": id, "meta:altId": "_xdm." + path.replace("/", "."), "meta:resourceType": kind, "version": "1.0",
        "title": title, "type": "object", "description": description,
        "definitions": {own: {"type": "object", "meta:xdmType": "object", "properties": fields}},
        "allOf": [*({"$ref": one} for one in extends), {"$ref": f"#/definitions/{own}"}],
        "meta:extensible": True, "meta:abstract": True, "meta:extends": list(extends), "meta:xdmType": "object",
        "meta:containerId": "global", "meta:tenantNamespace": "_xdm", **more,
    }  # fmt: skip


_BEHAVIORS = (
    _resource(
        "behaviors", RECORD, "Record", "A schema of this behavior describes a thing as it stands.",
        {"_id": _text("Identifier", "Tells this record from all others.", format="uri-reference")},
    ),
    _resource(
        "behaviors", TIME_SERIES, "Time series", "A schema of this behavior describes what happened, and when.",
        {
            "_id": _text("Identifier", "Tells this event from all others.", format="uri-reference"),
            "timestamp": _moment("Timestamp", "When it happened."),
            "eventType": _text("Event type", "What kind of event it is."),
        },
    ),
    _resource("behaviors", ADHOC, "Ad hoc", "A schema of this behavior stands alone.", {}),
)  # fmt: skip
_IDENTITY_ITEM_FIELDS: Fields = {
    "id": _text("Identifier", "The value of the identity in its namespace."),
    "authenticatedState": _text(
        "Authenticated state", "How far the person was signed in when the event was seen.", default="ambiguous",
        enum=["ambiguous", "authenticated", "loggedOut"],
    ),
    "primary": {
        "title": "Primary", "description": "Whether this identity is to be preferred.", "type": "boolean",
        "default": False, "meta:xdmType": "boolean",
    },
}  # fmt: skip
_SEGMENT_ITEM_FIELDS: Fields = {
    "status": _text("Status", "Whether the person is in the segment.", enum=["realized", "existing", "exited"]),
    "lastQualificationTime": _moment("Last qualification time", "When the person came into the segment last."),
    "version": _text("Version", "The version of the segment definition."),
}
_DATA_TYPES = (
    _resource("datatypes", IDENTITY_ITEM, "Identity item", "One identity of a person.", _IDENTITY_ITEM_FIELDS),
    _resource("datatypes", SEGMENT_ITEM, "Segment membership item", "A person's place in one segment.",
              _SEGMENT_ITEM_FIELDS),
)  # fmt: skip
_FIELD_GROUPS = (
    _resource(
        "mixins", IDENTITY_MAP, "IdentityMap", "All identities of a person, by namespace.",
        {
            "identityMap": {
                "title": "Identity map", "description": "Lists of identities, keyed by namespace code.",
                "type": "object", "meta:xdmType": "map",
                "additionalProperties": {"type": "array", "meta:xdmType": "array", "items": {"$ref": IDENTITY_ITEM}},
            }
        },
    ),
    _resource(
        "mixins", AUDITABLE, "Audit trail", "Who made and changed a record, and when.",
        {
            "_repo": {
                "title": "Repository", "type": "object", "meta:xdmType": "object",
                "properties": {
                    "createDate": _moment("Created", "When the record was made."),
                    "modifyDate": _moment("Modified", "When the record was last changed."),
                },
            },
            "repositoryCreatedBy": _text("Created by", "Who made the record."),
            "repositoryLastModifiedBy": _text("Modified by", "Who changed the record last."),
            "createdByBatchID": _text("Created by batch", "The batch that brought the record.", format="uri-reference"),
            "modifiedByBatchID": _text(
                "Modified by batch", "The batch that changed the record last.", format="uri-reference"
            ),
        },
    ),
)  # fmt: skip
_FIELD_GROUPS += (
    _resource(
        "mixins", SEGMENTATION, "Segment membership details", "The segments that a person is in.",
        {
            "segmentMembership": {
                "title": "Segment membership", "description": "Segments by namespace code, then by their id.",
                "type": "object", "meta:xdmType": "map",
                "additionalProperties": {
                    "type": "object", "meta:xdmType": "map", "additionalProperties": {"$ref": SEGMENT_ITEM}
                },
            }
        },
    ),
)  # fmt: skip
_CLASSES = (
    _resource(
        "classes", PROFILE, "XDM Individual Profile", "What is known of one person.",
        {"personID": _text("Person ID", "Identifies this part of the person's profile.")},
        extends=(AUDITABLE, RECORD),
    ),
    _resource(
        "classes", EXPERIENCE_EVENT, "XDM ExperienceEvent", "What a person did or met, at one moment.",
        {
            "eventMergeId": _text("Merge ID", "Joins events that are one and the same."),
            "producedBy": _text(
                "Produced by", "Who produced the event.", default="self",
                **{"meta:enum": {"self": "Self", "system": "System", "salesRef": "Sales representative",
                                 "customerRep": "Customer representative"}},
            ),
        },
        extends=(TIME_SERIES, IDENTITY_MAP), required=["_id", "timestamp"],
    ),
)  # fmt: skip

GLOBAL: dict[str, dict[str, Any]] = {
    resource["$id"]: resource for resource in (*_BEHAVIORS, *_DATA_TYPES, *_FIELD_GROUPS, *_CLASSES)
}

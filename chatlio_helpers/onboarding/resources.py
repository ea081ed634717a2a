"""How each of Adobe's nouns is found, made, compared, brought in line and deleted: one entry per noun."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..aep import Platform
from ..errors import NotFound
from . import blueprint

Object = dict[str, Any]


@dataclass(frozen=True)
class Difference:
    """What differs between the object that exists and the one wanted; ``fixable`` when it can be changed in place."""

    what: str
    fixable: bool


@dataclass(frozen=True)
class Resource:
    """The verbs of one noun; ``compare`` takes (what exists, the wanted body)."""

    label: str
    find: Callable[[Platform, str], Object | None]
    get: Callable[[Platform, str], Object]
    create: Callable[[Platform, Object], str]
    delete: Callable[[Platform, str], None]
    compare: Callable[[Object, Object], list[Difference]]
    update: Callable[[Platform, Object, Object], None] | None = None

    def lookup(self, platform: Platform, object_id: str) -> Object | None:
        """Give the object of *object_id*, or None when the platform does not have it."""
        try:
            return self.get(platform, object_id)
        except NotFound:
            return None

    def remove(self, platform: Platform, object_id: str) -> bool:
        """Delete the object; False when it was gone already."""
        try:
            self.delete(platform, object_id)
        except NotFound:
            return False
        return True


def object_id(found: Object) -> str:
    """Give the id of an object of any noun: Schema Registry calls it ``$id``."""
    return str(found.get("$id") or found["id"])


# -- Schema Registry ---------------------------------------------------------------------------------------------------


def _registry(kind: str, compare: Callable[[Object, Object], list[Difference]], **more: Any) -> Resource:
    return Resource(
        label={"fieldgroups": "field group", "schemas": "schema"}[kind],
        find=lambda platform, name: platform.schemas.find(kind, name),
        get=lambda platform, found_id: platform.schemas.get(kind, found_id),
        create=lambda platform, body: str(platform.schemas.create(kind, body)["$id"]),
        delete=lambda platform, found_id: platform.schemas.delete(kind, found_id),
        compare=compare,
        **more,
    )


def _ours(body: Object) -> Mapping[str, Any]:
    properties = body.get("definitions", {}).get("customFields", {}).get("properties", {})
    return next((field.get("properties", {}) for field in properties.values()), {})


def _compare_field_group(found: Object, wanted: Object) -> list[Difference]:
    have, want = _flat(_ours(found)), _flat(_ours(wanted))
    clash = [path for path, kind in want.items() if path in have and have[path] != kind]
    lacking = [path for path in want if path not in have]
    differences = [Difference(f"field {path} has another type", fixable=False) for path in clash]
    return differences + [Difference(f"field {path} is missing", fixable=True) for path in lacking]


def _flat(properties: Mapping[str, Any], path: str = "") -> dict[str, str]:
    leaves: dict[str, str] = {}
    for name, field in properties.items():
        here = f"{path}.{name}".lstrip(".")
        inner = field.get("items", field)
        if "properties" in inner:
            leaves |= _flat(inner["properties"], here)
        else:
            leaves[here] = str(field.get("format", field.get("type")))
    return leaves


def _update_field_group(platform: Platform, found: Object, wanted: Object) -> None:
    properties = wanted["definitions"]["customFields"]["properties"]
    change = {"op": "replace", "path": "/definitions/customFields/properties", "value": properties}
    platform.schemas.patch("fieldgroups", object_id(found), [change])


def _compare_schema(found: Object, wanted: Object) -> list[Difference]:
    have = {part.get("$ref") for part in found.get("allOf", [])}
    missing = [part["$ref"] for part in wanted["allOf"] if part["$ref"] not in have]
    return [Difference(f"is not built on {ref}", fixable=False) for ref in missing]


# -- Catalog -----------------------------------------------------------------------------------------------------------


def _compare_dataset(found: Object, wanted: Object) -> list[Difference]:
    same = (found.get("schemaRef") or {}).get("id") == wanted["schemaRef"]["id"]
    return [] if same else [Difference("has another schema", fixable=False)]


# -- Data Prep ---------------------------------------------------------------------------------------------------------


def mapping_rows(found: Object) -> set[tuple[str, str]]:
    """Give the rows of a mapping set as (source, destination), whichever vocabulary it is written in."""
    rows = found.get("mappings", [])
    sources = [str(row.get("source") or row.get("sourceAttribute")) for row in rows]
    targets = [str(row.get("destination") or row.get("destinationXdmPath")) for row in rows]
    return set(zip(sources, targets, strict=True))


def _compare_mapping(found: Object, wanted: Object) -> list[Difference]:
    have_schema = (found.get("outputSchema") or {}).get("schemaRef", {}).get("id")
    if have_schema != wanted["outputSchema"]["schemaRef"]["id"]:
        return [Difference("maps to another schema", fixable=False)]
    changed = mapping_rows(found) ^ mapping_rows(wanted)
    return [Difference(f"{len(changed)} rows differ", fixable=True)] if changed else []


def _update_mapping(platform: Platform, found: Object, wanted: Object) -> None:
    platform.mappings.update(object_id(found), wanted)


# -- Flow Service ------------------------------------------------------------------------------------------------------


def _flow_service(kind: str, compare: Callable[[Object, Object], list[Difference]], **more: Any) -> Resource:
    labels = {"sourceConnections": "source connection", "targetConnections": "target connection", "flows": "dataflow"}
    return Resource(
        label=labels[kind],
        find=lambda platform, name: platform.flows.find(kind, name),
        get=lambda platform, found_id: platform.flows.get(kind, found_id),
        create=lambda platform, body: str(platform.flows.create(kind, body)["id"]),
        delete=lambda platform, found_id: platform.flows.delete(kind, found_id),
        compare=compare,
        **more,
    )


def _compare_source(found: Object, wanted: Object) -> list[Difference]:
    return _same_spec(found, wanted, "connectionSpec")


def _compare_target(found: Object, wanted: Object) -> list[Difference]:
    differences = _same_spec(found, wanted, "connectionSpec")
    if (found.get("params") or {}).get("dataSetId") != wanted["params"]["dataSetId"]:
        differences.append(Difference("points to another dataset", fixable=False))
    return differences


def _same_spec(found: Object, wanted: Object, key: str) -> list[Difference]:
    same = (found.get(key) or {}).get("id") == wanted[key]["id"]
    return [] if same else [Difference("is of another kind (specification)", fixable=False)]


def _compare_flow(found: Object, wanted: Object) -> list[Difference]:
    differences = _same_spec(found, wanted, "flowSpec")
    for end in ("sourceConnectionIds", "targetConnectionIds"):
        if found.get(end) != wanted[end]:
            differences.append(Difference(f"uses other {end.removesuffix('Ids')}s", fixable=False))
    if _mapping_of(found)[0] != _mapping_of(wanted)[0]:
        differences.append(Difference("uses another mapping set", fixable=False))
    if found.get("state") == "disabled":
        differences.append(Difference("is paused", fixable=True))
    return differences


def _mapping_of(flow: Object) -> tuple[str, int]:
    params = next(iter(flow.get("transformations") or [{}])).get("params", {})
    return str(params.get("mappingId", "")), int(params.get("mappingVersion", 0) or 0)


def _update_flow(platform: Platform, found: Object, _: Object) -> None:
    if found.get("state") == "disabled":
        platform.flows.enable(object_id(found))


def use_newest_mapping(platform: Platform, flow_id: str) -> bool:
    """Point a flow to the newest version of its mapping set, with a fresh etag; False when it does already."""
    flow = platform.flows.get("flows", flow_id)
    mapping_id, version = _mapping_of(flow)
    newest = int(platform.mappings.get(mapping_id)["version"])
    if version == newest:
        return False
    change = {"op": "replace", "path": "/transformations/0", "value": blueprint.transformation(mapping_id, newest)}
    platform.flows.patch("flows", flow_id, [change], flow["etag"])
    return True


RESOURCES: Mapping[str, Resource] = {
    blueprint.FIELD_GROUP: _registry("fieldgroups", _compare_field_group, update=_update_field_group),
    blueprint.SCHEMA: _registry("schemas", _compare_schema),
    blueprint.DATASET: Resource(
        label="dataset",
        find=lambda platform, name: platform.catalog.find_dataset(name),
        get=lambda platform, found_id: platform.catalog.dataset(found_id),
        create=lambda platform, body: platform.catalog.create_dataset(body),
        delete=lambda platform, found_id: platform.catalog.delete_dataset(found_id),
        compare=_compare_dataset,
    ),
    blueprint.SOURCE: _flow_service("sourceConnections", _compare_source),
    blueprint.TARGET: _flow_service("targetConnections", _compare_target),
    blueprint.MAPPING: Resource(
        label="mapping set",
        find=lambda platform, name: platform.mappings.find(name),
        get=lambda platform, found_id: platform.mappings.get(found_id),
        create=lambda platform, body: str(platform.mappings.create(body)["id"]),
        delete=lambda platform, found_id: platform.mappings.delete(found_id),
        compare=_compare_mapping,
        update=_update_mapping,
    ),
    blueprint.FLOW: _flow_service("flows", _compare_flow, update=_update_flow),
}

"""Unions of schemas: which schemas are in one, and what a schema must have to be in one.

Documented (Adobe's troubleshooting guide for XDM): the tag ``union``, which is never taken away again; XDM-1526-400 for
a relationship without a reference identity, 1527 for one whose namespaces differ, 1528 for a schema without identity,
1413 for a path that has another type in another schema of the union.
"""

from __future__ import annotations

from typing import Any

from ..front.filters import Condition
from ..front.problems import SchemaProblem
from ..state.store import Scope
from . import composition, registry
from .schema_service import bad

UNION, TAGS = "union", "meta:immutableTags"
RELATION, REFERENCE = "xdm:descriptorOneToOne", "xdm:descriptorReferenceIdentity"
_TITLE = "Union descriptor validation error"
Body = dict[str, Any]


def members(scope: Scope, class_id: str = "") -> list[Body]:
    """Give the schemas that are in the union of a class, or in any union, oldest first."""
    # Few schemas have the tag: only what mentions it is read.
    where = "seat = ? AND sandbox = ? AND kind = 'schemas' AND instr(body, ?) > 0"
    found = [row.body for row in scope.store.rows(where, (scope.seat, scope.sandbox, f'"{TAGS}"'))]
    return [
        one for one in found if UNION in (one.get(TAGS) or ()) and (not class_id or one.get("meta:class") == class_id)
    ]


def parts(schemas: list[Body]) -> list[str]:
    """Give the ``$id`` of all that *schemas* are made of, each once; a schema with fields of its own stays whole."""
    found: dict[str, None] = {}
    for schema in schemas:
        ids = [part.get("$ref", "") for part in schema["allOf"]]
        pure = all(id.startswith(registry.NAMESPACE) for id in ids) and "properties" not in schema
        found |= dict.fromkeys(ids if pure else [schema["$id"]])
    return list(found)


def check_membership(scope: Scope, body: Body, whole: Body, old: Body | None) -> None:
    """Raise when a schema (*whole*: resolved) leaves its union, or is in one without what that takes."""
    if old is not None and UNION in old.get(TAGS, ()) and UNION not in body.get(TAGS, ()):
        raise bad(f"The schema {body['$id']} is enabled for Profile, which cannot be undone.")
    if UNION in body.get(TAGS, ()):
        check_identity(whole, [row.body for row in scope.find(composition.DESCRIPTORS, body["$id"])])
        check_relations(scope, body["$id"])


def check_identity(whole: Body, descriptors: list[Body]) -> None:
    """Raise XDM-1528-400 when a schema has neither an identityMap nor a primary identity."""
    if "identityMap" not in whole["properties"] and not any(one.get("xdm:isPrimary") for one in descriptors):
        raise bad(
            "To participate in a union, a schema must include an identityMap fieldgroup or a primary identity "
            "descriptor.",
            code="XDM-1528-400", title=_TITLE,
        )  # fmt: skip


def check_relations(scope: Scope, id: str) -> None:
    """Raise XDM-1526-400 or XDM-1527-400 when a relationship of the schema *id*, which joins a union, is not whole."""
    for row in scope.find(composition.DESCRIPTORS, id):
        if row.body["@type"] == RELATION:
            check_relation(scope, row.body, joining=id)
    where = [Condition("@type", "==", (RELATION,)), Condition("xdm:destinationSchema", "==", (id,))]
    for row in scope.page(composition.DESCRIPTORS, where=where):
        source = row.body["xdm:sourceSchema"]
        if source != id and is_member(scope, source):
            check_relation(scope, row.body, joining=id)


def is_member(scope: Scope, id: str) -> bool:
    """Tell whether a schema is in a union."""
    found = registry.find(scope, id, ("schemas",))
    return found is not None and UNION in (found.get(TAGS) or ())


def check_merge(scope: Scope, class_id: str) -> None:
    """Raise XDM-1413-400 when the schemas in the union of a class do not fit together."""
    try:
        composition.composed(scope, {"allOf": [{"$ref": id} for id in parts(members(scope, class_id))]})
    except composition.Conflict as error:
        raise merge_error(error) from error


def merge_error(error: composition.Conflict) -> SchemaProblem:
    """Give XDM-1413-400; where types differ, in the words that Adobe prints."""
    return bad(str(error), code="XDM-1413-400", title="Merge Schema Error")


def check_relation(scope: Scope, relation: Body, *, joining: str) -> None:
    """Raise XDM-1526-400 or XDM-1527-400 for one relationship, when the schema *joining* is in a union or joins it."""
    own = [row.body for row in scope.find(composition.DESCRIPTORS, relation["xdm:sourceSchema"])]
    path, target = relation.get("xdm:sourceProperty"), str(relation.get("xdm:destinationSchema"))
    reference = next((one for one in own if one["@type"] == REFERENCE and one.get("xdm:sourceProperty") == path), None)
    if reference is None:
        raise bad(
            "If a schema contains properties that are associated with an xdm:descriptorOneToOne descriptor, those "
            "properties must also have a xdm:descriptorReferenceIdentity descriptor for that schema to participate in "
            f"a union. The property {path} has none.",
            code="XDM-1526-400", title=_TITLE,
        )  # fmt: skip
    if target != joining and not is_member(scope, target):
        return
    primary = next(
        (row.body for row in scope.find(composition.DESCRIPTORS, target) if row.body.get("xdm:isPrimary")), None
    )
    if primary and primary.get("xdm:namespace") != reference.get("xdm:identityNamespace"):
        raise bad(
            "If both schemas from an existing xdm:descriptorOneToOne descriptor are promoted to union, and one of "
            "those schemas contains a primary identity, the xdm:identityNamespace of the source schema's "
            "descriptorReferenceIdentity field must match the xdm:namespace field of destination schema's "
            f"xdm:descriptorIdentity field. Here {reference.get('xdm:identityNamespace')} is not "
            f"{primary.get('xdm:namespace')}.",
            code="XDM-1527-400", title=_TITLE,
        )  # fmt: skip

"""What each type of descriptor needs, and what it is refused for.

Documented (Adobe's page on descriptors): the types, their fields and the rules that are checked here. The codes of the
refusals are printed nowhere; that an unknown identity namespace is XDM-1020-400 is assumed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..front import shapes
from ..state.store import Scope
from . import composition, registry, union_rules
from .composition import DEPRECATED, DESCRIPTORS, IDENTITY
from .schema_service import bad
from .union_rules import REFERENCE, RELATION

MOST = 4000  # descriptors in one sandbox
NAMESPACES = ("AAID", "AdCloud", "CORE", "CRMID", "ECID", "Email", "Email_LC_SHA256", "GAID", "IDFA", "Phone",
              "Phone_E.164", "Phone_SHA256", "TNTID", "WAID")  # fmt: skip
_SHAPE: dict[str, Any] = {
    "@type": str, "xdm:sourceSchema": str, "xdm:sourceVersion": (int, str), "xdm:sourceProperty": (str, list),
    "xdm:namespace": (str, int), "xdm:property": str, "xdm:isPrimary": bool, "xdm:identityNamespace": str,
    "xdm:destinationSchema": str, "xdm:destinationVersion": (int, str), "xdm:destinationProperty": str,
    "xdm:destinationNamespace": str, "xdm:cardinality": str, "xdm:label": [str], "meta:enum": dict,
    "xdm:excludeMetaEnum": (dict, str), "xdm:title": dict, "xdm:description": dict, "xdm:granularity": str,
    "xdm:ianaTimezone": str,
}  # fmt: skip
CARDINALITIES = ("1:1", "1:0", "M:1", "M:0")
Body = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """A type of descriptor: the fields that it needs beside type and schema, and a check of its own."""

    needs: tuple[str, ...] = ("xdm:sourceVersion", "xdm:sourceProperty")
    several: bool = False
    check: Callable[[Scope, Body, Body, str], None] | None = None


def check(scope: Scope, given: Body, id: str) -> None:
    """Raise a 400 when *given* cannot be a descriptor; *id* is its own, for one that is replaced."""
    wrong = shapes.misfit(given, _SHAPE)
    if wrong:
        raise bad(wrong)
    kind = KINDS.get(given.get("@type") or "")
    if kind is None:
        raise bad(f"The descriptor type {given.get('@type')!r} does not exist; there are: {', '.join(KINDS)}.")
    missing = [name for name in ("xdm:sourceSchema", *kind.needs) if given.get(name) in (None, "", [])]
    if missing:
        raise bad(f"A descriptor of the type {given['@type']} needs {', '.join(missing)}.")
    if str(given.get("xdm:sourceVersion", 1)) != "1":
        raise bad("The xdm:sourceVersion must be 1: a schema has one major version.")
    schema = resolved(scope, given["xdm:sourceSchema"], "xdm:sourceSchema")
    _check_paths(given, schema, several=kind.several)
    if kind.check:
        kind.check(scope, given, schema, id)


def resolved(scope: Scope, id: str, field: str) -> Body:
    """Give the schema *id* with its fields; raises a 400 that names *field*."""
    schema = registry.find(scope, id, ("schemas",))
    if schema is None:
        raise bad(f"The {field} {id} is not there.")
    return composition.composed(scope, schema)


def check_deletion(scope: Scope, descriptor: Body) -> None:
    """Raise XDM-1528-400 when a schema that is in a union would be left without identity (assumed)."""
    schema = registry.find(scope, descriptor["xdm:sourceSchema"], ("schemas",))
    if schema is not None and descriptor.get("xdm:isPrimary") and union_rules.is_member(scope, schema["$id"]):
        others = [row.body for row in scope.find(DESCRIPTORS, schema["$id"]) if row.id != descriptor["@id"]]
        union_rules.check_identity(composition.composed(scope, schema), others)


def _check_paths(given: Body, schema: Body, *, several: bool) -> None:
    paths = given.get("xdm:sourceProperty")
    if isinstance(paths, list) and not several:
        raise bad("The xdm:sourceProperty must be one path, as text.")
    for path in paths if isinstance(paths, list) else [] if paths is None else [paths]:
        _field(schema, path, "xdm:sourceProperty")


def _field(schema: Body, path: Any, name: str) -> Body:
    """Give the field at a descriptor's path; raises a 400 for what is no path of *schema*."""
    formed = isinstance(path, str) and path.startswith("/") and not path.endswith("/")
    found = composition.field_at(schema, path) if formed else None
    if found is None:
        raise bad(f"The {name} {path!r} is no path of the schema {schema['$id']}; an example: /person/name.")
    return found


def _check_identity(scope: Scope, given: Body, schema: Body, id: str) -> None:
    by = given["xdm:property"]
    if by not in ("xdm:code", "xdm:id"):
        raise bad(f"The xdm:property must be xdm:code or xdm:id; it was {by!r}.")
    if by == "xdm:code":
        _check_namespace(given["xdm:namespace"])
    elif not str(given["xdm:namespace"]).isdecimal():
        raise bad("With xdm:property xdm:id the xdm:namespace must be the number of a namespace.")
    field = _field(schema, given["xdm:sourceProperty"], "xdm:sourceProperty")
    if field.get("type") != "string":
        raise bad(f"An identity must be a string; {given['xdm:sourceProperty']} is {field.get('type')}.")
    others = [row.body for row in scope.find(DESCRIPTORS, schema["$id"]) if row.id != id]
    if given.get("xdm:isPrimary") and any(one["@type"] == IDENTITY and one.get("xdm:isPrimary") for one in others):
        raise bad(f"The schema {schema['$id']} has a primary identity already; it may have only one.")


def _check_namespace(namespace: Any) -> None:
    if namespace not in NAMESPACES:
        raise bad(f"The identity namespace {namespace!r} does not exist; there are: {', '.join(NAMESPACES)}.",
                  code="XDM-1020-400", title="Namespace validation error")  # fmt: skip


def _check_reference(scope: Scope, given: Body, schema: Body, id: str) -> None:
    _check_namespace(given["xdm:identityNamespace"])


def _check_relation(scope: Scope, given: Body, schema: Body, id: str) -> None:
    target = resolved(scope, given["xdm:destinationSchema"], "xdm:destinationSchema")
    if given.get("xdm:destinationProperty") is not None:
        there = _field(target, given["xdm:destinationProperty"], "xdm:destinationProperty")
        here = _field(schema, given["xdm:sourceProperty"], "xdm:sourceProperty")
        if here.get("type") != there.get("type"):
            raise bad(f"The two ends of a relationship must have one type: {here.get('type')}, {there.get('type')}.")
    if given["@type"] == RELATION and union_rules.is_member(scope, schema["$id"]):
        union_rules.check_relation(scope, given, joining=schema["$id"])


def _check_cardinality(scope: Scope, given: Body, schema: Body, id: str) -> None:
    if given["xdm:cardinality"] not in CARDINALITIES:
        raise bad(
            f"The xdm:cardinality must be one of {', '.join(CARDINALITIES)}; it was {given['xdm:cardinality']!r}."
        )
    _check_relation(scope, given, schema, id)


def _check_required(scope: Scope, given: Body, schema: Body, id: str) -> None:
    *above, name = given["xdm:sourceProperty"].strip("/").split("/")
    parent = composition.field_at(schema, "/".join(above)) if above else schema
    if name not in (parent or {}).get("required", ()):
        raise bad(f"The field {given['xdm:sourceProperty']} of a {given['@type']} must be required.")


def _check_timestamp(scope: Scope, given: Body, schema: Body, id: str) -> None:
    if _field(schema, given["xdm:sourceProperty"], "xdm:sourceProperty").get("format") != "date-time":
        raise bad(f"The field {given['xdm:sourceProperty']} of a timestamp descriptor must be a date-time.")
    _check_required(scope, given, schema, id)


def _check_display(scope: Scope, given: Body, schema: Body, id: str) -> None:
    if not any(name in given for name in ("xdm:title", "xdm:description", "meta:enum", "xdm:excludeMetaEnum")):
        raise bad("A friendly name needs xdm:title, xdm:description, meta:enum or xdm:excludeMetaEnum.")
    enum = given.get("meta:enum") or given.get("xdm:excludeMetaEnum")
    if enum and _field(schema, given["xdm:sourceProperty"], "xdm:sourceProperty").get("type") != "string":
        raise bad("Suggested values are for fields of the type string.")


def check_room(scope: Scope) -> None:
    """Raise a 400 when the sandbox has as many descriptors as it may (documented: 4,000)."""
    if scope.count(DESCRIPTORS) >= MOST:
        raise bad(f"The sandbox has {MOST} descriptors, which is the most that it may have.")


_TO = ("xdm:sourceVersion", "xdm:sourceProperty", "xdm:destinationSchema")
KINDS: dict[str, Kind] = {
    IDENTITY: Kind(("xdm:sourceVersion", "xdm:sourceProperty", "xdm:namespace", "xdm:property"), check=_check_identity),
    "xdm:alternateDisplayInfo": Kind(check=_check_display),
    RELATION: Kind((*_TO, "xdm:destinationVersion"), check=_check_relation),
    "xdm:descriptorRelationship": Kind((*_TO, "xdm:cardinality"), check=_check_cardinality),
    REFERENCE: Kind(("xdm:sourceVersion", "xdm:sourceProperty", "xdm:identityNamespace"), check=_check_reference),
    DEPRECATED: Kind(several=True),
    "xdm:descriptorPrimaryKey": Kind(("xdm:sourceProperty",), several=True),
    "xdm:descriptorVersion": Kind(("xdm:sourceProperty",), check=_check_required),
    "xdm:descriptorTimestamp": Kind(("xdm:sourceProperty",), check=_check_timestamp),
    "xdm:descriptorLabel": Kind(("xdm:sourceVersion", "xdm:sourceProperty", "xdm:label"), several=True),
    "xdm:descriptorTimeSeriesGranularity": Kind(("xdm:sourceVersion", "xdm:granularity", "xdm:ianaTimezone")),
}  # fmt: skip

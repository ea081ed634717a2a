"""Schema Registry's common ground: its service and the refusals that all its operations share."""

from __future__ import annotations

from ..front.dialects import SchemaDialect
from ..front.problems import SchemaProblem
from ..front.service import Service

service = Service("Schema Registry", "/data/foundation/schemaregistry", SchemaDialect())

# Assumed: no source prints the live code of a missing field, a dead reference, a wrong patch or parameter, and none
# of the printed ones fits them. This one is not Adobe's, so that nobody takes it for the live code.
UNKNOWN_CODE = "XDM-0000-400"
ANYTHING = "anything"
# Documented: XDM-1010 for a class, XDM-1012 for a schema, and that the numbers up to 1017 are for the other kinds.
# Which kind has which of the others is assumed.
NOT_FOUND = {
    "classes": "XDM-1010-404", "mixins": "XDM-1011-404", "schemas": "XDM-1012-404", "datatypes": "XDM-1013-404",
    "descriptors": "XDM-1014-404", "unions": "XDM-1015-404", "behaviors": "XDM-1016-404", ANYTHING: "XDM-1017-404",
}  # fmt: skip
# Documented: the description prints the title of 1012 so, the troubleshooting guide that of the others.
_TITLES, _TITLE = {"XDM-1012-404": "Resource Not Found"}, "Resource not found"
_NOUNS = {
    "classes": "class", "mixins": "field group", "datatypes": "data type", "descriptors": "descriptor",
    "unions": "union", "behaviors": "behavior",
}  # fmt: skip


def not_found(kind: str, id: str, version: str = "1") -> SchemaProblem:
    """Refuse an id that is not there; *kind* as in NOT_FOUND."""
    what = f"The requested {_NOUNS[kind]} resource" if kind in _NOUNS else "Requested resource"
    code = NOT_FOUND[kind]
    return SchemaProblem(code, _TITLES.get(code, _TITLE), f"{what} {id} with version {version} is not found")


def bad(detail: str, *, code: str = UNKNOWN_CODE, title: str = "Bad request") -> SchemaProblem:
    """Refuse a body or a parameter."""
    return SchemaProblem(code, title, detail)

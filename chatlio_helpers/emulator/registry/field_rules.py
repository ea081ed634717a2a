"""Where the tenant's own fields may stand in a resource, and how they may be called.

Documented: all custom fields stand under ``_{tenant id}``, also those inside objects of Adobe's; a name has letters,
digits, dashes and underscores and does not start with an underscore; XDM-1021-400 for a field outside. That 1022 and
1023 are for the other two faults is assumed: the guide only says that there are five codes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .schema_service import bad

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_TITLE = "Namespace validation error"
OUTSIDE, IN_STANDARD, NAMING = "XDM-1021-400", "XDM-1022-400", "XDM-1023-400"
Field = dict[str, Any]


def check_places(root: str, whole: Field, standard: Field) -> None:
    """Raise XDM-1021 or XDM-1022 for a field outside *root* that is not one of *standard* (both resolved)."""
    wrong = list(_outside(whole, standard, root, ""))
    if wrong:
        inside = wrong[0].strip("/").split("/")[0] in standard.get("properties", {})
        raise bad(
            "A custom field is defined under an invalid namespace. All custom fields must be defined under a top-level "
            f"field named {root}. These are not: {', '.join(wrong[:5])}.",
            code=IN_STANDARD if inside else OUTSIDE, title=_TITLE,
        )  # fmt: skip


def check_names(root: str, body: Field) -> None:
    """Raise XDM-1023 for a field below *root* that is named against the rules; what *body* refers to is not read."""
    wrong = sorted({name for name in _names(body, root, below=False) if not _NAME.fullmatch(name)})
    if wrong:
        raise bad(
            "A field name may have letters, digits, dashes and underscores, and does not start with an underscore: "
            f"{', '.join(wrong[:5])}.",
            code=NAMING, title=_TITLE,
        )  # fmt: skip


def _outside(field: Field, standard: Field, root: str, path: str) -> Iterator[str]:
    known = standard.get("properties", {})
    for name, inner in field.get("properties", {}).items():
        if name == root:
            continue
        if "properties" in inner and ("properties" in known.get(name, {}) or _only_under(inner, root)):
            yield from _outside(inner, known.get(name, {}), root, f"{path}/{name}")
        elif name not in known:
            yield f"{path}/{name}"


def _only_under(field: Field, root: str) -> bool:
    """Tell whether an object holds nothing but the tenant's root, however deep: an addition to an object of Adobe's."""
    inner = field.get("properties", {})
    return bool(inner) and all(
        name == root or ("properties" in one and _only_under(one, root)) for name, one in inner.items()
    )


def _names(node: Any, root: str, *, below: bool) -> Iterator[str]:
    if not isinstance(node, dict):
        return
    for name, inner in node.get("properties", {}).items():
        if below:
            yield name
        yield from _names(inner, root, below=below or name == root)
    parts = [*node.get("definitions", {}).values(), node.get("items"), node.get("additionalProperties")]
    for part in (*parts, *node.get("allOf", ())):
        yield from _names(part, root, below=below)

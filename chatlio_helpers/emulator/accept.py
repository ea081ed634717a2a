"""Schema Registry's ``Accept`` header: which form of a resource is wanted."""

from __future__ import annotations

import re
from typing import Any

from .problems import SchemaProblem
from .service import Call

_FORM = re.compile(
    r"application/vnd\.adobe\.(?P<form>[a-z0-9-]+)\+json\s*(?:;\s*version\s*=\s*(?P<version>[\d.]+)\s*)?"
)
_TITLE = "Accept header invalid"
LISTS = ("xed-id", "xed")
LOOKUPS = ("xed", "xed-full", "xed-notext", "xed-full-notext", "xed-full-desc", "xed-deprecatefield")
DESCRIPTOR_LISTS = ("xdm-id", "xdm-link", "xdm", "xdm-v2-id", "xdm-v2-link", "xdm-v2")


def list_form(call: Call) -> str:
    """Give ``xed-id`` or ``xed``; raises XDM-1006-400, also when a version is given."""
    return _form(call, LISTS, "XDM-1006-400", versioned=False)


def lookup_form(call: Call) -> str:
    """Give one of the lookup forms; raises XDM-1007-400, also without a version; another version than 1 is a 404."""
    form = _form(call, LOOKUPS, "XDM-1007-400", versioned=True)
    version = _parts(call)[1]
    if version.partition(".")[0] != "1":
        raise SchemaProblem(
            "XDM-1012-404",
            "Resource Not found",
            f"Requested resource {call.part('id')} with version {version} is not found",
        )
    return form


def descriptor_list_form(call: Call) -> str:
    """Give one of the six forms of descriptor lists; raises XDM-1008-400."""
    return _form(call, DESCRIPTOR_LISTS, "XDM-1008-400", versioned=False)


def descriptor_form(call: Call) -> str:
    """Give ``xdm``; raises XDM-1009-400, also when a version is given."""
    return _form(call, ("xdm",), "XDM-1009-400", versioned=False)


def without_text(node: Any) -> Any:
    """Give a resource without titles and descriptions (fields of that name stay)."""
    if isinstance(node, list):
        return [without_text(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: without_text(value)
        for key, value in node.items()
        if not (key in ("title", "description") and isinstance(value, str))
    }


def _form(call: Call, allowed: tuple[str, ...], code: str, *, versioned: bool) -> str:
    form, version = _parts(call)
    if form not in allowed or bool(version) is not versioned:
        given = call.request.headers.get("accept", "")
        names = ", ".join(f"application/vnd.adobe.{one}+json{'; version=1' * versioned}" for one in allowed)
        raise SchemaProblem(code, _TITLE, f"Accept header [{given}] is invalid; supported here: {names}")
    return form


def _parts(call: Call) -> tuple[str, str]:
    found = _FORM.fullmatch(call.request.headers.get("accept", "").strip().lower())
    return (found["form"], found["version"] or "") if found else ("", "")

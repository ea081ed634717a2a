"""Schema Registry's ``Accept`` header: which form of a resource is wanted.

The prefixes ``xed`` and ``xdm`` are both taken, as the refusals that Adobe prints say; the forms are the same for
both, because the local platform has standard resources in AEP's compatibility form only (assumed).
"""

from __future__ import annotations

import re
from itertools import product
from typing import Any

from ..front.problems import SchemaProblem
from ..front.service import Call
from .schema_service import not_found

_FORM = re.compile(
    r"application/vnd\.adobe\.(?P<form>[a-z0-9-]+)\+json\s*(?:;\s*version\s*=\s*(?P<version>[\d.]+)\s*)?"
)
_TITLE = "Accept header invalid"
_VENDOR = "application/vnd.adobe."
LISTS = ("-id", "")
_SDK_PARTS = product(("", "-full"), ("", "-desc"), ("", "-flat"), ("", "-deprecated"))
# Adobe's client aepp asks for any of its four parts together, in this order, beside the documented forms.
LOOKUPS = ("-notext", "-full-notext", "-deprecatefield", *("".join(parts) for parts in _SDK_PARTS))
DESCRIPTOR_LISTS = ("xdm-id", "xdm-link", "xdm", "xdm-v2-id", "xdm-v2-link", "xdm-v2")
ANY = ("", "*/*", "application/json")


def list_form(call: Call) -> str:
    """Give ``-id`` or "" (whole resources); raises XDM-1006-400, also when a version is given."""
    form, version = _resource_parts(call)
    if form not in LISTS or version:
        raise _refused(call, "XDM-1006-400", "application/vnd.adobe.{xed|xdm}+json")
    return form


def lookup_form(call: Call, kind: str) -> str:
    """Give one of LOOKUPS; raises XDM-1007-400, also without a version; another version than 1 is a 404."""
    form, version = _resource_parts(call)
    if form not in LOOKUPS or not version:
        raise _refused(
            call, "XDM-1007-400", "application/vnd.adobe.{xed|xdm}+json; version=1 (Version should be specified)"
        )
    if version.partition(".")[0] != "1":
        raise not_found(kind, call.part("id"), version)
    return form


def sample_form(call: Call) -> None:
    """Let pass what a lookup may have and what names no form of Adobe's; raises XDM-1007-400, 404 for a version."""
    if call.request.headers.get("accept", "").strip().lower().startswith(_VENDOR):
        lookup_form(call, "schemas")


def descriptor_list_form(call: Call) -> str:
    """Give one of the six forms of descriptor lists; raises XDM-1008-400."""
    form, version = _parts(call)
    if form not in DESCRIPTOR_LISTS or version:
        raise _refused(call, "XDM-1008-400", "application/vnd.adobe.xdm-id+json")
    return form


def check_descriptor_form(call: Call) -> None:
    """Let pass ``xdm`` and no form at all; raises XDM-1009-400, also when a version is given."""
    if call.request.headers.get("accept", "").strip().lower() not in ANY and _parts(call) != ("xdm", ""):
        raise _refused(call, "XDM-1009-400", "application/vnd.adobe.xdm+json")


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


def _resource_parts(call: Call) -> tuple[str, str]:
    """Give form and version without ``xed`` or ``xdm``; a form of neither is one that nobody knows."""
    form, version = _parts(call)
    return (form[3:], version) if form.startswith(("xed", "xdm")) else ("unknown", version)


def _parts(call: Call) -> tuple[str, str]:
    found = _FORM.fullmatch(call.request.headers.get("accept", "").strip().lower())
    return (found["form"], found["version"] or "") if found else ("", "")


def _refused(call: Call, code: str, example: str) -> SchemaProblem:
    given = call.request.headers.get("accept", "")
    words = f"The supplied Accept header is not valid: {given} - A valid Accept value should look like {example}"
    return SchemaProblem(code, _TITLE, words)

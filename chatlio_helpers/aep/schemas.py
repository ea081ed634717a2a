"""Schema Registry: schemas, field groups, data types, classes, descriptors.

Documented (Adobe's Schema Registry guide and API description): ``Accept`` chooses the form of an answer; a look-up must
name a version; a list pages by ``start``, which is a value of the sort field and not an offset.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .session import Session

BASE = "/data/foundation/schemaregistry"
KINDS = ("schemas", "fieldgroups", "datatypes", "classes", "descriptors")
_IDS = "application/vnd.adobe.xed-id+json"
_RAW = "application/vnd.adobe.xed+json; version=1"
_FULL = "application/vnd.adobe.xed-full+json; version=1"
_DESCRIPTORS = "application/vnd.adobe.xdm+json"
_PAGE = 300  # the largest page that Adobe gives


class Schemas:
    """The resources of the Schema Registry; *kind* is one of KINDS, an id is ``$id`` or ``meta:altId``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def tenant_id(self) -> str:
        """Give the organisation's tenant id without its underscore; its fields live under ``_{tenant id}``."""
        return str(self.stats()["tenantId"])

    def stats(self) -> dict[str, Any]:
        """Give what the registry says of itself: tenantId, counts, recent resources."""
        return dict(self._session.call("GET", f"{BASE}/stats", what="Reading the registry's statistics").json)

    def list(self, kind: str, *, container: str = "tenant", only: str = "") -> list[dict[str, Any]]:
        """List title, ``$id``, ``meta:altId`` and version of every resource of *kind*.

        *container* is ``tenant`` (yours) or ``global`` (Adobe's); *only* is a filter such as ``title==Orders``.
        """
        if kind == "descriptors":
            return self._descriptors()
        params: dict[str, Any] = {"orderby": "title", "limit": _PAGE, **({"property": only} if only else {})}
        found: list[dict[str, Any]] = []
        while True:
            page = self._session.call(
                "GET", f"{BASE}/{container}/{kind}", params=params, headers={"Accept": _IDS}, what=f"Listing {kind}"
            ).json
            found += page.get("results") or []
            following = (page.get("_page") or {}).get("next")
            if following is None or following == params.get("start"):
                return found
            params["start"] = following

    def find(self, kind: str, title: str) -> dict[str, Any] | None:
        """Give the tenant's resource of exactly this *title*, whole, or None."""
        matches = [found for found in self.list(kind, only=f"title=={title}") if found.get("title") == title]
        return self.get(kind, matches[0]["$id"]) if matches else None

    def get(self, kind: str, resource_id: str, *, full: bool = False) -> dict[str, Any]:
        """Give one resource, *full* with its parts resolved; raises NotFound when it is not there."""
        accept = _DESCRIPTORS if kind == "descriptors" else _FULL if full else _RAW
        path = self._path(kind, resource_id)
        return dict(self._session.call("GET", path, headers={"Accept": accept}, what=f"Reading the {_noun(kind)}").json)

    def create(self, kind: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a resource and give it whole, with ``$id`` and ``meta:altId``; raises Conflict for a taken title."""
        return dict(
            self._session.call("POST", f"{BASE}/tenant/{kind}", json=body, what=f"Creating the {_noun(kind)}").json
        )

    def patch(self, kind: str, resource_id: str, ops: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Change a resource by JSON Patch and give it whole; its minor version rises."""
        path = self._path(kind, resource_id)
        return dict(self._session.call("PATCH", path, json=list(ops), what=f"Changing the {_noun(kind)}").json)

    def delete(self, kind: str, resource_id: str) -> None:
        """Delete a resource; raises NotFound when it is not there."""
        self._session.call("DELETE", self._path(kind, resource_id), what=f"Deleting the {_noun(kind)}")

    def _descriptors(self) -> list[dict[str, Any]]:
        path = f"{BASE}/tenant/descriptors"
        answer = self._session.call("GET", path, headers={"Accept": _DESCRIPTORS}, what="Listing descriptors").json
        groups = answer.values() if isinstance(answer, dict) else [answer]  # grouped by their @type
        return [descriptor for group in groups if isinstance(group, list) for descriptor in group]

    @staticmethod
    def _path(kind: str, resource_id: str) -> str:
        adobes = resource_id.startswith(("https://ns.adobe.com/xdm/", "_xdm.", "https://ns.adobe.com/experience/"))
        return f"{BASE}/{'global' if adobes else 'tenant'}/{kind}/{quote(resource_id, safe='')}"


def _noun(kind: str) -> str:
    nouns = {"fieldgroups": "field group", "datatypes": "data type", "classes": "class"}
    return nouns.get(kind, kind.removesuffix("s"))

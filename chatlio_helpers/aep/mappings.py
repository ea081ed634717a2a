"""Data Prep: mapping sets, their validation and preview, and the expression language.

Documented (Adobe's Data Prep guide and API description): creating answers 200; a mapping set's version is a whole
number that rises with each PUT; where guide and description differ in the form of an answer, both forms are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .session import Session

BASE = "/data/foundation/conversion"
_PAGE = 100


class Mappings:
    """Mapping sets."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Create a mapping set and give its id, version and dates."""
        return dict(self._session.call("POST", f"{BASE}/mappingSets", json=body, what="Creating the mapping set").json)

    def list(self, **filters: Any) -> list[dict[str, Any]]:
        """List the mapping sets; *filters* such as ``name``."""
        found: list[dict[str, Any]] = []
        while True:
            params = {"limit": _PAGE, "start": len(found), **filters}
            answer = self._session.call("GET", f"{BASE}/mappingSets", params=params, what="Listing mapping sets").json
            page = answer.get("data") or []
            found += page
            if len(page) < _PAGE:
                return found

    def find(self, name: str) -> dict[str, Any] | None:
        """Give the mapping set of exactly this *name*, whole, the oldest should there be several, or None."""
        matches = [found for found in self.list(name=name) if found.get("name") == name]
        oldest = min(matches, key=lambda found: found.get("createdDate") or 0, default=None)
        return self.get(oldest["id"]) if oldest else None

    def get(self, mapping_id: str, version: int | None = None) -> dict[str, Any]:
        """Give one mapping set, its newest version or the one named; raises NotFound when it is not there."""
        params = None if version is None else {"version": version}
        path = f"{BASE}/mappingSets/{mapping_id}"
        return dict(self._session.call("GET", path, params=params, what="Reading the mapping set").json)

    def update(self, mapping_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Replace a mapping set: same id, next version; a dataflow keeps its old version until it is patched."""
        path = f"{BASE}/mappingSets/{mapping_id}"
        return dict(self._session.call("PUT", path, json=body, what="Changing the mapping set").json)

    def delete(self, mapping_id: str) -> None:
        """Delete a mapping set; raises NotFound when it is not there.

        Known from Adobe's own client aepp; the API description does not have it.
        """
        self._session.call("DELETE", f"{BASE}/mappingSets/{mapping_id}", what="Deleting the mapping set")

    def validate(self, body: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Check each mapping against the target schema; one entry ``{"status", "errors"}`` for each."""
        path = f"{BASE}/mappingSets/validate"
        answer = self._session.call("POST", path, json=body, repeatable=True, what="Validating the mapping set").json
        return list(answer.get("validationResponse") or [])

    def preview(self, body: Mapping[str, Any], data: Mapping[str, Any] | Sequence[Mapping[str, Any]]) -> Any:
        """Map *data* without storing anything: ``{"data", "errors"}`` for one payload, a list of these for a list."""
        alone = isinstance(data, Mapping)
        request = {"data": [data] if alone else list(data), "mappingSet": body}
        path = f"{BASE}/mappingSets/preview"
        answer = self._session.call("POST", path, json=request, repeatable=True, what="Previewing the mapping set").json
        previews = answer if isinstance(answer, list) else [answer]
        return previews[0] if alone else previews

    def functions(self) -> list[dict[str, Any]]:
        """List the functions of the expression language: function, syntax, description, example and more."""
        return list(self._session.call("GET", f"{BASE}/languages/el/functions", what="Listing functions").json)

    def operators(self) -> list[dict[str, Any]]:
        """List the operators of the expression language."""
        return list(self._session.call("GET", f"{BASE}/languages/el/operators", what="Listing operators").json)

    def check_expression(self, text: str) -> dict[str, Any]:
        """Check an expression without running it; gives ``{"valid": bool, "error": words or None}``."""
        path = f"{BASE}/languages/el/validate"
        answer = self._session.call(
            "POST", path, json={"expression": text}, repeatable=True, what="Checking the expression"
        ).json
        if isinstance(answer, bool):  # the API description's form; the guide's is an object
            return {"valid": answer, "error": None if answer else "the platform gives no words"}
        valid = str(answer.get("validationStatus", "")).lower() in {"succeeded", "success"}
        return {"valid": valid, "error": None if valid else str(answer.get("error") or "the platform gives no words")}

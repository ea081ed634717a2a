"""Sandboxes: which ones this account may use."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import ConfigurationError
from .session import Session

if TYPE_CHECKING:
    import pandas

PATH = "/data/foundation/sandbox-management/"


class Sandboxes:
    """The sandboxes of this account; calling it gives a DataFrame."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __call__(self) -> pandas.DataFrame:
        """Give name, title, type, region, state and whether it is the default, as a DataFrame."""
        from ..tables import table

        columns = ("name", "title", "type", "region", "state", "default")
        rows = [{**sandbox, "default": sandbox.get("isDefault", False)} for sandbox in self.list()]
        return table([{column: row.get(column) for column in columns} for row in rows], columns)

    def list(self) -> list[dict[str, Any]]:
        """List the sandboxes that this account may use; needs no sandbox header, so it proves credentials first."""
        found: list[dict[str, Any]] = []
        params: dict[str, int] | None = None
        while True:
            answer = self._session.call("GET", PATH, params=params, sandbox=False, what="Listing the sandboxes")
            page = answer.json.get("sandboxes") or []
            known = {sandbox["name"] for sandbox in found}
            fresh = [sandbox for sandbox in page if sandbox["name"] not in known]
            found += fresh
            limit = int((answer.json.get("_page") or {}).get("limit") or 0)
            if not fresh or len(page) < limit or not limit:
                return found
            params = {"limit": limit, "offset": len(found)}  # documented: one without the other is refused

    def get(self, name: str) -> dict[str, Any]:
        """Give the sandbox *name*; raises ConfigurationError, listing the permitted ones, when it is not among them."""
        return self.permit(name)

    def permit(self, name: str) -> dict[str, Any]:
        """Give the sandbox *name* if this account may use it and it is active; raises ConfigurationError otherwise."""
        permitted = {str(sandbox["name"]): sandbox for sandbox in self.list()}
        if name not in permitted:
            raise ConfigurationError(
                f"The sandbox {name!r} does not exist, or this account may not use it.",
                cause=f"sandboxes that this account may use: {', '.join(sorted(permitted)) or 'none'}",
                next_step="choose one of those, or ask an administrator to add the sandbox to this credential's role",
            )
        state = str(permitted[name].get("state", "active"))
        if state != "active":
            raise ConfigurationError(
                f"The sandbox {name!r} cannot be used now: its state is {state}.",
                cause="it is being made, reset or deleted",
                next_step="wait until its state is active, or choose another sandbox",
            )
        return permitted[name]

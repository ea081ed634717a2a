"""Flow Service: connections, source and target connections, dataflows and their runs.

Documented (Adobe's Flow Service guides, error catalogue and API description): reading one object answers a list with
one item; an etag carries its double quotes; a dataflow enables itself some seconds after it was made, which changes its
etag; a missing object is told as 404 or as code 1439 with status 400.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..errors import Conflict, NotFound, Unavailable
from .session import Session

BASE = "/data/foundation/flowservice"
KINDS = ("connections", "sourceConnections", "targetConnections", "flows")
_NOUNS = {"sourceConnections": "source connection", "targetConnections": "target connection", "flows": "dataflow"}
_PAGE = 100
_CHANGING = ("1416-400", "1420-400", "1421-400", "1422-400")
_RESTING = ("enabled", "disabled", "draft")
_FIRST_LOOK, _SLOWEST_LOOK = 0.05, 3.0  # seconds between two looks at a state
_SPECIAL = set(",=<>!~&[]")  # signs that mean something in a filter


class Flows:
    """The objects of the Flow Service; *kind* is one of KINDS."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def create(self, kind: str, body: Mapping[str, Any]) -> dict[str, str]:
        """Create an object and give its ``id`` and ``etag``; names need not be unique, so look first."""
        answer = self._session.call("POST", f"{BASE}/{kind}", json=body, what=f"Creating the {_noun(kind)}")
        return _id_and_etag(answer.json)

    def find(self, kind: str, name: str) -> dict[str, Any] | None:
        """Give the object of exactly this *name*, the oldest should there be several, or None."""
        filters = {} if _SPECIAL & set(name) else {"name": name}
        matches = [found for found in self.list(kind, **filters) if found.get("name") == name]
        return min(matches, key=lambda found: found.get("createdAt") or 0, default=None)

    def get(self, kind: str, object_id: str) -> dict[str, Any]:
        """Give one object, taken out of the list that the platform answers; raises NotFound when it is not there."""
        what = f"Reading the {_noun(kind)}"
        answer = self._session.call("GET", f"{BASE}/{kind}/{object_id}", what=what).json
        items = answer.get("items", [answer]) if isinstance(answer, dict) else answer
        if not items:
            raise NotFound(
                f"{what}: there is none with the id {object_id}.",
                cause="it was deleted, never made, or is in another sandbox",
                next_step="check the id and the sandbox",
                status=404,
            )
        return dict(items[0])

    def list(self, kind: str, **filters: Any) -> list[dict[str, Any]]:
        """List objects, following all pages; *filters* are fields that must be equal.

        A field with dots is given as ``**{"flowSpec.id": …}``; ``orderby`` sorts.
        """
        orderby = {"orderby": filters.pop("orderby")} if "orderby" in filters else {}
        conditions = [f"{path}=={value}" for path, value in filters.items()]
        params: dict[str, Any] = {"limit": _PAGE, **orderby, **({"property": conditions} if conditions else {})}
        found: list[dict[str, Any]] = []
        while True:
            page = self._session.call("GET", f"{BASE}/{kind}", params=params, what=f"Listing {kind}").json
            found += page.get("items") or []
            token = _next_token(page)
            if not token or token == params.get("continuationToken"):
                return found
            params["continuationToken"] = token

    def patch(self, kind: str, object_id: str, ops: Sequence[Mapping[str, Any]], etag: str) -> dict[str, str]:
        """Change an object by JSON Patch and give its ``id`` and new ``etag``.

        *etag* is the one just read, its double quotes included; raises Conflict when the object changed meanwhile.
        """
        answer = self._session.call(
            "PATCH",
            f"{BASE}/{kind}/{object_id}",
            json=list(ops),
            headers={"If-Match": etag},
            what=f"Changing the {_noun(kind)}",
        )
        return _id_and_etag(answer.json)

    def patch_fresh(
        self, kind: str, object_id: str, ops: Sequence[Mapping[str, Any]], *, tries: int = 3
    ) -> dict[str, str]:
        """Read the etag and patch at once; when the object changes in between, read and patch again, *tries* times."""
        for left in reversed(range(tries)):
            etag = str(self.get(kind, object_id)["etag"])
            try:
                return self.patch(kind, object_id, ops, etag)
            except Conflict as stale:
                if left == 0 or stale.status != 412:
                    raise
        raise ValueError("tries must be at least 1")

    def delete(self, kind: str, object_id: str) -> None:
        """Delete an object; raises NotFound when it is not there, Conflict when something still uses it.

        A dataflow that is just changing its state is waited for, since it can be deleted only at rest.
        """
        self._at_rest(
            object_id if kind == "flows" else "",
            lambda: self._session.call("DELETE", f"{BASE}/{kind}/{object_id}", what=f"Deleting the {_noun(kind)}"),
        )

    def enable(self, flow_id: str) -> dict[str, str]:
        """Resume a dataflow; gives its ``id`` and new ``etag``. A dataflow that is enabled already stays so."""
        return self._act(flow_id, "enable", "enabled")

    def disable(self, flow_id: str) -> dict[str, str]:
        """Pause a dataflow; gives its ``id`` and new ``etag``. A dataflow that is disabled already stays so."""
        return self._act(flow_id, "disable", "disabled")

    def wait_enabled(
        self, flow_id: str, timeout: float = 120.0, progress: Callable[[str, float], Any] | None = None
    ) -> dict[str, Any]:
        """Wait until a dataflow is enabled and has its inlet URL, and give it; *timeout* in seconds.

        *progress* is called with the state and the seconds waited. Raises Unavailable when the time is over.
        """

        def ready(flow: Mapping[str, Any]) -> bool:
            return flow.get("state") == "enabled" and bool((flow.get("options") or {}).get("inletUrl"))

        return self._wait(flow_id, ready, timeout, progress)

    def wait_disabled(self, flow_id: str, timeout: float = 120.0) -> dict[str, Any]:
        """Wait until a dataflow that was paused is at rest, and give it; raises Unavailable when the time is over."""
        return self._wait(flow_id, lambda flow: flow.get("state") == "disabled", timeout, None)

    def runs(self, flow_id: str) -> list[dict[str, Any]]:
        """List the runs of a dataflow, newest first; a streaming run is one hour, and appears after that has ended."""
        return [_run(run) for run in self.list("runs", flowId=flow_id, orderby="-createdAt")]

    def _act(self, flow_id: str, op: str, wanted: str) -> dict[str, str]:
        def act() -> Any:
            flow = self.get("flows", flow_id)
            if flow.get("state") == wanted:
                return flow
            path = f"{BASE}/flows/{flow_id}/action"
            return self._session.call("POST", path, params={"op": op}, what=f"Setting the dataflow to {wanted}").json

        return _id_and_etag(self._at_rest(flow_id, act))

    def _at_rest(self, flow_id: str, act: Callable[[], Any]) -> Any:
        """Do *act*; when the dataflow is just changing its state, wait for the end of that and do it once more."""
        try:
            return act()
        except Conflict as busy:
            if not flow_id or busy.code not in _CHANGING:
                raise
            self._wait(flow_id, lambda flow: flow.get("state") in _RESTING, 60.0, None)
        return act()

    def _wait(
        self,
        flow_id: str,
        ready: Callable[[Mapping[str, Any]], bool],
        timeout: float,
        progress: Callable[[str, float], Any] | None,
    ) -> dict[str, Any]:
        started, pause = time.monotonic(), _FIRST_LOOK
        while True:
            flow = self.get("flows", flow_id)
            waited = time.monotonic() - started
            if progress:
                progress(str(flow.get("state")), waited)
            if ready(flow):
                return flow
            if waited >= timeout:
                raise Unavailable(
                    f"The dataflow {flow_id} is still {flow.get('state')} after {waited:.0f} s.",
                    cause="the platform is slow today, or the dataflow was paused",
                    next_step="run this again: it goes on waiting; if the state is `disabled`, resume the dataflow",
                )
            time.sleep(min(pause, max(0.0, timeout - waited)))
            pause = min(pause * 1.5, _SLOWEST_LOOK)


def _noun(kind: str) -> str:
    return _NOUNS.get(kind, kind.removesuffix("s"))


def _id_and_etag(answer: Mapping[str, Any]) -> dict[str, str]:
    """Read ``{id, etag}``; some answers are a list with one item instead, and one description writes ``eTag``."""
    item = (answer.get("items") or [answer])[0]
    return {"id": str(item["id"]), "etag": str(item.get("etag") or item.get("eTag") or "")}


def _next_token(page: Mapping[str, Any]) -> str:
    link = (page.get("_links") or {}).get("next") or {}
    return parse_qs(urlsplit(str(link.get("href") or "")).query).get("continuationToken", [""])[0]


def _run(run: Mapping[str, Any]) -> dict[str, Any]:
    """Give a run under the names of the guides; the API description misspells two of them."""
    own = {name: value for name, value in run.items() if name not in {"activites", "eTag"}}
    more = {"activities": run["activites"]} if "activites" in run and "activities" not in run else {}
    return own | more | ({"etag": run["eTag"]} if "eTag" in run and "etag" not in run else {})

"""Where a post to an inlet goes: the inlet's owner, the dataflow that the post names, and the dataset behind it.

What was found is kept for as long as nothing that it was read from changes, so that most posts need no look into the
store. Only what takes messages is kept: whether a dataflow that is not enabled has become so is looked at each time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..flowservice import flows
from ..front.problems import CollectionProblem
from ..platform import Platform
from ..state.store import Scope
from . import envelopes

MOST_KEPT = 4_096
_KINDS = (flows.KIND, flows.INLETS, "sourceConnections", "targetConnections", "seats")
_INVALID = "Invalid XDM Message Format"


@dataclass(frozen=True, slots=True)
class Inlet:
    """An inlet and whose it is; ``owner`` is what the store remembers of it: its dataflow or its base connection."""

    id: str
    seat: str
    sandbox: str
    org_id: str
    owner: dict[str, Any]

    def refuse(self, why: str, *, cause: Any = None) -> CollectionProblem:
        """Give a refusal in the words of the streaming endpoint, which begin with inlet and organisation."""
        return CollectionProblem(400, _INVALID, self._said(why), cause=cause)

    def refuse_for_now(self, why: str, wait: int) -> CollectionProblem:
        """Give the refusal of one request too many; *wait* is in seconds (assumed: title and header)."""
        problem = CollectionProblem(429, "Too Many Requests", self._said(why))
        problem.headers["retry-after"] = str(wait)
        return problem

    def _said(self, why: str) -> str:
        return f"inletId: [{self.id}] imsOrgId: [{self.org_id}] {why}"


@dataclass(frozen=True, slots=True)
class Destination:
    """An enabled dataflow on one of its inlets; ``wrapped`` tells whether it takes XDM messages."""

    inlet: Inlet
    flow: str
    dataset: str
    wrapped: bool


class Inlets:
    """The inlets of a local platform; used from the event loop only."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._generation = -1
        self._kept: dict[tuple[str, str], Destination] = {}

    def known(self, id: str, flow_id: str) -> Destination | None:
        """Give a destination that was found before and still holds, or None; never looks into the store."""
        if self._platform.store.generation(_KINDS) != self._generation:
            return None
        return self._kept.get((id, flow_id))

    def inlet(self, id: str) -> Inlet:
        """Give an inlet; raises the 400 of an address that there is not."""
        row = self._platform.store.anywhere(flows.INLETS, id)
        seat = self._platform.seats.get(row.seat) if row else None
        if row is None or seat is None:
            raise CollectionProblem(400, "Invalid Inlet", f"inletId: [{id}] There is no inlet with this id")
        return Inlet(id, row.seat, row.sandbox, seat.org_id, row.body)

    def destination(self, inlet: Inlet, flow_id: str) -> Destination:
        """Give where a message to *inlet* for a dataflow goes; raises the inlet's refusal when it goes nowhere."""
        if not flow_id:
            raise inlet.refuse("Message has unknown xdm format")
        generation = self._platform.store.generation(_KINDS)
        if generation != self._generation or len(self._kept) >= MOST_KEPT:
            self._kept.clear()
            self._generation = generation
        key = (inlet.id, flow_id)
        if key not in self._kept:
            found, settled = self._found(inlet, flow_id)
            if not settled:
                return found
            self._kept[key] = found
        return self._kept[key]

    def _found(self, inlet: Inlet, flow_id: str) -> tuple[Destination, bool]:
        """Give the destination, and whether it stays until something is written."""
        scope = self._platform.store.within(inlet.seat, inlet.sandbox)
        flow = flows.current(self._platform, scope, flow_id)
        if flow is None or not _belongs(scope, flow, inlet):
            raise inlet.refuse(f"flowId: [{flow_id}] There is no dataflow with this id on this inlet")
        if flow["state"] != "enabled":
            raise inlet.refuse(f"flowId: [{flow_id}] The dataflow is not enabled: its state is {flow['state']}")
        found = Destination(inlet, flow_id, flows.dataset(scope, flow), envelopes.takes_envelopes(flow))
        # An inlet that wants a token is not kept: each post to it has its token looked at.
        return found, "_pending" not in flow and not inlet.owner.get("authenticationRequired")


def _belongs(scope: Scope, flow: dict[str, Any], inlet: Inlet) -> bool:
    if inlet.owner.get("flowId"):
        return bool(inlet.owner["flowId"] == flow["id"])
    return inlet.owner["connectionId"] in flows.bases(scope, flow)

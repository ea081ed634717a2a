"""Posts that go wrong, and what the platform says of them: at once, or only after it has said 200."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from .. import journey, local
from ..aep import Exchange
from ..cards import Card
from ..connection import Connection
from ..credentials import load
from ..errors import CheckFailed
from ..onboarding import Made
from ..secret import Secret

_MAPPED = (
    "a calculated field met a text that it cannot read, and its target, now empty, is required",
    "mend the payload where it comes from, or make the mapping's row bear such a text",
)
_CHECKED = (
    "the mapped record breaks a rule of the schema: the path names the field, the words name the rule",
    "mend the payload where it comes from; widen the rule only if the value is right after all",
)


@dataclass(frozen=True)
class Diagnosis:
    """One event that was accepted: whether it failed afterwards, and the platform's words."""

    kind: str
    failed: bool
    reason: str = ""

    def card(self) -> Card:
        """Give the diagnosis as a card."""
        if not self.failed:
            return Card("ok", f"this {self.kind} was accepted, and landed")
        # the expression itself is in the mapping; repeating it here would hide what it met
        said = [words.partition(" sourceField:")[0] for words in self.reason.split("; ")]
        cause, step = _MAPPED if any("MAPPER" in words for words in said) else _CHECKED
        lines = {"First answer": "200: received", "Later": " · ".join(said), "Likely cause": cause, "Next step": step}
        return Card("failed", f"this {self.kind} was accepted, and did not land", lines)

    def __repr__(self) -> str:
        return repr(self.card())

    def _repr_html_(self) -> str:
        return self.card()._repr_html_()


def post(connection: Connection, url: Secret, payload: Mapping[str, Any]) -> Answered:
    """Post *payload* to *url* as Chatlio would, and give the platform's answer as a card; ``status`` is a number."""
    return Answered(connection.collection.try_post(url, payload))


class Answered:
    """The answer to a post that may be refused; the body that was posted is not shown again."""

    def __init__(self, exchange: Exchange) -> None:
        self.status = exchange.status
        self._card = exchange.card()

    def __repr__(self) -> str:
        return repr(self._card)

    def _repr_html_(self) -> str:
        return self._card._repr_html_()


def with_flow_id(url: Secret, flow_id: str) -> Secret:
    """Give the webhook URL with another dataflow's id, or with none when *flow_id* is empty."""
    parts = urlsplit(url.reveal())
    query = urlencode({"x-adobe-flow-id": flow_id}) if flow_id else ""
    return Secret(urlunsplit(parts._replace(query=query)))


def diagnose(connection: Connection, made: Made, kind: str, payload: Mapping[str, Any]) -> Diagnosis:
    """Send one event, wait until it has landed or failed, and say which, in the platform's words."""
    sent = journey.send(connection, [(kind, payload)], made=made)
    proof = journey.verify(connection, sent)
    if not proof.failed:
        return Diagnosis(kind, failed=False)
    return Diagnosis(kind, failed=True, reason=proof.failed[0].reason)


def without_role(connection: Connection) -> Connection:
    """Connect as an account of the same organisation that has no role; on a live platform, as yourself."""
    if connection.name != "local":
        return connection
    running = local.attach()
    if running is None:
        raise CheckFailed("The local platform is not running.", next_step="run the cell that connects again")
    return Connection(
        load(running.limited_seat(connection.seat)),
        connection.endpoints,
        sandbox=connection.sandbox or "",
        name=connection.name,
        prefix=connection.prefix,
        workspace=connection.workspace,
        seat=connection.seat,
    )

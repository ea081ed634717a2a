"""An object that is not the kit's, so that a clean-up has something to spare."""

from __future__ import annotations

from typing import Any

from ..connection import Connection
from ..onboarding.blueprint import CHATLIO_SOURCE_SPEC

NAME = "somebody else's source connection"


def stranger(connection: Connection) -> dict[str, Any]:
    """Give a source connection made past the ledger; made now when there is none. Delete it when the lesson is over."""
    found = connection.flows.find("sourceConnections", NAME)
    if found:
        return found
    body = {"name": NAME, "connectionSpec": CHATLIO_SOURCE_SPEC, "data": {"format": "json"}}
    made = connection.flows.create("sourceConnections", body)
    return connection.flows.get("sourceConnections", made["id"])

"""On which platform a command works: the connection, and the dataflows that are there or are made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .output import tell

if TYPE_CHECKING:
    from ..connection import Connection
    from ..onboarding import Made


def connected(where: dict[str, str]) -> Connection:
    """Connect as the options say; tells what to take care of with the credentials."""
    from ..connection import connect

    connection = connect(where.pop("platform"), **where)
    for note in connection.credentials.notes:
        tell(f"Take care: {note}")
    return connection


def made_now(connection: Connection) -> Made:
    """Make what is missing."""
    from .. import onboarding

    return onboarding.plan(connection).apply()


def existing(connection: Connection, way: str = "with the same options: chatlio-kit apply") -> Made:
    """Give the dataflows, refusing to make what is not there; *way* says how to make it."""
    from .. import onboarding
    from ..errors import WorkspaceError

    planned = onboarding.plan(connection)
    missing, all_of_it = planned.counts["create"], len(planned.steps)
    if missing:
        what = "Nothing has been made yet" if missing == all_of_it else f"{missing} of {all_of_it} objects are missing"
        cause = "apply was not run with this platform, sandbox, seat, workspace and prefix"
        raise WorkspaceError(f"{what}.", cause=cause, next_step=way)
    return planned.apply()

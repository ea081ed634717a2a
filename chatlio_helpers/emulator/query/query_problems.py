"""Query Service's refusals: ``message`` and ``statusCode`` (documented of its answers; of its refusals assumed)."""

from __future__ import annotations

from ..front.dialects import Dialect
from ..front.problems import Problem


class QueryProblem(Problem):
    """A refusal of Query Service."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, {"message": message, "statusCode": status, "errorType": "USER_ERROR"})


class QueryDialect(Dialect):
    """What every service refuses, in Query Service's form."""

    def sandbox_missing(self) -> Problem:
        """Answer 400."""
        return QueryProblem(400, "The header x-sandbox-name is missing.")

    def sandbox_unknown(self, name: str) -> Problem:
        """Answer 404."""
        return QueryProblem(404, f"No sandbox exists with name [{name}].")

    def sandbox_forbidden(self, name: str) -> Problem:
        """Answer 403."""
        return QueryProblem(403, f"Access to the sandbox [{name}] is denied.")

    def forbidden(self, permission: str) -> Problem:
        """Answer 403."""
        return QueryProblem(403, f"The permission [{permission}] is missing.")

    def unreadable(self, why: str) -> Problem:
        """Answer 400."""
        return QueryProblem(400, why)

    def nothing_here(self, path: str) -> Problem:
        """Answer 404."""
        return QueryProblem(404, f"There is nothing at {path}.")

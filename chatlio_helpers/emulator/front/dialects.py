"""What every service has to be able to refuse, in each service's own words and codes."""

from __future__ import annotations

from starlette.datastructures import Headers

from .problems import AepProblem, FlowProblem, Problem, SchemaProblem


class Dialect:
    """The short problem form, used by the services whose error bodies no source prints (assumed)."""

    def check_headers(self, headers: Headers) -> None:
        """Raise when a header is sent that the service does not take; most do not mind."""

    def sandbox_missing(self) -> Problem:
        """Refuse a call without ``x-sandbox-name``."""
        return AepProblem(400, "Header is missing", "The header x-sandbox-name is missing.")

    def sandbox_unknown(self, name: str) -> Problem:
        """Refuse a sandbox that the organisation does not have."""
        return AepProblem(404, "Sandbox not found", f"No sandbox exists with name [{name}].")

    def sandbox_forbidden(self, name: str) -> Problem:
        """Refuse a sandbox that exists and that this account may not enter."""
        return AepProblem(403, "Forbidden", f"Access to the sandbox [{name}] is denied.", code="PDP-4041-403")

    def forbidden(self, permission: str) -> Problem:
        """Refuse an account whose role lacks *permission*."""
        return AepProblem(403, "Forbidden", f"The permission [{permission}] is missing.", code="PDP-4041-403")

    def unreadable(self, why: str) -> Problem:
        """Refuse a body that cannot be read."""
        return AepProblem(400, "Bad Request", why)

    def nothing_here(self, path: str) -> Problem:
        """Refuse a path that the service does not have."""
        return AepProblem(404, "Not Found", f"There is nothing at {path}.")


class FlowDialect(Dialect):
    """Flow Service's codes (documented in its error page)."""

    def check_headers(self, headers: Headers) -> None:
        """Raise 2110-400 for ``x-sandbox-id`` and 2111-403 for all sandboxes at once, both with a user's token."""
        if "x-sandbox-id" in headers:
            raise FlowProblem("2110-400", "The header x-sandbox-id is not allowed with a user token.")
        if headers.get("x-sandbox-name") == "*":
            raise FlowProblem("2111-403", "The header x-sandbox-name with the value * is restricted with a user token.")

    def sandbox_missing(self) -> Problem:
        """Answer 2105-400."""
        return FlowProblem("2105-400", "The header x-sandbox-name is missing.")

    def sandbox_unknown(self, name: str) -> Problem:
        """Answer 2100-404."""
        return FlowProblem("2100-404", f"No sandbox was found with name [{name}].")

    def sandbox_forbidden(self, name: str) -> Problem:
        """Answer 2120-403: which code the live service gives is assumed."""
        return FlowProblem("2120-403", f"The account has not enough permission in the sandbox [{name}].")

    def forbidden(self, permission: str) -> Problem:
        """Answer 2118-403."""
        return FlowProblem("2118-403", f"The permission [{permission}] is missing.")

    def unreadable(self, why: str) -> Problem:
        """Answer 1405-400."""
        return FlowProblem("1405-400", why)

    def nothing_here(self, path: str) -> Problem:
        """Answer 1411-400's sibling as 404: no source names one for an unknown path (assumed)."""
        return FlowProblem("1101-404", f"There is nothing at {path}.")


class SchemaDialect(Dialect):
    """Schema Registry's problem form; the codes for sandboxes and unreadable bodies are assumed."""

    def forbidden(self, permission: str) -> Problem:
        """Answer XDM-2010-403."""
        return SchemaProblem(
            "XDM-2010-403", "Permission management access denied", f"The permission [{permission}] is missing."
        )

    def unreadable(self, why: str) -> Problem:
        """Answer in the registry's form; no source prints the live code, and this one is not Adobe's."""
        return SchemaProblem("XDM-0000-400", "Bad request", why)

    def nothing_here(self, path: str) -> Problem:
        """Answer in the registry's form; which number a path has that is no resource's is assumed."""
        words = f"There is nothing at {path}. The containers are global and tenant."
        return SchemaProblem("XDM-1017-404", "Resource not found", words)

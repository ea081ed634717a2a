"""Sandbox management's refusals.

Documented (Adobe's Sandbox guide): the form ``status``, ``title``, ``type``, without a detail; the type ends in
``SMS-``, a number and the status. The printed numbers are for resets that cannot be refused here. The number of every
other refusal is assumed: 0000, so that nobody takes it for a live one.
"""

from __future__ import annotations

from ..front.dialects import Dialect
from ..front.problems import AEP_ERRORS, Problem


class SandboxProblem(Problem):
    """A refusal; *title* says what happened and what to do."""

    def __init__(self, status: int, title: str) -> None:
        super().__init__(status, {"status": status, "title": title, "type": f"{AEP_ERRORS}SMS-0000-{status}"})


class SandboxDialect(Dialect):
    """The service's own form; a missing permission keeps the policy's code, which is printed (PDP-4041-403)."""

    def unreadable(self, why: str) -> Problem:
        """Refuse a body that cannot be read."""
        return SandboxProblem(400, why)

    def nothing_here(self, path: str) -> Problem:
        """Refuse a path that the service does not have."""
        return SandboxProblem(404, f"There is nothing at {path}.")

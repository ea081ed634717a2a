"""Everything that the kit raises on purpose.

.. code-block:: text

    KitError                      exit code 1
      + ConfigurationError        2   a parameter, file or folder must be put right first
        - CredentialError         2   a credential file cannot be used
        - ConsentNeeded           2   a live platform or a production sandbox needs an explicit word
        - WorkspaceError          2   the workspace or its ledger cannot be used
      + PayloadError              1   a webhook body that cannot be read or classified
      + MappingError              1   a mapping set that the platform cannot apply to real payloads
      + PlatformError             4   the platform said no, or said nothing
        - NotAuthorised           3   the credentials were refused
        - Forbidden               3   the credentials are good, the permission is missing
        - NotFound                4
        - Conflict                4   a name is taken by another shape, or an etag is stale
        - Rejected                4   the request itself is wrong
        - RateLimited             4   retryable
        - Unavailable             4   retryable
        - NotBuilt                4   the local platform does not have this operation
      + LocalPlatformError        4   the local platform cannot be started or reached
      + CheckFailed               1   a step did not leave what it should
        - VerificationFailed      5   sent and landed differ

Each message says what happened, the likely cause and the next step; the vendor's own words stay in attributes.
"""

from __future__ import annotations

from typing import Any

from .secret import redact


class KitError(Exception):
    """What happened, the likely cause and the next step; base of all errors of the kit."""

    exit_code = 1
    retryable = False
    wait: float | None = None

    def __init__(self, what: str, *, cause: str = "", next_step: str = "") -> None:
        super().__init__(what)
        self.what, self.cause, self.next_step = redact(what), redact(cause), redact(next_step)
        super().__init__(self.what)

    def __str__(self) -> str:
        lines = [self.what]
        if self.cause:
            lines.append(f"Likely cause: {self.cause}")
        if self.next_step:
            lines.append(f"Next step: {self.next_step}")
        return "\n".join(lines)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuilt, (type(self), self.what, self.cause, self.next_step))


def _rebuilt(kind: type[KitError], what: str, cause: str, next_step: str) -> KitError:
    error = kind.__new__(kind)
    KitError.__init__(error, what, cause=cause, next_step=next_step)
    return error


class ConfigurationError(KitError):
    """A parameter, a file or a folder must be put right before anything can run."""

    exit_code = 2


class CredentialError(ConfigurationError):
    """A credential file or setting is missing, unreadable or incomplete; never shows a value."""


class ConsentNeeded(ConfigurationError):
    """A live platform or a production sandbox was chosen without the explicit word."""


class WorkspaceError(ConfigurationError):
    """The workspace folder or its ledger cannot be used."""


class PayloadError(KitError):
    """A webhook body that cannot be read, or is of no known kind."""


class MappingError(KitError):
    """A mapping set that the platform cannot apply to the sample payloads of its kind."""


class PlatformError(KitError):
    """The platform said no, or said nothing.

    ``status`` is the HTTP status (0 when no answer came), ``code`` the vendor's own code as text ("" when
    there is none), ``vendor`` the vendor's own words, ``request_id`` what its support asks for.
    """

    exit_code = 4

    def __init__(
        self,
        what: str,
        *,
        cause: str = "",
        next_step: str = "",
        status: int = 0,
        code: str = "",
        vendor: str = "",
        request_id: str = "",
        wait: float | None = None,
    ) -> None:
        super().__init__(what, cause=cause, next_step=next_step)
        self.status, self.code, self.vendor, self.request_id = status, code, redact(vendor), request_id
        self.wait = wait


class NotAuthorised(PlatformError):
    """The credentials were refused: no, wrong or expired."""

    exit_code = 3


class Forbidden(PlatformError):
    """The credentials are good, but the account lacks a product profile, role or permission."""

    exit_code = 3


class NotFound(PlatformError):
    """Nothing of that id or name is there."""


class Conflict(PlatformError):
    """A name is taken by another shape, or the object changed since it was read (stale etag)."""


class Rejected(PlatformError):
    """The request itself is wrong; sending it again will not help."""


class RateLimited(PlatformError):
    """Too many requests; safe to send again after ``wait`` seconds."""

    retryable = True


class Unavailable(PlatformError):
    """No answer, or a passing fault of the platform. Reading again is safe; before creating again, look up by name."""

    retryable = True


class NotBuilt(PlatformError):
    """An operation that Adobe has and the local platform does not."""


class LocalPlatformError(KitError):
    """The local platform cannot be started, reached or trusted with its state folder."""

    exit_code = 4


class CheckFailed(KitError):
    """A step did not leave what it should; carries what was expected and what was found."""

    def __init__(
        self, what: str, *, cause: str = "", next_step: str = "", expected: Any = None, found: Any = None
    ) -> None:
        super().__init__(what, cause=cause, next_step=next_step)
        self.expected, self.found = expected, found


class VerificationFailed(CheckFailed):
    """Sent and landed events differ; ``differences`` is the frame of what differs."""

    exit_code = 5
    differences: Any = None

"""Refusals, each in the shape of the service that utters it.

.. code-block:: text

    Problem
      + GatewayProblem      error_code, message                   before any service is reached
      + ContentTypeProblem  the gateway's placeholder form        a body without a JSON content type
      + ImsProblem          error, error_description
      + FlowProblem         errorMessage, errorDetails, errorCode
      + AepProblem          type, title, status, detail           Catalog, Data Prep, Data Access, sandboxes
        - NotBuilt          501                                   what Adobe has and the local platform does not
      + SchemaProblem       type, title, status, report, detail   Schema Registry
      + CollectionProblem   type, status, title, report           streaming collection
      + LocalProblem        error, cause, next                    everything under /_local/
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

AEP_ERRORS = "http://ns.adobe.com/aep/errors/"
INLET_PROBLEM = "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet"
UNSPECIFIC = "about:blank"  # RFC 9457's type for a problem that has no more to say than its status


class Problem(Exception):
    """A refusal: an HTTP status, a JSON body and perhaps headers."""

    def __init__(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        super().__init__(f"{status} {body}")
        self.status, self.body, self.headers = status, body, headers or {}


class GatewayProblem(Problem):
    """The gateway's refusal; the first three digits of its code are the HTTP status."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(int(code[:3]), {"error_code": code, "message": message})


class ContentTypeProblem(Problem):
    """A body came without a content type that the services read."""

    def __init__(self) -> None:
        body = {"type": "/placeholder/type/uri", "status": 400, "title": "BadRequestError"}
        super().__init__(400, body | {"detail": "A valid content-type must be specified"})


class ImsProblem(Problem):
    """IMS refuses a token request; the documented status is always 400."""

    def __init__(self, error: str, description: str = "") -> None:
        super().__init__(400, {"error": error} | ({"error_description": description} if description else {}))


class FlowProblem(Problem):
    """Flow Service's refusal; the part of *code* after the dash is the HTTP status.

    Adobe's pages list code and text but never the JSON around them: where ``errorCode`` stands is assumed.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(int(code[-3:]), {"errorMessage": message, "errorDetails": message, "errorCode": code})


class AepProblem(Problem):
    """The short problem form; *code* such as ``PDP-4041-403``, or empty where no code is known."""

    def __init__(self, status: int, title: str, detail: str, *, code: str = "") -> None:
        kind = AEP_ERRORS + code if code else UNSPECIFIC
        super().__init__(status, {"type": kind, "title": title, "status": status, "detail": detail})


class NotBuilt(AepProblem):
    """An operation of Adobe's that the local platform does not have."""

    def __init__(self, name: str, method: str, path: str) -> None:
        super().__init__(501, "Not Implemented", f"The local platform does not build {name} ({method} {path}).")
        self.headers = {"x-local-operation": name}


class SchemaProblem(Problem):
    """Schema Registry's refusal; *code* such as ``XDM-1521-400``, whose last part is the HTTP status."""

    def __init__(self, code: str, title: str, detail: str) -> None:
        status = int(code[-3:])
        report = {
            "registryRequestId": str(uuid.uuid4()),
            # No printed time tells 12 hours from 24; 24, as in the audit log, cannot be read in two ways (assumed).
            "timestamp": datetime.now(UTC).strftime("%m-%d-%Y %H:%M:%S"),
            "detailed-message": detail,
            "sub-errors": [],
        }
        body = {"type": AEP_ERRORS + code, "title": title, "status": status, "report": report, "detail": detail}
        super().__init__(status, body)


class CollectionProblem(Problem):
    """The streaming endpoint's refusal; *cause* holds validation errors where there are any."""

    def __init__(self, status: int, title: str, message: str, *, cause: Any = None) -> None:
        report = {"message": message} | ({"cause": cause} if cause is not None else {})
        super().__init__(status, {"type": INLET_PROBLEM, "status": status, "title": title, "report": report})


class LocalProblem(Problem):
    """The control side's refusal, in the kit's own three parts."""

    def __init__(self, status: int, error: str, *, cause: str = "", next_step: str = "") -> None:
        super().__init__(status, {"error": error, "cause": cause, "next": next_step})

"""Where the platform's answers differ, on purpose, from Adobe's API descriptions: each with its reason."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Deviation:
    """*operation* and *finding* are regular expressions that must match in full; *reason* says why we accept it."""

    operation: str
    finding: str
    reason: str

    def covers(self, operation: str, finding: str) -> bool:
        """Tell whether this entry explains *finding*."""
        return bool(re.fullmatch(self.operation, operation) and re.fullmatch(self.finding, finding))


_FLOWS = "/data/foundation/flowservice"
_PREP = "/data/foundation/conversion"
_REGISTRY = "/data/foundation/schemaregistry"

DEVIATIONS: tuple[Deviation, ...] = (
    Deviation(
        ".*",
        "status (401|403) is not described",
        "the gateway and the permission check answer before the service does; Adobe's troubleshooting guide and error "
        "catalogue have these answers, the descriptions of single services mostly leave them out",
    ),
    Deviation(
        "(GET|DELETE) .*",
        "status 404 is not described",
        "the guides say that reading a deleted object answers 404, and the error catalogue has 2100-404 for an unknown "
        "sandbox; the descriptions leave it out",
    ),
    Deviation(
        f"(POST|PATCH|DELETE) {_FLOWS}/flows.*",
        "status 400 is not described",
        "the error catalogue of the Flow Service lists its codes (1403, 1416, 1422, 1425 and more) with status 400",
    ),
    Deviation(
        f"PATCH {_FLOWS}/flows/.*",
        "status 412 is not described",
        "the error catalogue lists 1404-412 for a stale etag, and the update guide prints its body",
    ),
    Deviation(
        f"GET {_FLOWS}/flows.*",
        "200 body at /items/\\*/transformations/\\*/params/mappingVersion: should be string",
        "every tutorial prints a whole number here; only the description types it as text",
    ),
    Deviation(
        f"(GET|POST|PUT) {_PREP}/mappingSets.*",
        "200 body at /(data/\\*/)?(mappings/\\*/)?(createdDate|modifiedDate): should be string",
        "the guide and the tutorials print epoch milliseconds as numbers",
    ),
    Deviation(
        f"POST {_PREP}/languages/el/validate",
        "200 body at /: should be boolean",
        "the guide prints an object with validationStatus and error; the description has a bare boolean",
    ),
    Deviation(
        f"POST {_PREP}/mappingSets/preview",
        "200 body at /: should be object",
        "the guide prints a list with one entry for each payload; the description has one entry",
    ),
    Deviation(
        f"POST {_PREP}/mappingSets/validate",
        "200 body at /validationResponse/\\*/errors: should be array",
        "the guide prints null for a mapping without errors",
    ),
    Deviation(
        f"DELETE {_PREP}/mappingSets/.*",
        "method is not described",
        "Adobe's own client aepp deletes mapping sets; the description leaves it out",
    ),
    Deviation(
        f"GET {_REGISTRY}/.*",
        "200 body at /(_page|_links)/next: should be string",
        "the guide prints null on the last page",
    ),
    Deviation(
        f"(GET|POST) {_REGISTRY}/.*descriptors",
        "20[01] body at .*/xdm:sourceVersion: should be string",
        "the guide sends and prints the number 1",
    ),
    Deviation(
        f"GET {_REGISTRY}/rpc/auditlog/.*",
        "200 body at /\\*/updates/\\*/value: should be string",
        "the guide and the description's own example print objects and numbers here: the value that was changed",
    ),
    Deviation(
        "GET /data/foundation/sandbox-management/sandboxTypes",
        "200 body at /sandboxTypes/\\*: should be object",
        "the guide prints the two types as texts; the description has objects with id and title",
    ),
)

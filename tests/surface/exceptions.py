"""What hostile requests get that the descriptions do not have, each with its reason; beside the contract's own list."""

from __future__ import annotations

from tests.contract.deviations import DEVIATIONS, Deviation

_FLOWS = "/data/foundation/flowservice"
_REGISTRY = "/data/foundation/schemaregistry"

EXCEPTIONS: tuple[Deviation, ...] = (
    *DEVIATIONS,
    Deviation(
        f".* {_FLOWS}/.*",
        "status 400 is not described",
        "the error catalogue of the Flow Service has some 70 codes with status 400; its description lists none of them",
    ),
    Deviation(
        "(PATCH|PUT|POST) .*",
        "status 404 is not described",
        "what is not there cannot be changed: the error catalogues have 404 for it; the descriptions leave it out",
    ),
    Deviation(
        f"(PATCH|POST) {_FLOWS}/.*",
        "status 412 is not described",
        "the error catalogue lists 1404-412 for a stale etag without naming the objects it may meet",
    ),
    Deviation(
        f"DELETE {_REGISTRY}/.*",
        "status 400 is not described",
        "the registry's guide says that what is in use cannot be deleted; the description has no answer for it",
    ),
    Deviation(
        f"GET {_REGISTRY}/.*",
        "status 400 is not described",
        "wrong Accept headers, XDM-1006 to XDM-1009, are 400 in the registry's error page; mixins lack it",
    ),
    Deviation(
        "(GET|HEAD) /data/foundation/export/.*",
        "status 400 is not described",
        "assumed: a page or a path that cannot be; the description has no answer for it",
    ),
    Deviation(
        "(GET|POST|PUT|PATCH) /data/foundation/query/.*",
        "status 400 is not described",
        "assumed: SQL or a filter that cannot be read; the description has an answer for it on some operations only",
    ),
    Deviation(
        "GET /data/foundation/conversion/mappingSets/.*/mappings",
        "200 body at /: should be object",
        "the guide prints an array of mappings; the description has one",
    ),
    Deviation(
        f"(GET|POST) {_FLOWS}/connectionSpecs.*",
        "20[01] body at /items/\\*/sourceSpec/attributes/uiAttributes/category: should be string",
        "the streaming SDK's guide prints an object with a key here",
    ),
    Deviation(
        f"(GET|POST|PUT) {_FLOWS}/flowSpecs.*",
        "200 body at /items/\\*/transformationSpecs: should be object",
        "the guide prints a list of specs, and a flow can have several transformations",
    ),
    Deviation(
        "GET /data/foundation/sandbox-management/sandboxTypes",
        "200 body at /sandboxTypes/\\*: should be object",
        "the guide prints a list of names",
    ),
    Deviation(
        f"GET {_REGISTRY}/rpc/auditlog/.*",
        "200 body at /\\*/updates/\\*/value: should be string",
        "the example in the same description prints a number and an object as values",
    ),
    Deviation(
        "POST /data/foundation/import/batches.*",
        "20[01] body at /status: enum: .*",
        "the guides print the status loading for a new batch and inactive for a reverted one; the list has neither",
    ),
    Deviation(
        "PATCH /data/foundation/catalog/v2/dataSets/.*",
        "status 412 is not described",
        "the operation takes If-Match, and what does not match is 412 for HTTP; the description has no answer for it",
    ),
    Deviation(
        f"POST {_FLOWS}/flows/search",
        "200 body at /items/\\*/transformations/\\*/params/mappingVersion: should be string",
        "every tutorial prints a whole number here; only the description types it as text",
    ),
    Deviation(
        f"GET {_REGISTRY}/.*descriptors/.*",
        "200 body at /xdm:sourceVersion: should be string",
        "the guide sends and prints the number 1",
    ),
)

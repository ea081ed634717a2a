"""Schema Registry's procedures: export, import, sample data and audit log. They need no ``Accept`` header."""

from __future__ import annotations

from typing import Any

from ..front.service import Call, answer
from ..provenance import documented
from . import accept, audit_log, composition, registry, sample_data, schema_exchange
from .schema_service import ANYTHING, bad, not_found, service


@service.operation(
    "GET", "/rpc/export/{id:path}", "retrieveExportPayload",
    documented("xdm/api/export", "any Accept header; a resource of Adobe's gives an empty list"),
    permission="view-schemas",
)  # fmt: skip
def export(call: Call) -> list[dict[str, Any]]:
    """Give a resource after all of the tenant's that it is made of, ready for an import elsewhere."""
    resource = registry.find(call.scope, call.part("id"))
    if resource is None:
        raise not_found("schemas", call.part("id"))
    return schema_exchange.exported(call, resource)


@service.operation(
    "POST", "/rpc/import", "importResource", documented("xdm/api/import", "version and ids stay; tags do not"),
    permission="manage-schemas",
)  # fmt: skip
def take_in(call: Call) -> Any:
    """Make all resources of an export: 200 with them; raises XDM-3005-400, and then none is made."""
    return answer(schema_exchange.imported(call, call.body(list)))


@service.operation(
    "GET", "/rpc/sampledata/{id:path}", "retrieveSampleData",
    documented("xdm/api/sample-data", "the same record each time; one that passes validation"),
    permission="view-schemas",
)  # fmt: skip
def sample(call: Call) -> dict[str, Any]:
    """Give a valid sample record of a schema."""
    accept.sample_form(call)
    schema = registry.find(call.scope, call.part("id"), ("schemas",))
    if schema is None:
        raise not_found("schemas", call.part("id"))
    try:
        return sample_data.record(composition.resolved(call.scope, schema["$id"]))
    except sample_data.NoSample as error:
        raise bad(f"There is no sample: a field of the schema contradicts itself. {error}") from error


@service.operation(
    "GET", "/rpc/auditlog/{id:path}", "retrieveAuditLog",
    documented("xdm/api/audit-log", "making and deleting are recorded too; code of an unknown id"),
    permission="view-schemas",
)  # fmt: skip
def audit(call: Call) -> list[dict[str, Any]]:
    """Give all changes of a resource, newest first."""
    found = audit_log.read(call, call.part("id"))
    if found is None:
        raise not_found(ANYTHING, call.part("id"))
    return found

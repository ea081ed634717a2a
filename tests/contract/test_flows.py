"""Flow Service through the client: connections, dataflows, etags, states, pages."""

from __future__ import annotations

import pytest

from chatlio_helpers import errors
from chatlio_helpers.aep import Platform
from chatlio_helpers.local import LocalPlatform

from . import chain

ABSENT = "00000000-0000-4000-8000-000000000000"


def test_a_dataflow_enables_itself_and_gets_an_inlet(platform: Platform) -> None:
    """The chain ends in an enabled dataflow with an inlet URL; its etag is not the one of its creation."""
    states: list[str] = []
    made = chain.build(platform)
    flow = platform.flows.wait_enabled(made.flow, progress=lambda state, _: states.append(state))
    assert flow["state"] == states[-1] == "enabled"
    assert flow["options"]["inletUrl"].startswith(platform.endpoints.collection + "/collection/")
    assert platform.flows.find("flows", "chain")["id"] == made.flow
    assert platform.flows.find("flows", "chai") is None


def test_reading_one_object_takes_it_out_of_its_list(platform: Platform) -> None:
    """A single object comes without the envelope that the platform puts around it."""
    made = platform.flows.create("sourceConnections", chain.source_body("one"))
    assert set(made) == {"id", "etag"}
    assert made["etag"].startswith('"')
    assert platform.flows.get("sourceConnections", made["id"])["name"] == "one"


def test_lists_follow_their_pages_and_filters(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of several pages is given whole, each object once; filters narrow it."""
    monkeypatch.setattr("chatlio_helpers.aep.flows._PAGE", 2)
    made = {platform.flows.create("sourceConnections", chain.source_body(name))["id"] for name in "abcde"}
    assert {found["id"] for found in platform.flows.list("sourceConnections")} == made
    assert len(platform.flows.list("sourceConnections")) == 5
    assert [found["name"] for found in platform.flows.list("sourceConnections", name="c")] == ["c"]
    of_spec = platform.flows.list("sourceConnections", **{"connectionSpec.id": chain.CHATLIO["id"]})
    assert len(of_spec) == 5


def test_names_with_special_signs_are_found(platform: Platform) -> None:
    """A name with signs that mean something in a filter is still found exactly."""
    made = platform.flows.create("sourceConnections", chain.source_body("a,b == c & d?"))
    found = platform.flows.find("sourceConnections", "a,b == c & d?")
    assert found is not None
    assert found["id"] == made["id"]


def test_the_oldest_of_equal_names_is_found(platform: Platform) -> None:
    """Names need not be unique; the oldest is taken, so that runs agree."""
    first = platform.flows.create("sourceConnections", chain.source_body("same"))
    platform.flows.create("sourceConnections", chain.source_body("same"))
    assert platform.flows.find("sourceConnections", "same")["id"] == first["id"]


def test_a_stale_etag_is_a_conflict_and_a_fresh_one_works(platform: Platform) -> None:
    """The etag of a dataflow's creation is stale; reading it again lets a new mapping version in."""
    made = chain.build(platform)
    body = chain.mapping_body(made.tenant, made.schema, "chain")
    version = platform.mappings.update(made.mapping, body)["version"]
    change = [{"op": "replace", "path": "/transformations/0", "value": chain.transformation(made.mapping, version)}]
    with pytest.raises(errors.Conflict) as caught:
        platform.flows.patch("flows", made.flow, change, '"00000000-0000-0200-0000-000000000000"')
    assert caught.value.status == 412
    assert "new etag" in caught.value.next_step
    platform.flows.patch_fresh("flows", made.flow, change)
    flow = platform.flows.wait_enabled(made.flow)
    assert int(flow["transformations"][0]["params"]["mappingVersion"]) == version


def test_a_missing_etag_has_its_code(platform: Platform) -> None:
    """A PATCH without If-Match is refused with 1403."""
    made = chain.build(platform)
    path = f"/data/foundation/flowservice/flows/{made.flow}"
    change = [{"op": "replace", "path": "/description", "value": "x"}]
    exchange = platform.session.probe("PATCH", path, json=change)
    assert exchange.vendor.code == "1403-400"


def test_pausing_and_resuming(platform: Platform) -> None:
    """A dataflow is paused and resumed, also at once and twice."""
    made = chain.build(platform)
    platform.flows.disable(made.flow)
    platform.flows.disable(made.flow)
    assert platform.flows.get("flows", made.flow)["state"] == "disabled"
    platform.flows.enable(made.flow)
    platform.flows.enable(made.flow)
    assert platform.flows.wait_enabled(made.flow)["state"] == "enabled"


def test_a_dataflow_in_the_making_can_be_deleted(platform: Platform) -> None:
    """Deleting waits until the dataflow is at rest, instead of failing."""
    made = chain.build(platform)
    platform.flows.disable(made.flow)
    platform.flows.delete("flows", made.flow)
    with pytest.raises(errors.NotFound):
        platform.flows.get("flows", made.flow)


def test_waiting_has_an_end(platform: Platform, local: LocalPlatform) -> None:
    """When the platform is slow the wait ends with an error that says how to go on."""
    made = chain.build(platform)
    platform.flows.disable(made.flow)
    with pytest.raises(errors.Unavailable, match="still"):
        platform.flows.wait_enabled(made.flow, timeout=0.3)


def test_a_schema_mismatch_is_explained(platform: Platform) -> None:
    """A mapping set of another schema than the dataset's is refused with 1425 and its cause."""
    made = chain.build(platform)
    other = platform.schemas.create("schemas", chain.schema_body(made.field_group, "other"))["$id"]
    mapping = platform.mappings.create(chain.mapping_body(made.tenant, other, "other"))["id"]
    with pytest.raises(errors.Rejected) as caught:
        platform.flows.create("flows", chain.flow_body(made.source, made.target, mapping, "other"))
    assert caught.value.code == "1425-400"
    assert "schema" in caught.value.cause


@pytest.mark.parametrize("kind", ["sourceConnections", "targetConnections", "flows"])
def test_an_absent_object_is_not_found(platform: Platform, kind: str) -> None:
    """Reading and deleting what is not there raises NotFound, whichever status tells it."""
    for call in (platform.flows.get, platform.flows.delete):
        with pytest.raises(errors.NotFound):
            call(kind, ABSENT)


def test_a_new_dataflow_has_no_runs(platform: Platform) -> None:
    """A dataflow that nothing was sent to has no runs."""
    assert platform.flows.runs(chain.build(platform).flow) == []


def test_no_role_means_forbidden(limited: Platform) -> None:
    """An account without a role may not make a source connection; the code and whom to ask are told."""
    with pytest.raises(errors.Forbidden) as caught:
        limited.flows.create("sourceConnections", chain.source_body("one"))
    assert caught.value.code == "2118-403"

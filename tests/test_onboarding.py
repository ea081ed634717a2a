"""Plan, apply, clean: idempotent, resumable, and never touching what is not ours."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from chatlio_helpers import onboarding
from chatlio_helpers.errors import CheckFailed, ConfigurationError, Conflict, MappingError, Unavailable
from chatlio_helpers.events import KINDS
from chatlio_helpers.onboarding import blueprint, trial


def test_a_first_plan_creates_and_a_second_reuses(aep):
    """Everything is made once: the second plan has nothing to do, and both give the same dataflows."""
    first = onboarding.plan(aep)
    assert first.counts == {"create": 23, "reuse": 0, "update": 0, "conflict": 0}
    made = first.apply()
    assert repr(made.check()) == "ok: 5 dataflows enabled, each with a webhook URL"
    again = onboarding.plan(aep)
    assert again.counts == {"create": 0, "reuse": 23, "update": 0, "conflict": 0}
    assert again.apply().flow_ids == made.flow_ids


def test_the_ledger_and_what_is_shown_hold_no_webhook_url(aep):
    """Neither the ledger nor any repr holds an inlet id; the saved file is for its owner only."""
    made = onboarding.plan(aep, kinds=["feedback"]).apply()
    inlet = made.webhooks["feedback"].reveal().split("/collection/")[1][:64]
    for shown in (repr(made), made._repr_html_(), repr(made.webhooks), made.webhooks._repr_html_(), str(made.table())):
        assert inlet not in shown
    assert inlet.encode() not in aep.ledger.path.read_bytes()
    assert "webhook-urls.txt" in repr(made.webhooks.save())
    saved = aep.workspace.folder / "webhook-urls.txt"
    assert inlet in saved.read_text()
    assert saved.stat().st_mode & 0o077 == 0


def test_a_crash_between_call_and_ledger_is_resumed(aep, monkeypatch):
    """The process dies after the platform made the object: running again finds it by its marker."""
    ledger_made = type(aep.ledger).made

    def dies(self, key, object_id):
        if key == "dataSets":
            raise KeyboardInterrupt
        ledger_made(self, key, object_id)

    with monkeypatch.context() as broken:
        broken.setattr(type(aep.ledger), "made", dies)
        with pytest.raises(KeyboardInterrupt):
            onboarding.plan(aep, kinds=["feedback"]).apply()
    assert aep.ledger.entry("dataSets").state == "intended"
    onboarding.plan(aep, kinds=["feedback"]).apply()
    assert len(aep.catalog.datasets()) == 1
    assert aep.ledger.entry("dataSets").state == "made"


def test_a_lost_answer_makes_no_second_object(aep, monkeypatch):
    """The platform does the work and the answer is lost: the object is found by name, not made twice."""
    create, lost = type(aep.flows).create, []

    def loses_the_answer(self, kind, body):
        made = create(self, kind, body)
        if kind == "sourceConnections" and not lost:
            lost.append(made)
            raise Unavailable("the answer was lost", wait=0.0)
        return made

    monkeypatch.setattr(type(aep.flows), "create", loses_the_answer)
    onboarding.plan(aep, kinds=["feedback"]).apply()
    assert lost
    assert len(aep.flows.list("sourceConnections")) == 1


def test_a_name_taken_by_another_shape_is_a_conflict(aep):
    """A dataset of our name with another schema stops the plan before anything is made."""
    parts = [{"$ref": "https://ns.adobe.com/xdm/context/experienceevent"}]
    other = aep.schemas.create("schemas", {"title": "other", "description": "d", "type": "object", "allOf": parts})
    reference = {"id": other["$id"], "contentType": blueprint.SCHEMA_CONTENT_TYPE}
    aep.catalog.create_dataset({"name": "chatlio dataset", "schemaRef": reference})
    plan = onboarding.plan(aep)
    assert plan.counts["conflict"] == 1
    with pytest.raises(CheckFailed, match="chatlio dataset"):
        plan.check()
    with pytest.raises(Conflict, match="another schema") as caught:
        plan.apply()
    assert "nothing was made" in caught.value.next_step
    assert aep.flows.list("flows") == []


def test_another_prefix_stands_beside(aep, open_seat):
    """Two prefixes share a sandbox without meeting."""
    onboarding.plan(aep, kinds=["feedback"]).apply()
    beside = open_seat(prefix="other")
    assert onboarding.plan(beside, kinds=["feedback"]).counts["create"] == 7


def test_a_changed_mapping_is_seen_and_brought_back(aep):
    """A mapping changed by hand is an update; applying makes a new version and points the dataflow to it."""
    made = onboarding.plan(aep, kinds=["feedback"]).apply()
    mapping_id = made.ids["mappingSets:feedback"]
    body = onboarding.with_row(aep, mapping_id, source="visitor.currentPage", target="chatlio.visitor.handle")
    changed = aep.mappings.update(mapping_id, body)
    aep.flows.patch_fresh("flows", made.flow_ids["feedback"], [onboarding.to_version(mapping_id, changed["version"])])
    drifted = onboarding.plan(aep, kinds=["feedback"])
    assert drifted.counts["update"] == 1
    drifted.apply()
    flow = aep.flows.get("flows", made.flow_ids["feedback"])
    newest = aep.mappings.get(mapping_id)["version"]
    assert int(flow["transformations"][0]["params"]["mappingVersion"]) == newest > changed["version"]
    assert onboarding.plan(aep, kinds=["feedback"]).counts["update"] == 0


def test_a_paused_dataflow_is_seen_and_resumed(aep):
    """A paused dataflow is an update; applying resumes it."""
    made = onboarding.plan(aep, kinds=["feedback"]).apply()
    aep.flows.disable(made.flow_ids["feedback"])
    aep.flows.wait_disabled(made.flow_ids["feedback"])
    plan = onboarding.plan(aep, kinds=["feedback"])
    assert [step.why for step in plan.steps if step.action == "update"] == ["is paused"]
    plan.apply().check()


@pytest.mark.parametrize("kind", KINDS)
def test_every_mapping_is_tried_on_its_documented_payload(aep, kind):
    """The platform maps the documented payload of each kind to a record with an id, a time and a type."""
    ground = onboarding.plan(aep, kinds=[]).apply()
    frame = onboarding.preview(aep, kind, ground.ids["schemas"])
    assert {"_id", "timestamp", "eventType"} <= set(frame["target"])


def test_a_mapping_that_does_not_work_is_refused_before_anything_depends_on_it(aep):
    """A row to a field that the schema does not have names the row, and no dataflow is made."""
    ground = onboarding.plan(aep, kinds=[]).apply()
    body = blueprint.mapping_body("bad", "feedback", aep.schemas.tenant_id(), ground.ids["schemas"])
    body["mappings"].append({"sourceType": "ATTRIBUTE", "source": "message", "destination": "no.such.field"})
    with pytest.raises(MappingError, match="feedback"):
        trial.run(aep, "feedback", body)


def test_the_printed_chain_runs_and_loses(aep):
    """Adobe's chain as printed can be made; for every kind less arrives, and no record has id, time and type."""
    made = onboarding.plan(aep).apply()
    printed = onboarding.plan(aep, profile="as_printed").apply()
    losses = onboarding.losses(aep, made, printed)
    assert list(losses["kind"]) == list(KINDS)
    assert (losses["arrive as printed"] < losses["arrive with the kit"]).all()
    assert set(losses["id, time, type as printed"]) == {"no"}


def test_unknown_kinds_and_profiles_are_refused(aep):
    """A mistyped kind names the right ones."""
    with pytest.raises(ConfigurationError, match="transcipt"):
        onboarding.plan(aep, kinds=["transcipt"])
    with pytest.raises(ConfigurationError, match="as_typed"):
        onboarding.plan(aep, profile="as_typed")


def test_clean_removes_ours_and_nothing_else(aep, open_seat):
    """After clean nothing of ours is left, objects of others stand, and cleaning again is harmless."""
    theirs = onboarding.plan(open_seat(prefix="theirs"), kinds=["feedback"]).apply()
    onboarding.plan(aep).apply()
    stock = onboarding.inventory(aep)
    assert stock.present == 23
    stock.check()
    would = onboarding.clean(aep, dry_run=True)
    would.check()
    assert onboarding.inventory(aep).present == 23
    gone = onboarding.clean(aep)
    assert "nothing of ours is left" in repr(gone.check())
    assert len(gone.others_after) == 7
    assert [flow["id"] for flow in aep.flows.list("flows")] == list(theirs.flow_ids.values())
    onboarding.clean(aep).check()


def test_clean_leaves_what_was_only_reused(aep, open_seat, tmp_path):
    """Objects that another workspace made are reused, and stay when this one cleans."""
    onboarding.plan(open_seat(workspace=str(tmp_path / "other")), kinds=["feedback"]).apply()
    mine = onboarding.plan(aep, kinds=["feedback", "transcript"])
    assert mine.counts["reuse"] == 7
    mine.apply()
    onboarding.clean(aep).check()
    assert len(aep.flows.list("flows")) == 1
    assert len(aep.catalog.datasets()) == 1


def test_clean_after_a_lost_answer_finds_the_object(aep, monkeypatch):
    """An object whose answer never came is found by its marker and deleted."""
    create = type(aep.flows).create

    def dies_after_creating(self, kind, body):
        create(self, kind, body)
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(type(aep.flows), "create", dies_after_creating)
        with pytest.raises(KeyboardInterrupt):
            onboarding.plan(aep, kinds=["feedback"]).apply()
    assert len(aep.flows.list("sourceConnections")) == 1
    onboarding.clean(aep).check()
    assert aep.flows.list("sourceConnections") == []


def test_an_inventory_names_what_disappeared(aep):
    """An object deleted behind our back is named."""
    made = onboarding.plan(aep, kinds=["feedback"]).apply()
    aep.flows.delete("flows", made.flow_ids["feedback"])
    with pytest.raises(CheckFailed, match="chatlio dataflow feedback"):
        onboarding.inventory(aep).check()
    assert onboarding.plan(aep, kinds=["feedback"]).counts["create"] == 1


def test_a_plan_shows_a_row_for_each_kind(aep):
    """In a notebook the four objects of a kind share a row, and a reason stands beside its action."""
    onboarding.plan(aep, kinds=["feedback", "transcript"]).apply()
    aep.ledger.deleted("sourceConnections:feedback")
    shown = BeautifulSoup(onboarding.plan(aep, kinds=["feedback", "transcript"])._repr_html_(), "html.parser")
    shared, kinds = ([[cell.text for cell in row.find_all("td")] for row in part.tbody.find_all("tr")]
                     for part in shown.find_all("table"))  # fmt: skip
    assert [row[0] for row in shared] == ["field group", "schema", "dataset"]
    assert kinds == [
        ["feedback", "reuse: made by somebody else", "reuse", "reuse", "reuse"],
        ["transcript", "reuse", "reuse", "reuse", "reuse"],
    ]

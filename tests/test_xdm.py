"""The mapping tables: every row has a target in the schema, and the id rule here is the platform's."""

import pytest

from chatlio_helpers import config, xdm
from chatlio_helpers.errors import PayloadError
from chatlio_helpers.events import KINDS
from chatlio_helpers.payloads import load

STANDARD = {"_id", "timestamp", "eventType"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_target_is_a_field_of_the_schema(kind):
    """No row points to a field that the field group does not have, and no target is filled twice."""
    targets = [row.target for row in xdm.mapping(kind)]
    known = set(xdm.fields_table("t")["field"].str.removeprefix("_t.").str.replace("[]", "[*]", regex=False)) | STANDARD
    assert set(targets) <= known
    assert len(targets) == len(set(targets))
    assert set(targets) >= {*STANDARD, "chatlio.kind"}


@pytest.mark.parametrize("kind", KINDS)
def test_the_id_that_we_compute_is_the_one_that_lands(aep, kind):
    """The platform's mapping and our own rule give the documented payload the same id."""
    from chatlio_helpers import onboarding

    ground = onboarding.plan(aep, kinds=[]).apply()
    frame = onboarding.preview(aep, kind, ground.ids["schemas"])
    mapped = frame.loc[frame["target"] == "_id", "value"].iloc[0]
    assert xdm.event_id(kind, load(config.samples() / f"{kind}.json")[0].payload) == mapped


def test_a_payload_without_an_identity_is_refused():
    """What cannot be told apart gets no id; the words name the key."""
    with pytest.raises(PayloadError, match="conversationUUID"):
        xdm.event_id("feedback", {"message": "fine"})


def test_two_events_of_one_visitor_have_two_ids():
    """The visitor's id alone is never the event's id."""
    visitor = {"UUID": "v-1"}
    first = xdm.event_id("feedback", {"conversationUUID": "c-1", "message": "good", "visitor": visitor})
    second = xdm.event_id("feedback", {"conversationUUID": "c-1", "message": "bad", "visitor": visitor})
    assert first != second

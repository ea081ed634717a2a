"""From events to proof, on the real local platform: sent, landed, refused, repeated."""

import uuid

import pytest

from chatlio_helpers import journey, lessons, monitor, onboarding
from chatlio_helpers.config import samples
from chatlio_helpers.errors import CheckFailed, NotAuthorised, VerificationFailed
from chatlio_helpers.payloads import load
from chatlio_helpers.simulator import hour


@pytest.fixture
def made(aep):
    """Dataflows of every kind on a fresh seat."""
    return onboarding.plan(aep).apply()


def test_every_sample_of_known_kind_lands(aep, made):
    """All samples go through; what is not sent is refused with a reason; the rows have ids of their own."""
    sent = journey.send(aep, load(samples()), made=made)
    sent.check()
    assert all(one.reason for one in sent.refused)
    proof = journey.verify(aep, sent)
    assert len(proof.landed) == len(sent.accepted)
    proof.check()
    rows = journey.landed(aep)
    assert rows["_id"].is_unique
    assert set(rows["_id"]) == {one.event for one in sent.accepted}


def test_sending_again_sends_nothing(aep, made):
    """A second run finds everything delivered, and verifies it all the same."""
    events = load(samples() / "feedback.json")
    journey.send(aep, events, made=made)
    again = journey.send(aep, events, made=made)
    assert (len(again.accepted), len(again.already_delivered)) == (0, 1)
    journey.verify(aep, again).check()
    assert len(journey.landed(aep)) == 1


def test_a_simulated_hour_lands(aep, made):
    """What the simulator posts lands, whole, and the runs of the dataflows count it."""
    posted = journey.play(aep, hour(seed=3, chats=10), made)
    journey.verify(aep, posted).check()
    counted = monitor.runs(aep, made, newest=50)["landed"].sum()
    assert counted == len(posted.accepted)


@pytest.mark.parametrize(
    ("change", "words"),
    [({"endedAt": "yesterday"}, "timestamp"), ({"conversationUUID": ""}, "conversationId")],
    ids=["mapping", "validation"],
)
def test_a_row_that_fails_is_diagnosed_in_the_platforms_words(aep, made, change, words):
    """Accepted and then failed: the diagnosis names the field."""
    payload = load(samples() / "transcript.json")[0].payload
    diagnosis = lessons.diagnose(aep, made, "transcript", {**payload, **change})
    assert diagnosis.failed
    assert words in diagnosis.reason
    assert "200: received" in repr(diagnosis)


def test_a_failed_row_fails_the_proof(aep, made):
    """Sent and landed differ: the check raises, with the frame of what differs."""
    payload = load(samples() / "transcript.json")[0].payload
    sent = journey.send(aep, [("transcript", {**payload, "endedAt": "yesterday"})], made=made)
    with pytest.raises(VerificationFailed) as caught:
        journey.verify(aep, sent).check()
    assert len(caught.value.differences) == 1


@pytest.mark.parametrize(("flow_id", "status"), [(str(uuid.uuid4()), 400), ("", 400)], ids=["wrong", "missing"])
def test_a_wrong_or_missing_flow_id_is_refused_at_once(aep, made, flow_id, status):
    """The platform answers 400, and the card does not show the URL."""
    url = lessons.with_flow_id(made.webhooks["feedback"], flow_id)
    answer = lessons.post(aep, url, load(samples() / "feedback.json")[0].payload)
    assert answer.status == status
    assert url.reveal().split("/collection/")[1][:64] not in repr(answer) + answer._repr_html_()


def test_an_oversize_transcript_is_refused_and_can_be_lightened(aep, made):
    """Over 1 MB: the platform says 413, the kit refuses before sending, and dropping the repeated texts helps."""
    payload = {**load(samples() / "transcript.json")[0].payload, "htmlBody": "x" * 1_100_000}
    assert lessons.post(aep, made.webhooks["transcript"], payload).status == 413
    refused = journey.send(aep, [("transcript", payload)], made=made).refused
    assert "lighten=True" in refused[0].next_step
    journey.verify(aep, journey.send(aep, [("transcript", payload)], made=made, lighten=True)).check()


def test_a_refusal_on_purpose_is_caught_and_its_absence_fails(aep):
    """A lesson's refusal becomes a card; a call that is not refused fails the run."""
    with lessons.refusal() as refused:
        raise NotAuthorised("no", cause="wrong secret", next_step="copy it again", status=400)
    assert "Likely cause: wrong secret" in repr(refused)
    refused.check(NotAuthorised)
    with pytest.raises(CheckFailed, match="should have been refused"), lessons.refusal():
        aep.sandboxes.list()


def test_an_account_without_a_role_is_refused(aep):
    """The lesson's account has a token, and may not list schemas."""
    answer = lessons.without_role(aep).session.probe("GET", "/data/foundation/schemaregistry/tenant/schemas")
    assert answer.status == 403
    assert lessons.compare({"no role": answer})["code"].iloc[0] == "XDM-2010-403"


def test_the_example_credential_files_are_all_read(tmp_path):
    """Four formats, one account; the empty template is refused by name of its key."""
    from chatlio_helpers.credentials import load as read
    from chatlio_helpers.errors import CredentialError

    examples = lessons.credential_files(tmp_path)
    found = [read(path) for path in examples.paths]
    assert len({(one.client_id, one.org_id) for one in found}) == 1
    assert len({one.format for one in found}) == 4
    with pytest.raises(CredentialError, match="CLIENT_SECRET"):
        read(examples.empty_template)

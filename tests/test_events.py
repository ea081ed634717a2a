"""Events: how the kind of a payload is known."""

from __future__ import annotations

import pytest

from chatlio_helpers.errors import CheckFailed, PayloadError
from chatlio_helpers.events import KINDS, Events, classification, classify

VISITOR = {"visitor": {"UUID": "v-1"}, "message": "Hi", "conversationUUID": "c-1"}
TRANSCRIPT = {"conversationUUID": "c-1", "messages": [], "endedAt": "2026-03-01T09:00:00Z"}


@pytest.mark.parametrize(
    ("payload", "kind", "family", "rule"),
    [
        ({"messages": []}, "transcript", "transcript", "1"),
        ({"messages": None, "emailPretty": ""}, "transcript", "transcript", "1"),
        ({"htmlBody": ""}, "transcript", "transcript", "1"),
        ({"messages": "text", "visitor": {}, "message": ""}, None, "visitor", "4"),
        ({"emailPretty": "", "conversationUUID": "c"}, "offline_message", "offline", "2"),
        ({"email": "", "visitor": {}}, "offline_message", "offline", "2"),
        ({"email": "", "visitor": {}, "conversationUUID": "c", "message": ""}, None, "visitor", "3"),
        (VISITOR, None, "visitor", "3"),
        ({"visitor": {}, "message": ""}, None, "visitor", "4"),
        ({"event": "chat:start"}, None, "", "5"),
        ({}, None, "", "5"),
    ],
)
def test_the_first_rule_that_matches_the_keys_decides(payload, kind, family, rule):
    """Each rule on the top-level keys gives its kind, and the shared shape gives none."""
    event = classify(payload)
    assert (event.kind, event.family, event.kind_source, event.rule[0]) == (kind, family, "shape", rule)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_from_outside_is_believed(kind):
    """The URL or file name beats the shape, and a contradiction can be seen."""
    event = classify(VISITOR, kind)
    assert (event.kind, event.kind_source, event.confidence) == (kind, "url", "certain")
    assert event.disagrees == (kind in ("transcript", "offline_message"))


@pytest.mark.parametrize(("payload", "kind"), [([VISITOR], None), (None, None), (VISITOR, "chat"), (VISITOR, "")])
def test_what_is_no_object_or_no_kind_is_refused_in_words(payload, kind):
    """A list, null and an unknown kind raise PayloadError; the empty kind is an unknown word, not a missing one."""
    with pytest.raises(PayloadError):
        classify(payload, kind)


def test_the_shared_shape_stays_unknown_unless_a_guess_is_asked_for():
    """Guesses follow the order of a conversation and are marked; facts and groundless ones stay as they are."""
    other = {**VISITOR, "message": "And?"}
    events = Events(classify(payload) for payload in (VISITOR, VISITOR, other, TRANSCRIPT, other))
    assert [event.kind for event in events] == [None, None, None, "transcript", None]
    guessed = events.guessed()
    assert [event.kind for event in guessed] == ["conversation_started", "unanswered", None, "transcript", "feedback"]
    assert [event.kind_source for event in guessed] == ["guess", "guess", "shape", "shape", "guess"]


def test_a_selection_keeps_its_type():
    """of(), a slice and unknown are Events again, and an unknown word is refused."""
    events = Events([classify(VISITOR, "feedback"), classify(VISITOR)])
    assert [len(events.of("feedback")), len(events.unknown), len(events[1:])] == [1, 1, 1]
    assert isinstance(events[:1], Events)
    with pytest.raises(PayloadError):
        events.of("chat")


def test_the_summary_has_every_kind_in_order():
    """Kinds without events are rows of zero, unknown ones follow."""
    summary = Events([classify(VISITOR, "feedback"), classify(VISITOR), classify({})]).summary()
    assert list(summary["kind"][:5]) == list(KINDS)
    assert list(summary["events"]) == [0, 0, 0, 0, 1, 1, 1]
    assert summary["known_by"][4] == "url 1"


def test_all_four_ways_to_know_a_kind_are_counted():
    """A way that was not needed is shown with 0; an event of unknown kind counts for none."""
    events = Events([classify(VISITOR, "feedback"), classify(VISITOR)])
    for shown in (repr(events), events._repr_html_()):
        assert "The kind is known by: url 1, name 0, shape 0, guess 0" in shown


def test_the_check_fails_without_events_and_warns_about_the_unknown():
    """No event, or none of a demanded kind, fails the run; an unknown kind is a warning."""
    assert Events([classify(TRANSCRIPT)]).check().status == "ok"
    assert Events([classify(VISITOR)]).check().status == "warning"
    with pytest.raises(CheckFailed):
        Events().check()
    with pytest.raises(CheckFailed, match="feedback"):
        Events([classify(TRANSCRIPT)]).check(kinds=["feedback"])


def test_nothing_of_a_payload_is_shown_by_an_event_or_its_events():
    """Neither repr nor HTML holds a text of the payload."""
    event = classify({**VISITOR, "message": "<script>my words</script>"})
    shown = repr(event) + repr(Events([event])) + Events([event])._repr_html_()
    assert "<script" not in shown
    assert "my words" not in shown


def test_the_classification_has_a_row_for_each_event():
    """Kind, how it is known and by which rule; an unknown kind is missing."""
    rows = classification(Events([classify(VISITOR, "feedback", file="feedback.json"), classify(VISITOR)]))
    assert rows["kind"].fillna("?").tolist() == ["feedback", "?"]
    assert rows["rule"].tolist() == ["told by its url", "3: visitor, conversationUUID and message"]

"""Frames: typed, keyed, joined, and right about who waited how long."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlio_helpers import config, times
from chatlio_helpers.errors import CheckFailed
from chatlio_helpers.events import KINDS, Events, classify
from chatlio_helpers.frames import Tables, tidy
from chatlio_helpers.frames.columns import FRAMES, dictionary
from chatlio_helpers.frames.visitors import address
from chatlio_helpers.payloads import load
from chatlio_helpers.privacy import report as personal_data
from chatlio_helpers.privacy import synthetic
from chatlio_helpers.quality import report as quality


def message(at, visitor, **more):
    """One message, *at* seconds after 1,772,000,000."""
    user = "" if visitor else "U1"
    return {"text": "x", "ts": f"{1772000000 + at}.000001", "userId": user, "isVisitorMsg": visitor} | more


def transcript(messages, **more):
    """A transcript of conversation c-1 with *messages*."""
    return classify({"conversationUUID": "c-1", "messages": messages, "agentEmail": "a@example.com"} | more)


def visitor_event(kind, text="Hi", conversation="c-1", visitor="v-1", **fields):
    """One of the three kinds of the shared shape."""
    payload = {"visitor": {"UUID": visitor, **fields}, "message": text, "conversationUUID": conversation}
    return classify(payload, kind)


def conversation(*events):
    """The row of the only conversation of *events*, missing values as None."""
    (row,) = tidy(Events(events)).conversations.astype(object).to_dict("records")
    return {name: None if value is None or value != value or str(value) in ("<NA>", "NaT") else value
            for name, value in row.items()}  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    """The frames of the sample payloads."""
    return tidy(load(config.samples()))


def test_every_column_has_its_documented_dtype(tables):
    """Names, order and dtypes are those of the table of columns, also when there is no row."""
    for made in (tables, tidy(Events())):
        for name, frame in made.items():
            assert list(frame.columns) == [column.name for column in FRAMES[name].columns]
            assert [str(dtype) for dtype in frame.dtypes] == [column.dtype for column in FRAMES[name].columns]


def test_the_data_dictionary_is_current():
    """docs/data-dictionary.md is what the table of columns says."""
    written = (config.CHECKOUT / "docs" / "data-dictionary.md").read_text(encoding="utf-8")
    assert written == dictionary(), "run python -m chatlio_helpers.frames.columns"


def test_keys_are_unique_and_joins_find_their_partner(tables):
    """The samples fit together, and the table of joins says so with numbers."""
    assert tables.check().status == "ok"
    assert list(tables.joins["without_partner"]) == [0] * len(tables.joins)
    assert tables.joins["rows"].min() > 0


def test_frames_that_do_not_fit_fail_the_check(tables):
    """A message without its conversation is told by the check."""
    parts = dict(tables.items()) | {"conversations": tables.conversations.iloc[:0]}
    with pytest.raises(CheckFailed, match=r"messages\.conversation_id"):
        Tables(**parts).check()


def test_the_longest_transcript_counts_whatever_order_it_came_in():
    """Latest last message wins; the shorter one is marked, conversations are not multiplied."""
    short, long = [message(0, True)], [message(0, True), message(9, False)]
    for order in ((short, long), (long, short)):
        made = tidy(Events(transcript(messages) for messages in order))
        assert list(made.conversations["messages"]) == [2]
        assert list(made.conversations["transcripts"]) == [2]
        assert list(made.events["superseded"]) == [order[0] is short, order[1] is short]
        assert len(made.messages) == 2


def test_repeats_are_counted_and_not_added_up():
    """The same payload again points to the first; the same ts twice is one message with two copies."""
    reminder = visitor_event("unanswered")
    made = tidy(Events([reminder, visitor_event("unanswered"), transcript([message(0, True), message(0, True)])]))
    assert made.events["duplicate_of"].fillna(-1).tolist() == [-1, 0, -1]
    assert made.messages["copies"].tolist() == [2]
    assert made.conversations["reminders"].tolist() == [2]


def test_the_empty_text_is_missing_everywhere(tables):
    """No text column of any frame holds a blank."""
    for _, frame in tables.items():
        for name in frame.select_dtypes("string"):
            assert not frame[name].dropna().str.fullmatch(r"\s*").any(), name


def test_slack_ts_stays_text_with_all_its_digits():
    """No float comes near it; equal seconds sort by the counter."""
    made = tidy(Events([transcript([message(0, True, ts="1772000000.000002"), message(0, True)])]))
    assert made.messages["ts"].tolist() == ["1772000000.000001", "1772000000.000002"]


def test_first_response_runs_from_the_visitors_first_message():
    """A prompt before it and an automatic text after it are no answers."""
    row = conversation(
        transcript([message(-5, False), message(0, True), message(3, False, userId=""), message(40, False)])
    )
    assert (row["first_response_s"], row["response_source"], row["response_clamped"]) == (40.0, "message", False)
    assert row["outcome"] == "answered"


def test_a_negative_wait_is_clamped_and_flagged():
    """Without a visitor message the other clock is used, and what comes out negative is 0 and marked."""
    row = conversation(transcript([message(0, False)], startedAt="2026-02-25T06:13:25Z"))
    assert (row["first_response_s"], row["response_source"], row["response_clamped"]) == (0.0, "startedAt", True)
    assert row["clock_skew"] is True


def test_a_slack_counter_is_no_clock_skew():
    """endedAt is the float image of a ts and may lie a microsecond before it."""
    row = conversation(transcript([message(0, True)], endedAt="2026-02-25T06:13:20.000000900Z"))
    assert row["clock_skew"] is False


@pytest.mark.parametrize(
    ("events", "outcome"),
    [
        ([transcript([message(0, True), message(9, False)])], "answered"),
        ([visitor_event("unanswered"), transcript([message(0, True), message(9, False)])], "answered after a reminder"),
        ([transcript([message(0, True)])], "never answered"),
        ([visitor_event("unanswered")], "waiting"),
        ([visitor_event("conversation_started")], "not known"),
        ([transcript([])], "not known"),
    ],
)
def test_the_outcome_of_a_conversation(events, outcome):
    """Answered or not is known by a transcript with messages, waiting by a reminder."""
    assert conversation(*events)["outcome"] == outcome


def test_a_transcript_finds_its_visitor_through_the_conversation():
    """Transcripts name no visitor; another payload of the conversation does."""
    row = conversation(transcript([message(0, True)]), visitor_event("conversation_started", email=" a@example.com "))
    assert (row["visitor_id"], row["visitor_email"]) == ("v-1", "a@example.com")


def test_old_payloads_tell_the_author_by_the_user_id():
    """Without isVisitorMsg an empty userId means the visitor, marked as weaker."""
    entries = [{"ts": "1772000000.000001", "userId": ""}, {"ts": "1772000001.000001", "userId": "U1"}, {"text": "?"}]
    made = tidy(Events([transcript(entries)])).messages
    assert made["author"].tolist() == ["visitor", "agent", "unknown"]
    assert made["author_source"].astype("string").fillna("").tolist() == ["userId", "userId", ""]
    assert made["from_visitor"].isna().all()


def test_an_agents_mail_is_linked_only_when_one_agent_wrote():
    """Two agents in a transcript share no address; one known by mail only is a row of its own."""
    two = transcript([message(0, False), message(1, False, userId="U2")])
    agents = tidy(Events([two])).agents
    assert sorted(agents["agent"]) == ["U1", "U2", "a@example.com"]
    alone = tidy(Events([transcript([message(0, False)])])).agents
    assert alone[["agent", "email"]].values.tolist() == [["U1", "a@example.com"]]


def test_the_last_word_about_a_visitor_wins_and_queries_are_dropped():
    """A later empty text does not erase what was known."""
    first = visitor_event("conversation_started", name="Ana", currentPage="https://u:p@shop.example.com/a?t=1#x")
    (row,) = tidy(Events([first, visitor_event("feedback", name="")])).visitors.to_dict("records")
    assert (row["name"], row["page"], row["conversations"]) == ("Ana", "https://shop.example.com/a", 1)
    assert address("http://[broken") is None


def test_order_of_receipt_beats_order_of_reading():
    """Where receivers stamped a time, the last received counts."""
    late = classify({"visitor": {"UUID": "v", "name": "New"}}, "feedback", received_at=datetime(2026, 3, 2, tzinfo=UTC))
    early = classify(
        {"visitor": {"UUID": "v", "name": "Old"}}, "feedback", received_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    assert tidy(Events([late, early])).visitors["name"].tolist() == ["New"]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-02-07T11:02:17.839766-08:00", "2016-02-07T19:02:17.839Z"),
        ("2016-07-28T19:03:29.000005006+02:00", "2016-07-28T17:03:29.000Z"),
        ("2026-02-25T15:13:19Z", "2026-02-25T15:13:19.000Z"),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59-08:00", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-02-25T15:13:19", None),
        ("2026-02-25", None),
        ("", None),
        (None, None),
        (1772000000, None),
    ],
)
def test_times_are_utc_or_missing(text, moment):
    """Any offset and 0 to 9 digits are read; what says no moment is missing, never an error."""
    found = times.rfc3339(text)
    assert (times.written(found) if found else None) == moment


def test_hostile_texts_are_escaped(tables):
    """Neither the overview nor a frame shown in a notebook holds live markup from a payload."""
    assert tables.messages["text"].str.contains("<script>").any()
    for shown in (tables._repr_html_(), tables.messages._repr_html_(), tables.joins._repr_html_()):
        assert "<script>alert" not in shown
        assert "<img" not in shown


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
_VISITOR = st.dictionaries(st.sampled_from(["UUID", "email", "name", "identTraits", "createdAt", "IPAddress"]), _JSON)
_ENTRY = st.dictionaries(st.sampled_from(["ts", "sentAt", "text", "userId", "isVisitorMsg", "username"]), _JSON)
_NAMES = ("conversationUUID", "message", "email", "name", "startedAt", "endedAt", "visitorTraits", "textBody")
_FIELDS = dict.fromkeys((*_NAMES, "emailPretty"), _JSON) | {
    "visitor": _VISITOR | _JSON,
    "messages": st.lists(_ENTRY | _JSON, max_size=3) | _JSON,
}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.fixed_dictionaries({}, optional=_FIELDS), st.none() | st.sampled_from(KINDS)), max_size=4))
def test_no_payload_is_fatal_to_any_view(found):
    """Whatever types stand where: frames fit together, and quality, privacy and replacement work."""
    events = Events(classify(payload, kind) for payload, kind in found)
    made = tidy(events)
    made.check()
    assert len(made.events) == len(events)
    assert len(quality(events).all) == len(quality(Events()).all)
    personal_data(events)
    personal_data(made)
    tidy(synthetic(events)).check()


def test_conversations_with_messages_come_first():
    """The head of the frame is worth looking at: first what has messages, and else the order of arrival."""
    events = [
        visitor_event("conversation_started", conversation="c-2"),
        visitor_event("conversation_started", conversation="c-3"),
        transcript([]),
        transcript([message(0, True)], conversationUUID="c-3"),
    ]
    assert tidy(Events(events)).conversations["conversation_id"].tolist() == ["c-3", "c-2", "c-1"]


def test_the_caption_says_what_was_repeated():
    """Repeats and superseded transcripts are told in words, also when there is none."""
    once = visitor_event("unanswered")
    assert "1 payload says the same as an earlier one" in repr(tidy(Events([once, once])))
    assert "no payload says the same" in repr(tidy(Events([once])))

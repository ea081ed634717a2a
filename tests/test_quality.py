"""Quality: every trap is found where it is, and nowhere else."""

from __future__ import annotations

import pytest

from chatlio_helpers import config
from chatlio_helpers.events import Events, classify
from chatlio_helpers.payloads import load
from chatlio_helpers.quality import report as quality

STARTED = {"visitor": {"UUID": "v-1"}, "message": "Hi", "conversationUUID": "c-1"}


@pytest.fixture(scope="module")
def samples():
    """The findings in the sample payloads, by number."""
    return {finding.trap: finding for finding in quality(load(config.samples())).all}


def found(number, *payloads, kind=None):
    """How many of *payloads* fall into the trap *number*."""
    findings = quality(Events(classify(payload, kind) for payload in payloads)).all
    return next(finding for finding in findings if finding.trap == number).found


def test_every_numbered_trap_is_looked_for(samples):
    """1 to 35 are all there, once."""
    assert sorted(samples) == list(range(1, 36))


@pytest.mark.parametrize(
    ("number", "count", "where"),
    [
        (3, 5, "transcript_messages_null.json"),
        (7, 1, "transcript.json"),
        (8, 1, "transcript_out_of_order.json"),
        (9, 1, "transcript_years_apart.json"),
        (14, 1, "conversation_started_bot.json"),
        (16, 1, "offline_message_ipv6.json"),
        (17, 1, "conversation_started_url_with_token.json"),
        (19, 1, "transcript_over_10_kb.json"),
        (20, 2, "conversation_started_unknown_keys.json"),
        (21, 1, "transcript_older_without_author_flag.json"),
        (28, 3, "conversation_started_null_values.json"),
        (29, 1, "conversation_started_identified_by_email.json"),
        (30, 1, "offline_message_uppercase_email.json"),
        (31, 1, "transcript_message_twice.json"),
        (33, 2, "conversation_started_shared_ident_user_id.json"),
        (34, 2, "offline_message_repeated.json"),
    ],
)
def test_the_trap_is_found_in_the_sample_made_for_it(samples, number, count, where):
    """The count is exact, and the example comes from the file that shows it."""
    assert (samples[number].found, samples[number].where) == (count, where)


def test_a_wrong_url_is_told():
    """A transcript that arrives at another kind's URL is named."""
    assert found(27, {"messages": []}, kind="offline_message") == 1
    assert found(27, {"messages": []}, kind="transcript") == 0


def test_a_stamped_payload_does_have_a_time():
    """Trap 5 is gone once a receiver has noted the time, and never held for transcripts."""
    assert found(5, STARTED, {"messages": []}) == 1


def test_unreadable_things_are_a_finding(samples):
    """They are counted against all that was there."""
    assert samples[35].found == 9
    assert samples[35].of == samples[1].of + 9


def test_examples_are_masked():
    """An address, a name and a text of a payload are not in the report."""
    payload = {
        "visitor": {"UUID": "0000-secret", "email": "Real.Person@corp.example ", "identUserId": "real@corp.example",
                    "currentPage": "https://shop.example.com/?token=abcdef"},
        "message": "<b>my card is 4111 1111 1111 1111</b>", "conversationUUID": "c-1",
    }  # fmt: skip
    report = quality(Events([classify(payload)]))
    shown = repr(report) + report._repr_html_() + report.table.to_string()
    for private in ("eal.", "4111", "token=", "secret", "<b>"):
        assert private not in shown, private
    assert report.check().found == len(report.found)


def test_a_trap_that_is_not_there_is_named():
    """Every known trap is shown: those found with their count and what to do, the others by name."""
    report = quality(load(config.samples()))
    assert repr(report.check()) == "ok: 34 of 35 known traps are in these payloads"
    assert [finding.trap for finding in report.absent] == [27]
    for shown in (repr(report), report._repr_html_()):
        assert "shape of another kind than its URL or file" in shown


def test_no_events_no_findings():
    """Nothing is found in nothing."""
    assert quality(Events()).found == ()

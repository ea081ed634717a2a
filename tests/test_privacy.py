"""Privacy: what is personal is named, masked for display and replaced before it leaves."""

from __future__ import annotations

import json

import pytest

from chatlio_helpers import config, masks
from chatlio_helpers.documented import PATHS, leaves
from chatlio_helpers.events import Events, Unreadable, classify
from chatlio_helpers.frames import tidy
from chatlio_helpers.frames.columns import FRAMES
from chatlio_helpers.payloads import load
from chatlio_helpers.privacy import HARMLESS, RULES, masked, report, synthetic
from chatlio_helpers.simulator import hour


@pytest.fixture(scope="module")
def events():
    """Samples and a simulated hour together."""
    return Events([*load(config.samples()), *hour(chats=20).events()])


def test_every_documented_path_has_a_verdict():
    """No documented path is left without a rule or a place on the list of harmless ones."""
    documented = set().union(*PATHS.values())
    assert documented - RULES.keys() - HARMLESS == set()


def test_the_report_names_paths_kinds_and_masked_examples(events):
    """What was filled is counted; nothing that identifies is shown; unknown keys are listed."""
    found = report(events).set_index("path")
    assert found.loc["visitor.email", "example"] == "a•••@example.com"
    assert found.loc["conversationUUID", "kinds"] == "all but offline_message"
    assert "undocumented" in found.loc["widgetId", "what it is"]
    shown = found.drop(columns="kinds").to_string()
    assert "ana.silva@" not in shown
    assert "192.0.2.21" not in shown
    assert "trouble" not in shown


def test_a_masked_payload_keeps_its_keys_and_hides_its_values(events):
    """One payload for display: nothing that identifies, blanks and times as they are."""
    payload = load(config.samples() / "offline_message.json")[0].payload
    shown = masked(payload)
    assert shown.keys() == payload.keys()
    assert shown["visitor"].keys() == payload["visitor"].keys()
    assert (shown["email"], shown["message"]) == ("b•••@example.com", "a text of length 39")
    assert (shown["visitor"]["referrerURL"], shown["visitor"]["createdAt"]) == ("", payload["visitor"]["createdAt"])
    every = json.dumps([masked(event.payload) for event in events])
    assert "Ana Silva" not in every
    assert "<script" not in every


def test_the_report_of_the_frames_lists_every_marked_column(events):
    """Each column marked personal in the table of columns is a row."""
    marked = [(name, column.name) for name, frame in FRAMES.items() for column in frame.columns if column.personal]
    found = report(tidy(events))
    assert list(zip(found["frame"], found["column"], strict=True)) == marked


def test_replacement_keeps_joins_outcomes_and_repeats(events):
    """The frames of the replaced events tell the same story."""
    before, after = tidy(events), tidy(synthetic(events))
    told = ["outcome", "messages", "first_response_s", "reminders", "transcripts", "clock_skew", "name_is_generated"]
    assert before.conversations[told].equals(after.conversations[told])
    assert before.events["duplicate_of"].equals(after.events["duplicate_of"])
    assert before.messages["length"].equals(after.messages["length"])
    assert len(before.visitors) == len(after.visitors)
    assert list(before.joins["without_partner"]) == list(after.joins["without_partner"])


def test_replacement_leaves_nothing_personal(events):
    """No value of a personal path survives, not even inside another text."""
    time_or_address = {"messages[].ts", "visitor.IPAddress"}  # times stay; addresses share the small reserved ranges
    before = {
        value.strip()
        for event in events
        for path, value in leaves(event.payload)
        if path in RULES.keys() - time_or_address and isinstance(value, str) and len(value.strip()) > 4
    }
    after = json.dumps([event.payload for event in synthetic(events)], ensure_ascii=False)
    assert [value for value in before if json.dumps(value, ensure_ascii=False)[1:-1] in after] == []


def test_replacement_changes_addresses():
    """An address outside the reserved ranges becomes one inside."""
    event = classify({"visitor": {"IPAddress": "8.8.8.8"}, "message": ""})
    assert synthetic(Events([event]))[0].visitor["IPAddress"].startswith(("192.0.2.", "198.51.100.", "203.0.113."))


def test_replacement_depends_on_the_seed_alone(events):
    """The same seed gives the same payloads, another seed others."""
    once, again, other = ([event.payload for event in synthetic(events, seed)] for seed in (1, 1, 2))
    assert once == again
    assert once != other


def test_replacement_keeps_shapes():
    """Types, blanks, ids, versions of addresses and lengths of texts stay; unreadable bytes go."""
    payload = {
        "visitor": {"UUID": "2d3f4260-2235-903b-0a82-a23d326cc257", "email": "", "IPAddress": "2001:db8::1",
                    "identTraits": '{"custom stuff": {"a@b.example": 7}}', "location": "Rome, Italy"},
        "message": "line\nline", "htmlBody": "<p>x</p>    ", "conversationUUID": "c",
        "score": 42, "ok": True, "none": None,
    }  # fmt: skip
    events = Events([classify(payload, "feedback", file="a.json")], [Unreadable("b.json", 1, "empty", b"private")])
    made = synthetic(events)
    new = made[0].payload
    assert [len(new["visitor"]["UUID"]), len(new["message"]), new["visitor"]["email"]] == [36, 9, ""]
    assert new["message"][4] == "\n"
    assert new["visitor"]["IPAddress"].startswith("2001:db8:")
    assert new["visitor"]["location"].count(",") == 1
    assert "a@b.example" not in new["visitor"]["identTraits"]
    assert "custom stuff" in new["visitor"]["identTraits"]
    assert (type(new["score"]), new["ok"], new["none"]) == (int, True, None)
    assert (made[0].kind, made[0].file, made.unreadable[0].raw) == ("feedback", "a.json", b"")


def test_replacing_twice_equal_addresses_differ_only_where_they_did():
    """Capitals and blanks are oddities to keep, the person behind is the same."""
    written = ("Eva@Example.org ", "eva@example.org")
    (one, other) = (
        synthetic(Events([classify({"email": mail, "visitor": {}})]))[0].payload["email"] for mail in written
    )
    assert one != other
    assert one.strip().lower() == other


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("mail ana.silva@example.com now", "mail a•••@example.com now"),
        ("from 192.0.2.21", "from 192.0.2.•••"),
        ("from 2001:db8:85a3::8a2e:370:7334", "from 2001:0db8:85a3:•••"),
        ("call +44 20 7946 0958", "call •••58"),
        ("https://a.example/x?token=1#y", "https://a.example/x?•••"),
        ("at 10:15:20", "at 10:15:20"),
    ],
)
def test_masks_hide_inside_texts(text, masked):
    """Addresses, phone numbers and query strings; a time of day is none of them."""
    assert masks.text(text) == masked


def test_masks_of_single_values():
    """Names keep initials, ids four characters, odd addresses nothing."""
    assert masks.name("Ana Silva") == "A. S."
    assert masks.identifier("2d3f4260-2235") == "2d3f•••"
    assert masks.identifier("ana@example.com") == "a•••@example.com"
    assert masks.address("nowhere") == "•••"
    assert len(masks.text("x" * 1000)) == 60

"""Simulator: believable, repeatable, and shaped exactly as documented."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from chatlio_helpers.documented import PATHS, paths
from chatlio_helpers.errors import ConfigurationError
from chatlio_helpers.events import FAMILIES, KINDS
from chatlio_helpers.frames import tidy
from chatlio_helpers.payloads import load
from chatlio_helpers.simulator import Chats, day, hour, through_float

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def chats():
    """The hour after START with the usual seed."""
    return hour(start=START)


def ids(chats):
    """The conversations of *chats*."""
    return {chat.payload["conversationUUID"] for chat in chats if "conversationUUID" in chat.payload}


def test_the_same_seed_and_start_give_the_same_posts(chats):
    """Nothing depends on the process or the clock."""
    assert list(hour(start=START)) == list(chats)
    assert list(hour(start=START, seed=8)) != list(chats)


def test_a_later_start_makes_new_conversations_of_the_same_visitors(chats):
    """Running it again later repeats no conversation."""
    later = hour(start=START + timedelta(seconds=1))
    assert ids(later) & ids(chats) == set()
    visitors = [
        {chat.payload["visitor"]["UUID"] for chat in some if "visitor" in chat.payload} for some in (chats, later)
    ]
    assert visitors[0] & visitors[1]


def test_every_payload_has_exactly_the_documented_paths(chats):
    """No key more, no key less; all scalars are texts but isVisitorMsg."""
    for chat in chats:
        found = {path for path in paths(chat.payload) if not path.startswith("visitorTraits.")}
        assert found == PATHS[FAMILIES[chat.kind]], chat.kind
        assert not [value for value in _scalars(chat.payload) if not isinstance(value, str | bool)]


def _scalars(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return [value] if inner is None else [leaf for one in inner for leaf in _scalars(one)]


@pytest.mark.parametrize("seed", range(20))
def test_four_chats_are_enough_for_all_kinds_within_the_hour(seed):
    """Small classes see every kind, and nothing lies outside the hour."""
    chats = hour(seed=seed, start=START, chats=4)
    assert {chat.kind for chat in chats} == set(KINDS)
    assert all(START <= chat.at < START + timedelta(hours=1) for chat in chats)
    assert [chat.at for chat in chats] == sorted(chat.at for chat in chats)


def test_a_conversation_follows_its_course(chats):
    """Started first; reminders before the transcript; feedback last; no repeated start."""
    rank = {"conversation_started": 0, "unanswered": 1, "transcript": 2, "feedback": 3}
    for conversation in ids(chats):
        course = [rank[chat.kind] for chat in chats if chat.payload.get("conversationUUID") == conversation]
        assert course == sorted(course)
        assert course.count(0) == 1


def test_the_frames_of_an_hour_fit_together(chats):
    """All kinds are known by URL, keys join, several outcomes occur."""
    events = chats.events()
    assert events.check(kinds=KINDS).status == "ok"
    assert {event.kind_source for event in events} == {"url"}
    tables = tidy(events)
    tables.check()
    assert {"answered", "answered after a reminder", "never answered"} <= set(tables.conversations["outcome"])
    assert tables.conversations["clock_skew"].sum() < len(tables.conversations) / 2


def test_times_are_written_as_chatlio_writes_them():
    """The two time stamps of the documentation come out digit for digit."""
    assert through_float("1469725409.000005") == "2016-07-28T19:03:29.000005006+02:00"
    assert through_float("1469725427.000007") == "2016-07-28T19:03:47.000006914+02:00"


def test_lines_are_read_back_as_the_same_events(chats, tmp_path):
    """An archive of envelopes keeps kind and time of receipt."""
    path = tmp_path / "hour.jsonl"
    path.write_text("\n".join(chats.lines()), encoding="utf-8")
    again = load(path)
    assert [(event.kind, event.payload) for event in again] == [(chat.kind, chat.payload) for chat in chats]
    assert all(
        abs(event.received_at - chat.at) < timedelta(milliseconds=1) for event, chat in zip(again, chats, strict=True)
    )


def test_without_a_start_it_is_the_hour_that_ends_now():
    """No post lies in the future."""
    assert max(chat.at for chat in hour(chats=30)) <= datetime.now(UTC)


def test_the_views_of_an_hour(chats):
    """A summary row per kind, a slice of the same type, and no text of a payload in sight."""
    assert list(chats.summary()["kind"]) == list(KINDS)
    assert int(chats.summary()["posts"].sum()) == len(chats)
    assert isinstance(chats[:3], Chats)
    shown = repr(chats) + chats._repr_html_()
    assert "@" not in shown
    assert json.dumps(chats[0].payload["visitor"]["UUID"]) not in shown


@pytest.mark.parametrize("wrong", [{"chats": -1}, {"chats": 100_001}, {"start": datetime(2026, 3, 1)}])
def test_impossible_hours_are_refused_in_words(wrong):
    """Too many chats, or a start without a time zone."""
    with pytest.raises(ConfigurationError, match="Next step"):
        hour(**wrong)


def test_no_chats_is_an_empty_hour():
    """Zero is allowed and shows itself."""
    assert len(hour(start=START, chats=0)) == 0
    assert hour(start=START, chats=0).summary()["posts"].sum() == 0


def test_a_day_is_busier_by_day_than_by_night():
    """240 chats over 24 hours, all kinds, every conversation once, nothing outside the day."""
    chats = day(start=START.replace(hour=0))
    assert {chat.kind for chat in chats} == set(KINDS)
    assert all(timedelta(0) <= chat.at - START.replace(hour=0) < timedelta(days=1) for chat in chats)
    tables = tidy(chats.events())
    tables.check()
    opened = tables.conversations["opened_at"].dt.hour
    assert opened.between(9, 17).sum() > 3 * opened.between(0, 5).sum()
    assert len(tables.conversations) + len(tables.offline_messages) == 240


def test_a_day_without_a_start_lies_in_the_past():
    """It ends with the last full hour and its chats depend on the seed and that hour alone."""
    assert max(chat.at for chat in day(chats=20)) <= datetime.now(UTC)
    with pytest.raises(ConfigurationError):
        day(chats=-1)

"""Java date patterns, the documented default patterns and time zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatlio_helpers.emulator.prep.date_patterns import parse, write
from chatlio_helpers.emulator.prep.dates import DEFAULT_PATTERNS, iso, parse_any
from chatlio_helpers.emulator.prep.expression_errors import EvaluationError
from chatlio_helpers.emulator.prep.time_zones import zone

MOMENT = datetime(2019, 10, 3, 15, 4, 5, 123456, tzinfo=timezone(timedelta(hours=-8)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2019-10-23 11:24:35+0000", "2019-10-23T11:24:35Z"),
        ("2019-10-23 11:24:35.120-0700", "2019-10-23T18:24:35.120Z"),
        ("2019-10-23 11:24:35.120", "2019-10-23T11:24:35.120Z"),
        ("2019-10-23T11:24:35.120+02", "2019-10-23T09:24:35.120Z"),
        ("2019-10-23T11:24:35Z", "2019-10-23T11:24:35Z"),
        ("2019-10-23T11:24:35+05:30", "2019-10-23T05:54:35Z"),
        ("2019-10-23", "2019-10-23T00:00:00Z"),
        ("2019/10/23", "2019-10-23T00:00:00Z"),
        ("2019.10.23", "2019-10-23T00:00:00Z"),
        ("2019-Oct-23", "2019-10-23T00:00:00Z"),
        ("20191023", "2019-10-23T00:00:00Z"),
        ("10-23-2019", "2019-10-23T00:00:00Z"),
        ("12112020", "2020-12-11T00:00:00Z"),
        ("7/04/2019", "2019-07-04T00:00:00Z"),
        ("23.7.2019", "2019-07-23T00:00:00Z"),
        ("7/04/2019 01:02:03 PM", "2019-07-04T13:02:03Z"),
        ("23.7.2019 12:00:00 AM", "2019-07-23T00:00:00Z"),
        ("23.Oct.2019", "2019-10-23T00:00:00Z"),
        ("23-Oct-2019", "2019-10-23T00:00:00Z"),
        ("2024-05-05 20:39:00.005 PST", "2024-05-06T04:39:00.005Z"),
    ],
)
def test_default_patterns(text, expected):
    """Each documented default pattern reads, in the documented order, and no zone means UTC."""
    assert iso(parse_any(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "2016-02-07T11:02:17.839766-08:00",
        "1571829875000",
        "",
        "tomorrow",
        "2019-02-30",
        "2019-10-23T25:00:00Z",
        "x" * 999,
    ],
)
def test_texts_that_need_a_pattern(text):
    """Six fraction digits, epoch numbers and nonsense are not read by default."""
    with pytest.raises(EvaluationError):
        parse_any(text)


def test_chatlio_time_reads_by_pattern():
    """Chatlio's visitor.createdAt, with six fraction digits and an offset, reads once the pattern is given."""
    moment = parse("2016-02-07T11:02:17.839766-08:00", "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX")
    assert moment.microsecond == 839766
    assert iso(moment) == "2016-02-07T19:02:17.839Z"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2019-10-03T15:04:05.123-08"),
        ("XX XXX Z ZZZZ O", "-0800 -08:00 -0800 GMT-08:00 GMT-8"),
        ("EEE, d MMM yyyy h:mm a", "Thu, 3 Oct 2019 3:04 PM"),
        ("EEEE dd MMMM yy", "Thursday 03 October 19"),
        ("D w W F Q q u Y G", "276 40 1 1 4 4 2019 2019 AD"),
        ("k K ''yy''", "15 3 '19'"),
        ("'at' H 'o''clock'", "at 15 o'clock"),
        ("SSSSSSSSS", "123456000"),
        ("L LL LLL", "10 10 Oct"),
        ("VV", "-08:00"),
    ],
)
def test_writing_by_pattern(pattern, text):
    """Each letter writes as Java's formatter does, in the date's own zone."""
    assert write(MOMENT, pattern) == text


@pytest.mark.parametrize("pattern", [*DEFAULT_PATTERNS, "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX", "EEE d MMM yyyy HH:mm z"])
@given(moment=st.datetimes(datetime(1000, 1, 1), datetime(9998, 12, 31), timezones=st.just(UTC)))
@settings(max_examples=25, deadline=None)
def test_what_is_written_reads_back(pattern, moment):
    """A date that a pattern writes is read back to the same text by the same pattern."""
    text = write(moment, pattern)
    assert write(parse(text, pattern), pattern) == text


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2019-1-1", "yyyy-MM-dd"),
        ("2019-01-01x", "yyyy-MM-dd"),
        ("11:00", "HH:mm"),
        ("2019 400", "yyyy D"),
        ("2019 13 AM", "yyyy hh a"),
        ("2019-01-01", "yyyy-bb-dd"),
        ("2019-01-01", "y" * 300),
    ],
)
def test_texts_that_do_not_fit(text, pattern):
    """A text that does not fit its pattern, or a pattern that is none, is refused in words."""
    with pytest.raises(EvaluationError):
        parse(text, pattern)


def test_zones():
    """Zones are read by offset, abbreviation and name; an abbreviation is a fixed offset, as the sample shows."""
    winter = datetime(2019, 1, 1, tzinfo=UTC)
    assert zone("+05:30").utcoffset(winter) == timedelta(hours=5, minutes=30)
    assert zone("PST").utcoffset(winter) == timedelta(hours=-8)
    assert zone("Europe/Paris").utcoffset(winter) == timedelta(hours=1)
    for name in ("Atlantis", "+25:00", "../etc/passwd", ""):
        with pytest.raises(EvaluationError):
            zone(name)


def test_zone_at_the_edge_of_the_calendar():
    """A date that leaves the calendar in UTC is refused instead of breaking."""
    with pytest.raises(EvaluationError):
        iso(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5))))


@given(st.text(max_size=30), st.text(alphabet="yMdHhmsSXZzVaE'-: T.bGQ", max_size=20))
@settings(max_examples=300, deadline=None)
def test_reading_raises_nothing_but_evaluation_errors(text, pattern):
    """Any text against any pattern gives a date or an EvaluationError."""
    try:
        zone_found = parse(text, pattern).tzinfo
    except EvaluationError:
        zone_found = UTC
    assert zone_found is not None

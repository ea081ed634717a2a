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
        ("D w W F Q q u Y G", "276 40 1 1 4 4 4 2019 AD"),
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


@pytest.mark.parametrize(
    ("text", "pattern", "expected"),
    [
        ("2019 43 Wed", "YYYY ww E", "2019-10-23T00:00:00Z"),
        ("2019-W43-3", "YYYY-'W'ww-u", "2019-10-23T00:00:00Z"),
        ("2021-W01-1", "YYYY-'W'ww-u", "2021-01-04T00:00:00Z"),
        ("2020-W53-Sunday", "YYYY-'W'ww-EEEE", "2021-01-03T00:00:00Z"),
        ("2019 10 4 Wed", "yyyy MM W E", "2019-10-23T00:00:00Z"),
        ("2019 12 0 Sun", "yyyy MM W E", "2019-12-01T00:00:00Z"),
        ("2019 10 4 Wed", "yyyy MM F E", "2019-10-23T00:00:00Z"),
        ("2019 10 1 Tue", "yyyy MM F E", "2019-10-01T00:00:00Z"),
        ("2019 296", "yyyy D", "2019-10-23T00:00:00Z"),
        ("2020 366", "yyyy DDD", "2020-12-31T00:00:00Z"),
        ("2019 Q3 08 23", "yyyy QQQ MM dd", "2019-08-23T00:00:00Z"),
        ("3rd quarter, 2019-08-23", "QQQQ, yyyy-MM-dd", "2019-08-23T00:00:00Z"),
        ("Wed 2019-10-23", "E yyyy-MM-dd", "2019-10-23T00:00:00Z"),
        ("AD 2019-10-23", "G yyyy-MM-dd", "2019-10-23T00:00:00Z"),
        ("Anno Domini 2019-10-23", "GGGG yyyy-MM-dd", "2019-10-23T00:00:00Z"),
        ("A 2019-10-23", "GGGGG yyyy-MM-dd", "2019-10-23T00:00:00Z"),
        ("2019-O-23", "yyyy-MMMMM-dd", "2019-10-23T00:00:00Z"),
        ("19-1-3", "yy-M-d", "2019-01-03T00:00:00Z"),
        ("2019-10-23 24", "yyyy-MM-dd k", "2019-10-23T00:00:00Z"),
        ("2019-10-23 0", "yyyy-MM-dd k", "2019-10-23T00:00:00Z"),
        ("2019-10-23 0 PM", "yyyy-MM-dd K a", "2019-10-23T12:00:00Z"),
        ("2019-10-23 12 AM", "yyyy-MM-dd h a", "2019-10-23T00:00:00Z"),
        ("2019-10-23 24:00:00 +0000", "yyyy-MM-dd HH:mm:ss Z", "2019-10-24T00:00:00Z"),
        ("2019-10-23 05 Pacific Standard Time", "yyyy-MM-dd HH zzzz", "2019-10-23T13:00:00Z"),
        ("2019-10-23 05 PDT", "yyyy-MM-dd HH zzzz", "2019-10-23T12:00:00Z"),
        ("2019-10-23 05 GMT-08:00", "yyyy-MM-dd HH z", "2019-10-23T13:00:00Z"),
        ("2019-10-23 05 America/Los_Angeles", "yyyy-MM-dd HH VV", "2019-10-23T12:00:00Z"),
        ("2019-10-23 05 GMT+8", "yyyy-MM-dd HH O", "2019-10-22T21:00:00Z"),
        ("2019-10-23 05 +05:30", "yyyy-MM-dd HH ZZZZZ", "2019-10-22T23:30:00Z"),
    ],
)
def test_reading_by_every_letter(text, pattern, expected):
    """Each letter of the documented table counts when a date is read, as Java's formatter resolves it."""
    assert iso(parse(text, pattern)) == expected


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2019 Q3", "yyyy 'Q'q"),
        ("2019 03", "yyyy QQ"),
        ("2024-W46", "YYYY-'W'ww"),
        ("2019 43 Wed", "yyyy ww E"),
        ("2019", "yyyy"),
        ("2019-10", "yyyy-MM"),
        ("2019 23", "yyyy dd"),
        ("2019-10-23 Thu", "yyyy-MM-dd E"),
        ("2019-10-23 Q1", "yyyy-MM-dd QQQ"),
        ("2019-10-23 10 11", "yyyy-MM-dd HH H"),
        ("2019 10 9 Wed", "yyyy MM F E"),
        ("2019 54 Wed", "YYYY ww E"),
        ("100 BC 10 23", "yyy G MM dd"),
        ("2019-10-23 11:24", "yyyy-MM-dd hh:mm"),
        ("2019-10-23 PM", "yyyy-MM-dd a"),
        ("2019-10-23 30", "yyyy-MM-dd k"),
        ("2019-10-23 12 PM", "yyyy-MM-dd K a"),
        ("2019-10-23 30", "yyyy-MM-dd mm"),
        ("2019-10-23 10 30", "yyyy-MM-dd HH ss"),
        ("2019-10-23 24:01", "yyyy-MM-dd HH:mm"),
        ("2019-J-23", "yyyy-MMMMM-dd"),
        ("2019-10-23 PM", "yyyy-MM-dd aa"),
        ("2019-10-23 UTC", "yyyy-MM-dd V"),
        ("2019-10-023", "yyyy-MM-ddd"),
        ("2019-10-23 Atlantis Standard Time", "yyyy-MM-dd zzzz"),
    ],
)
def test_no_date_is_made_up(text, pattern):
    """What Java cannot resolve to one date, or contradicts itself, is refused: never the first of January."""
    with pytest.raises(EvaluationError):
        parse(text, pattern)


LOS_ANGELES = datetime(2019, 10, 23, 5, 4, 3, 245000, tzinfo=zone("America/Los_Angeles"))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("G GG GGG GGGG GGGGG", "AD AD AD Anno Domini A"),
        ("y yy yyyy yyyyy Y YY", "2019 19 2019 02019 2019 19"),
        ("M MM MMM MMMM MMMMM", "10 10 Oct October O"),
        ("L LL LLL LLLL LLLLL", "10 10 Oct October O"),
        ("w ww W D DDD d dd F", "43 43 4 296 296 23 23 4"),
        ("E EE EEE EEEE EEEEE u uu", "Wed Wed Wed Wednesday W 3 03"),
        ("a H HH k K h hh m mm s ss S SSS", "AM 5 05 5 5 5 05 4 04 3 03 2 245"),
        ("z zzz zzzz", "PDT PDT Pacific Daylight Time"),
        ("Z ZZZZ ZZZZZ X XX XXX", "-0700 GMT-07:00 -07:00 -07 -0700 -07:00"),
        ("VV O OOOO", "America/Los_Angeles GMT-7 GMT-07:00"),
        ("Q QQ QQQ QQQQ QQQQQ", "4 04 Q4 4th quarter 4"),
        ("q qq qqq qqqq qqqqq", "4 04 Q4 4th quarter 4"),
    ],
)
def test_the_documented_table_of_letters(pattern, text):
    """Every letter of the page's table, in every length, writes what Java's formatter writes; ``u`` is the weekday."""
    assert write(LOS_ANGELES, pattern) == text


@pytest.mark.parametrize(
    ("place", "short", "full"),
    [
        ("PST", "PST", "Pacific Standard Time"),
        ("UTC", "UTC", "Coordinated Universal Time"),
        ("Europe/Paris", "CEST", "Central European Summer Time"),
        ("Asia/Kolkata", "IST", "India Standard Time"),
        ("Europe/Dublin", "IST", "Irish Standard Time"),
        ("-08:00", "GMT-08:00", "GMT-08:00"),
        ("Africa/Casablanca", "GMT+01:00", "GMT+01:00"),
    ],
)
def test_names_of_zones(place, short, full):
    """A zone is written by its short or full name; one without a name by its distance; both can be read again."""
    moment = datetime(2019, 10, 23, 5, tzinfo=zone(place))
    assert (write(moment, "z"), write(moment, "zzzz")) == (short, full)
    assert parse(f"2019-10-23 05 {full}", "yyyy-MM-dd HH zzzz") == moment


def test_weeks_of_a_month():
    """The days before a month's first whole enough week are in week 0, as in Java's ISO weeks."""
    days = ("2019-12-01", "2019-12-02", "2021-01-01", "2021-01-04")
    assert [write(parse(day, "yyyy-MM-dd"), "W") for day in days] == ["0", "1", "0", "1"]


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


@given(st.text(max_size=30), st.text(alphabet="yYMLdDFWwuHhkKmsSXZzVOaE'-: T.bGQq", max_size=20))
@settings(max_examples=300, deadline=None)
def test_reading_raises_nothing_but_evaluation_errors(text, pattern):
    """Any text against any pattern gives a date or an EvaluationError."""
    try:
        zone_found = parse(text, pattern).tzinfo
    except EvaluationError:
        zone_found = UTC
    assert zone_found is not None

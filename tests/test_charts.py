"""Charts: right numbers, alternative text, and a picture that is one."""

from __future__ import annotations

import base64
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from chatlio_helpers import charts, config
from chatlio_helpers.events import Events, classify
from chatlio_helpers.frames import tidy
from chatlio_helpers.payloads import load
from chatlio_helpers.simulator import hour

ALL = (charts.first_response, charts.conversations_by_hour, charts.unanswered_share)
START = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture(scope="module", params=["samples", "simulated", "nothing"])
def tables(request):
    """The frames of the samples, of a simulated hour, and of nothing."""
    made = {
        "samples": lambda: load(config.samples()),
        "simulated": lambda: hour(start=START).events(),
        "nothing": Events,
    }
    return tidy(made[request.param]())


@pytest.mark.parametrize("draw", ALL)
def test_each_chart_gives_a_picture_its_words_and_its_numbers(tables, draw):
    """PNG with alternative text in the output's metadata, text with the numbers; also for no data."""
    chart = draw(tables)
    data, metadata = chart._repr_mimebundle_()
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == chart.alt
    assert chart.says in chart.alt
    assert str(chart.table.iloc[0, 0]) in data["text/plain"]


def test_the_numbers_add_up(tables):
    """Every conversation is in exactly one outcome, and the shares are those of the known ones."""
    outcome = charts.unanswered_share(tables).table
    assert outcome["conversations"].sum() == len(tables.conversations)
    known = outcome[outcome["outcome"] != "not known"]
    if known["conversations"].sum():
        assert float(known["share_percent"].sum()) == pytest.approx(100, abs=0.3)
    by_hour = charts.conversations_by_hour(tables).table
    assert by_hour["conversations"].sum() == tables.conversations["opened_at"].notna().sum()
    waits = charts.first_response(tables).table.set_index("wait")["conversations"]
    assert waits.iloc[:7].sum() == tables.conversations["first_response_s"].notna().sum()


def test_a_negative_wait_is_shown_apart_and_not_averaged():
    """Two conversations, one with a wait of 50 s, one before its start: half waited 50 s, one is apart."""
    fair = {"conversationUUID": "a", "messages": [_message(0, True), _message(50, False)]}
    skewed = {"conversationUUID": "b", "messages": [_message(0, False)], "startedAt": "2026-02-25T06:14:00Z"}
    chart = charts.first_response(tidy(Events([classify(fair), classify(skewed)])))
    numbers = dict(chart.table.itertuples(index=False, name=None))
    assert (numbers["30–60 s"], numbers["under 15 s"], numbers["negative (two clocks)"]) == (1, 0, 1)
    assert "Half of 1 answered conversations waited at most 50 s" in chart.says


def _message(at, visitor):
    return {"ts": f"{1772000000 + at}.000001", "userId": "" if visitor else "U1", "isVisitorMsg": visitor, "text": "x"}


def test_hours_are_those_of_the_time_zone_asked_for():
    """09:00 UTC is 18:00 in Tokyo, and the table says which zone it is."""
    made = tidy(hour(start=START, chats=6).events())
    tokyo = charts.conversations_by_hour(made, "Asia/Tokyo").table
    utc = charts.conversations_by_hour(made).table
    assert tokyo.loc[18, "conversations"] == utc.loc[9, "conversations"] > 0
    assert tokyo.columns[0] == "hour (Asia/Tokyo)"


def test_importing_the_module_does_not_load_heavy_libraries():
    """pandas and matplotlib wait until something is drawn; pyplot, which opens windows, is never loaded."""
    code = (
        "import sys; from chatlio_helpers import charts, events, frames, privacy, quality, simulator;"
        "heavy = {'pandas', 'matplotlib', 'numpy'} & set(sys.modules);"
        "charts.unanswered_share(frames.tidy(events.Events())).png;"
        "print(sorted(heavy), 'matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] False"


@pytest.mark.parametrize(
    ("label", "lines"),
    [("15 min or more", ["15 min", "or more"]), ("5–15 min", ["5–15 min"]), ("never answered", ["never", "answered"])],
)
def test_a_long_label_breaks_into_two_lines_of_like_length(label, lines):
    """A number is not parted from its unit, and a short label is not broken."""
    assert charts._in_two_lines(label).split("\n") == lines

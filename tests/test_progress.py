"""Progress that is honest without a front end."""

import sys

import pytest

from chatlio_helpers.progress import Display, Lines, Progress, html, painted_by, progress, silent
from chatlio_helpers.secret import Secret


class Watch:
    """A clock that stands still until it is told to move."""

    now = 0.0

    def __call__(self) -> float:
        """Give the seconds."""
        return self.now


def lines_of(total, seconds_per_step, steps):
    """Give the lines that a run of *steps* steps writes."""
    written, watch = [], Watch()
    with Progress("sending", total, Lines(written.append), watch) as bar:
        for _ in range(steps):
            watch.now += seconds_per_step
            bar.step()
    return written


def test_a_quick_run_leaves_one_line():
    """A thousand steps in a second write the final line and no other."""
    assert lines_of(1000, 0.0005, 1000) == ["sending: 1000 of 1000 in 0.5 s\n"]


def test_a_run_of_minutes_leaves_about_ten_lines():
    """A thousand steps in 30 s write one line per tenth and the final one."""
    assert len(lines_of(1000, 0.03, 1000)) == 11


def test_an_hour_of_waiting_stays_readable():
    """Polling each second for 75 minutes says so at least each few minutes, in at most 120 lines."""
    written, watch = [], Watch()
    with Progress("landing", 27, Lines(written.append), watch) as bar:
        for _ in range(75 * 60):
            watch.now += 1
            bar.step(0, note="the platform needs up to an hour")
    assert 30 < len(written) <= 120
    assert written[0] == "landing: 0 of 27, 5 s (the platform needs up to an hour)\n"
    assert written[-1] == "landing: 0 of 27 in 4500.0 s (the platform needs up to an hour)\n"


def test_a_failed_run_says_where_it_stopped():
    """An error leaves a final line with the place, and goes on to the caller."""
    written = []

    def fails():
        with Progress("sending", 4, Lines(written.append), Watch()) as bar:
            bar.step(3)
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fails()
    assert written == ["sending: stopped at 3 of 4 after 0.0 s\n"]


def test_a_note_never_shows_a_secret():
    """A secret in a note is blotted out, in text and in HTML."""
    secret = Secret("s3cr3t-canary-value")
    bar = silent("sending", 1)
    bar.step(note=f"to {secret.reveal()} <b>")
    assert "canary" not in str(bar) + html(bar)
    assert "&lt;b&gt;" in html(bar)


def test_nothing_to_do_is_all_done():
    """A total of zero is complete; an unknown total has no share."""
    assert (silent("x", 0).share, silent("x", None).share, silent("x", 4).share) == (1.0, None, 0.0)


def test_headless_progress_makes_no_display_and_loads_no_widget_library():
    """Lines go to standard error only; ipywidgets is not what paints."""
    before = "ipywidgets" in sys.modules
    with silent("x", 1) as bar:
        bar.step()
    assert ("ipywidgets" in sys.modules) == before


def test_a_front_end_gets_one_display_that_changes(monkeypatch):
    """The first painting opens a display, later ones update it, and the last always shows the end."""
    from IPython import display as ipython

    painted = []

    class Handle:
        def update(self, bundle, **_):
            painted.append(bundle["text/plain"])

    monkeypatch.setattr(ipython, "display", lambda bundle, **_: painted.append(bundle["text/plain"]) or Handle())
    with Progress("sending", 2, Display(), Watch()) as bar:
        bar.step()
        bar.step()
    assert painted == ["sending: 0 of 2, 0 s", "sending: 2 of 2 in 0.0 s"]


def test_a_panel_can_paint_what_others_count():
    """Inside painted_by the painter gets every step, whoever makes the progress; after it, no longer."""
    painted = []
    with painted_by(lambda bar, final: painted.append((str(bar), final))), progress("sending", 1) as bar:
        bar.step()
    assert [final for _, final in painted] == [False, False, True]
    with silent("sending", 1) as bar:
        bar.step()
    assert len(painted) == 3

"""Results and cards: what a person reads and the runner collects."""

import pytest

from chatlio_helpers.cards import Card, error_card, html_table
from chatlio_helpers.errors import CheckFailed, Rejected
from chatlio_helpers.results import MIME, check


def test_a_good_check_says_ok():
    """A check that holds reads "ok" and carries its record."""
    result = check("dataflows", True, "5 dataflows enabled", expected=5, found=5)
    assert repr(result) == "ok: 5 dataflows enabled"
    bundle = result._repr_mimebundle_()
    assert bundle[MIME]["step"] == "dataflows"
    assert bundle[MIME]["status"] == "ok"
    assert "5 dataflows enabled" in bundle["text/html"]


def test_a_bad_check_raises_with_the_next_step():
    """A check that does not hold fails the run and says what to do."""
    with pytest.raises(CheckFailed) as caught:
        check("dataflows", False, "all enabled", otherwise="2 are paused", next_step="resume them", expected=5, found=3)
    assert str(caught.value) == "2 are paused\nNext step: resume them"
    assert (caught.value.expected, caught.value.found) == (5, 3)


def test_cards_escape_what_they_show():
    """Text from a payload never becomes HTML."""
    html = Card("warning", "<img src=x>", {"<b>": "<script>alert(1)</script>"})._repr_html_()
    assert "<script>" not in html
    assert "<img" not in html


def test_an_error_card_has_the_words_the_cause_and_the_step():
    """An error becomes a card with the platform's own words beside ours."""
    error = Rejected(
        "The row was refused.", cause="a typo", next_step="mend it", status=400, code="1425-400", vendor="no"
    )
    text = repr(error_card(error))
    assert "400 1425-400 no" in text
    assert "Likely cause: a typo" in text
    assert "Next step: mend it" in text


def test_a_table_has_a_caption_and_column_heads():
    """Tables can be read by a screen reader."""
    html = html_table([{"kind": "<b>"}], "Kinds")
    assert "<caption" in html
    assert "scope='col'" in html
    assert "&lt;b&gt;</td>" in html

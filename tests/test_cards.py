"""Tables and cards: everything escaped, everything on the page."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup

from chatlio_helpers.cards import _ROOM, Card, error_card, html_table
from chatlio_helpers.errors import KitError
from chatlio_helpers.frame_view import Frame

UUID = "c8820b0e-8d4f-400e-6e31-88f201ba000e"
WIDE = {
    "no.": 1,
    "file": "conversation_started_identified_by_email.json",
    "what to do": "turn blanks into null before anything else, and then go on",
    "id": UUID,
    "hash": "0123456789abcdef" * 4,
}


def cells(html: str) -> list[tuple[str, str]]:
    """Give the text and the style of each cell of the body."""
    return [(cell.text, cell["style"]) for cell in BeautifulSoup(html, "html.parser").find_all("td")]


def test_a_table_that_fits_is_not_broken():
    """Where all columns have room, every cell stays on one line."""
    assert {style.split(";")[-1] for _, style in cells(html_table([{"kind": "feedback", "id": UUID}], "few"))} == {
        "white-space:nowrap"
    }


def test_a_table_that_does_not_fit_breaks_its_long_cells_only():
    """Numbers and short words stay whole; the others break, and together they have room on the page."""
    shown = dict(cells(html_table([WIDE], "many")))
    assert "nowrap" in shown.pop("1")
    assert all("overflow-wrap:anywhere" in style for style in shown.values())
    least = [float(found) for style in shown.values() for found in re.findall(r"min-width:([\d.]+)em", style)]
    assert len(least) == 4
    assert sum(least) <= _ROOM * 0.6


def test_names_of_files_break_at_their_joints():
    """A long name may break after an underscore; copied, it is the same text."""
    html = html_table([WIDE], "many")
    assert "conversation_<wbr/>started_<wbr/>" in str(BeautifulSoup(html, "html.parser"))
    assert WIDE["file"] in dict(cells(html))


def test_many_columns_end():
    """More columns than letters on the page still make a table."""
    assert len(cells(html_table([{f"column {number}": "x" * 30 for number in range(80)}], "too many"))) == 80


def test_words_between_backticks_are_code_and_data_is_not():
    """Cards and the kit's own tables show code; the cells of a frame are data, and stay as they are."""
    card = BeautifulSoup(Card("note", "run `<b>` now", {"Next": "`b`"})._repr_html_(), "html.parser")
    assert [code.text for code in card.find_all("code")] == ["<b>", "b"]
    assert "<code>a</code>" in html_table([{"x": "`a`"}], "words")
    assert "`a`" in Frame({"x": ["`a`"]})._repr_html_()


def test_a_cause_ends_with_a_full_stop():
    """What is read in one line stays two sentences."""
    assert error_card(KitError("No.", cause="a typing error"))._repr_html_().count("a typing error.") == 1
    assert error_card(KitError("No.", cause="why?")).lines["Likely cause"] == "why?"

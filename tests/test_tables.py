"""Small display tables: whole numbers, missing values and secrets."""

from __future__ import annotations

import pandas

from chatlio_helpers.secret import Secret
from chatlio_helpers.tables import rows, table


def test_rows_may_be_mappings_or_sequences():
    """Columns come from the keys, or from their names; their order is kept."""
    assert table([{"b": 1, "a": 2}]).columns.tolist() == ["b", "a"]
    assert table([(1, 2)], columns=("b", "a")).to_dict("list") == {"b": [1], "a": [2]}


def test_missing_numbers_leave_the_others_whole():
    """A missing value does not turn a count into 1.0."""
    assert table([(1,), (None,)], columns=("count",))["count"].astype("string").fillna("-").tolist() == ["1", "-"]


def test_without_rows_the_columns_stay():
    """An empty table can still be read and joined."""
    assert table([], columns=("kind", "events")).columns.tolist() == ["kind", "events"]


def test_no_secret_gets_into_a_table():
    """A registered value and a webhook URL are hidden, also inside other words."""
    Secret("canary-of-the-tables")
    shown = table([{"a": "x canary-of-the-tables y", "b": "https://h.example/collection/" + "a" * 64}]).to_string()
    assert "canary" not in shown
    assert "aaaa" not in shown


def test_rows_come_back_as_plain_values():
    """What pandas calls missing is None again."""
    assert rows(table([{"a": 1, "b": None}, {"a": None, "b": "x"}])) == [{"a": 1, "b": None}, {"a": None, "b": "x"}]


def test_a_terminal_hides_no_column():
    """Where a line has no room for all columns, the rest stands below, and nothing is left out."""
    frame = table([{f"column {number}": "x" * 30 for number in range(6)}])
    with pandas.option_context("display.width", 80, "display.max_columns", 0):
        assert all(name in repr(frame) for name in frame.columns)

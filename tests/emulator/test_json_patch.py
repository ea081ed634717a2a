"""JSON Patch as Adobe's services take it."""

from __future__ import annotations

from typing import Any

import pytest

from chatlio_helpers.emulator.patch import PatchRefused, patched

DOCUMENT = {"name": "n", "list": ["a", "b"], "deep": {"a/b": {"c~d": 1}}}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"op": "add", "path": "/new", "value": None}, {"new": None}),
        ({"op": "REPLACE", "path": "/name", "value": "m"}, {"name": "m"}),
        ({"op": "Remove", "path": "/list/0"}, {"list": ["b"]}),
        ({"op": "add", "path": "/list/-", "value": "c"}, {"list": ["a", "b", "c"]}),
        ({"op": "add", "path": "/list/2", "value": "c"}, {"list": ["a", "b", "c"]}),
        ({"op": "add", "path": "/list/0", "value": "c"}, {"list": ["c", "a", "b"]}),
        ({"op": "replace", "path": "/list/1", "value": "c"}, {"list": ["a", "c"]}),
        ({"op": "replace", "path": "/deep/a~1b/c~0d", "value": 2}, {"deep": {"a/b": {"c~d": 2}}}),
    ],
)
def test_operations(entry: dict, expected: dict) -> None:
    """Add, replace and remove work in any letter case, in objects and arrays, with escaped names."""
    assert patched(DOCUMENT, [entry]) == {**DOCUMENT, **expected}


@pytest.mark.parametrize(
    "entry",
    [
        {"op": "move", "path": "/name", "from": "/new"},
        {"op": "replace", "path": "name", "value": 1},
        {"op": "replace", "path": "/name"},
        {"op": "remove", "path": "/nothing"},
        {"op": "remove", "path": "/list/9"},
        {"op": "add", "path": "/list/x", "value": 1},
        {"op": "add", "path": "/name/deeper", "value": 1},
        {"path": "/name", "value": 1},
        "text",
    ],
)
def test_refusals_change_nothing(entry: Any) -> None:
    """A patch with one bad entry is refused as a whole, and the document stays as it was."""
    before = {**DOCUMENT, "list": [*DOCUMENT["list"]]}
    with pytest.raises(PatchRefused):
        patched(DOCUMENT, [{"op": "replace", "path": "/list/0", "value": "z"}, entry])
    assert before == DOCUMENT

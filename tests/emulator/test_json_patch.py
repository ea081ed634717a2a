"""JSON Patch as Adobe's services take it."""

from __future__ import annotations

from typing import Any

import pytest

from chatlio_helpers.emulator.front.patch import PatchRefused, Unsupported, patched

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
        {"op": "add", "path": "/list/\u00b2", "value": 1},
        {"op": "remove", "path": "/list/" + "9" * 5000},
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


def test_a_strict_patch_replaces_only_what_is_there() -> None:
    """RFC 6902 wants a replaced field to exist; without strictness it is added."""
    new = [{"op": "replace", "path": "/new", "value": 1}]
    assert patched(DOCUMENT, new)["new"] == 1
    with pytest.raises(PatchRefused, match="/new"):
        patched(DOCUMENT, new, strict=True)
    there = [{"op": "Replace", "path": "/list/1", "value": "z"}]
    assert patched(DOCUMENT, there, strict=True)["list"] == ["a", "z"]


def test_an_unknown_operation_is_told_apart() -> None:
    """What is none of the three operations is refused as such, and named; a missing one is not."""
    with pytest.raises(Unsupported) as caught:
        patched(DOCUMENT, [{"op": "Move", "path": "/name", "from": "/new"}])
    assert caught.value.operation == "move"
    with pytest.raises(PatchRefused) as missing:
        patched(DOCUMENT, [{"path": "/name", "value": 1}])
    assert not isinstance(missing.value, Unsupported)


def test_patches_cannot_pile_up_too_deep() -> None:
    """What is put below what an earlier patch added is refused before the document can no longer be written."""
    value: Any = {}
    for _ in range(59):
        value = {"x": value}
    document: Any = {}
    below = [{"op": "add", "path": "/x" * (60 * round + 1), "value": value} for round in range(4)]
    for entry in below[:3]:
        document = patched(document, [entry])
    with pytest.raises(PatchRefused, match="too deeply"):
        patched(document, below[3:])

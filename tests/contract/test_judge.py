"""The judge itself: it must find what is wrong, or its silence means nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from .deviations import DEVIATIONS
from .judge import Judge

DESCRIPTION = {
    "openapi": "3.0.1",
    "servers": [{"url": "//{environment}.adobe.io/data/things"}],
    "paths": {
        "/things/{ID}": {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
                    404: {"description": "absent"},
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Thing": {
                "type": "object",
                "required": ["id"],
                "properties": {"id": {"type": "string"}, "note": {"type": "string", "nullable": True}},
            }
        }
    },
}


@pytest.fixture
def small(tmp_path: Path) -> Judge:
    """Give a judge with one small description."""
    (tmp_path / "things.yaml").write_text(yaml.safe_dump(DESCRIPTION), encoding="utf-8")
    return Judge(tmp_path)


@pytest.mark.parametrize(
    ("method", "path", "status", "body", "expected"),
    [
        ("GET", "/data/things/things/1", 200, {"id": "1", "note": None}, []),
        ("GET", "/data/things/things/1/", 404, {"anything": 1}, []),
        ("GET", "/data/things/things/1", 200, {"id": 1}, ["200 body at /id: should be string"]),
        ("GET", "/data/things/things/1", 418, {}, ["status 418 is not described"]),
        ("PUT", "/data/things/things/1", 200, {}, ["method is not described"]),
        ("GET", "/data/other", 200, {}, ["path is not described"]),
    ],
)
def test_the_judge_finds_what_differs(
    small: Judge, method: str, path: str, status: int, body: object, expected: list[str]
) -> None:
    """Path, method, status and body are each held against the description."""
    found = [finding for _, finding in small.findings(method, path, status, json.dumps(body).encode())]
    assert found == expected


def test_each_deviation_has_a_reason() -> None:
    """Every accepted deviation says why, in a sentence."""
    assert all(len(deviation.reason) > 20 for deviation in DEVIATIONS)


def test_no_deviation_is_stale(judge: Judge) -> None:
    """After all contract tests, every accepted deviation was needed at least once."""
    assert judge.held > 0
    assert judge.stale() == []

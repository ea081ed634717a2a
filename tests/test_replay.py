"""A recorded chain, sent again to a fresh local platform: it works there, under ids of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import chatlio_helpers as kit
from chatlio_helpers import cli, local
from chatlio_helpers.connection import connect
from chatlio_helpers.errors import ConfigurationError
from chatlio_helpers.replay import Names, replay


def test_a_recorded_chain_works_again(open_seat, platform, tmp_path, monkeypatch):
    """All objects of a plan are made again on another platform; its dataflows take events; nothing is the same id."""
    monkeypatch.chdir(tmp_path)
    aep = open_seat()
    made = kit.plan(aep, kinds=("feedback",)).apply()
    assert cli.outcome(["platform", "requests", "--seat", aep.seat, "--out", "calls.jsonl"]) == 0
    data = tmp_path / "fresh"
    try:
        assert cli.outcome(["platform", "replay", "calls.jsonl", "--data", str(data)]) == 0
        fresh = local.start(data)
        there = json.loads(fresh.download("GET", "/_local/state"))["seats"][aep.seat]
        here = platform.call("GET", "/_local/state")["seats"][aep.seat]
        kinds = ("fieldgroups", "schemas", "dataSets", "sourceConnections", "targetConnections", "flows")
        assert {kind: there.get(kind) for kind in kinds} == {kind: here.get(kind) for kind in kinds}
        done = replay(fresh, Path("calls.jsonl").read_text("utf-8").splitlines()[:0])
        assert done.rows == ()
        monkeypatch.setattr(local, "start", lambda: fresh)
        again = connect("local", seat=aep.seat, workspace=str(tmp_path / "other"))
        flow = again.flows.find("flows", made.flows["feedback"]["name"])
        assert flow["id"] != made.flow_ids["feedback"]
        assert again.flows.wait_enabled(flow["id"])["state"] == "enabled"
    finally:
        monkeypatch.undo()
        local.stop(data)


def test_only_a_local_platform(tmp_path):
    """A record is never sent to another computer, and something that is no record is refused with the line."""
    elsewhere = local.LocalPlatform("https://platform.adobe.io", 1, tmp_path)
    with pytest.raises(ConfigurationError, match="not on this computer"):
        replay(elsewhere, [])
    good = {"seat": "a", "method": "GET", "path": "/data/x", "query": "", "headers": {}, "status": 200, "number": 1,
            "cut": False, "request": None, "answer": None}  # fmt: skip
    for line in ("{}", "[]", "nonsense", '{"log": {}}', json.dumps(good | {"status": "200"})):
        with pytest.raises(ConfigurationError, match="Line 2"):
            replay(local.LocalPlatform("http://127.0.0.1:9", 1, tmp_path), ["", line])
    skipped = replay(local.LocalPlatform("http://127.0.0.1:9", 1, tmp_path), [json.dumps(good | {"status": 503})])
    assert repr(skipped) == "0 same, 0 different, 1 skipped"


def test_names_are_learned_from_answers_alike():
    """Ids, addresses and Catalog's keys are learned; words, and lists that may be in another order, are not."""
    names = Names()
    names.learn(
        {"id": "0123-old-id", "state": "initializing", "items": [{"$id": "https://ns.adobe.com/a/schemas/01234567"}]},
        {"id": "4567-new-id", "state": "enabled", "items": [{"$id": "https://ns.adobe.com/a/schemas/76543210"}]},
    )
    names.learn({"5f5f5f5f5f": {"viewId": "1a1a1a1a1a"}}, {"6a6a6a6a6a": {"viewId": "2b2b2b2b2b"}})
    names.learn(["@/dataSets/77777777"], ["@/dataSets/88888888"])
    names.learn([{"id": "99999999a"}, {"id": "b9999999"}], [{"id": "00000000c"}, {"id": "d0000000"}])
    text = "0123-old-id initializing 01234567 5f5f5f5f5f 1a1a1a1a1a 77777777 99999999a"
    assert names.translated(text) == "4567-new-id initializing 76543210 6a6a6a6a6a 2b2b2b2b2b 88888888 99999999a"

"""A record with events in it, replayed on a fresh platform: their rows land there, and what is left out is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from running import Chain, Client, Server, make_chain, payload, running, wait_until

from chatlio_helpers import cli, local
from chatlio_helpers.errors import ConfigurationError
from chatlio_helpers.local import LocalPlatform
from chatlio_helpers.replay import replay


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Give the record of a chain that got three events, several at once, one too long for the record, a hidden one."""
    with running(tmp_path_factory.mktemp("first") / "state") as server:
        chain = make_chain(Client(server))
        send = chain.client.http.post
        assert chain.post(payload(1, text="a\u2028b")).status_code == 200
        assert send(chain.inlet, json=payload(2), headers={"x-adobe-flow-id": chain.flow}, timeout=30).ok
        assert chain.post(payload(3)).status_code == 200
        several = chain.url.replace("/collection/", "/collection/batch/")
        assert send(several, json={"messages": [payload(4), "no object", payload(5)]}, timeout=30).status_code == 207
        assert chain.post(payload(6, text="x" * 5000)).status_code == 200
        assert chain.post(payload(7, password="hunter2")).status_code == 200
        assert send(chain.inlet, json=payload(8), timeout=30).status_code in (200, 400)
        token = (server.folder / "admin-token").read_text()
        url = f"{server.url}/_local/requests?format=jsonl"
        return requests.get(url, headers={"x-local-token": token}, timeout=30).text.split("\n")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Server]:
    """Run a platform on which nothing was made; a dataflow takes a moment until it is enabled."""
    with running(tmp_path / "fresh", enabling_delay=0.5) as server:
        yield server


def there(fresh: Server, rows: tuple[dict[str, Any], ...]) -> Chain:
    """Give the chain as it is on the new platform."""
    client = Client(fresh)
    flow = client.made("GET", "/flowservice/flows", None)["items"][0]
    target = client.made("GET", f"/flowservice/targetConnections/{flow['targetConnectionIds'][0]}", None)["items"][0]
    return Chain(client, target["params"]["dataSetId"], flow["id"], flow["options"]["inletUrl"], "", {})


def test_the_rows_land_again(lines: list[str], fresh: Server) -> None:
    """Events that name their dataflow in query or header, alone or several at once, land under the new ids, once."""
    done = replay(LocalPlatform(fresh.url, 1, fresh.folder), lines)
    assert done.count("different") == 0, done.rows
    posts = [row for row in done.rows if row["path"].startswith("/collection/")]
    assert [row["outcome"] for row in posts] == ["same"] * 4 + ["skipped"] * 3
    assert [row["why"] for row in posts[4:]] == [
        "recorded in part only",
        "a part of the event is hidden in the record as a secret",
        "it names no dataflow",
    ]
    chain = there(fresh, done.rows)
    wait_until(lambda: chain.counts() == (5, 0))
    landed = {row["_id"]: row[f"_{chain.client.tenant}"]["text"] for row in chain.landed()}
    assert landed == {"event-1": "a\u2028b"} | {f"event-{number}": "hello" for number in range(2, 6)}


def test_the_command_tells_what_it_left_out(
    lines: list[str], fresh: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each reason is listed; a record of which nothing can be sent, and an empty one, end with 1 and words."""
    monkeypatch.setattr(local, "start", lambda _: LocalPlatform(fresh.url, 1, fresh.folder))
    file = tmp_path / "calls.jsonl"
    for text, code, words in (
        ("\n".join(lines), 0, "skipped 1 x POST /collection/•••: recorded in part only"),
        ("\n".join(line for line in lines if "/ims/" in line), 1, "Nothing was replayed: no call"),
        ("", 1, "Nothing was replayed: it is empty"),
    ):
        file.write_text(text, encoding="utf-8")
        assert cli.outcome(["platform", "replay", str(file)]) == code
        said = capsys.readouterr()
        assert words in said.out + said.err


@pytest.mark.parametrize("line", ["[" * 100_000, '{"a":' * 500 + "1" + "}" * 500], ids=["an array", "an object"])
def test_a_line_without_a_bottom_is_no_record(line: str, tmp_path: Path) -> None:
    """A line that is nested without an end is refused by its number, not with a traceback."""
    with pytest.raises(ConfigurationError, match="Line 1 is no recorded request"):
        replay(LocalPlatform("http://127.0.0.1:9", 1, tmp_path), [line])


def test_a_deep_part_of_a_record_is_refused(lines: list[str], tmp_path: Path) -> None:
    """The same holds for a body inside a record."""
    good = json.loads(next(line for line in lines if '"method":"GET"' in line))
    text = json.dumps(good | {"answer": "HERE"}).replace('"HERE"', "[" * 600 + "]" * 600)
    with pytest.raises(ConfigurationError, match="Line 1"):
        replay(LocalPlatform("http://127.0.0.1:9", 1, tmp_path), [text])

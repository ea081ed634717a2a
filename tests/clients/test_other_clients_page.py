"""The blocks of docs/other-clients.md are run as they stand on the page."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from installed import aepp_python

from chatlio_helpers import local

PAGE = (Path(__file__).parents[2] / "docs" / "other-clients.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^#+ (.+?)\n(.*?)(?=^#+ |\Z)", PAGE, re.MULTILINE | re.DOTALL))
START, CURL, PSQL, AEPP, POSTMAN = (
    SECTIONS[name] for name in ("Other clients on the local platform", "curl", "psql", "aepp", "Postman")
)  # fmt: skip


def block(section: str) -> str:
    """Give the one block of code of a section."""
    (code,) = re.findall(r"^```\w+\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    return code


def run(command: list[str], folder: Path, **more: str) -> list[str]:
    """Run a command in *folder* with our own commands first; gives the lines that it wrote."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    surroundings = {**os.environ, "PATH": path, **more}
    done = subprocess.run(
        command, cwd=folder, env=surroundings, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split("\n")[:-1]


@pytest.fixture
def tenant(platform: local.LocalPlatform) -> str:
    """Give the tenant id of the default organisation of the platform that is running."""
    seats = platform.call("GET", "/_local/seats")["seats"]
    return next(seat["tenant"] for seat in seats if seat["name"] == "default")


def test_curl(platform: local.LocalPlatform, tenant: str, tmp_path: Path) -> None:
    """The blocks to start with and of curl give the tenant id."""
    assert run(["bash", "-euc", block(START) + block(CURL)], tmp_path) == [tenant]


@pytest.mark.client("psql")
def test_psql(platform: local.LocalPlatform, tmp_path: Path) -> None:
    """The block of psql gives what the query gives."""
    assert run(["bash", "-euc", block(START) + block(CURL) + block(PSQL)], tmp_path)[1:] == ["2"]


@pytest.mark.client("aepp")
def test_aepp(platform: local.LocalPlatform, tenant: str, tmp_path: Path) -> None:
    """The block of aepp gives the tenant id, with the SDK's own Python."""
    keys = str(platform.seat())
    assert run([str(aepp_python()), "-c", block(AEPP)], tmp_path, URL=platform.url, KEYS=keys) == [tenant]


def test_postman(platform: local.LocalPlatform, tmp_path: Path) -> None:
    """A collection is moved to the local platform, and its request is answered with the environment's variables."""
    url = {
        "raw": "https://platform.adobe.io/data/foundation/flowservice/flows?count=false", "protocol": "https",
        "host": ["platform", "adobe", "io"], "path": ["data", "foundation", "flowservice", "flows"],
        "query": [{"key": "count", "value": "false"}],
    }  # fmt: skip
    collection = {
        "info": {"name": "Flow Service API"},
        "item": [{"item": [{"request": {"method": "GET", "url": url}}]}],
    }
    (tmp_path / "flows.json").write_text(json.dumps(collection))
    keys = str(platform.seat())
    run([sys.executable, "-c", block(POSTMAN), "flows.json"], tmp_path, URL=platform.url, KEYS=keys)
    environment = json.loads((tmp_path / "local.postman_environment.json").read_text())
    values = {one["key"]: one["value"] for one in environment["values"]}
    moved = json.loads((tmp_path / "local.postman_collection.json").read_text())["item"][0]["item"][0]["request"]["url"]
    assert (moved["host"], moved["raw"]) == (["{{BASE}}"], "{{BASE}}/data/foundation/flowservice/flows?count=false")
    assert "protocol" not in moved
    form = {"grant_type": "client_credentials", "client_id": values["API_KEY"],
            "client_secret": values["CLIENT_SECRET"], "scope": values["SCOPES"]}  # fmt: skip
    token = requests.post(f"{values['BASE']}/ims/token/v2", params=form, timeout=30).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "x-api-key": values["API_KEY"],
               "x-gw-ims-org-id": values["IMS_ORG"], "x-sandbox-name": values["SANDBOX_NAME"]}  # fmt: skip
    answer = requests.get(moved["raw"].replace("{{BASE}}", values["BASE"]), headers=headers, timeout=30)
    assert "items" in answer.json()

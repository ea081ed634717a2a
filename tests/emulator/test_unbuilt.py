"""What is not built says so by name, what does not exist says what is near, and the generated page knows both."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import operations_from_openapi
import requests
from running import Client, Server

from chatlio_helpers.emulator import describe
from chatlio_helpers.emulator.provenance import OPERATIONS
from chatlio_helpers.emulator.unbuilt import adobe_operations


def test_an_operation_of_adobes_answers_501_by_name(client: Client) -> None:
    """An operation that Adobe has and we do not is named."""
    for method, path, name in (
        ("POST", "/query/schedules", "createSchedule"),
        ("GET", "/exim/packages/abc", "lookUpPackage"),
    ):
        answer = client.call(method, path, {})
        assert (answer.status_code, answer.headers["x-local-operation"]) == (501, name)
        assert name in answer.json()["detail"]


def test_a_path_that_nobody_has_is_a_404_with_hints(client: Client) -> None:
    """An unknown path is refused in the service's dialect and names what is near; the gateway still comes first."""
    answer = client.call("GET", "/flowservice/flowz")
    assert (answer.status_code, "errorMessage" in answer.json()) == (404, True)
    assert "GET /data/foundation/flowservice/flows" in answer.headers["x-local-hint"]
    bare = requests.get(f"{client.server.url}/data/foundation/flowservice/flowz", timeout=30)
    assert bare.json()["error_code"] == "403010"


def test_every_built_operation_is_marked(shared_server: Server) -> None:
    """Each operation says how it is known, and the page counts them all."""
    page = describe.page()
    assert {one.known.how for one in OPERATIONS} <= {"observed", "documented", "assumed"}
    assert all(one.known.source or one.known.note for one in OPERATIONS)
    assert f"{len(OPERATIONS)} operations are built" in page
    assert all(f"`{one.method} {one.path}`" in page for one in OPERATIONS)
    assert "(runAcceleratedQuery)" in page.split("## What answers 501")[1]


def test_the_page_is_printed() -> None:
    """``--describe`` prints the page and needs no state folder."""
    command = [sys.executable, "-m", "chatlio_helpers.emulator", "--describe"]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True).stdout
    assert printed == describe.page()


def test_the_committed_table_is_adobes() -> None:
    """The committed operations are those of Adobe's descriptions, when they are at hand, and well formed anyway."""
    operations = adobe_operations()
    assert len(operations) > 200
    assert all(method.isupper() and path.startswith("/") for method, path, _ in operations)
    folder = os.environ.get("AEP_OPENAPI_DIR")
    if folder:
        rows = operations_from_openapi.operations(Path(folder))
        assert operations_from_openapi.TARGET.read_text(encoding="utf-8") == operations_from_openapi.text(rows)

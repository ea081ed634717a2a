"""Steps of batch ingestion over plain HTTP, for the tests of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import requests
from running import Chain, wait_until

FINAL = ("success", "failed", "aborted", "inactive")
STREAM = {"Content-Type": "application/octet-stream"}


@dataclass
class Import:
    """One batch of a dataset."""

    chain: Chain
    id: str

    def action(self, name: str) -> requests.Response:
        """Do something with the batch."""
        return self.chain.client.call("POST", f"/import/batches/{self.id}", params={"action": name})

    def url(self, path: str) -> str:
        """Give the address of a file."""
        return (
            f"{self.chain.client.server.url}/data/foundation/import/batches/{self.id}/datasets/"
            f"{self.chain.dataset}/files/{path}"
        )

    def send(self, method: str, path: str, content: bytes = b"", **headers: str) -> requests.Response:
        """Send a file or a part of one; the headers' underscores stand for dashes."""
        client = self.chain.client
        own = {name.replace("_", "-"): value for name, value in headers.items()}
        together = {**client.headers, **STREAM, **own}
        return client.http.request(method, self.url(path), data=content, headers=together, timeout=60)

    def put(self, path: str, content: bytes) -> None:
        """Send a whole file, which must be taken."""
        answer = self.send("PUT", path, content)
        assert answer.status_code == 200, answer.text

    def large(self, path: str, action: str) -> requests.Response:
        """Initialize or complete a large file."""
        return self.chain.client.http.post(
            self.url(path), params={"action": action}, headers=self.chain.client.headers, timeout=60
        )

    def body(self) -> dict[str, Any]:
        """Give the batch as the Catalog has it."""
        return self.chain.client.made("GET", f"/catalog/batches/{self.id}", None)[self.id]

    def completed(self) -> dict[str, Any]:
        """Complete the batch and wait for its end."""
        answer = self.action("COMPLETE")
        assert answer.status_code == 200, answer.text
        return self.ended()

    def ended(self) -> dict[str, Any]:
        """Wait for the end of the batch."""
        wait_until(lambda: self.body()["status"] in FINAL)
        return self.body()


def begun(chain: Chain, format: str = "json", **more: Any) -> Import:
    """Make a batch."""
    body = {"datasetId": chain.dataset, "inputFormat": {"format": format, **more.pop("input", {})}, **more}
    answer = chain.client.call("POST", "/import/batches", body)
    assert answer.status_code == 201, answer.text
    return Import(chain, answer.json()["id"])


def record(chain: Chain, number: int | str, **fields: Any) -> dict[str, Any]:
    """Give a record that fits the schema, with other fields of the tenant's own."""
    own = {"text": "hello", "count": 1, **fields}
    return {"_id": f"event-{number}", "timestamp": "2026-01-02T03:04:05Z", f"_{chain.client.tenant}": own}


def lines(*records: Any) -> bytes:
    """Give records as JSON lines; bytes stay as they are."""
    return b"\n".join(one if isinstance(one, bytes) else json.dumps(one).encode() for one in records)

"""A real local platform in a process of its own, and the chain that a dataflow needs, over plain HTTP."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import requests

FLOW_SPEC = {"id": "e77fde5a-22a8-11ed-861d-0242ac120002", "version": "1.0"}
CHATLIO = {"id": "073127a3-26e3-496c-9d94-9f48fb93fba8", "version": "1.0"}
DATA_LAKE = {"id": "c604ff05-7f1a-43c0-8e18-33bf874cb11c", "version": "1.0"}
EXPERIENCE_EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
MAPPINGS = (
    ("ATTRIBUTE", "id", "_id"),
    ("EXPRESSION", "now()", "timestamp"),
    ("ATTRIBUTE", "text", "_{tenant}.text"),
    ("ATTRIBUTE", "count", "_{tenant}.count"),
    ("EXPRESSION", 'date(day, "yyyy-MM-dd")', "_{tenant}.day"),
)
QUICK = {"landing_delay": 0.0, "enabling_delay": 0.0, "run_window": 0.5, "run_close_delay": 0.0}


class Server:
    """The process of a local platform on a state folder; the port stays the same over restarts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        """Start the process and wait for its ready line."""
        command = [sys.executable, "-m", "chatlio_helpers.emulator", "--data", str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.url = json.loads(line)["url"]

    def kill(self) -> None:
        """End the process as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self) -> None:
        """End the process in good order."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=20)
            self.process.stdout.close()

    def turn(self, **dials: float) -> None:
        """Turn dials."""
        self.control("PUT", "/dials", dials)

    def control(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """Call the control side."""
        token = (self.folder / "admin-token").read_text().strip()
        answer = requests.request(
            method, f"{self.url}/_local{path}", json=body, headers={"x-local-token": token}, timeout=30
        )
        assert answer.ok, answer.text
        return answer.json()


@dataclass
class Client:
    """One account of a seat in one sandbox: calls with the four headers."""

    server: Server
    seat: str = "default"
    role: str = "full"
    sandbox: str = "dev"
    http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        suffix = "" if self.role == "full" else f"-{self.role}"
        self.keys = json.loads((self.server.folder / "credentials" / f"{self.seat}{suffix}.json").read_text())
        form = {
            "grant_type": "client_credentials", "client_id": self.keys["client_id"],
            "client_secret": self.keys["secret"], "scope": self.keys["scopes"],
        }  # fmt: skip
        token = self.http.post(f"{self.server.url}/ims/token/v3", data=form, timeout=30).json()["access_token"]
        self.headers = {
            "Authorization": f"Bearer {token}", "x-api-key": self.keys["client_id"],
            "x-gw-ims-org-id": self.keys["org_id"], "x-sandbox-name": self.sandbox,
        }  # fmt: skip

    @cached_property
    def tenant(self) -> str:
        """The tenant id, without an underscore."""
        return self.call("GET", "/schemaregistry/stats").json()["tenantId"]

    def call(self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, **more: Any):
        """Call one of Adobe's services; gives the answer, whatever it is."""
        together = {**self.headers, **(headers or {})}
        url = path if path.startswith("http") else f"{self.server.url}/data/foundation{path}"
        return self.http.request(method, url, json=body, headers=together, timeout=60, **more)

    def made(self, method: str, path: str, body: Any, **more: Any) -> Any:
        """Call, and give the JSON of an answer that must be good."""
        answer = self.call(method, path, body, **more)
        assert answer.ok, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()


@dataclass
class Chain:
    """A dataset, and a dataflow into it with its inlet."""

    client: Client
    dataset: str
    flow: str
    inlet: str
    mapping: str
    schema: dict[str, str]

    @property
    def url(self) -> str:
        """The webhook address."""
        return f"{self.inlet}?x-adobe-flow-id={self.flow}"

    def post(self, payload: Any, **more: Any) -> requests.Response:
        """Post one payload to the webhook address."""
        return self.client.http.post(self.url, json=payload, timeout=60, **more)

    def batches(self, status: str = "") -> dict[str, Any]:
        """Give the batches of the dataset, oldest first."""
        found: dict[str, Any] = {}
        while True:
            query = {"dataSet": self.dataset, "orderBy": "asc:created", "limit": "100", "start": str(len(found))}
            page = self.client.call("GET", "/catalog/batches", params=query | ({"status": status} if status else {}))
            found |= page.json()
            if len(page.json()) < 100:
                return found

    def counts(self) -> tuple[int, int]:
        """Give how many rows landed and how many failed, as the batches say."""
        metrics = [batch["metrics"] for batch in self.batches().values()]
        return (
            sum(one["outputRecordCount"] for one in metrics),
            sum(one["failedRecordCount"] for one in metrics),
        )

    def landed(self) -> list[dict[str, Any]]:
        """Give all landed rows, by way of the files of the batches."""
        import io

        import pyarrow.parquet as pq

        rows: list[dict[str, Any]] = []
        for batch in self.batches("success"):
            for file in self.client.call("GET", f"/export/batches/{batch}/files").json()["data"]:
                part = self.client.call("GET", file["_links"]["self"]["href"]).json()["data"][0]
                content = self.client.call("GET", part["_links"]["self"]["href"]).content
                rows += pq.read_table(io.BytesIO(content)).to_pylist()
        return rows

    def failed(self) -> list[dict[str, Any]]:
        """Give all failed rows."""
        rows: list[dict[str, Any]] = []
        for batch in self.batches("failed"):
            for part in self.client.call("GET", f"/export/batches/{batch}/failed").json()["data"]:
                text = self.client.call("GET", part["_links"]["self"]["href"]).text
                rows += [json.loads(line) for line in text.splitlines()]
        return rows

    def runs(self) -> list[dict[str, Any]]:
        """Give the runs of the dataflow, newest first."""
        query = {"property": f"flowId=={self.flow}", "limit": "100"}
        return self.client.call("GET", "/flowservice/runs", params=query).json()["items"]

    def state(self) -> dict[str, Any]:
        """Give the dataflow."""
        return self.client.call("GET", f"/flowservice/flows/{self.flow}").json()["items"][0]


def make_chain(client: Client, name: str = "events", mappings: tuple[tuple[str, str, str], ...] = MAPPINGS) -> Chain:
    """Make schema, dataset, connections, mapping set and dataflow, and wait until it is enabled."""
    tenant = client.tenant
    schema = _schema(client, name)
    dataset = client.made(
        "POST", "/catalog/dataSets?requestDataSource=true", {"name": name, "schemaRef": schema}
    )[0].removeprefix("@/dataSets/")  # fmt: skip
    source = client.made(
        "POST", "/flowservice/sourceConnections", {"name": name, "connectionSpec": CHATLIO, "data": {"format": "json"}}
    )["id"]  # fmt: skip
    data = {"format": "json", "schema": {"id": schema["id"], "version": schema["contentType"]}}
    target = client.made(
        "POST", "/flowservice/targetConnections",
        {"name": name, "connectionSpec": DATA_LAKE, "data": data, "params": {"dataSetId": dataset}},
    )["id"]  # fmt: skip
    mapping = client.made("POST", "/conversion/mappingSets", mapping_set(schema, tenant, mappings))["id"]
    body = {
        "name": name, "flowSpec": FLOW_SPEC, "sourceConnectionIds": [source], "targetConnectionIds": [target],
        "transformations": [{"name": "Mapping", "params": {"mappingId": mapping, "mappingVersion": 0}}],
    }  # fmt: skip
    flow = client.made("POST", "/flowservice/flows", body)["id"]
    chain = Chain(client, dataset, flow, "", mapping, schema)
    wait_until(lambda: chain.state()["state"] == "enabled")
    chain.inlet = chain.state()["options"]["inletUrl"]
    return chain


def mapping_set(schema: dict[str, str], tenant: str, mappings: tuple[tuple[str, str, str], ...]) -> dict[str, Any]:
    """Give the body of a mapping set."""
    rows = [
        {"sourceType": kind, "source": source, "destination": target.replace("{tenant}", tenant)}
        for kind, source, target in mappings
    ]
    return {"outputSchema": {"schemaRef": schema}, "mappings": rows}


def _schema(client: Client, name: str) -> dict[str, str]:
    fields = {
        "text": {"type": "string", "maxLength": 100_000},
        "count": {"type": "integer"},
        "day": {"type": "string", "format": "date-time"},
        "plan": {"type": "string", "enum": ["free", "paid"]},
    }
    own = {"type": "object", "properties": {f"_{client.tenant}": {"type": "object", "properties": fields}}}
    group = client.made(
        "POST", "/schemaregistry/tenant/fieldgroups",
        {"title": f"{name} fields", "description": name, "type": "object",
         "meta:intendedToExtend": [EXPERIENCE_EVENT], "definitions": {"customFields": own},
         "allOf": [{"$ref": "#/definitions/customFields"}]},
    )  # fmt: skip
    schema = client.made(
        "POST", "/schemaregistry/tenant/schemas",
        {"title": name, "description": name, "type": "object",
         "allOf": [{"$ref": EXPERIENCE_EVENT}, {"$ref": group["$id"]}]},
    )  # fmt: skip
    return {"id": schema["$id"], "contentType": "application/vnd.adobe.xed-full+json;version=1"}


def payload(number: int | str, **more: Any) -> dict[str, Any]:
    """Give a payload that maps without a word."""
    return {"id": f"event-{number}", "text": "hello", "count": 1, "day": "2026-01-02", **more}


def wait_until(true: Callable[[], Any], seconds: float = 15.0) -> None:
    """Wait until *true* gives something true; fails the test when the time is over."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


@contextmanager
def running(folder: Path, **dials: float) -> Iterator[Server]:
    """Run a local platform on *folder* for a while, with quick dials."""
    server = Server(folder)
    server.start()
    try:
        server.turn(**{**QUICK, **dials})
        yield server
    finally:
        server.stop()

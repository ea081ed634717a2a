"""Many seats that make their whole chain at once, in a process of its own: each call waits for the one before it.

Run as ``python -m benchmarks.load_seats`` with ``{"url", "seats": [credentials]}`` as JSON on standard input; the
milliseconds of each call by its label come out as JSON. The chain is the kit's own, for transcripts. It works on bare
sockets of asyncio, so that it costs far less than the server that it loads.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from chatlio_helpers.onboarding import blueprint

KIND, SANDBOX, PAUSE = "transcript", "dev", 0.1
_FOUNDATION = "/data/foundation"
_PATHS = {
    blueprint.FIELD_GROUP: "/schemaregistry/tenant/fieldgroups", blueprint.SCHEMA: "/schemaregistry/tenant/schemas",
    blueprint.DATASET: "/catalog/dataSets", blueprint.SOURCE: "/flowservice/sourceConnections",
    blueprint.TARGET: "/flowservice/targetConnections", blueprint.MAPPING: "/conversion/mappingSets",
    blueprint.FLOW: "/flowservice/flows",
}  # fmt: skip
Times = dict[str, list[float]]


@dataclass
class Seat:
    """One seat's connection, its headers, and how long its calls took."""

    host: str
    port: int
    keys: dict[str, str]
    times: Times
    headers: dict[str, str] = field(default_factory=dict)

    async def chain(self) -> None:
        """Make everything, and wait until the dataflow is enabled; raises RuntimeError at the first refusal."""
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)
        await self._log_in()
        tenant = (await self.call("GET", "tenant id", "/schemaregistry/stats"))["tenantId"]
        ids: dict[str, str] = {}
        for wanted in blueprint.blueprint([KIND], prefix="load", tenant=tenant):
            body = wanted.body(ids)
            if wanted.resource == blueprint.MAPPING:
                await self.call("POST", "validate mappings", "/conversion/mappingSets/validate", body)
            made = await self.call("POST", f"create {wanted.resource}", _PATHS[wanted.resource], body)
            ids[wanted.key] = made[0].rpartition("/")[2] if isinstance(made, list) else made.get("$id") or made["id"]
        while True:
            path = f"/flowservice/flows/{ids[f'{blueprint.FLOW}:{KIND}']}"
            flow = (await self.call("GET", "read flows", path))["items"][0]
            if flow["state"] == "enabled":
                break
            await asyncio.sleep(PAUSE)
        self.writer.close()

    async def _log_in(self) -> None:
        form = urlencode({
            "grant_type": "client_credentials", "client_id": self.keys["client_id"],
            "client_secret": self.keys["secret"], "scope": self.keys["scopes"],
        })  # fmt: skip
        answer = await self._send("POST", "token", "/ims/token/v3", form.encode(), "application/x-www-form-urlencoded")
        self.headers = {
            "Authorization": f"Bearer {answer['access_token']}", "x-api-key": self.keys["client_id"],
            "x-gw-ims-org-id": self.keys["org_id"], "x-sandbox-name": SANDBOX,
        }  # fmt: skip

    async def call(self, method: str, label: str, path: str, body: Any = None) -> Any:
        """Call one of Adobe's services."""
        content = b"" if body is None else json.dumps(body).encode()
        return await self._send(method, label, _FOUNDATION + path, content, "application/json")

    async def _send(self, method: str, label: str, path: str, content: bytes, kind: str) -> Any:
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}"]
        lines += [f"{name}: {text}" for name, text in self.headers.items()]
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(content)}", "", ""]
        began = time.perf_counter()
        self.writer.write("\r\n".join(lines).encode() + content)
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0])
        answer = json.loads(await self.reader.readexactly(length))
        self.times[label].append(1000 * (time.perf_counter() - began))
        if head[9] != "2":
            raise RuntimeError(f"{label}: {head[9:12]} {answer}")
        return answer


async def _loaded(job: dict[str, Any]) -> Times:
    times: Times = defaultdict(list)
    parts = urlsplit(job["url"])
    seats = [Seat(parts.hostname or "", parts.port or 80, keys, times) for keys in job["seats"]]
    await asyncio.gather(*(seat.chain() for seat in seats))
    return times


if __name__ == "__main__":
    gc.disable()
    print(json.dumps(asyncio.run(_loaded(json.load(sys.stdin)))))

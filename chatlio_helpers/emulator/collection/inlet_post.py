"""One post to an inlet, as it comes from the server: without the conveniences, and so the cost, of a web framework."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from ..front.problems import CollectionProblem, Problem

ONE, SEVERAL = "/collection/", "/collection/batch/"  # beginnings of the two paths
LARGEST = 1_000_000  # bytes of a request; documented as 1 MB, which of the two megabytes is meant is not
FLOW_ID = "x-adobe-flow-id"
SYNCHRONOUS = ("syncValidation", "synchronousValidation")  # the documented name, and that of older pages
SMILE = "application/x-jackson-smile"
_JSON = (b"content-type", b"application/json")


class Post:
    """A request to one inlet: its headers (the last of each name), its query, and its body when it is asked for."""

    __slots__ = ("_receive", "headers", "inlet", "several", "text")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        path = scope["path"]
        self.several = path.startswith(SEVERAL)
        self.inlet = path[len(SEVERAL if self.several else ONE) :]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.text: bytes = scope["query_string"]
        self._receive = receive

    @property
    def query(self) -> dict[str, str]:
        """The query's parameters, the last of each name; not to be changed."""
        return _parsed(self.text)

    @property
    def flow_id(self) -> str:
        """The dataflow that header or query name, or ""."""
        given = self.headers.get(b"x-adobe-flow-id", b"").decode("latin-1") or self.query.get(FLOW_ID, "")
        return given.strip()

    @property
    def is_smile(self) -> bool:
        """Whether the body is said to be in Jackson's binary form of JSON."""
        given = self.headers.get(b"content-type", b"")
        return given != _JSON[1] and given.decode("latin-1").partition(";")[0].strip().lower() == SMILE

    async def content(self) -> bytes:
        """Give the body; raises 413 as soon as it is known to be too large, before the rest of it is read."""
        announced = self.headers.get(b"content-length", b"")
        if announced.isdigit() and int(announced) > LARGEST:
            raise _too_large()
        parts, size, more = [], 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise CollectionProblem(400, "Bad Request", "The sender hung up before the message was whole")
            part, more = message.get("body", b""), message.get("more_body", False)
            parts.append(part)
            size += len(part)
            if size > LARGEST:
                raise _too_large()
        return parts[0] if len(parts) == 1 else b"".join(parts)


async def respond(send: Send, status: int, body: Any, more: dict[str, str] | None = None) -> None:
    """Answer with JSON; *more* are headers."""
    content = orjson.dumps(body)
    headers = [_JSON, (b"content-length", str(len(content)).encode())]
    if more:
        headers += [(name.encode("latin-1"), text.encode("latin-1")) for name, text in more.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def refuse(send: Send, problem: Problem) -> None:
    """Answer with a refusal."""
    await respond(send, problem.status, problem.body, problem.headers)


@lru_cache(maxsize=1_024)
def _parsed(text: bytes) -> dict[str, str]:
    return dict(parse_qsl(text.decode("latin-1"), keep_blank_values=True))


def _too_large() -> CollectionProblem:
    problem = CollectionProblem(
        413, "Request Entity Too Large", f"The request is larger than {LARGEST} bytes (1 MB), the limit of an inlet"
    )
    problem.headers["connection"] = "close"  # the rest of the body is not read
    return problem

"""The short path of messages: past the web framework, whose layers would cost more than the message itself.

It is taken only when all that those layers could do is known to be nothing: no dial makes trouble, the host is ours,
the path is an inlet's and its dataflow is known to be enabled. Every other request goes the whole way, and the
answers of both ways are the same.
"""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ..collection import collection
from ..collection.inlet_post import ONE, SYNCHRONOUS, Post, refuse, respond
from ..collection.inlets import Destination
from .problems import Problem


class ShortPath:
    """Middleware that takes messages itself where it can, and passes everything else on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a message or several, or pass the request on."""
        if scope["type"] != "http" or not scope["path"].startswith(ONE) or scope["method"] != "POST":
            return await self.app(scope, receive, send)
        state, post = scope["app"].state, Post(scope, receive)
        destination = _destination(state, post)
        if destination is None:
            return await self.app(scope, receive, send)
        try:
            if post.several:
                status, body = await collection.several(state.platform, state.inlets, destination.inlet, post)
            else:
                content = await post.content()
                payload = collection.parsed(destination.inlet, content)
                status, body = await collection.keep_one(state.platform, destination, post, content, payload)
        except Problem as problem:
            return await refuse(send, problem)
        return await respond(send, status, body)


def _destination(state: Any, post: Post) -> Destination | None:
    """Give where the post goes, when that is known and nothing stands in the way."""
    if not state.platform.dials.quiet or not state.hosts.know(post.headers.get(b"host", b"")):
        return None
    if post.is_smile or any(name in post.query for name in SYNCHRONOUS):
        return None
    return state.inlets.known(post.inlet, post.flow_id)

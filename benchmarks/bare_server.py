"""The alternative to the local platform's process: a health route and a route that parses JSON, nothing else.

Starlette under uvicorn with the same loop and HTTP implementation as the local platform has. Run as
``python -m benchmarks.bare_server PORT``.
"""

from __future__ import annotations

import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route


async def health(_request: Request) -> JSONResponse:
    """Answer that all is well."""
    return JSONResponse({"status": "ok"})


async def parse(request: Request) -> JSONResponse:
    """Parse the JSON body and answer; nothing is kept."""
    await request.json()
    return JSONResponse({"status": "ok"})


app = Starlette(routes=[Route("/_local/health", health), Route("/parse", parse, methods=["POST"])])

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_config=None, access_log=False)

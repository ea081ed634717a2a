"""Batch ingestion: uploading files into a batch, small ones at once and large ones in parts."""

from __future__ import annotations

import re

from starlette.responses import Response

from ..front.problems import AepProblem, ContentTypeProblem, Problem
from ..front.service import Call, answer
from ..provenance import documented
from ..state import errands
from .import_service import bad, batch_of_dataset, refuse_long, service, streamed
from .uploads import DONE, OPEN, Part, TooLarge, Uploads

LARGEST_SMALL = 256 << 20  # bytes of a file that is sent at once (documented: 256 MB)
LARGEST_PART = 512_000_000  # bytes of a part (documented)
LARGEST_BATCH = 100 << 30  # bytes (documented: 100 GB)
MOST_FILES = 1_500  # of a batch (documented)
MOST_PARTS = 10_000  # of a file (assumed)
LONGEST_NAME = 1_000  # characters (assumed)
_SOURCE = "batch-ingestion.yaml; ingestion/batch/api-overview"
_PATH = "/batches/{batch}/datasets/{dataset}/files/{file:path}"
_RANGE = re.compile(r"(?:bytes\s+)?(\d{1,15})\s*-\s*(\d{1,15})(?:/(?:\d{1,15}|\*))?", re.ASCII)


@streamed("PUT", _PATH, "uploadSmallFile",
          documented(_SOURCE, "200 for a new file too, as the guide prints it"), LARGEST_SMALL)  # fmt: skip
async def upload(call: Call) -> Response:
    """Take a whole file: 200 when it is on disk; a file of the same name is replaced."""
    path = _checked(call)
    return _file(path, await _kept(call, path, 0, LARGEST_SMALL, whole=True))


@streamed("PATCH", _PATH, "uploadLargeFilePart",
          documented(_SOURCE, "the same range twice replaces; overlaps show when the file is completed"),
          LARGEST_PART)  # fmt: skip
async def upload_part(call: Call) -> Response:
    """Take a part of a large file: 200 when it is on disk."""
    path = _checked(call)
    start, end = _range(call)
    if not _is_open(call, path):
        raise _not_begun(path)
    return _file(path, await _kept(call, path, start, end - start, whole=False))


@service.operation("POST", _PATH, "completeLargeFileUpload",
                   documented(_SOURCE, "200 for INITIALIZE too, where the guide prints 201"),
                   permission="manage-datasets", has_body=False)  # fmt: skip
def initialize_or_complete(call: Call) -> Response:
    """Begin a large file, or say that all its parts are there: 400 when they overlap or some are missing."""
    path, action = _checked_path(call), call.query("action").upper()
    batch, uploads = call.part("batch"), _uploads(call)
    if action == "INITIALIZE":
        _refuse_more_files(call, path)
        old = uploads.begin(call.scope, batch, path, now=call.now)
        errands.unlink(call.platform, call.scope, batch, old, now=call.now)
        return _file(path, 0)
    if action != "COMPLETE":
        raise bad(f"The action must be INITIALIZE or COMPLETE; it is [{call.query('action')}].")
    file = uploads.file(call.scope, batch, path)
    if file is None:
        raise AepProblem(404, "Not Found", f"The batch [{batch}] has no file [{path}].")
    if file["state"] == DONE:
        return _file(path, file["size"])
    try:
        return _file(path, uploads.finish(call.scope, batch, path, now=call.now))
    except ValueError as error:
        raise bad(f"The file [{path}] cannot be completed: {error}. Send the parts anew after INITIALIZE.") from error


@service.operation("HEAD", _PATH, "getLargeFileStatus",
                   documented(_SOURCE, "Range names the bytes that are there without a gap; x-file-state: open, done"),
                   permission="manage-datasets")  # fmt: skip
def status(call: Call) -> Response:
    """Tell in the header ``Range`` how far a file has come."""
    path = _checked_path(call, loading=False)
    file = _uploads(call).file(call.scope, call.part("batch"), path)
    if file is None:
        raise AepProblem(404, "Not Found", f"The batch [{call.part('batch')}] has no file [{path}].")
    end = 0
    for part in _uploads(call).parts(call.scope, call.part("batch"), path):
        if part.start > end:
            break
        end = max(end, part.end)
    size = end if file["state"] == OPEN else file["size"]
    headers = {"range": f"bytes=0-{size - 1}"} if size else {}
    return Response(status_code=200, headers={**headers, "x-file-state": file["state"]})


async def _kept(call: Call, path: str, start: int, most: int, *, whole: bool) -> int:
    """Put the body on disk and into the account of the file; gives its size."""
    uploads, seat, batch = _uploads(call), call.caller.seat.name, call.part("batch")
    announced = call.request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > most:
        raise _too_large(most)
    try:
        name, size = await uploads.keep(seat, batch, call.request.stream(), most)
    except TooLarge as error:
        raise _too_large(most) from error
    try:
        if not whole and size != most:
            raise bad(f"Content-Range names {most} bytes; {size} came.")
        with call.platform.store.transaction():
            _refuse_unless_loading(call)
            _note(call, path, Part(start, start + size, name), whole=whole)
    except BaseException:
        uploads.unlink(seat, batch, [name])
        raise
    return size


def _note(call: Call, path: str, part: Part, *, whole: bool) -> None:
    uploads, scope, batch = _uploads(call), call.scope, call.part("batch")
    old: list[str] = []
    if whole:
        _refuse_more_files(call, path)
        old += uploads.begin(scope, batch, path, now=call.now)
    elif not _is_open(call, path):
        raise _not_begun(path)
    _refuse_too_much(call, path, part.end - part.start)
    old += uploads.add(scope, batch, path, part, now=call.now)
    if whole:
        uploads.finish(scope, batch, path, now=call.now)
    errands.unlink(call.platform, scope, batch, old, now=call.now)


def _checked(call: Call) -> str:
    """Give the name of the file when the call may write it; raises 400, 404 or 415."""
    path = _checked_path(call)
    given = call.request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not given:
        raise ContentTypeProblem
    if given != "application/octet-stream":
        raise AepProblem(
            415, "Unsupported Media Type", f"Files come as application/octet-stream, not as {given[:100]}."
        )
    return path


def _checked_path(call: Call, *, loading: bool = True) -> str:
    refuse_long(call)
    batch_of_dataset(call)
    if loading:
        _refuse_unless_loading(call)
    path = call.part("file")
    steps = path.split("/")
    if len(path) > LONGEST_NAME or any(step in ("", ".", "..") for step in steps) or not path.isprintable():
        raise bad("A file's path has names between slashes: none empty, none of dots, no control character.")
    if "\\" in path:
        raise bad("A file's path must not have a backslash.")
    return path


def _refuse_unless_loading(call: Call) -> None:
    state = batch_of_dataset(call).body["status"]
    if state != "loading":
        raise bad(f"The batch [{call.part('batch')}] takes files only while its status is loading; it is {state}.")


def _is_open(call: Call, path: str) -> bool:
    file = _uploads(call).file(call.scope, call.part("batch"), path)
    return file is not None and file["state"] == OPEN


def _not_begun(path: str) -> Problem:
    return bad(f"The file [{path}] was not initialized, or is complete already: send action=INITIALIZE first.")


def _refuse_more_files(call: Call, path: str) -> None:
    known = _uploads(call).file(call.scope, call.part("batch"), path)
    if known is None and _uploads(call).count(call.scope, call.part("batch")) >= MOST_FILES:
        raise bad(f"A batch has at most {MOST_FILES} files.")


def _refuse_too_much(call: Call, path: str, size: int) -> None:
    uploads, batch = _uploads(call), call.part("batch")
    if len(uploads.parts(call.scope, batch, path)) >= MOST_PARTS:
        raise bad(f"A file has at most {MOST_PARTS} parts.")
    if sum(file["size"] for file in uploads.files(call.scope, batch)) + size > LARGEST_BATCH:
        raise bad(f"A batch has at most {LARGEST_BATCH} bytes.")


def _range(call: Call) -> tuple[int, int]:
    text = call.request.headers.get("content-range", "")
    found = _RANGE.fullmatch(text.strip())
    if not found:
        raise bad(f"The header Content-Range must look like bytes 0-999/1000; it is [{text[:100]}].")
    start, last = int(found[1]), int(found[2])
    if last < start or last - start + 1 > LARGEST_PART or last >= LARGEST_BATCH:
        raise bad(f"Content-Range [{text[:100]}] is empty, or larger than {LARGEST_PART} bytes, or beyond what fits.")
    return start, last + 1


def _too_large(most: int) -> AepProblem:
    return AepProblem(413, "Payload Too Large", f"At most {most} bytes are taken here: upload the file in parts.")


def _uploads(call: Call) -> Uploads:
    return call.platform.importer.uploads


def _file(path: str, size: int) -> Response:
    return answer({"name": path, "sizeInBytes": size})

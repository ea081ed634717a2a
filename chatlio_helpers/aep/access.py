"""Data Access: the files of a batch, the rows in them, and the records that failed.

Documented (Adobe's Data Access guide): a batch has files, a file has parts, a part is downloaded by its name; failed
records are lines of JSON. A dataset's rows are Parquet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from ..errors import CheckFailed, NotFound
from .catalog import Catalog
from .session import Session

BASE = "/data/foundation/export"
_PAGE = 100


class Access:
    """Reads what landed, and what did not."""

    def __init__(self, session: Session, catalog: Catalog) -> None:
        self._session, self._catalog = session, catalog

    def files(self, batch_id: str) -> list[dict[str, Any]]:
        """List the files of a batch; each has a ``dataSetFileId``. Empty while the batch is being written."""
        return self._pages(f"{BASE}/batches/{batch_id}/files", "Listing the files of a batch")

    def parts(self, file: Mapping[str, Any] | str) -> list[dict[str, Any]]:
        """List the parts of a file: name, length (bytes), link."""
        return self._pages(f"{BASE}/files/{_file_id(file)}", "Listing the parts of a file")

    def download(self, file: Mapping[str, Any] | str, part: str = "") -> bytes:
        """Download one part of a file, the first when none is named."""
        name = part or next((str(found["name"]) for found in self.parts(file)), "")
        if not name:
            raise NotFound(
                f"The file {_file_id(file)} has no parts.",
                cause="the batch was deleted or is still being written",
                next_step="read the batch's status first",
                status=404,
            )
        path = f"{BASE}/files/{_file_id(file)}"
        return self._session.call("GET", path, params={"path": name}, what="Downloading a file").content

    def rows(self, dataset_id: str, batches: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
        """Give every landed row of a dataset as nested dictionaries, batch by batch, oldest first.

        *batches* are batch ids; without them, all batches that succeeded. Fields that are missing in a row are None.
        """
        if batches is None:
            done = self._catalog.batches(dataset_id, status="success")
            batches = [str(batch["id"]) for batch in reversed(done)]
        for batch_id in batches:
            for file in self.files(batch_id):
                for part in self.parts(file):
                    yield from _parquet_rows(self.download(file, str(part["name"])), str(part["name"]))

    def failed(self, batch_id: str) -> list[dict[str, Any]]:
        """Give the failed records of a batch, each with its errors; empty when none failed."""
        path = f"{BASE}/batches/{batch_id}/failed"
        try:
            parts = self._pages(path, "Listing the failed records of a batch")
        except NotFound:
            return []
        records: list[dict[str, Any]] = []
        for part in parts:
            answer = self._session.call("GET", path, params={"path": part["name"]}, what="Reading failed records")
            records += _json_lines(answer.text)
        return records

    def preview(self, dataset_id: str) -> list[dict[str, Any]]:
        """Give the first rows of a dataset (at most 100), as the platform's own preview shows them."""
        answer = self._session.call("GET", f"{BASE}/datasets/{dataset_id}/preview", what="Previewing the dataset").json
        return list(answer.get("data") or [])

    def _pages(self, path: str, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            answer = self._session.call("GET", path, params={"limit": _PAGE, "start": len(found)}, what=what).json
            page = answer.get("data") or []
            found += page
            if len(page) < _PAGE:
                return found


def _file_id(file: Mapping[str, Any] | str) -> str:
    return file if isinstance(file, str) else str(file["dataSetFileId"])


def _parquet_rows(content: bytes, name: str) -> list[dict[str, Any]]:
    import pyarrow
    from pyarrow import parquet

    try:
        return list(parquet.read_table(BytesIO(content)).to_pylist())
    except pyarrow.ArrowException as error:
        raise CheckFailed(
            f"The file {name} is not readable as Parquet ({len(content)} bytes).",
            cause="the download was cut short",
            next_step="try again; if it stays so, look at the batch in the platform",
        ) from error


def _json_lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.strip()]

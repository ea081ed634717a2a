"""What the promotion process is handed, and what it answers; both pass as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from ..landing.tally import Cause, Causes, Reason
from .chained import opened

SUMMARY = "INGEST-1212-400"


class Refused(Exception):
    """The batch fails as a whole, for a reason."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.reason = Reason(code, why)


class File(NamedTuple):
    """An uploaded file: the name that its caller gave it, its size in bytes, and its parts on our disk with theirs."""

    name: str
    size: int
    parts: list[tuple[str, int]]

    def open(self) -> BinaryIO:
        """Open it for reading; raises OSError."""
        return opened([(Path(path), size) for path, size in self.parts])


@dataclass(frozen=True)
class Job:
    """A batch to promote: its files, and what its dataset asks of rows.

    *threshold* is the percentage of rows that may fail, *place* the path of the result without suffix.
    """

    files: list[File]
    input_format: dict[str, Any]
    schema: dict[str, Any]
    validates: bool
    diagnosed: bool
    threshold: float
    place: str

    @classmethod
    def of(cls, body: dict[str, Any]) -> Job:
        """Give the job that was written as JSON."""
        return cls(**{**body, "files": [File(*file) for file in body["files"]]})


@dataclass(frozen=True)
class Glance:
    """A preview to make: *most* rows of the landed file, when there is one, or of the uploaded ones."""

    landed: str
    files: list[File]
    input_format: dict[str, Any]
    parameters: dict[str, Any]
    most: int

    @classmethod
    def of(cls, body: dict[str, Any]) -> Glance:
        """Give the job that was written as JSON."""
        return cls(**{**body, "files": [File(*file) for file in body["files"]]})


@dataclass
class Count:
    """What became of the rows of a batch so far; *shown* failed rows are in the failed files, all are counted."""

    files: int = 0
    bytes_in: int = 0
    good: int = 0
    failed: int = 0
    shown: int = 0
    causes: Causes = field(default_factory=Causes)

    @property
    def read(self) -> int:
        """All rows."""
        return self.good + self.failed


@dataclass
class Result:
    """What came of a batch: why it fails as a whole, if it does, and the files that were written, with their sizes.

    ``disk`` is the disk's own error when it refused, ``fault`` one of ours; then nothing else counts. ``spent``: the
    process has taken much memory and should be ended.
    """

    count: Count = field(default_factory=Count)
    reason: Reason | None = None
    written: dict[str, int] = field(default_factory=dict)
    disk: str = ""
    fault: str = ""
    spent: bool = False

    @classmethod
    def of(cls, body: dict[str, Any]) -> Result:
        """Give the result that was written as JSON."""
        count = body["count"]
        by_code = {code: Cause(**cause) for code, cause in count["causes"]["by_code"].items()}
        reason = Reason(*body["reason"]) if body["reason"] else None
        return cls(**{**body, "count": Count(**{**count, "causes": Causes(by_code)}), "reason": reason})

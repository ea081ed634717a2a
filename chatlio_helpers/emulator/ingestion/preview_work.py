"""The first rows of a batch as columns and texts, made in the promotion process."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

from ..landing.lake import first_rows
from .input_files import Unreadable, rows
from .promotion_job import Glance

MOST_BYTES = 4 << 20  # of rows as they came; the rows after them are left out


def shown(job: Glance) -> bytes:
    """Give the answer of a preview as JSON; files that are gone or cannot be read are left out. Raises MemoryError."""
    flat = [dict(_fields(record)) for record in islice(_records(job), job.most)]
    names = list(dict.fromkeys(name for record in flat for name in record))
    numbers = {name: str(number) for number, name in enumerate(names)}
    table = {
        "columns": [{"cid": number, "name": name} for name, number in numbers.items()],
        "rows": [{numbers[name]: text for name, text in record.items()} for record in flat],
    }
    return orjson.dumps({"formatParams": job.parameters, "preview": table})


def _records(job: Glance) -> Iterator[dict[str, Any]]:
    if job.landed:
        yield from first_rows(Path(job.landed), job.most)
        return
    size = 0
    for file in job.files:
        try:
            with file.open() as opened:
                for row in rows(opened, job.input_format):
                    size += row.size
                    if row.record is not None:
                        yield row.record
                    if size > MOST_BYTES:
                        return
        except (Unreadable, FileNotFoundError):  # the promotion will say so; gone: it landed or was reverted meanwhile
            continue


def _fields(value: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Give the way to every field and its value as text; arrays as JSON."""
    for name, one in value.items():
        if isinstance(one, dict):
            yield from _fields(one, f"{path}{name}/")
        else:
            yield path + name, one if isinstance(one, str) else orjson.dumps(one, default=str).decode()

"""A home of the kit to run notebooks in, and a look at everything that is on its platform."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chatlio_helpers import config, runner
from chatlio_helpers.connection import Connection, connect
from chatlio_helpers.journey import landed
from chatlio_helpers.runner.record import Run

Objects = dict[str, Any]  # "noun id" -> the object as the platform lists it

# a field group, a schema and a dataset, and four objects for each of five dataflows; the tutorial's chain has one
OF_THE_KIT = 3 + 5 * 4
AS_PRINTED = 3 + 4


@dataclass(frozen=True)
class Kit:
    """A home of the kit (its own local platform, workspaces, runs), and a folder for reports."""

    home: Path
    reports: Path

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Make this the home of everything that is started meanwhile."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(config.HOME_VARIABLE, str(self.home))
            yield

    def run(self, name: str, notebooks: tuple[str, ...] = (), **given: Any) -> Run:
        """Run *notebooks* (default: all seven) with the parameters *given*; the report goes to a folder *name*."""
        with self.entered():
            return runner.run(notebooks, given, self.reports / name)

    def connect(self, **settings: str) -> Connection:
        """Connect as the notebooks do."""
        with self.entered():
            return connect("local", **settings)


@dataclass(frozen=True)
class Journey:
    """One run of the journey, and what was on the platform after it."""

    run: Run
    objects: Objects
    ids: tuple[str, ...]  # the _id of every landed row, in the order in which they were read


def objects(connection: Connection) -> Objects:
    """List everything in the sandbox that has a noun of its own, through the client."""
    found: Objects = {}
    for noun in ("fieldgroups", "schemas", "classes", "datatypes"):
        found |= {f"{noun} {item['$id']}": item for item in connection.schemas.list(noun)}
    found |= {f"descriptors {item['@id']}": item for item in connection.schemas.list("descriptors")}
    found |= {f"dataSets {item['id']}": item for item in connection.catalog.datasets()}
    found |= {f"mappingSets {item['id']}": item for item in connection.mappings.list()}
    for noun in ("connections", "sourceConnections", "targetConnections", "flows"):
        found |= {f"{noun} {item['id']}": item for item in connection.flows.list(noun)}
    return found


def looked_at(kit: Kit, run: Run) -> Journey:
    """Add what is on the platform now to a *run*."""
    aep = kit.connect()
    return Journey(run, objects(aep), tuple(landed(aep)["_id"]))


def by_hand(tenant: str) -> dict[str, Any]:
    """Give a field group whose title begins as ours do."""
    fields = {
        "type": "object",
        "properties": {f"_{tenant}": {"type": "object", "properties": {"x": {"type": "string"}}}},
    }
    return {
        "title": "chatlio by hand",
        "description": "Made by a person.",
        "type": "object",
        "meta:intendedToExtend": ["https://ns.adobe.com/xdm/context/experienceevent"],
        "definitions": {"customFields": fields},
        "allOf": [{"$ref": "#/definitions/customFields"}],
    }


def output_schema(connection: Connection) -> dict[str, Any]:
    """Give the part of a mapping set that names a schema: the first there is."""
    reference = {
        "id": connection.schemas.list("schemas")[0]["$id"],
        "contentType": "application/vnd.adobe.xed-full+json;version=1",
    }
    return {"outputSchema": {"schemaRef": reference}}

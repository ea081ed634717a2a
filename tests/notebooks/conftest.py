"""Whole journeys, run once in a home of their own and looked at by many tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from chatlio_helpers import local
from chatlio_helpers.onboarding import plan
from chatlio_helpers.runner.record import Run

from .journeys import Journey, Kit, Objects, by_hand, looked_at, objects, output_schema


@pytest.fixture(scope="session")
def kit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kit]:
    """A home that nobody has used; its platform is stopped at the end."""
    made = Kit(tmp_path_factory.mktemp("home") / "kit", tmp_path_factory.mktemp("reports"))
    yield made
    local.stop(made.home / "platform")


@pytest.fixture(scope="session")
def foreign(kit: Kit) -> Objects:
    """What others have in the same sandbox before we come: a neighbour's whole chain, and parts made by hand."""
    neighbour = kit.connect(prefix="neighbour", workspace="neighbour")
    plan(neighbour).apply()
    neighbour.schemas.create("fieldgroups", by_hand(neighbour.schemas.tenant_id()))
    row = {"sourceType": "ATTRIBUTE", "source": "id", "destination": "_id"}
    neighbour.mappings.create({"name": "chatlio by hand", "mappings": [row]} | output_schema(neighbour))
    return objects(neighbour)


@pytest.fixture(scope="session")
def first(kit: Kit, foreign: Objects) -> Journey:
    """All seven notebooks in order, up to cleaning: the last one only shows what it would remove."""
    return looked_at(kit, kit.run("first", remove=False))


@pytest.fixture(scope="session")
def second(kit: Kit, first: Journey) -> Journey:
    """The same seven again, with nothing cleaned in between."""
    return looked_at(kit, kit.run("second", remove=False))


@pytest.fixture(scope="session")
def cleaned(kit: Kit, second: Journey) -> Journey:
    """The last notebook once more, which now removes what was made."""
    run = kit.run("cleaned", ("06",))
    return Journey(run, objects(kit.connect()), ())


@pytest.fixture(scope="session")
def alone(kit: Kit) -> Callable[[str], Run]:
    """Give a function that runs one notebook in a seat and a workspace that nobody has used; each only once."""
    runs: dict[str, Run] = {}

    def run(digits: str) -> Run:
        if digits not in runs:
            where = f"alone-{digits}"
            runs[digits] = kit.run(where, (digits,), seat=where, workspace=where)
        return runs[digits]

    return run

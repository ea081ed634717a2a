"""Clean up: delete in reverse exactly what the ledger says the kit made, and prove that nothing else was touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..cards import html_table
from ..connection import Connection
from ..ledger import Entry
from ..progress import progress
from ..results import Result, check
from .resources import RESOURCES, object_id

_LIVE = ("intended", "made", "deleting")
Census = Mapping[str, str]  # "noun id" -> name, of everything in the sandbox that we can list


@dataclass(frozen=True)
class Inventory:
    """What the ledger says, held against what the platform has."""

    rows: tuple[dict[str, str], ...]

    @property
    def present(self) -> int:
        """How many objects of ours are on the platform."""
        return sum(row["on the platform"] == "yes" for row in self.rows)

    def table(self) -> Any:
        """Give the inventory as a DataFrame: what, name, id, ledger, on the platform."""
        from ..tables import table

        return table(list(self.rows), columns=["what", "name", "id", "ledger", "on the platform"])

    def check(self) -> Result:
        """Say that ledger and platform agree; raises CheckFailed when one knows what the other does not."""
        off = [row["name"] for row in self.rows if (row["ledger"] == "made") != (row["on the platform"] == "yes")]
        return check(
            "inventory",
            not off,
            f"ledger and platform agree on {self.present} objects",
            otherwise=f"ledger and platform disagree on: {', '.join(off)}",
            next_step="run `kit.plan(aep).apply()`: it finds or makes what is missing",
            found=self.present,
        )

    def __repr__(self) -> str:
        return f"Inventory: {len(self.rows)} in the ledger, {self.present} on the platform"

    def _repr_html_(self) -> str:
        return html_table(self.rows, repr(self))


@dataclass(frozen=True)
class Cleaned:
    """What was deleted, what is left of ours, and what became of everything else."""

    rows: tuple[dict[str, str], ...]
    left: tuple[str, ...]
    others_before: Census
    others_after: Census
    dry_run: bool = False

    def table(self) -> Any:
        """Give what was deleted as a DataFrame, in the order of deleting."""
        from ..tables import table

        return table(list(self.rows), columns=["what", "name", "id", "outcome"])

    def proof(self) -> Any:
        """Give the counts before and after as a DataFrame: of ours, and of everything else in the sandbox."""
        from ..tables import table

        ours = {"objects": "made by the kit", "before": len(self.rows), "after": len(self.left)}
        others = {"objects": "everything else", "before": len(self.others_before), "after": len(self.others_after)}
        return table([ours, others])

    def check(self) -> Result:
        """Say that nothing of ours is left and nothing else was touched; raises CheckFailed otherwise."""
        lost = [name for key, name in self.others_before.items() if key not in self.others_after]
        if self.dry_run:
            return check(
                "clean", not lost, f"{len(self.left)} objects would be removed; none was", found=len(self.left)
            )
        return check(
            "clean",
            not self.left and not lost,
            f"nothing of ours is left; the {len(self.others_before)} other objects are all still there",
            otherwise=f"left of ours: {list(self.left)}; missing of others: {lost}",
            next_step="run the cell again; what cannot be deleted shows the platform's words",
            expected=len(self.others_before),
            found=len(self.others_after),
        )

    def __repr__(self) -> str:
        others = len(self.others_after)
        if self.dry_run:
            return f"{len(self.rows)} objects would be deleted, {others} others would stay"
        return f"Cleaned: {len(self.rows)} objects deleted, {len(self.left)} left, {others} others untouched"

    def _repr_html_(self) -> str:
        return html_table(self.rows, repr(self))


def inventory(connection: Connection) -> Inventory:
    """List what the ledger says the kit made, and whether the platform has it."""
    return Inventory(tuple(_row(connection, entry) for entry in connection.ledger.entries(*_LIVE)))


def clean(connection: Connection, *, dry_run: bool = False, bar: Any = progress) -> Cleaned:
    """Delete, newest first, exactly the objects that the ledger says the kit made; safe to repeat.

    With *dry_run* nothing is deleted: the answer lists what would be.

    Objects that were only reused stay. Each deletion is written down before and after its call, so a crash is resumed
    by running again.
    """
    with connection.workspace.lock():
        entries = connection.ledger.entries(*_LIVE)
        before = _census(connection)
        rows = []
        words = "looking at what the kit made" if dry_run else "deleting what the kit made"
        with bar(words, total=len(entries)) as shown:
            for entry in reversed(entries):
                rows.append(_would_delete(entry) if dry_run else _delete(connection, entry))
                shown.step(1, note=entry.name)
        after = _census(connection)
    ours = {f"{entry.resource} {row['id']}" for entry, row in zip(reversed(entries), rows, strict=True)}
    return Cleaned(
        tuple(rows),
        tuple(name for key, name in after.items() if key in ours),
        {key: name for key, name in before.items() if key not in ours},
        {key: name for key, name in after.items() if key not in ours},
        dry_run,
    )


def _row(connection: Connection, entry: Entry) -> dict[str, str]:
    resource = RESOURCES[entry.resource]
    there = bool(entry.id) and resource.lookup(connection, entry.id) is not None
    return {"what": resource.label, "name": entry.name, "id": entry.id, "ledger": entry.state,
            "on the platform": "yes" if there else "no"}  # fmt: skip


def _would_delete(entry: Entry) -> dict[str, str]:
    label = RESOURCES[entry.resource].label
    return {"what": label, "name": entry.name, "id": entry.id, "outcome": "would be deleted"}


def _delete(connection: Connection, entry: Entry) -> dict[str, str]:
    resource = RESOURCES[entry.resource]
    found_id = entry.id or _unanswered(connection, entry)
    connection.ledger.deleting(entry.key)
    gone = resource.remove(connection, found_id) if found_id else False
    connection.ledger.deleted(entry.key)
    outcome = "deleted" if gone else "was gone already"
    return {"what": resource.label, "name": entry.name, "id": found_id, "outcome": outcome}


def _unanswered(connection: Connection, entry: Entry) -> str:
    """Find the object of an intention whose answer never came; a namesake without our marker is not ours."""
    found = RESOURCES[entry.resource].find(connection, entry.name)
    if found is None or ("description" in found and entry.marker not in str(found["description"])):
        return ""
    return object_id(found)


def _census(connection: Connection) -> Census:
    listed: dict[str, str] = {}
    for noun in ("fieldgroups", "schemas"):
        listed |= {f"{noun} {item['$id']}": str(item.get("title")) for item in connection.schemas.list(noun)}
    listed |= {f"dataSets {item['id']}": str(item.get("name")) for item in connection.catalog.datasets()}
    listed |= {f"mappingSets {item['id']}": str(item.get("name")) for item in connection.mappings.list()}
    for noun in ("sourceConnections", "targetConnections", "flows"):
        listed |= {f"{noun} {item['id']}": str(item.get("name")) for item in connection.flows.list(noun)}
    return listed

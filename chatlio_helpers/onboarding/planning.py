"""The plan: what should exist, held against what does; and its application."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any
from uuid import uuid4

from ..cards import html_table
from ..connection import Connection
from ..errors import ConfigurationError, Conflict, Unavailable
from ..events import KINDS
from ..ledger import Entry
from ..progress import progress
from ..results import Result, check
from . import as_printed, blueprint, trial
from .blueprint import Wanted
from .dataflows import Made, collect
from .resources import RESOURCES, Difference, object_id, use_newest_mapping

CREATE, REUSE, UPDATE, CONFLICT = "create", "reuse", "update", "conflict"
COMPLETE = "complete"
_NEW = "(new)"  # stands for the id of an object that is still to be made
_TRIES = 3  # creating calls whose answer may be lost on the way


@dataclass(frozen=True)
class Step:
    """One line of the plan: the object wanted, what is to be done, and why; ``id`` is empty until it exists."""

    wanted: Wanted
    action: str
    id: str = ""
    ours: bool = False
    why: str = ""

    def row(self) -> dict[str, str]:
        """Give the line as a row of a table."""
        label = RESOURCES[self.wanted.resource].label
        return {"what": label, "name": self.wanted.name, "action": self.action, "why": self.why}


@dataclass(frozen=True)
class Plan:
    """Steps in the order of making; show it, check it, then ``apply()`` it. Applying twice makes nothing twice."""

    connection: Connection
    kinds: tuple[str, ...]
    profile: str
    steps: tuple[Step, ...]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many objects to create, reuse, update, and how many are in conflict."""
        found = Counter(step.action for step in self.steps)
        return {action: found[action] for action in (CREATE, REUSE, UPDATE, CONFLICT)}

    def table(self) -> Any:
        """Give the plan as a DataFrame: what, name, action, why."""
        from ..tables import table

        return table([step.row() for step in self.steps])

    def check(self) -> Result:
        """Say that the plan can be applied; raises CheckFailed when a name is taken by another shape."""
        taken = [f"{step.wanted.name}: {step.why}" for step in self.steps if step.action == CONFLICT]
        return check(
            "plan",
            not taken,
            f"the plan can be applied: {_sentence(self.counts)}",
            otherwise=f"{len(taken)} names are taken by other objects: {'; '.join(taken)}",
            next_step="choose another `prefix`, or delete those objects in the platform",
            evidence=dict(self.counts),
        )

    def apply(self, *, bar: Any = progress) -> Made:
        """Carry the plan out and give what was made.

        Holds the workspace's lock, plans again beneath it, and writes every object into the ledger before and after
        its call, so that a crash at any point is resumed by running again. Raises Conflict before anything is made
        when a name is taken by another shape, MappingError when the platform cannot map the sample payloads.
        """
        with self.connection.workspace.lock():
            fresh = plan(self.connection, kinds=self.kinds, profile=self.profile)
            fresh._refuse_conflicts()
            with bar("carrying out the plan", total=len(fresh.steps)) as shown:
                ids: dict[str, str] = {}
                for step in fresh.steps:
                    ids[step.wanted.key] = _carry_out(self.connection, step, ids)
                    shown.step(1, note=f"{step.action}: {step.wanted.name}")
        return collect(self.connection, ids, fresh.counts, bar=bar)

    def _refuse_conflicts(self) -> None:
        conflicts = [step for step in self.steps if step.action == CONFLICT]
        if conflicts:
            first = conflicts[0]
            raise Conflict(
                f"{len(conflicts)} of {len(self.steps)} names are taken by objects of another shape, the first is"
                f" '{first.wanted.name}': it {first.why}.",
                cause="another person or tool uses the same names in this sandbox, or an object was changed by hand",
                next_step="choose another `prefix`, or delete those objects; nothing was made",
            )

    def __repr__(self) -> str:
        return f"Plan: {_sentence(self.counts)}"

    def _repr_html_(self) -> str:
        shared = [step.row() for step in self.steps if step.wanted.resource not in blueprint.SHORT]
        if not any(row["why"] for row in shared):
            shared = [{"what": row["what"], "name": row["name"], "action": row["action"]} for row in shared]
        tables = {"Shared by all kinds": shared, "For each kind": self._per_kind()}
        shown = [html_table(rows, caption) for caption, rows in tables.items() if rows]
        return f"<p><strong>{escape(repr(self))}</strong></p>{''.join(shown)}"

    def _per_kind(self) -> list[dict[str, str]]:
        """Give a row for each kind: what is to be done with its source, target, mapping and dataflow, and why."""
        rows: dict[str, dict[str, str]] = {}
        for step in self.steps:
            if step.wanted.resource in blueprint.SHORT:
                row = rows.setdefault(step.wanted.kind, {"kind": step.wanted.kind})
                says = f"{step.action}: {step.why}" if step.why else step.action
                row[blueprint.SHORT[step.wanted.resource]] = says
        return list(rows.values())


def plan(connection: Connection, *, kinds: Iterable[str] = KINDS, profile: str = COMPLETE) -> Plan:
    """Compare what should exist for *kinds* with what does; changes nothing.

    *profile* ``as_printed`` plans the chain of Adobe's tutorial instead (one dataflow, *kinds* does not matter).
    """
    chosen = tuple(kinds)
    entries = {entry.key: entry for entry in connection.ledger.entries("intended", "made", "deleting")}
    ids: dict[str, str] = {}
    steps = []
    for wanted in _wanted(connection, chosen, profile):
        step = _examine(connection, wanted, entries.get(wanted.key), ids)
        ids[wanted.key] = step.id or _NEW
        steps.append(step)
    return Plan(connection, chosen, profile, tuple(steps))


def _wanted(connection: Connection, kinds: tuple[str, ...], profile: str) -> list[Wanted]:
    names = {"prefix": connection.prefix, "tenant": connection.schemas.tenant_id()}
    if profile == as_printed.NAME:
        return as_printed.as_printed(**names)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if profile != COMPLETE or unknown:
        raise ConfigurationError(
            f"There is no {f'kind {unknown[0]!r}' if unknown else f'profile {profile!r}'}.",
            next_step=f"kinds: {', '.join(KINDS)}; profiles: {COMPLETE}, {as_printed.NAME}",
        )
    return blueprint.blueprint(kinds, **names)


def _examine(connection: Connection, wanted: Wanted, entry: Entry | None, ids: Mapping[str, str]) -> Step:
    resource = RESOURCES[wanted.resource]
    found = resource.lookup(connection, entry.id) if entry and entry.id else None
    found = found or resource.find(connection, wanted.name)
    if found is None:
        return Step(wanted, CREATE, why="was made before, and is gone" if entry and entry.id else "")
    ours = _is_ours(entry, found)
    differences = resource.compare(found, wanted.body(ids))
    action = _action(differences)
    why = ", ".join(difference.what for difference in differences[:3]) or ("" if ours else "made by somebody else")
    return Step(wanted, action, object_id(found), ours, why)


def _action(differences: list[Difference]) -> str:
    if not differences:
        return REUSE
    return UPDATE if all(difference.fixable for difference in differences) else CONFLICT


def _is_ours(entry: Entry | None, found: Mapping[str, Any]) -> bool:
    if entry is None:
        return False
    if entry.id:
        return entry.id == object_id(dict(found))
    # an intention whose call may have been answered into a crash: the marker tells our object from a namesake;
    # a mapping set has no description, so there its name must do
    return "description" not in found or entry.marker in str(found["description"])


def _carry_out(connection: Connection, step: Step, ids: Mapping[str, str]) -> str:
    wanted, resource = step.wanted, RESOURCES[step.wanted.resource]
    if step.action == CREATE:
        return _create(connection, wanted, ids)
    if step.ours:
        connection.ledger.made(wanted.key, step.id)
    if wanted.resource == blueprint.MAPPING and step.action == UPDATE:
        _try_mapping(connection, wanted, ids)
    if step.action == UPDATE and resource.update:
        found = resource.get(connection, step.id)
        resource.update(connection, found, wanted.body(ids))
    if wanted.resource == blueprint.FLOW:
        use_newest_mapping(connection, step.id)
    return step.id


def _create(connection: Connection, wanted: Wanted, ids: Mapping[str, str]) -> str:
    body = wanted.body(ids)
    if wanted.resource == blueprint.MAPPING:
        _try_mapping(connection, wanted, ids)
    marker = f"[chatlio-kit {uuid4().hex[:12]}]"
    if "description" in body:
        body["description"] = f"{body['description']} {marker}"
    connection.ledger.intend(wanted.key, wanted.resource, wanted.name, marker)
    made_id = _create_once(connection, wanted, body, marker)
    connection.ledger.made(wanted.key, made_id)
    return made_id


def _try_mapping(connection: Connection, wanted: Wanted, ids: Mapping[str, str]) -> None:
    if wanted.kind in KINDS:  # the printed chain is run as printed: untried
        trial.run(connection, wanted.kind, wanted.body(ids))


def _create_once(connection: Connection, wanted: Wanted, body: dict[str, Any], marker: str) -> str:
    """Create without ever making two: after a lost answer, look whether the platform did the work."""
    resource = RESOURCES[wanted.resource]
    for attempt in range(1, _TRIES + 1):
        try:
            return resource.create(connection, body)
        except Unavailable as lost:
            time.sleep(lost.wait or min(2**attempt, 10) / 10)
            found = resource.find(connection, wanted.name)
            if found is not None and marker in str(found.get("description", marker)):
                return object_id(found)
            if attempt == _TRIES:
                raise
    raise AssertionError("unreachable")


def _sentence(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{action} {count}" for action, count in counts.items())

"""What one run of the notebooks leaves behind: its steps, as text, as JSON and as JUnit."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ..secret import redact
from .failures import Failure

SCHEMA = 1
SIGNS = {"ok": "✓ ok", "failed": "✗ failed", "not run": "– not run", "warning": "! take care"}


@dataclass(frozen=True)
class Limits:
    """Time limits in seconds: for a kernel to start, for a cell, for the whole run."""

    start: int = 60
    cell: int = 300
    run: int = 7200


@dataclass(frozen=True)
class Step:
    """One notebook of a run; ``status`` is ``ok``, ``failed`` or ``not run``, ``results`` the records it displayed."""

    name: str
    title: str
    status: str = "not run"
    seconds: float = 0.0
    results: Sequence[Mapping[str, Any]] = ()
    failure: Failure | None = None

    @property
    def checks(self) -> int:
        """Count the results of checks that let the run go on."""
        return sum(record.get("status") != "failed" for record in self.results)


@dataclass(frozen=True)
class Run:
    """One run: its steps in order, where its files are, how long it took (seconds)."""

    folder: Path
    started: str
    steps: Sequence[Step]
    seconds: float
    parameters: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    first_event: Mapping[str, Any] | None = None

    @property
    def failed(self) -> Step | None:
        """Give the step that stopped the run."""
        return next((step for step in self.steps if step.status == "failed"), None)

    @property
    def status(self) -> str:
        """Give ``ok`` or ``failed``."""
        return "failed" if self.failed else "ok"

    @property
    def exit_code(self) -> int:
        """Give the exit code: 0, or that of the failed step's error class."""
        return self.failed.failure.exit_code if self.failed and self.failed.failure else 0

    @property
    def index(self) -> Path:
        """Give the page that links everything."""
        return self.folder / "index.html"

    def __str__(self) -> str:
        parts = [self._failure_text()] if self.failed else []
        parts += [self._table(), *self._closing()]
        return redact("\n".join(parts))

    def summary(self) -> dict[str, Any]:
        """Give the JSON form, the content of ``summary.json``."""
        steps = [{**asdict(step), "checks": step.checks, "results": list(step.results)} for step in self.steps]
        return {
            "schema": SCHEMA,
            "status": self.status,
            "exit_code": self.exit_code,
            "started": self.started,
            "seconds": round(self.seconds, 2),
            "first_event": self.first_event,
            "parameters": dict(self.parameters),
            "environment": dict(self.environment),
            "index": self.index.name,
            "steps": steps,
        }

    def write(self) -> None:
        """Write ``summary.json`` and ``junit.xml`` into the run's folder."""
        text = json.dumps(self.summary(), indent=2, ensure_ascii=False, default=str)
        for name, content in (("summary.json", text + "\n"), ("junit.xml", junit(self))):
            path = self.folder / name
            path.touch(mode=0o600)
            path.write_text(redact(content), encoding="utf-8")

    def _failure_text(self) -> str:
        step = self.failed
        where = f" at cell {step.failure.cell}" if step.failure.cell else ""
        return f"Stopped in {step.name}{where}:\n{step.failure}\n"

    def _table(self) -> str:
        width = max([len(step.name) for step in self.steps] + [8])
        rows = [f"{'notebook':<{width}}  {'status':<9}  {'checks':>6}  {'seconds':>7}"]
        rows += [
            f"{step.name:<{width}}  {SIGNS[step.status]:<9}  {step.checks:>6}  {step.seconds:>7.1f}"
            for step in self.steps
        ]
        return "\n".join(rows)

    def _closing(self) -> list[str]:
        lines = ["", f"{self.seconds:.1f} s in all. Report: {self.index}"]
        return lines + ([first_event_text(self.first_event)] if self.first_event else [])


def first_event_text(first: Mapping[str, Any]) -> str:
    """Say how long it took until the first event had landed and was verified."""
    return f"From {first['since']} to the first landed, verified event: {first['seconds']:.1f} s."


def junit(run: Run) -> str:
    """Give the JUnit XML of a run: a suite for the run, a case for each notebook."""
    count = {status: sum(step.status == status for step in run.steps) for status in SIGNS}
    totals = {"tests": len(run.steps), "failures": count["failed"], "skipped": count["not run"], "errors": 0}
    suite = ElementTree.Element("testsuite", {"name": "chatlio-kit", "time": f"{run.seconds:.3f}"})
    suite.attrib.update({name: str(number) for name, number in totals.items()} | {"timestamp": run.started})
    for step in run.steps:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": "notebooks", "name": step.name, "time": f"{step.seconds:.3f}"}
        )
        if step.failure:
            failure = ElementTree.SubElement(case, "failure", {"type": step.failure.kind, "message": step.failure.what})
            failure.text = str(step.failure)
        elif step.status == "not run":
            ElementTree.SubElement(case, "skipped", {"message": "an earlier notebook stopped the run"})
    suites = ElementTree.Element("testsuites")
    suites.append(suite)
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"

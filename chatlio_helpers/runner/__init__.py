"""Run notebooks headless, one after the other, and leave one folder that says what happened.

.. code-block:: text

    RUN/index.html            the page to open first
        NAME.ipynb NAME.html  each executed notebook, scrubbed
        summary.json junit.xml run.log
"""

from __future__ import annotations

import logging
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from .. import config
from ..errors import ConfigurationError
from ..results import MIME
from ..secret import redact
from . import failures, parameters, report, scrub
from .failures import Failure
from .record import Limits, Run, Step

STARTED_VARIABLE = "CHATLIO_KIT_STARTED"  # set by bootstrap.py: epoch seconds
FRESH_VARIABLE = "CHATLIO_KIT_FRESH"  # set by bootstrap.py when it had to install
VERIFIED = "verified"  # the step name of the result whose evidence["at"] is the moment of proof, in epoch seconds
PACKAGES = ("chatlio-helpers", "jupyterlab", "ipykernel", "papermill", "pandas", "requests", "pyarrow")

log = logging.getLogger(__name__)


def run(
    notebooks: Sequence[Path | str] = (),
    given: Mapping[str, Any] | None = None,
    out: Path | str | None = None,
    *,
    limits: Limits | None = None,
    tell: Callable[[str], Any] = lambda _words: None,
) -> Run:
    """Execute *notebooks* (paths, names or leading digits; default: the whole journey) and report on them.

    *given* are parameters by name; *out* is a new or empty folder, by default one under ``runs/`` in the kit's
    folder; *tell* receives a line of progress now and then. The first failure stops the run. Raises
    ConfigurationError before anything starts when a notebook, a parameter or the folder must be put right; a failing
    notebook does not raise, it is in the Run.
    """
    _import_libraries()
    paths = chosen(notebooks)
    for path in paths:
        _read(path)  # a damaged notebook stops the run before it starts
    values = parameters.for_each(given or {}, paths)
    folder = run_folder(out)
    with _log_file(folder / "run.log"):
        return _Journey(folder, dict(given or {}), limits or Limits(), tell).through(paths, values)


def _import_libraries() -> None:
    """Import nbformat and papermill without a grammar that takes 1.6 s to build and that no notebook needs.

    jsonschema, behind nbformat, imports ``rfc3987_syntax`` when it is installed, to check the format of IRIs, and does
    without it when it is not (observed, jsonschema 4.26, rfc3987-syntax 1.1).
    """
    hidden = "rfc3987_syntax" not in sys.modules and "jsonschema" not in sys.modules
    if hidden:
        sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment]
    try:
        import papermill  # noqa: F401
    finally:
        if hidden:
            del sys.modules["rfc3987_syntax"]


def chosen(names: Sequence[Path | str]) -> list[Path]:
    """Give the notebooks that *names* mean; all of the journey, in order, when there are none."""
    found = [_found(str(name)) for name in names] or sorted(config.notebooks().glob("[0-9][0-9]_*.ipynb"))
    stems = [path.stem for path in found]
    twice = sorted({stem for stem in stems if stems.count(stem) > 1})
    if twice or not found:
        raise ConfigurationError(
            f"Two notebooks of this run are called {twice[0]}." if twice else "There is no notebook to run.",
            next_step="name each notebook once, for example: chatlio-kit run 00 01",
        )
    return found


def run_folder(out: Path | str | None) -> Path:
    """Make the folder of a run, private to its owner; raises ConfigurationError when *out* holds something."""
    if out is None:
        return config.private_folder(_free(config.private_folder(config.home() / "runs") / _stamp(datetime.now(UTC))))
    folder = Path(out).expanduser().resolve()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{folder} is there already and not empty.",
            cause="a report never overwrites another one",
            next_step="name a new folder with --out, or leave --out away",
        )
    return config.private_folder(folder)


@dataclass
class _Journey:
    folder: Path
    given: dict[str, Any]
    limits: Limits
    tell: Callable[[str], Any]
    began: float = field(default_factory=time.time)
    clock: float = field(default_factory=time.monotonic)

    def through(self, paths: Sequence[Path], values: Sequence[Mapping[str, Any]]) -> Run:
        steps: list[Step] = []
        pages: dict[str, Any] = {}
        for path, own in zip(paths, values, strict=True):
            if any(step.status == "failed" for step in steps):
                steps.append(Step(path.stem, _title(_read(path)) or path.stem))
                continue
            step, pages[path.stem] = self.execute(path, own)
            steps.append(step)
        return self.reported(steps, pages)

    def execute(self, path: Path, values: Mapping[str, Any]) -> tuple[Step, Any]:
        """Execute one notebook; gives its step, and the scrubbed notebook unless it must not be kept."""
        log.info("%s: started", path.stem)
        self.tell(f"{path.stem} …")
        committed, clock = _read(path), time.monotonic()
        notebook, failure = self._papermill(path, values)
        scrub.learn_secrets(values.get("credentials"))  # what the kernel could read, this process must recognise
        scrub.scrub(notebook, path.stem)
        leaks = scrub.findings(notebook, committed)
        failure = failures.leak(leaks) if leaks else failure or failures.left_early(notebook)
        step = Step(
            path.stem,
            _title(committed) or path.stem,
            "failed" if failure else "ok",
            time.monotonic() - clock,
            [] if leaks else results(notebook),
            failure,
        )
        log.info("%s: %s, %d checks, %.1f s", step.name, step.status, step.checks, step.seconds)
        self.tell(f"{step.name} {step.status}, {step.seconds:.1f} s")
        if leaks:
            return step, None
        self._keep(path.stem, notebook)
        return step, notebook

    def _papermill(self, path: Path, values: Mapping[str, Any]) -> tuple[Any, Failure | None]:
        """Run papermill on one notebook; gives the executed notebook and why it stopped, None when it did not."""
        import papermill

        from . import engine

        engine.register()
        executed: list[Any] = []
        failure = None
        try:
            papermill.execute_notebook(
                _read(path),
                None,  # the engine hands the notebook over; nothing is written before it is scrubbed and scanned
                dict(values),
                engine_name=engine.NAME,
                kernel_name="python3",
                progress_bar=False,
                cwd=str(path.parent),
                limits=self.limits,
                deadline=self.clock + self.limits.run,
                executed=executed,
            )
        except papermill.PapermillExecutionError as error:
            papermill.execute.remove_error_markers(executed[0])  # the report says it better
            failure = failures.from_cell(error, executed[0])
        except (TimeoutError, RuntimeError, OSError) as error:
            log.exception("%s: stopped from outside", path.stem)
            failure = failures.from_outside(error, self.limits.cell, self.limits.run)
        return (executed or [_read(path)])[0], failure

    def _keep(self, name: str, notebook: Any) -> None:
        import nbformat

        target = self.folder / f"{name}.ipynb"
        target.touch(mode=0o600)
        nbformat.write(notebook, target)

    def reported(self, steps: list[Step], notebooks: Mapping[str, Any]) -> Run:
        """Write every file of the run's folder."""
        done = Run(
            folder=self.folder,
            started=datetime.fromtimestamp(self.began, UTC).isoformat(timespec="seconds"),
            steps=tuple(steps),
            seconds=time.monotonic() - self.clock,
            parameters={name: redact(str(value)) for name, value in self.given.items()},
            environment=environment(),
            first_event=first_event(steps, self.began),
        )
        done.write()
        report.write(done, {name: notebook for name, notebook in notebooks.items() if notebook is not None})
        return done


def results(notebook: Any) -> list[Mapping[str, Any]]:
    """Give the result records that the cells of *notebook* displayed, in order."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return [output.data[MIME] for output in outputs if MIME in output.get("data", {})]


def first_event(steps: Sequence[Step], began: float) -> dict[str, Any] | None:
    """Give the seconds until the first verified event, and since when; None when no step verified one."""
    moments = [
        record["evidence"]["at"]
        for step in steps
        for record in step.results
        if record.get("step") == VERIFIED and (record.get("evidence") or {}).get("at")
    ]
    if not moments:
        return None
    fresh = os.environ.get(FRESH_VARIABLE) == "1"
    since = "fresh clone" if fresh else "the start of this run"
    start = float(os.environ.get(STARTED_VARIABLE, began)) if fresh else began
    return {"seconds": round(min(moments) - start, 1), "since": since}


def environment() -> dict[str, str]:
    """Give the versions that a reader of the report needs to repeat the run."""
    versions = {"Python": platform.python_version(), "System": f"{platform.system()} {platform.machine()}"}
    installed = {found.metadata["Name"]: found.version for found in map(_distribution, PACKAGES) if found}
    return versions | installed


def _distribution(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def _found(name: str) -> Path:
    path = Path(name).expanduser()
    if path.suffix == ".ipynb" and path.is_file():
        return path.resolve()
    matches = sorted(config.notebooks().glob(f"{name}*.ipynb")) if re.fullmatch(r"[\w.-]+", name) else []
    if len(matches) == 1:
        return matches[0]
    there = ", ".join(match.stem for match in matches or sorted(config.notebooks().glob("*.ipynb")))
    raise ConfigurationError(
        f"{name} names {'several notebooks' if matches else 'no notebook'}.",
        next_step=f"give a path, or the beginning of one of: {there}",
    )


def _free(folder: Path) -> Path:
    candidate, number = folder, 1
    while candidate.exists():
        number += 1
        candidate = folder.with_name(f"{folder.name}-{number}")
    return candidate


def _stamp(now: datetime) -> str:
    return now.strftime("%Y-%m-%dT%H-%M-%SZ")


def _read(path: Path) -> Any:
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError) as error:  # nbformat's own errors are ValueErrors
        raise ConfigurationError(
            f"{path.name} cannot be read as a notebook.",
            cause=f"the file is damaged or of another kind ({type(error).__name__})",
            next_step="restore it, for example with: git checkout -- notebooks",
        ) from error


def _title(notebook: Any) -> str:
    return report.title(notebook)


@contextmanager
def _log_file(path: Path) -> Iterator[None]:
    """Keep what papermill and the kit log during a run, without secrets, in a file of its owner only."""
    path.touch(mode=0o600)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(_Redacting("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    loggers = [logging.getLogger("papermill"), logging.getLogger("traitlets"), logging.getLogger(__package__)]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.addHandler(handler)
        each.setLevel(logging.INFO)
    try:
        yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.removeHandler(handler)
            each.setLevel(level)
        handler.close()


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))

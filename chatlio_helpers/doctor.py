"""Every precondition of the journey, each with a verdict and the next step."""

from __future__ import annotations

import shutil
import ssl
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from . import config, credentials, local
from .cards import html_table
from .errors import KitError, Unavailable
from .results import Result, check
from .secret import redact

if TYPE_CHECKING:
    import pandas

OK, CARE, STOPPED = "ok", "take care", "stopped"
OLDEST_PYTHON = (3, 11)
LEAST_FREE, LITTLE_FREE = 200_000_000, 1_000_000_000  # bytes
SMALL_SKEW, LARGE_SKEW = 30, 300  # seconds; tokens and event times go wrong beyond
REACH_SECONDS = 10.0
THIS = "chatlio-helpers"


@dataclass(frozen=True)
class Finding:
    """One precondition: its verdict (``ok``, ``take care`` or ``stopped``), what was found, what to do."""

    what: str
    verdict: str
    says: str
    next_step: str = ""
    exit_code: int = 1  # of the command line, when this stops the journey

    def row(self) -> dict[str, str]:
        """Give the finding as a row of text."""
        return {"what": self.what, "verdict": self.verdict, "found": redact(self.says), "next step": self.next_step}


@dataclass(frozen=True)
class Report:
    """What the doctor found; shows itself as text, as HTML and, with :meth:`table`, as a DataFrame."""

    platform: str
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> str:
        """Give the worst verdict of all."""
        verdicts = {finding.verdict for finding in self.findings}
        return next(verdict for verdict in (STOPPED, CARE, OK) if verdict in verdicts)

    @property
    def exit_code(self) -> int:
        """Give the exit code of the command line: 0, or the highest of what stops the journey."""
        return max((finding.exit_code for finding in self.findings if finding.verdict == STOPPED), default=0)

    def rows(self) -> list[dict[str, str]]:
        """Give one row per precondition: what, verdict, found, next step."""
        return [finding.row() for finding in self.findings]

    def table(self) -> pandas.DataFrame:
        """Give the rows as a DataFrame."""
        from .tables import table

        return table(self.rows())

    def check(self) -> Result:
        """Say that nothing stops the journey; raises CheckFailed with the first thing that does."""
        stopped = [finding for finding in self.findings if finding.verdict == STOPPED]
        care = [finding.what for finding in self.findings if finding.verdict == CARE]
        return check(
            "doctor",
            not stopped,
            f"{len(self.findings)} preconditions examined" + (f"; take care with: {', '.join(care)}" if care else ""),
            otherwise=f"{stopped[0].what}: {stopped[0].says}" if stopped else "",
            next_step=stopped[0].next_step if stopped else "",
            status="warning" if care else "ok",
            expected=len(self.findings),
            found=len(self.findings) - len(stopped),
        )

    def __repr__(self) -> str:
        width = max(len(finding.what) for finding in self.findings)
        lines = [
            f"{row['verdict']:<9}  {row['what']:<{width}}  {row['found']}"
            + (f"\n{'':{width + 13}}next step: {row['next step']}" if row["next step"] else "")
            for row in self.rows()
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return html_table(self.rows(), f"Preconditions of the {self.platform} platform: {self.verdict}")


def examine(platform: str = "local", *, credentials: str = "") -> Report:
    """Examine this machine, and what *platform* (``local`` or ``live``) needs; starts the local platform if needed.

    *credentials* is the path or the profile name of a credential file, for ``live``. Nothing is changed on a
    platform, nothing is raised: what is wrong is in the report.
    """
    machine: list[Callable[[], Iterator[Finding]]] = [_python, _packages, _kernel, _widgets, _home, _clock]
    own = [_local] if platform == "local" else [_reach, lambda: _credentials(credentials)]
    return Report(platform, tuple(finding for examined in machine + own for finding in examined()))


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info[:2] >= OLDEST_PYTHON
    yield Finding("Python", OK if good else STOPPED, version, "" if good else "install Python 3.11 or newer")


def _packages() -> Iterator[Finding]:
    """Hold what is installed against the pinned set that was tested."""
    pinned = _pinned(config.CHECKOUT / "constraints.txt")
    needed = _needed()
    missing = sorted(name for name in needed if _version(name) is None)
    other = sorted(name for name, wanted in pinned.items() if name in needed and _version(name) not in (wanted, None))
    if missing:
        yield Finding("Packages", STOPPED, f"missing: {', '.join(missing)}", "make setup")
    elif other:
        words = ", ".join(f"{name} {_version(name)} instead of {pinned[name]}" for name in other)
        yield Finding("Packages", CARE, words, "make setup brings back the versions that were tested")
    else:
        yield Finding("Packages", OK, f"{len(needed)} as tested" if pinned else f"{len(needed)} installed")


def _kernel() -> Iterator[Finding]:
    """See which Python JupyterLab would start for these notebooks."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        command = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        yield Finding("Kernel", STOPPED, "there is no kernel python3", "make setup, then: make lab")
        return
    own = not Path(command).is_absolute() or Path(command).absolute() == Path(sys.executable).absolute()
    says = "python3 is this Python" if own else f"python3 is another Python: {command}"
    yield Finding("Kernel", OK if own else CARE, says, "" if own else "start JupyterLab with: make lab")


def _widgets() -> Iterator[Finding]:
    """See whether the two halves of ipywidgets, in the kernel and in JupyterLab, belong together."""
    from packaging.requirements import Requirement

    kernel, lab = _version("ipywidgets"), _version("jupyterlab-widgets")
    wanted = [Requirement(text) for text in (metadata.requires("ipywidgets") or [] if kernel else [])]
    fits = lab and all(each.specifier.contains(lab) for each in wanted if each.name == "jupyterlab_widgets")
    says = f"ipywidgets {kernel or 'missing'}, jupyterlab_widgets {lab or 'missing'}"
    next_step = "" if fits else "make setup, restart JupyterLab, reload the page; every step also works without them"
    yield Finding("Widgets", OK if fits else CARE, says, next_step)


def _home() -> Iterator[Finding]:
    try:
        folder = config.home()
    except KitError as error:
        yield _from_error("Folder of the kit", error)
        return
    yield Finding("Folder of the kit", OK, str(folder))
    free = shutil.disk_usage(folder).free
    verdict = STOPPED if free < LEAST_FREE else CARE if free < LITTLE_FREE else OK
    next_step = "" if verdict == OK else f"free some space, or set {config.HOME_VARIABLE} to a folder on another disk"
    yield Finding("Disk", verdict, f"{free / 1e9:.1f} GB free", next_step)


def _clock() -> Iterator[Finding]:
    """A clock that is before the kit's own files is wrong."""
    newest = max(path.stat().st_mtime for path in config.PACKAGE.glob("*.py"))
    behind = newest - time.time()
    now = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
    next_step = "" if behind < SMALL_SKEW else "set the computer's clock; tokens and event times depend on it"
    yield Finding("Clock", OK if behind < SMALL_SKEW else CARE, now, next_step)


def _local() -> Iterator[Finding]:
    began = time.monotonic()
    try:
        running = local.start()
    except KitError as error:
        yield _from_error("Local platform", error)
        return
    yield Finding("Local platform", OK, f"answers at {running.url} after {time.monotonic() - began:.1f} s")


def _reach() -> Iterator[Finding]:
    """Reach Adobe's hosts over TLS, through the proxy if there is one, and compare clocks."""
    from .aep import Endpoints

    live = Endpoints.live()
    for what, address in (("Sign-in", live.ims), ("Gateway", live.gateway), ("Collection", live.collection)):
        yield _reached(f"{what}, {address.removeprefix('https://')}", address)


def _reached(what: str, address: str) -> Finding:
    try:
        with urlopen(Request(address, method="HEAD"), timeout=REACH_SECONDS) as answer:  # noqa: S310  (https only)
            return _skew(what, answer.headers.get("Date", ""))
    except HTTPError as refusal:  # a refusal is an answer: the host is reached
        return _skew(what, refusal.headers.get("Date", ""))
    except URLError as error:
        return _no_answer(what, error.reason)
    except OSError as error:
        return _no_answer(what, error)


def _no_answer(what: str, reason: Any) -> Finding:
    return Finding(what, STOPPED, f"not reached: {reason}", _unreached(reason), Unavailable.exit_code)


def _unreached(reason: Any) -> str:
    if isinstance(reason, ssl.SSLError):
        return "set SSL_CERT_FILE to your company's certificates; TLS is always verified"
    return "check the network; behind a proxy set HTTPS_PROXY"


def _skew(what: str, date: str) -> Finding:
    if not date:
        return Finding(what, OK, "reached")
    skew = time.time() - parsedate_to_datetime(date).timestamp()
    verdict = STOPPED if abs(skew) > LARGE_SKEW else CARE if abs(skew) > SMALL_SKEW else OK
    says = "reached" if verdict == OK else f"reached; this computer's clock is off by {skew:.0f} s"
    return Finding(what, verdict, says, "" if verdict == OK else "set the computer's clock")


def _credentials(where: str) -> Iterator[Finding]:
    """Read the credentials and ask for a token with them."""
    from .aep import Endpoints, Platform

    try:
        found = credentials.load(where or None)
        says = "; ".join([f"{found.source}: {', '.join(found.keys_found)}", *found.notes])
        yield Finding("Credentials", CARE if found.notes else OK, says, "chmod 600 the file" if found.notes else "")
        Platform(found, Endpoints.live(), sandbox=found.sandbox or "", name="live").ims.token()
    except KitError as error:
        yield _from_error("Credentials", error)
        return
    yield Finding("Token", OK, "the credentials are accepted")


def _from_error(what: str, error: KitError) -> Finding:
    return Finding(what, STOPPED, error.what, error.next_step, error.exit_code)


def _pinned(path: Path) -> dict[str, str]:
    """Give the pinned version of every package that this Python and system need, by name."""
    from packaging.requirements import Requirement

    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    pins = [Requirement(line) for line in lines if line.strip() and not line.startswith("#")]
    applied = [pin for pin in pins if pin.marker is None or pin.marker.evaluate()]
    return {pin.name: next(iter(pin.specifier)).version for pin in applied}


def _needed() -> list[str]:
    from packaging.requirements import Requirement

    return [Requirement(text).name for text in metadata.requires(THIS) or [] if "extra ==" not in text]


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None

"""The door to the local platform: start or find it, ask it for a seat, turn its dials, stop it.

The platform is a process of its own that outlives the notebook; every kernel finds it again through
``platform.json`` in its state folder, and a file lock makes two kernels that start at once share one process.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import quote
from urllib.request import Request, urlopen

from filelock import FileLock, Timeout

from . import config
from .errors import ConfigurationError, LocalPlatformError, NotFound
from .secret import Secret

START_LIMIT = 20.0  # seconds
STOP_LIMIT = 10.0
ANSWER_LIMIT = 5.0
DEFAULT_SEAT = "default"
_STATE = ("state.sqlite*", "journal.sqlite*", "lake", "imports", "staging", "credentials", "platform.json",
          ".import*", ".former")  # fmt: skip


@dataclass(frozen=True)
class LocalPlatform:
    """A running local platform: its address, its process, its state folder."""

    url: str
    pid: int
    data: Path

    def seat(self, name: str = "") -> Path:
        """Give the path of the credential file of a seat; a seat that does not exist is made.

        A seat is one organisation of its own on this platform; an empty *name* is the default seat.
        """
        return self._credential_file(name, limited=False)

    def limited_seat(self, name: str = "") -> Path:
        """Give the credential file of the same organisation's account that has no role: for lessons on permissions."""
        return self._credential_file(name, limited=True)

    def reset_seat(self, name: str = "") -> None:
        """Delete everything that the seat made; its credentials stay."""
        self.call("POST", f"/_local/seats/{quote(name or DEFAULT_SEAT, safe='')}/reset")

    def dials(self, **changes: float) -> dict[str, Any]:
        """Give the dials of time and faults, after setting *changes* (seconds, rates between 0 and 1)."""
        return self.call("PUT", "/_local/dials", changes) if changes else self.call("GET", "/_local/dials")

    def revoke_tokens(self, seat: str = "") -> None:
        """Let every access token of the seat expire now."""
        self.call("POST", "/_local/tokens/revoke", {"seat": seat or DEFAULT_SEAT})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Call the platform's own controls under ``/_local/``; gives the JSON answer."""
        return json.loads(self.download(method, path, body) or b"null")

    def download(self, method: str, path: str, body: Any = None) -> bytes:
        """Call the platform's own controls under ``/_local/``; gives the answer as it came.

        Raises NotFound and LocalPlatformError with the platform's words.
        """
        token = Secret((self.data / "admin-token").read_text(encoding="utf-8").strip())
        data = None if body is None else json.dumps(body).encode()
        headers = {"x-local-token": token.reveal(), "Content-Type": "application/json"}
        request = Request(self.url + path, data=data, method=method, headers=headers)  # noqa: S310 - loopback http
        try:
            with urlopen(request, timeout=30) as answer:  # noqa: S310
                return bytes(answer.read())
        except HTTPError as error:
            words = error.read().decode("utf-8", "replace")[:300]
            kind = NotFound if error.code == 404 else LocalPlatformError
            raise kind(f"The local platform refused {method} {path} ({error.code}): {words}") from error
        except (URLError, OSError) as error:
            raise LocalPlatformError(
                f"The local platform at {self.url} does not answer.",
                cause="it was stopped, or stopped itself after a long idle time",
                next_step="run the same command again, or the cell that connects: the platform starts by itself",
            ) from error

    def _credential_file(self, name: str, *, limited: bool) -> Path:
        seat = name or DEFAULT_SEAT
        path = self.data / "credentials" / f"{seat}{'-limited' if limited else ''}.json"
        if not path.is_file():
            _check_seat_name(seat)
            self.call("POST", "/_local/seats", {"names": [seat]})
        return path

    def __repr__(self) -> str:
        return f"Local platform at {self.url} (process {self.pid}, state in {self.data})"


def start(data: Path | None = None) -> LocalPlatform:
    """Give the running local platform of the state folder *data*, started if needed (default: in the kit's home).

    Raises LocalPlatformError with the platform's own words when it cannot start: damaged or newer state, no free port,
    folder that cannot be written.
    """
    folder = config.private_folder(Path(data) if data else default_data())
    lock = FileLock(folder / "start.lock", timeout=START_LIMIT * 2)
    try:
        with lock:
            return attach(folder) or _awaited(folder) or _launch(folder)
    except Timeout as error:
        raise LocalPlatformError(
            f"Another process has been starting the local platform in {folder} for too long.",
            cause="that process hangs",
            next_step="run `chatlio-kit platform down`, then try again",
        ) from error


def attach(data: Path | None = None) -> LocalPlatform | None:
    """Give the local platform of *data* when it is running and answers, else None; never starts one."""
    found = _announced(Path(data) if data else default_data())
    return found if found and _answers(found.url) else None


def stop(data: Path | None = None) -> bool:
    """Stop the local platform; its state stays. False when it was not running."""
    folder = Path(data) if data else default_data()
    running = attach(folder) or (_announced(folder) if _is_taken(folder) else None)
    if running is None:
        return False
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_LIMIT
    while _is_running(running.pid):
        if time.monotonic() > deadline:
            raise LocalPlatformError(
                f"The local platform (process {running.pid}) does not stop.",
                next_step=f"end the process {running.pid} by hand; nothing acknowledged is lost",
            )
        time.sleep(0.02)
    return True


def reset(data: Path | None = None) -> LocalPlatform:
    """Delete all state of the local platform, of every seat, and start it anew."""
    folder = Path(data) if data else default_data()
    stop(folder)
    import shutil

    for pattern in _STATE:
        for path in folder.glob(pattern):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return start(folder)


def export_state(file: Path, data: Path | None = None) -> dict[str, Any]:
    """Write all state of the local platform, of every seat, to the new archive *file*; works while it runs.

    The archive holds the credentials of the local seats and is readable by its owner only. Raises LocalPlatformError.
    """
    return _told(Path(data) if data else default_data(), "--export", str(file.absolute()))


def import_state(file: Path, data: Path | None = None, *, replace: bool = False) -> dict[str, Any]:
    """Take all state from the archive *file*, whole or not at all; *replace* lets it take the place of what is there.

    Raises LocalPlatformError: the platform runs, the archive is damaged or newer, or the folder has a state already.
    """
    folder = config.private_folder(Path(data) if data else default_data())
    if attach(folder):
        raise LocalPlatformError(
            f"The local platform in {folder} is running.",
            cause="its state can only be changed by itself while it runs",
            next_step="run `chatlio-kit platform down`, then import again",
        )
    return _told(folder, "--import", str(file.absolute()), *(["--replace"] if replace else []))


def _told(folder: Path, *words: str) -> dict[str, Any]:
    """Run the platform's own program on *folder* until it ends; gives what it says."""
    command = [sys.executable, "-m", "chatlio_helpers.emulator", "--data", str(folder), *words]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    if done.returncode:
        raise _failure(done.stderr, begin_empty="")
    said: dict[str, Any] = json.loads(done.stdout)
    return said


def default_data() -> Path:
    """Give the state folder of the local platform in the kit's home."""
    return config.home() / "platform"


def _announced(folder: Path) -> LocalPlatform | None:
    """Give the platform that platform.json tells of, when there is a process of that number; it may not answer."""
    try:
        said = json.loads((folder / "platform.json").read_text(encoding="utf-8"))
        found = LocalPlatform(str(said["url"]), int(said["pid"]), folder)
    except (OSError, ValueError, KeyError, TypeError):
        return None  # not started yet, or left half-written by a crash: both mean that it is not running
    return found if _is_running(found.pid) else None


def _is_taken(folder: Path) -> bool:
    """Tell whether a platform holds the folder's lock; the number of a dead one may be another program's by now."""
    try:
        with FileLock(folder / "lock", timeout=0):
            return False
    except (Timeout, OSError):
        return True


def _awaited(folder: Path) -> LocalPlatform | None:
    """Wait for a platform that is there and does not answer: it may be frozen (a dial), or very busy.

    Gives None when there is none; raises LocalPlatformError when it stays silent.
    """
    silent = _announced(folder)
    if silent is None or not _is_taken(folder):
        return None
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline and _is_running(silent.pid):
        if _answers(silent.url):
            return silent
        time.sleep(0.05)
    if not _is_running(silent.pid):
        return None
    raise LocalPlatformError(
        f"The local platform (process {silent.pid}) runs, and does not answer.",
        cause="its dial `freeze` is turned, or the machine is very busy",
        next_step="wait a minute and try again, or end it with `chatlio-kit platform down`",
    )


def _launch(folder: Path) -> LocalPlatform:
    (folder / "platform.json").unlink(missing_ok=True)
    log = folder / "start.log"
    command = [sys.executable, "-m", "chatlio_helpers.emulator", "--data", str(folder)]
    with open(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as words:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=words, stderr=words, **_detached())  # noqa: S603
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise _failure(log.read_bytes(), begin_empty="; or run `chatlio-kit platform reset` to begin empty")
        if found := attach(folder):
            return found
        time.sleep(0.01)
    process.kill()
    raise LocalPlatformError(
        f"The local platform did not answer within {START_LIMIT:.0f} s.",
        cause="the machine is very busy, or a firewall blocks loopback connections",
        next_step=f"read {log}, then try again",
    )


def _failure(words: bytes, *, begin_empty: str) -> LocalPlatformError:
    """Turn the one JSON line that the platform leaves when it cannot start into an error."""
    lines = words.decode("utf-8", "replace").strip().splitlines()
    for line in reversed(lines):
        with suppress(ValueError):
            said: Mapping[str, Any] = json.loads(line)
            if "error" in said:
                step = str(said.get("next", "")) + (begin_empty if "state" in said["error"] else "")
                return LocalPlatformError(str(said["error"]), cause=str(said.get("cause", "")), next_step=step)
    return LocalPlatformError(
        "The local platform could not start.",
        cause=lines[-1] if lines else "it left no words",
        next_step="read start.log in its state folder",
    )


def _detached() -> dict[str, Any]:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.DETACHED_PROCESS}
    return {"start_new_session": True}


def _is_running(pid: int) -> bool:
    if sys.platform != "win32":
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # a platform that we started and that ended would linger as a zombie
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _answers(url: str) -> bool:
    try:
        with urlopen(f"{url}/_local/health", timeout=ANSWER_LIMIT) as answer:  # noqa: S310 - loopback http
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def _check_seat_name(seat: str) -> None:
    if not seat.replace("-", "").replace("_", "").isalnum() or len(seat) > 40:
        raise ConfigurationError(
            f"The seat name {seat!r} cannot be used.",
            next_step="use up to 40 letters, digits, - and _",
        )

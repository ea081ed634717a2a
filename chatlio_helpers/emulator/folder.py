"""The state folder: its lock, its port, its admin token and the files that tell others where the platform is."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from .state.seats import Seat, config_file
from .state.store import StateError


class Folder:
    """A state folder that this process alone uses; raises StateError when another process has it or it is unusable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = FileLock(path / "lock", mode=0o600)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            raise StateError(
                f"The state folder {path} is in use.",
                "another local platform runs on it",
                "use that one (its address is in platform.json), or choose another folder with --data",
            ) from error
        except OSError as error:
            raise StateError(
                f"The state folder {path} cannot be written ({error.strerror or error}).",
                "it belongs to another user, is read-only, or the disk is full",
                "choose another folder with --data",
            ) from error
        self.admin_token = self._remembered("admin-token", secrets.token_urlsafe(32))

    def bind(self, host: str, port: int | None, *, remembered_as: str = "port") -> socket.socket:
        """Give a listening socket: on *port*, else on the remembered port, else on a free one, which is remembered.

        *remembered_as* is the name of the file that remembers. Raises StateError when *port* was asked for and is
        taken, or *host* is no address of this computer.
        """
        remembered = self._read(remembered_as)
        for candidate in [port] if port else [int(remembered) if remembered.isdigit() else 0, 0]:
            try:
                bound = _listening(host, candidate)
            except OSError as error:
                last = error
                continue
            self._write(remembered_as, str(bound.getsockname()[1]))
            return bound
        raise StateError(
            f"The address {host}:{port or ''} cannot be used ({last.strerror or last}).",
            "another program listens there, or it is no address of this computer",
            "leave --port out to get a free one",
        )

    def announce(self, url: str) -> dict[str, Any]:
        """Write platform.json and give what the ready line says; no value of a credential is in either."""
        ready = {
            "url": url,
            "pid": os.getpid(),
            "data": str(self.path),
            "credentials": str(self.credentials("default", "full")),
        }
        more = {"admin_token_file": str(self.path / "admin-token"), "started": time.time()}
        self._write("platform.json", json.dumps(ready | more))
        return ready

    def credentials(self, seat: str, role: str) -> Path:
        """Give the path of a credential's file."""
        suffix = "" if role == "full" else f"-{role}"
        return self.path / "credentials" / f"{seat}{suffix}.json"

    def write_credentials(self, seats: Iterable[Seat]) -> None:
        """Write the credential files of *seats*, readable by their owner only."""
        (self.path / "credentials").mkdir(mode=0o700, exist_ok=True)
        for seat in seats:
            for account in seat.accounts:
                path = self.credentials(seat.name, account.role)
                text = json.dumps(config_file(seat, account.role), indent=2)
                if not path.exists() or path.read_text() != text:
                    self._write(str(path.relative_to(self.path)), text)

    def forget_credentials(self) -> None:
        """Remove all credential files."""
        shutil.rmtree(self.path / "credentials", ignore_errors=True)

    def leave(self) -> None:
        """Take platform.json away and let the folder go."""
        (self.path / "platform.json").unlink(missing_ok=True)
        self._lock.release()

    def _remembered(self, name: str, otherwise: str) -> str:
        text = self._read(name)
        if not text:
            self._write(name, otherwise)
        return text or otherwise

    def _read(self, name: str) -> str:
        path = self.path / name
        return path.read_text().strip() if path.exists() else ""

    def _write(self, name: str, text: str) -> None:
        path = self.path / name
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.touch(mode=0o600)
        draft.write_text(text)
        draft.replace(path)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # asyncio then sets TCP_NODELAY
    try:
        if os.name == "posix":  # elsewhere the option would let two programs share the port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(1024)
    except OSError:
        bound.close()
        raise
    return bound

"""Connect to a platform, local or live: the first line of every notebook."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any

from . import config, local
from .aep import Endpoints, Platform
from .cards import html_table
from .credentials import Credentials, load
from .errors import ConfigurationError, ConsentNeeded, Forbidden, NotAuthorised
from .front_end import protect_tracebacks
from .ledger import Ledger
from .secret import leaks
from .workspace import Workspace

PLATFORMS = ("local", "live")
LOCAL_SANDBOX = "dev"
_PREFIX = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")


class Connection(Platform):
    """A platform, together with the workspace that remembers what was made there, and the prefix of its names."""

    def __init__(
        self,
        credentials: Credentials,
        endpoints: Endpoints,
        *,
        sandbox: str,
        name: str,
        prefix: str,
        workspace: Workspace,
        seat: str = "",
    ) -> None:
        super().__init__(credentials, endpoints, sandbox=sandbox, name=name)
        self.prefix, self.workspace, self.seat = prefix, workspace, seat
        self.org = credentials.org_id

    @cached_property
    def ledger(self) -> Ledger:
        """The ledger of this platform, organisation, sandbox and prefix."""
        return self.workspace.ledger(place=f"{self.name} {self.org} {self.sandbox}", prefix=self.prefix)

    def rows(self) -> list[dict[str, str]]:
        """Give who and where this is; never a secret."""
        return [
            {"what": "platform", "value": f"{self.name} ({self.endpoints.gateway})"},
            {"what": "organisation", "value": self.org},
            {"what": "sandbox", "value": self.sandbox},
            {"what": "prefix of all names", "value": self.prefix},
            {"what": "workspace", "value": str(self.workspace.folder)},
            *([{"what": "seat", "value": self.seat}] if self.seat else []),
            *({"what": "take care", "value": note} for note in self.credentials.notes),
        ]

    def __repr__(self) -> str:
        return f"Connected to the {self.name} platform: sandbox {self.sandbox} of {self.org}, prefix {self.prefix}"

    def _repr_html_(self) -> str:
        return html_table(self.rows(), repr(self))


def connect(
    platform: str = "local",
    credentials: str = "",
    sandbox: str = "",
    prefix: str = config.DEFAULT_PREFIX,
    workspace: str = "",
    seat: str = "",
    allow: str = "",
) -> Connection:
    """Connect to *platform* (``local`` or ``live``), and prove it: a token, and the sandboxes of this account.

    *credentials* is the path of a credential file or the name of a saved profile, never a secret; empty means the
    environment for ``live``, and the platform's own file for ``local``. *allow* must hold the word ``live`` for a live
    platform and the word ``prod`` for a production sandbox. *seat* picks one attendee's organisation on a shared local
    platform. Raises ConfigurationError, CredentialError, ConsentNeeded, NotAuthorised, Forbidden.
    """
    protect_tracebacks()
    given = {"platform": platform, "credentials": credentials, "sandbox": sandbox, "prefix": prefix}
    _check_texts({**given, "workspace": workspace, "seat": seat, "allow": allow})
    words = set(allow.replace(",", " ").split())
    _check_settings(platform, prefix, seat, words)
    if platform == "local":
        running = local.start()
        chosen, endpoints = load(credentials or running.seat(seat)), Endpoints.at(running.url)
        sandbox = sandbox or LOCAL_SANDBOX
    else:
        chosen, endpoints = load(credentials or None), Endpoints.live()
        sandbox = sandbox or chosen.sandbox or ""
    if not sandbox:
        raise ConfigurationError(
            "No sandbox is named.",
            cause="neither you nor the credential file names one",
            next_step=f"name a development sandbox: {_said('sandbox', 'NAME')}",
        )
    place = Workspace(_own_workspace(workspace, seat))
    made = Connection(chosen, endpoints, sandbox=sandbox, name=platform, prefix=prefix, workspace=place, seat=seat)
    _check_production(_permitted(made, own=not credentials), words)
    return made


def _permitted(made: Connection, *, own: bool) -> dict[str, Any]:
    """Give the chosen sandbox; *own* tells that the credentials are the local platform's own."""
    try:
        return made.sandboxes.permit(str(made.sandbox))
    except (NotAuthorised, Forbidden) as refusal:
        if made.name == "local" and not own:
            refusal.cause = "the local platform knows only the credentials that it made itself"
            refusal.next_step = (
                "leave credentials empty (notebook) or --credentials out (command line): the local platform has its "
                "own; for these credentials choose the live platform"
            )
        raise


def _said(name: str, value: str) -> str:
    """Say how a setting is given, in a notebook and in a shell."""
    return f'{name}="{value}" (notebook) or --{name} {value} (command line)'


def _own_workspace(workspace: str, seat: str) -> str | Path:
    """Give every seat a folder of its own below the workspace, so that one machine can hold a class."""
    base = Workspace(workspace).folder
    return base / "seats" / seat if seat else base


def _check_texts(given: dict[str, object]) -> None:
    for name, value in given.items():
        if not isinstance(value, str | Path):
            raise ConfigurationError(
                f"The parameter `{name}` is {value!r}, which is not a text.",
                cause="papermill's -p reads 007, 12e3 or true as a number or a truth value",
                next_step=f"pass it as text: papermill -r {name} {value}, or chatlio-kit run -p {name} {value}",
            )
        if leaks(str(value)):
            raise ConfigurationError(
                f"The parameter `{name}` looks like a secret.",
                cause="parameters are written into the executed notebook, for all to read",
                next_step="pass the path of a credential file, or the name of a saved profile",
            )


def _check_settings(platform: str, prefix: str, seat: str, words: set[str]) -> None:
    if platform not in PLATFORMS:
        raise ConfigurationError(
            f"There is no platform {platform!r}.", next_step=f"choose one of: {', '.join(PLATFORMS)}"
        )
    if not _PREFIX.fullmatch(prefix):
        raise ConfigurationError(
            f"The prefix {prefix!r} cannot be used.",
            cause="it becomes part of names on the platform",
            next_step="use up to 40 letters, digits, - and _, beginning with a letter",
        )
    if platform == "live" and seat:
        raise ConfigurationError(
            "A live platform has no seats.", next_step="leave the seat out, and give each person a prefix of their own"
        )
    if platform == "live" and "live" not in words:
        raise ConsentNeeded(
            "This would connect to a live platform.",
            cause="a real organisation is behind it",
            next_step=f"say so with {_said('allow', 'live')}",
        )


def _check_production(sandbox: dict[str, object], words: set[str]) -> None:
    if str(sandbox.get("type")) == "production" and "prod" not in words:
        allowed = ",".join(sorted({*words, "prod"}))
        raise ConsentNeeded(
            f"The sandbox {sandbox.get('name')} is a production sandbox.",
            cause="test events would land among real data",
            next_step=f"choose a development sandbox, or say so with the word prod in allow: {_said('allow', allowed)}",
        )

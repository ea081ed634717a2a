"""Who is calling: one set of OAuth Server-to-Server credentials, from wherever the reader keeps them.

:func:`load` takes the path of a credential file, the name of a profile in the kit's home, or nothing. With nothing it
looks, in this order, at

1. the environment variable ``CHATLIO_KIT_CREDENTIALS`` (a path or a profile name),
2. the environment variables ``AEP_CLIENT_ID``, ``AEP_CLIENT_SECRET``, ``AEP_ORG_ID``, and optionally ``AEP_SCOPES``,
   ``AEP_SANDBOX``, ``AEP_TECHNICAL_ACCOUNT_ID``; each also as ``NAME_FILE``, the path of a file that holds the value.
   Names that are not in the environment are taken from a ``.env`` file in this folder or one above it,
3. the profile ``default``,
4. the operating system's keyring, if the package ``keyring`` is installed: service ``chatlio-kit``, user ``default``,
   the value being an aepp config JSON.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cards import Card
from ..config import home, private_folder
from ..errors import CredentialError
from ..secret import Secret
from .formats import ALIASES, KNOWN, Found, collect, read

POINTER_VARIABLE = "CHATLIO_KIT_CREDENTIALS"
VARIABLES = tuple(f"AEP_{name.upper()}" for name in ALIASES)
DEFAULT_PROFILE = "default"
KEYRING_SERVICE = "chatlio-kit"
# the scopes of Adobe's own templates for Experience Platform, in their order
SCOPES = ("openid", "session", "AdobeID", "read_organizations", "additional_info.projectedProductContext")

_NEEDED = ("client_id", "client_secret", "org_id")
_LARGEST = 1_000_000  # bytes; a credential file is a few kilobytes
_ORG = re.compile(r"^[0-9A-Za-z]{6,40}@AdobeOrg$")
_WAYS = (
    "give the path of a credential file, save one as a profile, or set "
    f"{', '.join(VARIABLES[:3])} (each also as NAME_FILE)"
)


@dataclass(frozen=True, repr=False)
class Credentials:
    """A client id, its secret and its organisation; shows which keys were found and where, never the secret."""

    client_id: str
    client_secret: Secret
    org_id: str
    scopes: tuple[str, ...] = SCOPES
    sandbox: str | None = None
    technical_account_id: str | None = None
    technical_account_email: str | None = None
    source: str = "given in code"
    format: str = "given in code"
    keys_found: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def org_masked(self) -> str:
        """The organisation's id with its middle hidden, enough to tell two organisations apart."""
        name, _, host = self.org_id.partition("@")
        return f"{name[:4]}…{name[-4:]}@{host}"

    def card(self) -> Card:
        """Give the card that a front end shows."""
        lines = {
            "Read from": f"{self.source} ({self.format})",
            "Keys found": ", ".join(self.keys_found) or "none",
            "Organisation": self.org_masked,
            "Sandbox": self.sandbox or "not named",
        }
        if self.notes:
            lines["Take care"] = " ".join(self.notes)
        return Card("warning" if self.notes else "ok", "credentials read; the secret stays hidden", lines)

    def __repr__(self) -> str:
        return f"Credentials({self.org_masked}, {self.format}, keys: {', '.join(self.keys_found)})"

    def _repr_html_(self) -> str:
        return self.card()._repr_html_()


def load(where: str | Path | None = None) -> Credentials:
    """Read credentials from a file, a profile, or (with None or "") the environment, ``.env`` and keyring chain.

    Raises CredentialError when nothing is found, or what is found cannot be used; it names the key and the ways to
    give it, never a value. ``notes`` tells when other users can read the file.
    """
    if where is None or not str(where).strip():
        return _from_surroundings()
    return _from_file(_path_of(where))


def save(credentials: Credentials, path: str | Path) -> Path:
    """Write *credentials* as an aepp config JSON that only its owner can read (0600); return the path."""
    target = Path(path).expanduser()
    if not target.parent.exists():
        private_folder(target.parent)
    body = {
        "org_id": credentials.org_id,
        "client_id": credentials.client_id,
        "secret": credentials.client_secret.reveal(),
        "sandbox-name": credentials.sandbox or "",
        "environment": "prod",
        "scopes": ",".join(credentials.scopes),
        "technical_account_id": credentials.technical_account_id or "",
        "technical_account_email": credentials.technical_account_email or "",
    }
    _write_private(target, json.dumps(body, indent=2))
    return target


def profiles() -> list[str]:
    """Give the names of the profiles in the kit's home."""
    return sorted(path.stem for path in (home() / "credentials").glob("*.json"))


def profile_path(name: str) -> Path:
    """Give the path of the profile *name*, whether it exists or not."""
    return home() / "credentials" / f"{name}.json"


def _write_private(target: Path, text: str) -> None:
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        os.replace(beside, target)
    except OSError as error:
        raise CredentialError(
            f"The credential file {target.name} cannot be written ({error.strerror}).",
            cause="the folder belongs to another user, is read-only, or the disk is full",
            next_step="choose another folder",
        ) from error


def _path_of(where: str | Path) -> Path:
    path = Path(where).expanduser()
    is_name = isinstance(where, str) and path.name == where and not path.suffix
    if path.is_file() or not is_name:
        return path
    profile = profile_path(path.name)
    if not profile.exists():
        known = ", ".join(profiles()) or "none yet"
        raise CredentialError(
            f"There is no credential file or profile named {path.name!r}.",
            cause=f"profiles in {_shown(profile.parent)}: {known}",
            next_step=f"give the path of {KNOWN}",
        )
    return profile


def _from_file(path: Path) -> Credentials:
    found = read(_text(path), path.name)
    return _checked(found, _shown(path), _open_to_others(path))


def _text(path: Path) -> str:
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        raw = path.read_bytes()[: _LARGEST + 1]
    except OSError as error:
        raise CredentialError(
            f"The credential file {_shown(path)} cannot be read ({error.strerror}).",
            cause="the path is wrong, or the file belongs to another user",
            next_step=f"check the path; a relative path starts at the current folder: {Path.cwd().name}",
        ) from None
    if len(raw) <= _LARGEST:
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError:  # the error holds the bytes, so it must not be chained
            raw = b""
    raise CredentialError(
        f"The credential file {_shown(path)} is not a text file of a few kilobytes.",
        cause="it is another file",
        next_step=f"give {KNOWN}",
    )


def _open_to_others(path: Path) -> tuple[str, ...]:
    if os.name != "posix" or not stat.S_IMODE(path.stat().st_mode) & 0o077:
        return ()
    return (f"{path.name} can be read by other users of this computer; make it yours alone: chmod 600 {path.name}",)


def _from_surroundings() -> Credentials:
    pointer = os.environ.get(POINTER_VARIABLE, "").strip()
    if pointer:
        return _from_file(_path_of(pointer))
    found, source, notes = _environment()
    if found.keys:
        return _checked(found, source, notes)
    if profile_path(DEFAULT_PROFILE).exists():
        return _from_file(profile_path(DEFAULT_PROFILE))
    kept = _keyring_text()
    if kept:
        return _checked(read(kept, "in the keyring"), "keyring")
    raise CredentialError(
        "No credentials were found.",
        cause="no file was named, and the environment, .env, the profile `default` and the keyring hold none",
        next_step=_WAYS,
    )


def _environment() -> tuple[Found, str, tuple[str, ...]]:
    """Collect the AEP_ variables; those of the process come before those of a .env file."""
    from dotenv import dotenv_values, find_dotenv

    file = find_dotenv(usecwd=True)
    written = _ours(dict(dotenv_values(file, interpolate=False))) if file else {}
    given = _ours(os.environ)
    names = [name for name, pairs in (("environment", given), (".env", written)) if pairs]
    notes = _open_to_others(Path(file)) if written else ()
    return collect("variables", {**written, **given}), " and ".join(names), notes


def _ours(variables: Mapping[str, str | None]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for name in VARIABLES:
        if variables.get(name):
            pairs[name] = str(variables[name])
        elif variables.get(f"{name}_FILE"):
            pairs[name] = _text(Path(str(variables[f"{name}_FILE"])).expanduser()).strip()
    return pairs


def _keyring_text() -> str:
    try:
        import keyring
    except ImportError:  # the package is optional
        return ""
    try:
        return keyring.get_password(KEYRING_SERVICE, DEFAULT_PROFILE) or ""
    except keyring.errors.KeyringError:  # a computer without a screen has no keyring to ask
        return ""


def _checked(found: Found, source: str, notes: tuple[str, ...] = ()) -> Credentials:
    for name in _NEEDED:
        if name not in found.values:
            raise _missing(name, found, source)
    org = _first(found.values["org_id"])
    if not _ORG.match(org):
        raise CredentialError(
            f"{found.keys['org_id']} in {source} is not an organisation id.",
            cause="an organisation id ends in @AdobeOrg; this value does not",
            next_step="copy the organisation id from the project's credential page in Adobe's Developer Console",
        )
    optional = {name: _first(found.values[name]) for name in _OPTIONAL if name in found.values}
    return Credentials(
        client_id=_first(found.values["client_id"]),
        client_secret=Secret(_first(found.values["client_secret"])),
        org_id=org,
        scopes=_scopes(found.values.get("scopes")),
        source=source,
        format=found.format,
        keys_found=tuple(found.keys.values()),
        notes=notes,
        **optional,
    )


_OPTIONAL = ("sandbox", "technical_account_id", "technical_account_email")


def _missing(name: str, found: Found, source: str) -> CredentialError:
    names = " or ".join(ALIASES[name]) if found.format != "variables" else f"AEP_{name.upper()}"
    seen = ", ".join(found.keys.values()) or "none"
    if found.jwt:
        return CredentialError(
            f"{source} holds JWT credentials, which Adobe has switched off.",
            cause="the project still has the old kind of credential",
            next_step="add an OAuth Server-to-Server credential in Adobe's Developer Console, and download it",
        )
    if name in found.empty:
        return CredentialError(
            f"{found.empty[name]} in {source} is empty, or still the template's text. Keys found: {seen}.",
            cause="the template was not filled in",
            next_step=f"fill in {found.empty[name]}, or {_WAYS}",
        )
    return CredentialError(
        f"{source} ({found.format}) has no {name} (looked for {names}). Keys found: {seen}.",
        cause="the file is of another credential, or a key was removed",
        next_step=f"add the key, or {_WAYS}",
    )


def _first(value: Any) -> str:
    """Give the text of *value*; of a list (client_secrets) the first that is not blank."""
    if isinstance(value, list | tuple):
        return next((str(part).strip() for part in value if part), "")
    return str(value).strip()


def _scopes(value: Any) -> tuple[str, ...]:
    if not value:
        return SCOPES
    parts = value if isinstance(value, list | tuple) else re.split(r"[,\s]+", str(value))
    return tuple(str(part).strip() for part in parts if str(part).strip()) or SCOPES


def _shown(path: Path) -> str:
    try:
        return f"~/{path.resolve().relative_to(Path.home())}"
    except (ValueError, OSError):
        return str(path)

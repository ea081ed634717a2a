"""The credential files that people really have, read into one set of names.

Known formats: the Developer Console project download, the credential download (and the aio variant), a Postman
environment, an aepp config, a ``config.ini`` of Adobe's machine-learning notebooks, and a ``.env`` file.
Sources: Adobe's Developer Console guides, its Postman samples, aepp ``configs.py``; the exact keys of the credential
download are assumed from the tools that read it.
"""

from __future__ import annotations

import configparser
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Any

from ..errors import CredentialError

KNOWN = (
    "the project JSON or the credential JSON of Adobe's Developer Console, a Postman environment, "
    "an aepp config JSON, a config.ini, or a .env file"
)

# our name: the names met in files, in lower case with underscores
ALIASES: Mapping[str, tuple[str, ...]] = {
    "client_id": ("client_id", "api_key", "apikey", "x_api_key"),
    "client_secret": ("client_secret", "client_secrets", "secret"),
    "org_id": ("org_id", "ims_org_id", "ims_org", "imsorg"),
    "scopes": ("scopes", "scope"),
    "sandbox": ("sandbox", "sandbox_name"),
    "technical_account_id": ("technical_account_id", "tech_id"),
    "technical_account_email": ("technical_account_email",),
}
_OURS = {alias: ours for ours, aliases in ALIASES.items() for alias in aliases}
_JWT_ONLY = {"private_key", "private_key_file", "path_to_key", "pathtokey", "meta_scope", "meta_scopes", "jwt_token"}
_INI_SECTION = re.compile(r"(?m)^\s*\[[A-Za-z][\w ]*\]\s*$")
_BLANK = re.compile(
    r"^\s*(?:\{\{?.*\}\}?|<.*>|\[.*\]|\.{3}|•+|x{6,}.*|(?:your|my)[_ -].*|change.?me)?\s*$", re.IGNORECASE
)


@dataclass(frozen=True, repr=False)
class Found:
    """What a file holds: the format's name, our names with their values, and the file's own name of each key."""

    format: str
    values: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)
    empty: Mapping[str, str] = field(default_factory=dict)
    jwt: bool = False

    def __repr__(self) -> str:
        return f"Found({self.format}: {', '.join(self.keys.values())})"


def read(text: str, name: str) -> Found:
    """Recognise the format of *text* and collect its keys; *name* is the file's name, for messages.

    Raises CredentialError when the text is malformed or of no known format; no message shows a value.
    """
    stripped = text.lstrip()
    if not stripped:
        raise _unknown(name, "is empty")
    if _INI_SECTION.search(text) and stripped[0] != "{":
        return _from_ini(text, name)
    if stripped[0] in "{[":
        return _from_json(_parsed(stripped, name), name)
    return _from_env(text, name)


def collect(format_name: str, pairs: Mapping[str, Any]) -> Found:
    """Sort *pairs* (a file's own names and values) into our names; a template's blanks count as empty."""
    values: dict[str, Any] = {}
    keys: dict[str, str] = {}
    empty: dict[str, str] = {}
    for own_name, value in pairs.items():
        ours = _OURS.get(_plain(own_name))
        if ours is None or ours in values:
            continue
        if _is_blank(value):
            empty[ours] = own_name
        else:
            values[ours], keys[ours] = value, own_name
    missing = {ours: own_name for ours, own_name in empty.items() if ours not in values}
    return Found(format_name, values, keys, missing, jwt=any(_plain(name) in _JWT_ONLY for name in pairs))


def _plain(name: str) -> str:
    plain = re.sub(r"[\s\-.]+", "_", str(name).strip()).lower()
    return plain.removeprefix("aep_")


def _is_blank(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(_is_blank(part) for part in value)
    return value is None or bool(_BLANK.match(str(value)))


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:  # its own text and attributes hold the file, so it must not be chained
        where = f"line {error.lineno}, column {error.colno}"
    raise CredentialError(
        f"The credential file {name} is not valid JSON ({where}).",
        cause="the download was cut short, or an editor changed the file",
        next_step="download the file again from Adobe's Developer Console, and do not edit it",
    )


def _from_json(body: Any, name: str) -> Found:
    if not isinstance(body, dict):
        raise _unknown(name, "is JSON, but not an object")
    if isinstance(body.get("project"), dict):
        return _from_project(body["project"], name)
    if isinstance(body.get("values"), list):
        return _from_postman(body["values"])
    kind = "Developer Console credential" if {"CLIENT_SECRETS", "client_secrets"} & body.keys() else "aepp config"
    found = collect(kind, body)
    if not found.keys and not found.empty and not found.jwt:
        raise _unknown(name, "is JSON, but has none of the keys of a credential")
    return found


def _from_project(project: Mapping[str, Any], name: str) -> Found:
    workspace = _mapping(project.get("workspace"))
    offered = _mapping(workspace.get("details")).get("credentials") or []
    good = [_mapping(entry.get("oauth_server_to_server")) for entry in offered if isinstance(entry, dict)]
    good = [credential for credential in good if credential]
    if not good:
        kinds = sorted({str(_mapping(entry).get("integration_type")) for entry in offered}) or ["none"]
        raise CredentialError(
            f"The project file {name} has no OAuth Server-to-Server credential (it has: {', '.join(kinds)}).",
            cause="the project was made with another kind of credential; JWT credentials no longer work",
            next_step="in Adobe's Developer Console add an OAuth Server-to-Server credential to the project, "
            "and download the project again",
        )
    org = _mapping(project.get("org")).get("ims_org_id")
    return collect("Developer Console project", {**good[0], "ims_org_id": org})


def _from_postman(entries: list[Any]) -> Found:
    switched_on = [entry for entry in entries if isinstance(entry, dict) and entry.get("enabled", True)]
    return collect("Postman environment", {str(entry.get("key")): entry.get("value") for entry in switched_on})


def _from_ini(text: str, name: str) -> Found:
    parser = configparser.ConfigParser(interpolation=None)
    broken = False
    try:
        parser.read_file(StringIO(text))
    except configparser.Error:  # its message quotes lines of the file, so it must not be chained
        broken = True
    if broken:
        raise CredentialError(
            f"The credential file {name} is not a valid INI file.",
            cause="a line has no `name = value` form, or a name stands twice",
            next_step="compare it with the config.ini template that it was made from",
        )
    pairs = {key: value for section in parser.sections() for key, value in parser.items(section)}
    found = collect("config.ini", pairs)
    if not found.keys and not found.empty:
        raise _unknown(name, "is an INI file, but has none of the keys of a credential")
    return found


def _from_env(text: str, name: str) -> Found:
    from dotenv import dotenv_values

    found = collect(".env file", dict(dotenv_values(stream=StringIO(text), interpolate=False)))
    if not found.keys and not found.empty:
        raise _unknown(name, "is of no known format")
    return found


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _unknown(name: str, what: str) -> CredentialError:
    return CredentialError(
        f"The credential file {name} {what}.",
        cause="it is not one of the files that the kit can read",
        next_step=f"give {KNOWN}",
    )

"""The credential files that people really have, as examples with values that are made up.

Shapes: documented (Adobe Developer Console guides, Adobe's Postman samples, the aepp guide); the credential-level
download is known through its users only (assumed).
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..cards import html_table
from ..config import private_folder
from ..credentials import SCOPES, Credentials
from ..tables import table

if TYPE_CHECKING:
    import pandas

_CLIENT = "0123456789abcdef0123456789abcdef"
_SECRET = "p8e-made-up-for-this-lesson-0000"  # noqa: S105 - an example, worth nothing
_ORG = "0A1B2C3D4E5F60718293A4B5@AdobeOrg"
_ACCOUNT = {"technical_account_id": "ABCDEF@techacct.adobe.com", "technical_account_email": "abc@techacct.adobe.com"}


@dataclass(frozen=True)
class CredentialFiles:
    """One example of each format, and Adobe's Postman template with the secret left empty."""

    paths: tuple[Path, ...]
    empty_template: Path

    def _rows(self) -> list[dict[str, str]]:
        return [
            {"file": path.name, "begins with": path.read_text("utf-8")[:60].replace("\n", " ")} for path in self.paths
        ]

    def __repr__(self) -> str:
        return f"Example files: {', '.join(path.name for path in self.paths)}"

    def _repr_html_(self) -> str:
        return html_table(self._rows(), "Example files, with values that are made up")


def credential_files(folder: Path) -> CredentialFiles:
    """Write one example of each credential file into *folder* (0600 each)."""
    private_folder(folder)
    bodies = {
        "project.json": _project(),
        "oauth_server_to_server.json": _credential(),
        "postman_environment.json": _postman(_SECRET),
        "aepp_config.json": _aepp(),
        "empty_template.json": _postman(""),
    }
    for name, body in bodies.items():
        _write(folder / name, json.dumps(body, indent=1))
    *paths, template = (folder / name for name in bodies)
    return CredentialFiles(tuple(paths), template)


def found_in(credentials: Sequence[Credentials]) -> pandas.DataFrame:
    """Give what was found in each file: format, keys, organisation (masked); never a value."""
    return table(
        {
            "file": Path(one.source).name,
            "format": one.format,
            "keys found": ", ".join(one.keys_found),
            "organisation": one.org_masked,
        }
        for one in credentials
    )


def _project() -> dict[str, Any]:
    inner = {"client_id": _CLIENT, "client_secrets": [_SECRET], **_ACCOUNT, "scopes": list(SCOPES)}
    credential = {"id": "1", "name": "live chat", "integration_type": "oauth_server_to_server"}
    details = {"credentials": [{**credential, "oauth_server_to_server": inner}], "services": []}
    workspace = {"id": "1", "name": "Production", "title": "Production", "details": details}
    organisation = {"id": "1", "name": "Example", "ims_org_id": _ORG}
    return {"project": {"id": "1", "name": "chat", "title": "chat", "org": organisation, "workspace": workspace}}


def _credential() -> dict[str, Any]:
    account = {name.upper(): value for name, value in _ACCOUNT.items()}
    return {"CLIENT_SECRETS": [_SECRET], "ORG_ID": _ORG, "CLIENT_ID": _CLIENT, **account, "SCOPES": list(SCOPES)}


def _postman(secret: str) -> dict[str, Any]:
    values = {
        "CLIENT_SECRET": secret,
        "API_KEY": _CLIENT,
        "SCOPES": ",".join(SCOPES),
        "ACCESS_TOKEN": "",
        "TECHNICAL_ACCOUNT_ID": _ACCOUNT["technical_account_id"],
        "IMS": "ims-na1.adobelogin.com",
        "IMS_ORG": _ORG,
        "SANDBOX_NAME": "dev",
    }
    rows = [{"key": key, "value": value, "type": "text", "enabled": True} for key, value in values.items()]
    return {"name": "Experience Platform Environment", "values": rows}


def _aepp() -> dict[str, Any]:
    names = {"org_id": _ORG, "client_id": _CLIENT, "secret": _SECRET}
    return {**names, "sandbox-name": "dev", "environment": "prod", "scopes": ",".join(SCOPES)}


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)

"""What leaves a run: executed notebooks without widget state, without machine paths and without secrets.

The notebook is cleaned and scanned in memory, before its first byte is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import credentials, local, secret
from ..errors import CredentialError
from .parameters import looks_secret

REGISTERED = "a registered secret"  # as secret.leaks names it


def learn_secrets(where: str | Path | None) -> None:
    """Read the credentials that the notebooks could read, so that this process recognises their secrets.

    *where* is the notebooks' own ``credentials`` parameter; the seats of the local platform are always read.
    """
    for source in (where or None, *sorted((local.default_data() / "credentials").glob("*.json"))):
        with suppress(CredentialError):  # a file that cannot be used is the notebook's to report
            credentials.load(source)


def scrub(notebook: Any, name: str) -> None:
    """Clean the executed *notebook* in place; *name* replaces the paths that papermill notes."""
    notebook.metadata.pop("widgets", None)
    notes = notebook.metadata.get("papermill", {})
    notes["parameters"] = {k: v for k, v in notes.get("parameters", {}).items() if not looks_secret(k, v)}
    notes["input_path"] = notes["output_path"] = f"{name}.ipynb"
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                output.evalue = secret.redact(output.evalue)
                output.traceback = [secret.redact(line) for line in output.traceback]


def findings(notebook: Any, committed: Any) -> list[str]:
    """Say in which cells of *notebook* something looks like a secret, and what; empty when it is clean.

    A registered secret is looked for everywhere. What only has the shape of one is not looked for in source that
    the *committed* notebook already shows: there, ``access_token = …`` is a line of code to be read.
    """
    known = {cell.source for cell in committed.cells}
    found = _named("the notebook's metadata", notebook.metadata, [])
    for cell in notebook.cells:
        read = [cell.source] if cell.source in known else []
        scanned = {key: value for key, value in cell.items() if key != "source" or not read}
        found += _named(f"cell {cell.get('id', '?')}", scanned, read)
    return found


def _named(where: str, scanned: Any, read: list[str]) -> list[str]:
    """Name what *where* shows: in *scanned* anything shaped like a secret, in *read* registered secrets only."""
    leaks = secret.leaks("\n".join(texts(scanned)))
    if REGISTERED in leaks + secret.leaks("\n".join(read)):
        return [f"{where}: {REGISTERED}"]
    return [f"{where}: something shaped like a token, a password or a webhook URL"] if leaks else []


def texts(value: Any) -> Iterator[str]:
    """Give every text within nested lists and mappings, keys included, without JSON's escapes that could hide one."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _labelled(key, item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from texts(item)


def _labelled(key: str, item: Any) -> Iterator[str]:
    if isinstance(item, str) and "\n" not in item:
        yield f"{key}: {item}"
    else:
        yield str(key)
        yield from texts(item)

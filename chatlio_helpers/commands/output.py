"""What every command shares: results on standard output as text or JSON, progress on standard error, exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import click

from ..errors import KitError
from ..secret import redact

STEP_FAILED, USAGE, INTERRUPTED = 1, 2, 130

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "json_wanted", is_flag=True, help="Print the result as JSON.")


def connection_options(command: Command) -> Command:
    """Give *command* the options that say on which platform, and as whom, it works."""
    for option in reversed(
        (
            click.option("--platform", type=click.Choice(["local", "live"]), default="local", show_default=True),
            click.option(
                "--credentials", default="", help="Path or profile name of a credential file; never a secret."
            ),
            click.option("--sandbox", default="", help="Name of the AEP sandbox."),
            click.option(
                "--prefix", default="chatlio", show_default=True, help="Beginning of every name that is made."
            ),
            click.option("--workspace", default="", help="Folder or name of the workspace with ledger and outbox."),
            click.option("--seat", default="", help="One attendee's organisation on a local platform."),
            click.option("--allow", default="", help="Explicit words: live, prod."),
        )
    ):
        command = option(command)
    return command


def emit(text: object, data: Any, json_wanted: bool) -> None:
    """Print a result: *text* for people, or *data* for programs."""
    if json_wanted:
        click.echo(redact(json.dumps(data, indent=2, ensure_ascii=False, default=str)))
    else:
        click.echo(redact(str(text)))


def tell(words: str) -> None:
    """Tell progress on standard error."""
    click.echo(redact(words), err=True)


def emit_error(error: BaseException, exit_code: int, json_wanted: bool, more: Mapping[str, Any] | None = None) -> None:
    """Print an error: words on standard error, and with ``--json`` an object, with *more* beside it, on output."""
    tell(str(error))
    if json_wanted:
        emit("", {"error": error_fields(error, exit_code), **(more or {})}, True)


def refuse(error: KitError, more: Mapping[str, Any], json_wanted: bool) -> NoReturn:
    """Print *error*, with *more* for ``--json``, and end the command with its exit code."""
    emit_error(error, error.exit_code, json_wanted, more)
    raise SystemExit(error.exit_code) from error


def error_fields(error: BaseException, exit_code: int) -> Mapping[str, Any]:
    """Give an error as plain fields."""
    names = {"cause": "cause", "next": "next_step", "status": "status", "code": "code", "request_id": "request_id"}
    found = {name: getattr(error, attribute, "") for name, attribute in names.items()}
    fields = {"kind": type(error).__name__, "what": getattr(error, "what", str(error)), "exit_code": exit_code}
    return fields | {name: value for name, value in found.items() if value}

"""The guide from error to cause to fix, written from the table of refusals.

``python -m chatlio_helpers.aep.error_guide docs/errors.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from .. import errors
from .refusal_table import CODES, STATUSES, Meaning

_HEAD = """# From error to cause to fix

Written by `python -m chatlio_helpers.aep.error_guide docs/errors.md` from the table that the kit itself uses; do not
edit by hand. The kit shows the same words in a card, beside the platform's own. Codes are Adobe's (documented); causes
and next steps are ours.

## By the platform's code

"""


def guide() -> str:
    """Give the guide as Markdown: by code, by HTTP status, and the kit's own errors with their exit codes."""
    by_code = _table("code", ((f"`{code}`", meaning) for code, meaning in CODES.items()))
    by_status = _table("status", ((str(status), meaning) for status, meaning in sorted(STATUSES.items())))
    return f"{_HEAD}{by_code}\n## By HTTP status, where no code is known\n\n{by_status}\n{_own()}"


def _table(first: str, rows: Iterable[tuple[str, Meaning]]) -> str:
    lines = [f"| {first} | error of the kit | likely cause | next step |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | `{meaning.kind}` | {meaning.cause} | {meaning.next_step} |" for name, meaning in rows]
    return "\n".join(lines) + "\n"


def _own() -> str:
    classes = [
        value for value in vars(errors).values() if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    lines = ["| error | exit code | try again? | what it says |", "| --- | --- | --- | --- |"]
    lines += [
        f"| `{cls.__name__}` | {cls.exit_code} | {'yes' if cls.retryable else 'no'} | {_first_line(cls)} |"
        for cls in classes
        if issubclass(cls, errors.KitError)
    ]
    return "## The kit's own errors\n\n" + "\n".join(lines) + "\n"


def _first_line(cls: type) -> str:
    return (cls.__doc__ or "").strip().splitlines()[0]


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(guide(), encoding="utf-8")

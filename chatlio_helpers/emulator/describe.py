"""The page that says what the local platform builds and how each behaviour is known; generated, never edited.

Its words are in ``describe.md``; dials, operations and counts are put in from the code.
"""

from __future__ import annotations

from importlib.resources import files

from . import app
from .provenance import OPERATIONS, table
from .state.dials import DIALS, Dial
from .unbuilt import adobe_operations

_DIALS = "| dial | starts at | goes to | what it does | on the live platform |\n|---|--:|--:|---|---|\n"


def page() -> str:
    """Give the page as Markdown: how it works, its dials, what is built, with counts, and what answers 501."""
    app.routes()  # importing the services registers their operations
    built = {one.name for one in OPERATIONS}
    missing = sorted((row for row in adobe_operations() if row[2] not in built), key=lambda row: row[1])
    words = files(__package__).joinpath("describe.md").read_text(encoding="utf-8")
    return words.format(
        dials=_DIALS + "\n".join(_dial(name, dial) for name, dial in DIALS.items()),
        built=table(),
        count=len(missing),
        missing="\n".join(f"- `{method} {path}` ({name})" for method, path, name in missing),
    )


def _dial(name: str, dial: Dial) -> str:
    return f"| `{name}` | {dial.start:,.10g} | {dial.most:,.10g} | {dial.does} | {dial.live} |"

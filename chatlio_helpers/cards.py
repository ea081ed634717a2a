"""Cards: a few plain words in a frame. Colour is never the only sign; every text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

from .errors import KitError
from .secret import redact

_LEFT = "text-align:left;vertical-align:top"
_LOOKS = {  # status: (sign, word, border colour); the colours reach 4.5:1 on white and on black
    "ok": ("✓", "ok", "#2e7d32"),
    "warning": ("!", "take care", "#a15c00"),
    "failed": ("✗", "stopped", "#c62828"),
    "note": ("i", "note", "#1565c0"),
}


@dataclass(frozen=True)
class Card:
    """A status, a sentence, and labelled lines beneath it; ``status`` is ok, warning, failed or note."""

    status: str
    says: str
    lines: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        word = _LOOKS.get(self.status, _LOOKS["note"])[1]
        lines = [f"  {label}: {text}" for label, text in self.lines.items()]
        return redact("\n".join([f"{word}: {self.says}", *lines]))

    def _repr_html_(self) -> str:
        sign, word, colour = _LOOKS.get(self.status, _LOOKS["note"])
        lines = "".join(
            f"<div style='margin-top:.25em'><strong>{escape(label)}:</strong> {escape(redact(str(text)))}</div>"
            for label, text in self.lines.items()
        )
        return (
            f"<div role='note' style='border-left:.35em solid {colour};padding:.5em .9em;margin:.4em 0'>"
            f"<strong><span aria-hidden='true'>{sign}</span> {word}:</strong> {escape(redact(self.says))}{lines}</div>"
        )


def error_card(error: BaseException) -> Card:
    """Turn an error into a card: what happened, the vendor's words, the likely cause, the next step."""
    if not isinstance(error, KitError):
        return Card("failed", f"{type(error).__name__}: {error}")
    labelled = {
        "The platform's words": " ".join(str(getattr(error, name, "") or "") for name in ("status", "code", "vendor")),
        "Likely cause": error.cause,
        "Next step": error.next_step,
    }
    return Card("failed", error.what, {label: text for label, text in labelled.items() if text.strip(" 0")})


def html_table(rows: Sequence[Mapping[str, Any]], caption: str) -> str:
    """Give an escaped HTML table with a caption and column headings; every row has the keys of the first."""
    if not rows:
        return f"<p>{escape(caption)}: none</p>"
    heads = "".join(f"<th scope='col' style='{_LEFT}'>{escape(str(name))}</th>" for name in rows[0])
    body = "".join(f"<tr>{''.join(map(_cell, row.values()))}</tr>" for row in rows)
    return (
        f"<div style='overflow-x:auto' role='region' tabindex='0' aria-label='{escape(caption, quote=True)}'>"
        f"<table><caption style='text-align:left'>{escape(caption)}</caption>"
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _cell(value: Any) -> str:
    text = str(value)
    # a long id must break rather than push the table out of the page; short words must not
    wrap = "overflow-wrap:anywhere;min-width:12em" if len(text) > 40 else "white-space:nowrap"
    return f"<td style='{_LEFT};{wrap}'>{escape(redact(text))}</td>"

"""Cards: a few plain words in a frame. Colour is never the only sign; every text is escaped."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from math import ceil
from typing import Any

from .errors import KitError
from .secret import redact

_LEFT = "text-align:left;vertical-align:top"
_LETTER = 0.6  # em, of a wide font
_ROOM = 102  # letters that stand beside each other on a page of 1000 pixels, with the room between columns
_GAP = 2  # letters between two columns
_EASY = 24  # letters a line, so that a sentence does not become a tower
_SHORT = 12  # letters of a cell that is never broken: a number, a date, a word
_WIDER, _WIDEST, _THIN = re.compile(r"[A-Z0-9]"), re.compile(r"[mwMW@]"), re.compile(r"[ijlft.,:;'()\[\]| -]")
_JOINT = re.compile(r"[_/=?@-](?=\w)|\.(?=\w{5})|(?<=[a-z])(?=[A-Z])")  # no file is parted from its .json
_BREAK = "\ue000"  # stands for <wbr> until the text is escaped; private use, no payload's letter
_CODE = re.compile(r"`([^`\n]+)`")
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
            f"<div style='margin-top:.25em'><strong>{escape(label)}:</strong> {_marked(str(text))}</div>"
            for label, text in self.lines.items()
        )
        return (
            f"<div role='note' style='border-left:.35em solid {colour};padding:.5em .9em;margin:.4em 0'>"
            f"<strong><span aria-hidden='true'>{sign}</span> {word}:</strong> {_marked(self.says)}{lines}</div>"
        )


def error_card(error: BaseException) -> Card:
    """Turn an error into a card: what happened, the vendor's words, the likely cause, the next step."""
    if not isinstance(error, KitError):
        return Card("failed", f"{type(error).__name__}: {error}")
    labelled = {
        "The platform's words": " ".join(str(getattr(error, name, "") or "") for name in ("status", "code", "vendor")),
        "Likely cause": stopped(error.cause),
        "Next step": error.next_step,
    }
    return Card("failed", error.what, {label: text for label, text in labelled.items() if text.strip(" 0")})


def stopped(text: str) -> str:
    """Give *text* with a full stop, so that it stays a sentence where something is joined to it."""
    return f"{text}." if text and text[-1] not in ".!?:" else text


def html_table(rows: Sequence[Mapping[str, Any]], caption: str, *, literal: bool = False) -> str:
    """Give an escaped HTML table with a caption and column headings; every row has the keys of the first.

    It fits a page of 1000 pixels: where the columns have no room beside each other, their cells break. Words between
    backticks are shown as code, but not in *literal* cells, which hold data.
    """
    if not rows:
        return f"<p>{_marked(caption)}: none</p>"
    texts = [[redact(str(value)) for value in row.values()] for row in rows]
    heads = [str(name) for name in rows[0]]
    widths = _widths([heads, *texts])
    head = _row("th", heads, widths, escape)
    body = "".join(_row("td", line, widths, escape if literal else _marked) for line in texts)
    label = escape(redact(caption), quote=True)
    return (
        f"<div style='overflow-x:auto' role='region' tabindex='0' aria-label='{label}'>"
        f"<table style='table-layout:auto'><caption style='text-align:left'>{_marked(caption)}</caption>"
        f"<thead>{head}</thead><tbody>{body}</tbody></table></div>"
    )


def _row(tag: str, texts: Iterable[str], widths: Sequence[int], render: Callable[[str], str]) -> str:
    opening = f"<{tag} scope='col'" if tag == "th" else f"<{tag}"
    cells = (
        f"{opening} style='{_LEFT};{_wrapping(width)}'>{_breakable(text, width, render)}</{tag}>"
        for text, width in zip(texts, widths, strict=True)
    )
    return f"<tr>{''.join(cells)}</tr>"


def _widths(lines: Sequence[Sequence[str]]) -> list[int]:
    """Give each column's least width in letters, 0 for one whose cells stay unbroken.

    When the columns have no room, a short one stays unbroken, and the others share what is left: first sentences get
    shorter lines, and only then words are broken.
    """
    columns = list(zip(*lines, strict=True))
    longest = [max(map(_measured, column)) for column in columns]
    if not _crowded(longest):
        return [0] * len(columns)
    words = [max(_measured(part) for text in column for part in _parts(text)) for column in columns]
    easy = most = _EASY
    while _crowded(
        widths := [min(max(min(full, easy), word), most) for full, word in zip(longest, words, strict=True)]
    ):
        easy, most = (easy - 1, most) if easy > 1 else (easy, most - 1)
        if most == 1:
            break
    return [0 if full <= min(width, _SHORT) else width for full, width in zip(longest, widths, strict=True)]


def _measured(text: str) -> int:
    """Give the width of *text* in letters of the usual width, as most fonts draw it in bold."""
    wide, widest, thin = (len(letters.findall(text)) for letters in (_WIDER, _WIDEST, _THIN))
    return ceil(1.05 * len(text) + 0.1 * wide + 0.4 * widest - 0.4 * thin)


def _crowded(widths: Sequence[int]) -> bool:
    return sum(width + _GAP for width in widths) > _ROOM


def _parts(text: str) -> list[str]:
    """Give the pieces of *text* between which a line may end."""
    return _JOINT.sub(r"\g<0> ", text).split() or [""]


def _wrapping(width: int) -> str:
    if not width:
        return "white-space:nowrap"
    return f"white-space:pre-line;overflow-wrap:anywhere;min-width:{(width + _GAP) * _LETTER:.1f}em"


def _breakable(text: str, width: int, render: Callable[[str], str]) -> str:
    """Let words that are wider than their column, such as paths and names of files, break at their joints first."""
    if width:
        text = re.sub(rf"\S{{{width + 1},}}", lambda word: _JOINT.sub(rf"\g<0>{_BREAK}", word.group()), text)
    return render(text).replace(_BREAK, "<wbr>")


def _marked(text: str) -> str:
    """Give *text* escaped, without secrets, and words between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", escape(redact(text)))

"""A picture of what the kit makes: from a chat on a site to a row in a dataset."""

from __future__ import annotations

import base64
import io
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .events import KINDS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_ADOBE, _CHATLIO, _LINE = "#0072B2", "#E69F00", "#555555"
_TOP = 6.2  # the height of the drawing, in its own units; the width is 14
_LEFT, _HOOK, _FLOW, _DATA = 0.2, 3.3, 7.5, 11.5  # where each column begins

ALT = (
    "Diagram, from left to right. A chat on your site goes to Chatlio and your team's Slack. Chatlio posts five kinds "
    f"of webhook: {', '.join(kind.replace('_', ' ') for kind in KINDS)}. Each goes to a webhook URL and a dataflow of "
    "its own in Adobe Experience Platform, whose mapping adds event id, time and kind. All five dataflows fill one "
    "dataset, whose rows are compared with what was sent."
)


class Picture:
    """A drawing with alternative text."""

    def __init__(self, alt: str) -> None:
        self.alt = alt

    @cached_property
    def png(self) -> bytes:
        """The drawing as PNG, 9 by 4 inches at 110 dots an inch."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(9, 4), dpi=110, layout="constrained")
        axes = figure.add_subplot()
        axes.set(xlim=(0, 14), ylim=(0, _TOP))
        axes.axis("off")
        _draw(axes)
        buffer = io.BytesIO()
        FigureCanvasAgg(figure).print_png(buffer, metadata={"Title": "The journey", "Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/png": base64.b64encode(self.png).decode("ascii"), "text/plain": self.alt}
        return data, {"image/png": {"alt": self.alt}}


def journey() -> Picture:
    """Draw what exists at the end of the journey."""
    return Picture(ALT)


def _draw(axes: Axes) -> None:
    middle = (_TOP - 0.7) / 2
    heads = ((_LEFT, "your site"), (_HOOK, "webhooks"), (_FLOW, "dataflows"), (_DATA, "data lake"))
    for x, head in heads:
        axes.text(x, _TOP - 0.35, head, fontsize=10, fontweight="bold", color=_LINE)
    _box(axes, _LEFT, middle - 0.5, 2.1, 1.0, "Chatlio\nand Slack", _CHATLIO)
    _box(axes, _DATA, middle - 0.8, 2.2, 1.6, "one dataset,\nrows compared\nwith what was sent", _ADOBE)
    for place, kind in enumerate(KINDS):
        y = _TOP - 1.5 - place * 1.08
        _box(axes, _HOOK, y, 3.2, 0.72, kind.replace("_", " "), _CHATLIO)
        _box(axes, _FLOW, y, 3.0, 0.72, "mapping: + id, time, kind", _ADOBE)
        _arrow(axes, (_LEFT + 2.1, middle), (_HOOK, y + 0.36))
        _arrow(axes, (_HOOK + 3.2, y + 0.36), (_FLOW, y + 0.36))
        _arrow(axes, (_FLOW + 3.0, y + 0.36), (_DATA, middle))


def _box(axes: Axes, x: float, y: float, width: float, height: float, text: str, colour: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    look = {"boxstyle": "round,pad=0,rounding_size=0.12", "facecolor": "white", "edgecolor": colour, "linewidth": 1.8}
    axes.add_patch(FancyBboxPatch((x, y), width, height, **look))
    axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=9, color="black")


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": _LINE, "linewidth": 1, "shrinkB": 1})

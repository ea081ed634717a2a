"""The table of figures: one text that a terminal and a Markdown page both show well."""

from __future__ import annotations

from collections.abc import Sequence

from .figure import Figure

HEADINGS = ("figure", "ours", "beside it", "ratio", "reach", "verdict")
_LEFT = {0, 2}
_DIGITS = {"s": 2, "ms": 1, "MB": 0}


def markdown(figures: Sequence[Figure]) -> str:
    """Give the table of *figures*, its columns padded to one width."""
    lines = [HEADINGS, *map(_cells, figures)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    head, *body = (_line(line, widths) for line in lines)
    rule = "| " + " | ".join("-" * w if c in _LEFT else "-" * (w - 1) + ":" for c, w in enumerate(widths)) + " |"
    return "\n".join([head, rule, *body])


def amount(value: float | None, unit: str) -> str:
    """Give a number with its unit; "none" when there is no number."""
    return "none" if value is None else f"{value:,.{_DIGITS.get(unit, 0)}f} {unit}".strip()


def reach(figure: Figure) -> str:
    """Give the limit of a figure in words."""
    limits = (
        ("≤", figure.at_most_ratio, "x"),
        ("≥", figure.at_least_ratio, "x"),
        ("≤", figure.at_most, figure.unit),
        ("≥", figure.at_least, figure.unit),
    )
    return next((f"{sign} {limit:,.6g} {unit}".strip() for sign, limit, unit in limits if limit is not None), "printed")


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.what,
        amount(figure.ours, figure.unit),
        f"{figure.alternative}: {amount(figure.other, figure.unit)}",
        "" if figure.ratio is None else f"{figure.ratio:.2f} x",
        reach(figure),
        "reached" if figure.reached else "MISSED",
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = [c.ljust(w) if n in _LEFT else c.rjust(w) for n, (c, w) in enumerate(zip(cells, widths, strict=True))]
    return "| " + " | ".join(padded) + " |"

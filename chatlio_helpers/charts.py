"""Three charts that a support lead asks for, each with its numbers as a table and a text that says what it shows.

The colours are those of Okabe and Ito, which people with any colour vision can tell apart; hatching repeats them.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from .frames import Tables
from .frames.conversations import OUTCOMES
from .tables import table

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

_BLUE, _ORANGE, _GREY = "#0072B2", "#E69F00", "#999999"
_UNDER_A_BAR = 8  # characters
_BINS = (  # seconds from, seconds to, label
    (0, 15, "under 15 s"),
    (15, 30, "15–30 s"),
    (30, 60, "30–60 s"),
    (60, 120, "1–2 min"),
    (120, 300, "2–5 min"),
    (300, 900, "5–15 min"),
    (900, float("inf"), "15 min or more"),
)


@dataclass(frozen=True, eq=False)
class Chart:
    """A picture with alternative text; ``table`` holds its numbers, ``says`` is its message in a sentence."""

    title: str
    says: str
    table: pandas.DataFrame
    draw: Callable[[Axes], None] = field(repr=False)

    @property
    def alt(self) -> str:
        """The alternative text: the kind of chart, what it says, and every bar that is not empty."""
        heads = self._counts()
        bars = [
            f"{row[0]}: " + ", ".join(f"{count} {head}" for head, count in zip(heads, row[1:], strict=True) if count)
            for row in self.table[[self.table.columns[0], *heads]].itertuples(index=False)
            if any(row[1:])
        ]
        return f"Bar chart: {self.title}. {self.says} {'; '.join(bars) or 'All bars are empty'}."

    def _counts(self) -> list[str]:
        return [name for name in list(self.table.columns)[1:] if not name.endswith("percent")]

    @cached_property
    def png(self) -> bytes:
        """The picture as PNG, 7 by 3.5 inches at 110 dots an inch."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 3.5), dpi=110, layout="constrained")
        axes = figure.add_subplot()
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_title(self.title, loc="left", fontsize=11)
        self.draw(axes)
        buffer = io.BytesIO()
        FigureCanvasAgg(figure).print_png(buffer, metadata={"Title": self.title, "Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"{self.title}\n{self.says}\n{self.table.to_string(index=False)}"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/png": base64.b64encode(self.png).decode("ascii"), "text/plain": repr(self)}
        return data, {"image/png": {"alt": self.alt}}


def first_response(tables: Tables) -> Chart:
    """Show how long visitors waited for the first answer, in seconds, as a histogram.

    The wait runs from the visitor's first message to the next message of an agent, both on Slack's clock. Where no
    visitor message has a time it runs from ``startedAt``, Chatlio's clock; a wait that comes out negative is counted
    apart and enters no average. Conversations without a transcript or without an answer are counted apart, too.
    """
    conversations = tables.conversations
    clamped = conversations["response_clamped"].fillna(False).astype(bool)
    waits = conversations.loc[~clamped, "first_response_s"].dropna().astype(float)
    counts = [int(((waits >= low) & (waits < high)).sum()) for low, high, _ in _BINS]
    never = int((conversations["outcome"] == "never answered").sum())
    apart = [("never answered", never), ("negative (two clocks)", int(clamped.sum()))]
    bars = [(label, count) for (_, _, label), count in zip(_BINS, counts, strict=True)]
    bars += [(label, count) for label, count in apart if count]
    if waits.empty:
        says = "No conversation has an answer whose wait is known."
    else:
        says = (
            f"Half of {len(waits)} answered conversations waited at most {_duration(waits.median())}, "
            f"nine of ten at most {_duration(waits.quantile(0.9))}."
        )

    def draw(axes: Axes) -> None:
        colours = [_BLUE] * len(_BINS) + [_GREY] * (len(bars) - len(_BINS))
        _bars(axes, bars, colours, "wait for the first answer")

    return Chart("Time to first response", says, table(bars, columns=("wait", "conversations")), draw)


def conversations_by_hour(tables: Tables, timezone: str = "UTC") -> Chart:
    """Show how many conversations were opened in each hour of the day, in *timezone* (an IANA name).

    A conversation opens with the visitor's first message, else at ``startedAt``, else when its start was received.
    Offline messages count by their receipt. Those without any of these times are named in the text, not drawn.
    """
    opened = tables.conversations["opened_at"]
    received = tables.offline_messages["received_at"]
    chats, offline = (_by_hour(moments, timezone) for moments in (opened, received))
    untimed = int(opened.isna().sum() + received.isna().sum())
    busiest = max(range(24), key=lambda hour: chats[hour])
    says = (
        f"Most conversations, {chats[busiest]} of {sum(chats)}, opened between {busiest:02}:00 and {busiest + 1:02}:00."
    )
    says = says if sum(chats) else "No conversation has a known time."
    says += f" {untimed} without a known time are left out." if untimed else ""
    rows = [(f"{hour:02}:00", chats[hour], offline[hour]) for hour in range(24)]

    def draw(axes: Axes) -> None:
        axes.bar(range(24), chats, color=_BLUE, label="conversations")
        axes.bar(
            range(24), offline, bottom=chats, color=_ORANGE, hatch="//", edgecolor="white", label="offline messages"
        )
        axes.set_xticks(range(0, 24, 3), [f"{hour:02}:00" for hour in range(0, 24, 3)])
        axes.set_xlabel(f"hour of the day ({timezone})")
        _count_axis(axes, "opened")
        axes.legend(frameon=False)

    numbers = table(rows, columns=(f"hour ({timezone})", "conversations", "offline messages"))
    return Chart("Conversations by hour", says, numbers, draw)


def unanswered_share(tables: Tables) -> Chart:
    """Show what became of the conversations, as counts and as shares in percent of those of which it is known.

    *answered*: the transcript has a message of an agent, and no reminder came; *answered after a reminder*: at least
    one payload of kind unanswered came, too; *never answered*: the transcript has none; *waiting*: reminders, but no
    transcript yet. *not known*: neither a transcript with messages nor a reminder; it is left out of the shares.
    """
    outcomes = tables.conversations["outcome"].astype("string")
    counts = [(outcome, int((outcomes == outcome).sum())) for outcome in OUTCOMES]
    known = sum(count for outcome, count in counts if outcome != "not known")
    rows = [(name, count, _share(count, known) if name != "not known" else None) for name, count in counts]
    unanswered = sum(count for name, count in counts if name in ("never answered", "waiting"))
    late = dict(counts)["answered after a reminder"]
    says = (
        f"Of {known} conversations {unanswered} ({_share(unanswered, known)} %) got no answer, "
        f"{late} ({_share(late, known)} %) one only after a reminder."
        if known
        else "Of no conversation it is known whether it was answered."
    )

    def draw(axes: Axes) -> None:
        _bars(axes, counts, [_BLUE, _ORANGE, _ORANGE, _ORANGE, _GREY], "what became of it")
        for bar, hatch in zip(axes.patches, ("", "..", "//", "xx", ""), strict=True):
            bar.set(hatch=hatch, edgecolor="white")

    return Chart(
        "Answered and unanswered", says, table(rows, columns=("outcome", "conversations", "share_percent")), draw
    )


def _bars(axes: Axes, bars: list[tuple[str, int]], colours: list[str], across: str) -> None:
    labels, counts = [_in_two_lines(label) for label, _ in bars], [count for _, count in bars]
    drawn = axes.bar(range(len(bars)), counts, color=colours)
    axes.bar_label(drawn, padding=2)
    axes.set_xticks(range(len(bars)), labels, fontsize=8)
    axes.set_xlabel(across)
    _count_axis(axes, "conversations")


def _in_two_lines(label: str) -> str:
    """Break a label that is too long for its bar at the blank that leaves both lines short."""
    places = [place for place, letter in enumerate(label) if letter == " "]
    if len(label) <= _UNDER_A_BAR or not places:
        return label
    best = min(places, key=lambda place: max(place, len(label) - place - 1))
    return f"{label[:best]}\n{label[best + 1 :]}"


def _count_axis(axes: Axes, label: str) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_ylabel(f"{label} (count)")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.margins(y=0.15)


def _by_hour(moments: pandas.Series, timezone: str) -> list[int]:
    hours = moments.dropna().dt.tz_convert(timezone).dt.hour
    return [int((hours == hour).sum()) for hour in range(24)]


def _share(count: int, of: int) -> float:
    return round(100 * count / of, 1) if of else 0.0


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.1f} min"

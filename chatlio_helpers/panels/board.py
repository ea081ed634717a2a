"""What all panels share: a place for results, work that blocks nothing, errors as cards, and the twin without widgets.

A panel only fills in what a line of code takes: its button calls one public function, and the panel shows that line.
Without a front end no widget is made at all; the twin says the same in a card.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any

from ..cards import Card, error_card
from ..front_end import interactive as at_a_front_end
from ..progress import REPAINT, Progress, painted_by

log = logging.getLogger(__name__)

_CLASS = "chatlio-kit-panel"
_LOOK = f"<style>.{_CLASS} .widget-label {{text-align: left}}</style>"  # ipywidgets has no setting for it


def wants_widgets(interactive: bool | None) -> bool:
    """Tell whether to make widgets: as asked, else when a person is at a front end."""
    return at_a_front_end() if interactive is None else interactive


class Twin:
    """A panel without widgets: what it would show, and the line of code that does what its button does."""

    def __init__(self, says: str, line: str, shows: Any = None) -> None:
        self.card, self.line, self.shows = Card("note", says, {"The same by code": line}), line, shows

    def __repr__(self) -> str:
        return "\n".join(repr(part) for part in (self.shows, self.card) if part is not None)

    def _repr_html_(self) -> str:
        shown = "" if self.shows is None else self.shows._repr_html_()
        return shown + self.card._repr_html_()


class Place:
    """One output below the widgets that holds the last thing shown: a progress, a result or an error card."""

    def __init__(self) -> None:
        self.shown: Any = Card("note", "Nothing done yet.")
        self._handle: Any = None
        self._painted = 0.0

    def open(self) -> None:
        """Make the output in the cell that is running."""
        from IPython.display import display

        self._handle = display(self.shown, display_id=True)

    def show(self, thing: Any) -> None:
        """Show *thing* in place of what was there."""
        self.shown = thing
        if self._handle is not None:
            self._handle.update(thing)

    def paint(self, bar: Progress, final: bool) -> None:
        """Show a progress, at most ten times a second."""
        if final or bar is not self.shown or bar.seconds - self._painted >= REPAINT:
            self._painted = bar.seconds
            self.show(bar)


class Board:
    """A panel at a front end. ``result`` holds what the last click brought; the next cell may use it."""

    def __init__(self, says: str) -> None:
        import ipywidgets

        self.widgets = ipywidgets
        self.place, self.result = Place(), None
        self._says, self._buttons, self._work = says, [], None
        self._line = ipywidgets.HTML()
        self._look = ipywidgets.HTML(_LOOK, layout={"display": "none"})
        self.box = ipywidgets.VBox()
        self.box.add_class(_CLASS)

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {self._says}"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.box)
        self.place.open()

    def lay_out(self, *rows: Any) -> None:
        """Put the rows under each other, between the heading and the line of code."""
        heading = self.widgets.Label(self._says)
        self.box.children = (heading, *rows, self._line, self._look)

    def button(self, text: str, clicked: Callable[[], None], tooltip: str) -> Any:
        """Make a button with words on it; whatever *clicked* raises becomes a card."""
        narrow = {"width": "auto", "align_self": "flex-start"}  # as wide as its words, not as the panel
        made = self.widgets.Button(description=text, tooltip=tooltip, layout=narrow)
        made.on_click(lambda _: self.guarded(clicked))
        self._buttons.append(made)
        return made

    def field(self, kind: str, description: str, **more: Any) -> Any:
        """Make a labelled field of ipywidgets *kind*; all labels have one width, so that the fields are aligned."""
        return getattr(self.widgets, kind)(
            description=description, style={"description_width": "11em"}, layout={"width": "40em"}, **more
        )

    def say_line(self, line: str, says: str = "The same by code:") -> None:
        """Show the line of code that does what the button does; one click selects it whole."""
        from html import escape

        code = f"<code style='display:block;user-select:all;overflow-wrap:anywhere'>{escape(line)}</code>"
        self._line.value = f"<div style='line-height:1.5;white-space:normal'>{escape(says)} {code}</div>"

    def start(self, work: Callable[[], Any], done: Callable[[Any], None] | None = None) -> None:
        """Do *work* on a thread of its own, with the buttons off; show its result, then call *done* with it."""

        def run() -> None:
            try:
                with painted_by(self.place.paint):
                    self.guarded(lambda: self._finish(work(), done))
            finally:
                self._enable(True)

        self._enable(False)
        self.place.show(Card("note", "Working …"))
        self._work = threading.Thread(target=run, name="panel", daemon=True)
        self._work.start()

    def join(self, seconds: float = 60.0) -> None:
        """Wait for the work of the last click; for tests and scripts, never needed in a notebook."""
        if self._work is not None:
            self._work.join(seconds)

    def guarded(self, work: Callable[[], Any]) -> None:
        """Do *work*; whatever it raises becomes a card, because a front end drops what a callback raises."""
        try:
            work()
        except Exception as error:
            log.debug("a panel's callback failed", exc_info=True)
            self.place.show(error_card(error))

    def _finish(self, result: Any, done: Callable[[Any], None] | None) -> None:
        self.result = result
        self.place.show(result)
        if done is not None:
            done(result)

    def _enable(self, on: bool) -> None:
        for button in self._buttons:
            button.disabled = not on


def call_line(name: str, *arguments: str, **named: Any) -> str:
    """Write a call as code: *arguments* as they are, *named* ones as literals; empty ones are left out."""
    given = [*arguments, *(f"{key}={literal(value)}" for key, value in named.items() if value)]
    return f"{name}({', '.join(given)})"


def literal(value: Any) -> str:
    """Write a text, or a list of them, as Python with double quotes; other values as Python writes them."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str | list) else repr(value)

"""Choose which events to send; the button calls ``kit.send``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..events import KINDS, Events
from .board import Board, Twin, call_line, wants_widgets

if TYPE_CHECKING:
    from ..onboarding import Made

_SAYS = "Send events through the outbox; what was delivered before is not sent again."
_MOST_FILES = 500  # names that a list in a browser can still hold


def sending(
    platform: Any,
    events: Events,
    *,
    made: Made | None = None,
    send: Callable[..., Any] | None = None,
    interactive: bool | None = None,
) -> SendingPanel | Twin:
    """Give the sending panel for *events*; *made* saves looking the dataflows up, *send* replaces ``kit.send``.

    Without a front end the twin comes back, and no widget is made; *interactive* overrides what is found out.
    """
    if not wants_widgets(interactive):
        return Twin(_SAYS, "sent = kit.send(aep, events)")
    return SendingPanel(platform, events, made, send or _public_send())


class SendingPanel(Board):
    """A box per kind, the files, a button; ``result`` is what was sent."""

    def __init__(self, platform: Any, events: Events, made: Made | None, send: Callable[..., Any]) -> None:
        super().__init__(_SAYS)
        self._platform, self._events, self._made, self._send = platform, events, made, send
        counts = {kind: len(events.of(kind)) for kind in KINDS}
        self.kinds = {
            kind: self.field("Checkbox", f"{kind} ({count})", value=count > 0, disabled=not count, indent=False)
            for kind, count in counts.items()
        }
        names = sorted({event.file for event in events if event.file})[:_MOST_FILES]
        self.files = self.field("SelectMultiple", "Only these files", options=names, rows=min(8, max(2, len(names))))
        self.lighten = self.field("Checkbox", "Drop the texts that an oversize transcript repeats", indent=False)
        button = self.button("Send", self._clicked, "Sends the chosen events and shows what became of each")
        self.lay_out(*self.kinds.values(), *([self.files] if names else []), self.lighten, button)
        for watched in (*self.kinds.values(), self.files, self.lighten):
            watched.observe(lambda _: self.say_line(self._written()), names="value")
        self.say_line(self._written())

    def chosen(self) -> Events:
        """Give the events that the boxes and the list choose."""
        kinds = {kind for kind, box in self.kinds.items() if box.value}
        files = set(self.files.value)
        return Events(e for e in self._events if e.kind in kinds and (not files or e.file in files))

    def _clicked(self) -> None:
        chosen, more = self.chosen(), self._more()
        self.start(lambda: self._send(self._platform, chosen, **({"made": self._made} if self._made else {}), **more))

    def _more(self) -> dict[str, bool]:
        return {"lighten": True} if self.lighten.value else {}

    def _written(self) -> str:
        kinds = tuple(kind for kind, box in self.kinds.items() if box.value)
        conditions = (
            [] if len(kinds) == sum(not box.disabled for box in self.kinds.values()) else [f"e.kind in {kinds}"]
        )
        conditions += [f"e.file in {tuple(self.files.value)}"] if self.files.value else []
        events = f"[e for e in events if {' and '.join(conditions)}]" if conditions else "events"
        return "sent = " + call_line("kit.send", "aep", events, **self._more())


def _public_send() -> Callable[..., Any]:
    from ..journey import send

    return send

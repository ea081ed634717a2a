"""Choose which events to send; the button calls ``kit.send``."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..events import KINDS, Events
from .board import Board, Twin, call_line, literal, wants_widgets

if TYPE_CHECKING:
    from ..onboarding import Made

_SAYS = "Send events through the outbox; what was delivered before is not sent again."
_MOST_FILES = 500  # names that a list in a browser can still hold


def sending(
    platform: Any,
    events: Events,
    *,
    made: Made | None = None,
    name: str = "events",
    send: Callable[..., Any] | None = None,
    interactive: bool | None = None,
) -> SendingPanel | Twin:
    """Give the sending panel for *events*; *made* saves looking the dataflows up, *name* is that of the
    variable which holds the events, *send* replaces ``kit.send``.

    Without a front end the twin comes back, and no widget is made; *interactive* overrides what is found out.
    """
    if not wants_widgets(interactive):
        return Twin(_SAYS, "sent = " + call_line("kit.send", "aep", name, *_made_argument(made)))
    return SendingPanel(platform, events, made, send or _public_send(), name)


class SendingPanel(Board):
    """A box per kind, the files, a button; ``result`` is what was sent."""

    def __init__(
        self, platform: Any, events: Events, made: Made | None, send: Callable[..., Any], name: str = "events"
    ) -> None:
        super().__init__(_SAYS)
        self._platform, self._events, self._made, self._send, self._name = platform, events, made, send, name
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
        kinds = [kind for kind, box in self.kinds.items() if box.value]
        conditions = (
            []
            if len(kinds) == sum(not box.disabled for box in self.kinds.values())
            else [f"e.kind in {literal(kinds)}"]
        )
        conditions += [f"e.file in {literal(list(self.files.value))}"] if self.files.value else []
        events = f"[e for e in {self._name} if {' and '.join(conditions)}]" if conditions else self._name
        return "sent = " + call_line("kit.send", "aep", events, *_made_argument(self._made), **self._more())


def _made_argument(made: Made | None) -> list[str]:
    return ["made=made"] if made else []


def _public_send() -> Callable[..., Any]:
    from ..journey import send

    return send

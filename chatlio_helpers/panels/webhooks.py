"""The webhook URLs, masked; one at a time can be seen for a minute, to paste it into Chatlio's dashboard."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from ..cards import html_table
from ..secret import Secret
from .board import Board, Twin, wants_widgets

SHOWN_FOR = 60.0  # seconds
_SAYS = "Each kind has a webhook URL of its own. Whoever knows it can write into the dataset: treat it as a password."
_KEEP = "Do not save the notebook while a URL is shown if you have switched on Save Widget State Automatically."
_LINE = "made.webhooks.save()  # writes all of them into a file that only you can read"


def webhooks(urls: Mapping[str, Secret], *, interactive: bool | None = None) -> WebhooksPanel | Twin:
    """Give the panel of the webhook URLs of each kind; its twin, with the masked URLs only, without a front end."""
    return WebhooksPanel(urls) if wants_widgets(interactive) else Twin(_SAYS, _LINE)


class Masked:
    """A table of kinds and masked URLs."""

    def __init__(self, urls: Mapping[str, Secret]) -> None:
        from ..onboarding.dataflows import masked  # here, because it loads the whole client

        self._rows = [{"kind": kind, "webhook URL": masked(url)} for kind, url in urls.items()]

    def __repr__(self) -> str:
        return "\n".join(f"{row['kind']}: {row['webhook URL']}" for row in self._rows)

    def _repr_html_(self) -> str:
        return html_table(self._rows, "Webhook URLs, masked")


class WebhooksPanel(Board):
    """A list of kinds, a button, and a field that is cleared after a minute."""

    def __init__(self, urls: Mapping[str, Secret], seconds: float = SHOWN_FOR) -> None:
        super().__init__(f"{_SAYS} {_KEEP}")
        self._urls, self._seconds = dict(urls), seconds
        self._timer: threading.Timer | None = None
        self.place.shown = Masked(urls)
        self.kind = self.field("Dropdown", "Kind", options=list(urls))
        self.url = self.field("Text", f"URL, for {seconds:.0f} seconds", placeholder="hidden")
        reveal = self.button("Reveal the URL", self.reveal, "Shows the URL of the chosen kind for a minute")
        hide = self.button("Hide it now", self.hide, "Clears the field at once")
        self.lay_out(self.kind, self.widgets.HBox([reveal, hide]), self.url)
        self.kind.observe(lambda _: self.hide(), names="value")
        self.say_line(_LINE)

    def reveal(self) -> None:
        """Show the URL of the chosen kind, and clear it when its time is over."""
        self.hide()
        self.url.value = self._urls[self.kind.value].reveal()
        self._timer = threading.Timer(self._seconds, self.hide)
        self._timer.daemon = True
        self._timer.start()

    def hide(self, _: Any = None) -> None:
        """Clear the field."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.url.value = ""

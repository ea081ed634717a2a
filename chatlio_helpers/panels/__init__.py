"""Panels: forms that fill in a line of code. Each is handed objects, fetches nothing, and has a twin without widgets.

A notebook is complete with none of them touched. Every button calls one public function, the panel shows that call as a
line of code, and what the last click brought is in ``panel.result``.
"""

from .board import Board, Twin
from .connection import connection
from .onboarding import onboarding
from .sending import sending
from .webhooks import webhooks

__all__ = ["Board", "Twin", "connection", "onboarding", "sending", "webhooks"]

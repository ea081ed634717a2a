"""See the plan and carry it out; the button calls ``plan.apply()``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .board import Board, Twin, wants_widgets

if TYPE_CHECKING:
    from ..onboarding import Plan

_SAYS = "Make what is missing; what is there already is reused."
_LINE = "made = plan.apply()"


def onboarding(plan: Plan, *, interactive: bool | None = None) -> OnboardingPanel | Twin:
    """Give the panel of *plan*: its table, a button that applies it, and the progress; its twin without a front end."""
    return OnboardingPanel(plan) if wants_widgets(interactive) else Twin(_SAYS, _LINE)


class OnboardingPanel(Board):
    """A plan and a button; ``result`` is what was made."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(_SAYS)
        self.place.shown = plan
        apply = self.button(
            "Apply the plan", lambda: self.start(plan.apply), "Makes, reuses and updates what is listed"
        )
        self.lay_out(apply)
        self.say_line(_LINE)
